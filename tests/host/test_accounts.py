from __future__ import annotations

import grp
import os
import pwd
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.host import accounts
from workbench.host.context import Context

HERE = Context("linux", Path("/home/dev"), 1000, {}, Path("/"))


def user(name: str, uid: int, gid: int, home: str = "/home/x") -> pwd.struct_passwd:
    return pwd.struct_passwd((name, "x", uid, gid, "", home, "/bin/sh"))


def group(name: str, gid: int, *members: str) -> grp.struct_group:
    return grp.struct_group((name, "x", gid, list(members)))


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> tuple[list[pwd.struct_passwd], list[grp.struct_group]]:
    users = [user("dev", 1000, 1000), user("mate", 1001, 100)]
    groups = [
        group("dev", 1000),
        group("users", 100),
        group("docker", 998, "dev", "ghost"),
        group("team", 50, "mate", "dev"),
    ]
    monkeypatch.setattr(pwd, "getpwall", lambda: users)
    monkeypatch.setattr(grp, "getgrall", lambda: groups)
    return users, groups


def test_every_account_has_its_primary_and_its_other_groups(database: object) -> None:
    facts = accounts.gather(HERE)
    assert {account.name: account.groups for account in facts.accounts} == {"dev": (50, 998, 1000), "mate": (50, 100)}
    assert dict(facts.groups)[998] == "docker"
    assert facts.state.status == "complete"


def test_hostile_names_are_made_visible(database: tuple[list[pwd.struct_passwd], object]) -> None:
    database[0].append(user("ev\x1b[31mil", 1002, 1002, "/home/\u202eevil"))
    account = accounts.gather(HERE).accounts[-1]
    assert (account.name, account.home) == ("ev\\x1b[31mil", "/home/\\u202eevil")


def test_two_names_of_one_uid_are_two_accounts(database: tuple[list[pwd.struct_passwd], object]) -> None:
    database[0].append(user("toor", 1000, 1000))
    assert [account.name for account in accounts.gather(HERE).accounts] == ["dev", "toor", "mate"]


def test_the_one_who_looks_is_known_even_where_the_directory_lists_nobody(
    database: tuple[list[pwd.struct_passwd], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: user("ldap", uid, 1000))
    facts = accounts.gather(replace(HERE, uid=70001))
    assert facts.accounts[-1].name == "ldap"


def test_more_accounts_than_can_be_read_is_a_stated_gap(database: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "ACCOUNT_LIMIT", 1)
    facts = accounts.gather(HERE)
    assert len(facts.accounts) == 1
    assert facts.state.status == "partial"
    assert {gap.facet for gap in facts.state.unread} == {"accounts", "groups"}


def test_windows_has_none(database: object) -> None:
    assert accounts.gather(replace(HERE, platform="win32")).state.status == "not applicable"


def test_it_agrees_with_the_system() -> None:
    facts = accounts.gather(replace(HERE, uid=os.getuid()))
    assert {account.uid for account in facts.accounts} >= {0, os.getuid()}
    root = next(account for account in facts.accounts if account.name == "root")
    assert root.gid == pwd.getpwnam("root").pw_gid
    assert (root.gid in root.groups) and set(root.groups) <= {gid for gid, _ in facts.groups}
