"""Who may do what with a path. The live tests compare the same answers with the kernel's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from workbench.access import (
    EXECUTE,
    READ,
    WRITE,
    Audience,
    can,
    others,
    permits,
    reaches,
    replaceable_at,
    who_can,
    who_can_replace,
)
from workbench.model.facts import Account, Acl, AclEntry

OWNER = builders.DEVELOPER
MATE = builders.COLLEAGUE
STRANGER = Account(3000, "stranger", 3000, (3000,))
DEV_ONLY = frozenset({OWNER.uid})
CONFIG = "/home/dev/.config/Claude/claude_desktop_config.json"


@pytest.mark.parametrize(
    ("mode", "owner", "group", "other"),
    [
        (0o600, True, False, False),
        (0o060, False, True, False),
        (0o006, False, False, True),
        (0o066, False, True, True),
        (0o606, True, False, True),
        (0o666, True, True, True),
        (0o000, False, False, False),
        (0o444, False, False, False),
    ],
)
def test_the_first_class_that_matches_decides(mode: int, owner: bool, group: bool, other: bool) -> None:
    file = builders.entry("/x", mode, gid=2000)
    assert permits(OWNER, file, WRITE) is owner
    assert permits(MATE, file, WRITE) is group
    assert permits(STRANGER, file, WRITE) is other


def test_root_may_do_everything() -> None:
    assert permits(builders.ROOT, builders.entry("/x", 0), WRITE)


def test_each_right_is_asked_for_itself() -> None:
    file = builders.entry("/x", 0o754, gid=2000)
    assert [permits(MATE, file, right) for right in (READ, WRITE, EXECUTE)] == [True, False, True]
    assert [permits(STRANGER, file, right) for right in (READ, WRITE, EXECUTE)] == [True, False, False]


def test_a_named_account_of_an_acl_comes_before_groups_and_others() -> None:
    acl = Acl(0, (AclEntry("user", MATE.uid, 0), AclEntry("group", 2000, 7)))
    file = builders.entry("/x", 0o677, acl=acl)
    assert not permits(MATE, file, READ)
    assert permits(STRANGER, file, READ)


def test_with_an_acl_the_group_bits_of_the_mode_are_only_the_mask() -> None:
    acl = Acl(0, (AclEntry("user", STRANGER.uid, 6),))
    file = builders.entry("/x", 0o660, gid=2000, acl=acl)
    assert permits(STRANGER, file, WRITE)
    assert not permits(MATE, file, WRITE)


def test_any_group_of_an_acl_that_matches_may_give_the_right() -> None:
    both = Account(4000, "both", 4000, (4000, 5000, 6000))
    acl = Acl(0, (AclEntry("group", 5000, READ), AclEntry("group", 6000, WRITE)))
    file = builders.entry("/x", 0o670, acl=acl)
    assert permits(both, file, READ)
    assert permits(both, file, WRITE)
    assert not permits(both, file, EXECUTE)


def test_a_group_that_matches_in_an_acl_shuts_out_the_others_class() -> None:
    acl = Acl(0, (AclEntry("group", 2000, 0),))
    assert not permits(MATE, builders.entry("/x", 0o607, acl=acl), READ)


def test_a_readable_file_below_a_closed_directory_is_not_readable() -> None:
    closed = builders.path(CONFIG, 0o644, directories={"/home/dev": (0o700, 1000, 1000)})
    open_ = builders.path(CONFIG, 0o644)
    assert not reaches(MATE, closed)
    assert not who_can(closed, READ, builders.ACCOUNTS, DEV_ONLY)
    assert who_can(open_, READ, builders.ACCOUNTS, DEV_ONLY) == Audience(True, ("colleague",))
    assert can(OWNER, closed, READ)


def test_the_group_of_one_directory_narrows_who_reaches_a_file_for_everyone() -> None:
    path = builders.path(CONFIG, 0o666, directories={"/home/dev": (0o750, 1000, 2000)})
    assert who_can(path, WRITE, builders.ACCOUNTS, DEV_ONLY) == Audience(False, ("colleague",))


def test_root_and_those_left_out_are_no_audience() -> None:
    path = builders.path(CONFIG, 0o600, uid=0)
    assert [account.name for account in others(builders.ACCOUNTS, DEV_ONLY)] == ["colleague", "any other account"]
    assert not who_can(path, WRITE, builders.ACCOUNTS, DEV_ONLY)


def test_a_writable_directory_lets_replace_what_is_in_it() -> None:
    path = builders.path(CONFIG, 0o600, directories={"/home/dev/.config": (0o777, 1000, 1000)})
    found = replaceable_at(STRANGER, path)
    assert found is not None
    assert found.path == "/home/dev/.config"
    assert who_can_replace(path, builders.ACCOUNTS, DEV_ONLY) == Audience(True, ("colleague",))


def test_a_writable_directory_below_a_closed_one_cannot_be_reached() -> None:
    shut = {"/home/dev": (0o700, 1000, 1000), "/home/dev/.config": (0o777, 1000, 1000)}
    assert not who_can_replace(builders.path(CONFIG, 0o600, directories=shut), builders.ACCOUNTS, DEV_ONLY)


def test_write_without_search_on_a_directory_replaces_nothing() -> None:
    path = builders.path(CONFIG, 0o600, directories={"/home/dev/.config": (0o776, 1000, 1000)})
    assert replaceable_at(STRANGER, path) is None


@pytest.mark.parametrize("mode", [0o1777, 0o1733])
def test_the_sticky_bit_protects_the_entries_of_others(mode: int) -> None:
    path = builders.path("/tmp/work/mcp.json", 0o600, directories={"/tmp": (mode, 0, 0), "/tmp/work": (0o700, 1000, 0)})
    assert replaceable_at(STRANGER, path) is None


def test_the_sticky_bit_does_not_protect_from_the_owner_of_the_entry() -> None:
    path = builders.path("/tmp/work/mcp.json", 0o600, directories={"/tmp/work": (0o755, STRANGER.uid, 0)})
    found = replaceable_at(STRANGER, path)
    assert found is not None
    assert found.path == "/tmp"


def test_the_owner_of_a_directory_can_give_itself_the_right() -> None:
    path = builders.path(CONFIG, 0o600, directories={"/home/dev/.config": (0o555, MATE.uid, 0)})
    assert who_can_replace(path, builders.ACCOUNTS, DEV_ONLY) == Audience(False, ("colleague",))


def test_a_link_of_another_account_in_a_sticky_directory_can_be_turned() -> None:
    straight = builders.path("/home/dev/real.json", 0o600)
    tmp = builders.entry("/tmp", 0o1777, "directory", 0, 0)
    link = builders.entry("/tmp/link.json", 0o777, "link", STRANGER.uid, STRANGER.uid)
    path = replace(straight, directories=(straight.directories[0], tmp, *straight.directories[1:]), links=(link,))
    found = replaceable_at(STRANGER, path)
    assert found is not None
    assert found.path == "/tmp"
    assert replaceable_at(STRANGER, replace(path, links=(replace(link, uid=1000),))) is None


def test_an_audience_says_who_it_is() -> None:
    assert not Audience(False, ())
    assert str(Audience(True, ("a",))) == "any account on this machine"
    assert str(Audience(False, ("a", "b"))) == "a, b"
    assert str(Audience(False, tuple("abcdefg"))) == "a, b, c, d, e and 2 more"


def test_the_owner_of_a_directory_can_give_itself_the_search_bit() -> None:
    path = builders.path(CONFIG, 0o600, directories={"/home/dev/.config": (0o055, MATE.uid, 0)})
    assert who_can_replace(path, builders.ACCOUNTS, DEV_ONLY) == Audience(False, ("colleague",))
