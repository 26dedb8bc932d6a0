"""clients/program-writable-by-others."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.model.clients import ClientFacts, ServerEntry
from workbench.model.facts import Acl, AclEntry, HostFacts, PathFact
from workbench.model.finding import Finding, NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.launch import Launch
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "clients/program-writable-by-others"
PROGRAM = "/opt/mcp/server"


def _said(*paths: PathFact, servers: tuple[ServerEntry, ...] | None = None, **more: Any) -> list[Verdict]:
    given = servers if servers is not None else (builders.server(runs=tuple(path.asked for path in paths)),)
    clients = ClientFacts(builders.COMPLETE, (builders.config(given),), files=paths)
    return run_check(CHECK, builders.snapshot(clients=clients, **more))


def _one(*paths: PathFact, **more: Any) -> Finding:
    (finding,) = builders.findings(_said(*paths, **more))
    return finding


def test_vulnerable_when_everybody_may_write_it() -> None:
    finding = _one(builders.path(PROGRAM, 0o777, uid=0))
    assert finding.severity is Severity.HIGH
    assert finding.subject.key == PROGRAM
    assert "any account on this machine can replace /opt/mcp/server" in finding.summary
    assert finding.evidence[0].command == ("stat", "-c", "%A %U:%G %n", PROGRAM)


def test_vulnerable_through_a_group_or_an_acl() -> None:
    assert "colleague" in _one(builders.path(PROGRAM, 0o775, uid=0, gid=2000)).summary
    acl = Acl(5, (AclEntry("user", 1001, 7),))
    finding = _one(builders.path(PROGRAM, 0o775, uid=0, acl=acl))
    assert finding.evidence[0].command[0] == "getfacl"


def test_vulnerable_through_a_directory() -> None:
    finding = _one(builders.path(PROGRAM, 0o755, uid=0, directories={"/opt/mcp": (0o777, 0, 0)}))
    assert "directory /opt/mcp" in finding.evidence[0].actual


@pytest.mark.parametrize("uid", [1001, 7777])
def test_vulnerable_when_it_or_its_directory_belongs_to_another(uid: int) -> None:
    assert "can replace" in _one(builders.path(PROGRAM, 0o555, uid=uid)).summary
    assert "can replace" in _one(builders.path(PROGRAM, 0o555, directories={"/opt/mcp": (0o755, uid, uid)})).summary


@pytest.mark.parametrize("place", ["/tmp/server", "/tmp/mine/server"])
def test_vulnerable_in_a_folder_for_temporary_files(place: str) -> None:
    finding = _one(builders.path(place, 0o700, directories={"/tmp/mine": (0o700, 1000, 1000)}))
    assert "directory /tmp: mode 1777" in finding.evidence[0].actual


def test_one_file_is_one_finding_for_all_its_servers() -> None:
    path = builders.path(PROGRAM, 0o777, directories={"/opt/mcp": (0o777, 0, 0)})
    servers = tuple(builders.server(name, runs=(PROGRAM,)) for name in "abc")
    finding = _one(path, servers=servers)
    assert len(finding.also) == 3 and "3 servers run" in finding.summary
    assert len(finding.evidence) == 2


def test_hardened() -> None:
    paths = (builders.path("/usr/bin/npx", 0o755, uid=0, gid=0), builders.path("/home/dev/mcp/server.py", 0o644))
    assert builders.kinds(_said(*paths)) == {Passed}


def test_hardened_a_shared_folder_that_others_cannot_reach() -> None:
    directories = {"/home/dev": (0o700, 1000, 1000), "/home/dev/tmp": (0o1777, 1000, 1000)}
    assert builders.kinds(_said(builders.path("/home/dev/tmp/server", 0o777, directories=directories))) == {Passed}


def test_hardened_by_a_directory_of_its_own_group() -> None:
    path = builders.path("/usr/local/bin/uvx", 0o755, uid=0, directories={"/usr/local/bin": (0o2775, 0, 50)})
    assert builders.kinds(_said(path)) == {Passed}


def test_hardened_the_account_that_it_runs_as_may_write_it() -> None:
    own = builders.server(runs=(PROGRAM,), launch=Launch(PROGRAM, wrappers=("sudo",), account="colleague"))
    assert builders.kinds(_said(builders.path(PROGRAM, 0o755, uid=1001), servers=(own,))) == {Passed}


def test_hardened_nobody_is_root_in_a_user_namespace() -> None:
    path = builders.path(PROGRAM, 0o755, uid=65534, directories={"/": (0o755, 65534, 65534), "/opt": (0o755, 65534, 0)})
    assert builders.kinds(_said(path)) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}
    off = builders.server(runs=(PROGRAM,), disabled=True)
    assert builders.kinds(_said(builders.path(PROGRAM, 0o777), servers=(off,))) == {NotApplicable}


def test_not_assessed_on_windows() -> None:
    host = HostFacts("win32", "10", -1, "dev", "C:/Users/dev")
    assert builders.kinds(_said(servers=(builders.server(),), host=host)) == {NotAssessed}


@pytest.mark.parametrize("facet", ["program", "content"])
def test_not_assessed_when_something_could_not_be_looked_at(facet: str) -> None:
    clients = ClientFacts(builders.unread(facet))
    assert status(CHECK, builders.snapshot(clients=clients)) is Status.NOT_ASSESSED
