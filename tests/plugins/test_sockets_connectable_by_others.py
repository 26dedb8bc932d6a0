from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.loading import run_check
from workbench.model.facts import Acl, AclEntry, PathFact
from workbench.model.finding import Finding, NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.severity import Severity
from workbench.model.sockets import SocketFact, SocketFacts

CHECK = "sockets/connectable-by-others"
OPEN = {"/srv/mcp": (0o755, 1000, 1000)}


def where(mode: int, **more: object) -> PathFact:
    return builders.path("/srv/mcp/server.sock", mode, kind="socket", **{"directories": OPEN, **more})  # type: ignore[arg-type]


def verdicts(*sockets: SocketFact) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(sockets=SocketFacts(builders.COMPLETE, sockets)))


def found(path: PathFact) -> Finding:
    (finding,) = builders.findings(verdicts(builders.socket(path)))
    return finding


@pytest.mark.parametrize("mode", [0o777, 0o666, 0o002, 0o722])
def test_vulnerable_to_everyone_is_critical(mode: int) -> None:
    finding = found(where(mode))
    assert finding.severity is Severity.CRITICAL
    assert "any account" in finding.summary
    assert finding.evidence[0].command == ("stat", "-c", "%a %U:%G %n", "/srv/mcp/server.sock")


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o600, 0o700, 0o744, 0o005, 0o004, 0o001])
def test_hardened_without_the_write_right_nobody_else_connects(mode: int) -> None:
    assert builders.kinds(verdicts(builders.socket(where(mode)))) == {Passed}


def test_a_group_with_members_is_medium_and_names_them() -> None:
    finding = found(where(0o770, gid=2000))
    assert finding.severity is Severity.MEDIUM
    assert "colleague" in finding.summary


def test_a_group_without_other_members_admits_nobody() -> None:
    assert builders.kinds(verdicts(builders.socket(where(0o770, gid=1000)))) == {Passed}


def test_an_access_list_admits_one_account_under_a_mode_that_looks_closed() -> None:
    finding = found(where(0o660, acl=Acl(0, (AclEntry("user", 1001, 6),))))
    assert finding.severity is Severity.MEDIUM
    assert finding.evidence[1].command == ("getfacl", "-p", "-n", "/srv/mcp/server.sock")
    assert "user 1001: rw-" in finding.evidence[1].actual


def test_an_access_list_that_is_masked_admits_nobody() -> None:
    masked = where(0o640, acl=Acl(0, (AclEntry("user", 1001, 4),)))
    assert builders.kinds(verdicts(builders.socket(masked))) == {Passed}


@pytest.mark.parametrize(("mode", "admits"), [(0o700, False), (0o750, False), (0o744, False), (0o711, True)])
def test_a_directory_on_the_way_decides_as_well(mode: int, admits: bool) -> None:
    path = where(0o777, directories={"/srv/mcp": (mode, 1000, 1000)})
    assert bool(builders.findings(verdicts(builders.socket(path)))) is admits


def test_the_one_who_looks_is_not_another_account() -> None:
    # A socket of a dedicated account whose group was made for exactly that: to let the developer's client in.
    path = where(0o660, uid=990, gid=1000)
    assert builders.kinds(verdicts(builders.socket(path, uid=990))) == {Passed}


def test_not_applicable_to_an_abstract_name() -> None:
    abstract = replace(builders.socket(where(0o777)), name="mcp", abstract=True, path=None)
    assert builders.kinds(verdicts(abstract)) == {NotApplicable}


def test_not_assessed_what_could_not_be_examined() -> None:
    assert builders.kinds(verdicts(replace(builders.socket(where(0o777)), path=None))) == {NotAssessed}


def test_another_file_in_its_place_is_not_judged_in_its_stead() -> None:
    replaced = replace(builders.socket(where(0o777)), bound_inode=999_999_999)
    assert builders.kinds(verdicts(replaced)) == {NotAssessed}
    plain = builders.path("/srv/mcp/server.sock", 0o777, directories=OPEN)
    assert builders.kinds(verdicts(builders.socket(plain, bound_inode=0))) == {NotAssessed}


def test_a_bound_device_that_stat_does_not_tell_is_no_replacement() -> None:
    other = replace(builders.socket(where(0o777)), bound_device=99, bound_inode=5)
    assert builders.findings(verdicts(other))


def test_in_a_file_system_of_its_own_an_open_socket_is_not_assessed_and_a_closed_one_passes() -> None:
    assert builders.kinds(verdicts(replace(builders.socket(where(0o777)), foreign_namespace=True))) == {NotAssessed}
    assert builders.kinds(verdicts(replace(builders.socket(where(0o700)), foreign_namespace=True))) == {Passed}


def test_a_name_that_cannot_be_typed_gives_no_command() -> None:
    path = where(0o777)
    finding = found(replace(path, file=replace(path.file, exact=False)))
    assert finding.evidence[0].command == ()


def test_a_file_that_was_not_examined_is_said_once() -> None:
    socket = replace(builders.socket(where(0o777)), path=None)
    assert builders.kinds(verdicts(socket)) == {NotAssessed}
    assert run_check(CHECK, builders.snapshot(sockets=SocketFacts(builders.unread("mode"), (socket,)))) == []


def test_not_applicable_without_a_socket() -> None:
    assert builders.kinds(verdicts()) == {NotApplicable}
