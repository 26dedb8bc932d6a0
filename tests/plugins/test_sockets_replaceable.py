"""sockets/replaceable."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins import systemd_units
from tests.plugins.loading import run_check, status
from workbench.host.units.settings import kept
from workbench.host.units.unit_file import effective
from workbench.model.facts import Account, AccountFacts, PathFact
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.sockets import SocketFact, SocketFacts
from workbench.model.units import UnitFacts

CHECK = "sockets/replaceable"
OWN = (0o700, 1000, 1000)


def _path(folder: tuple[int, int, int] = OWN, **more: Any) -> PathFact:
    return builders.path("/srv/mcp/s.sock", 0o600, kind="socket", directories={"/srv/mcp": folder}, **more)


def _said(*sockets: SocketFact) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(sockets=SocketFacts(builders.COMPLETE, sockets)))


@pytest.mark.parametrize(
    ("folder", "who"),
    [((0o777, 1000, 1000), "any account"), ((0o775, 1000, 2000), "colleague"), ((0o700, 1001, 1001), "colleague")],
)
def test_vulnerable_through_its_directory(folder: tuple[int, int, int], who: str) -> None:
    (finding,) = builders.findings(_said(builders.socket(_path(folder))))
    assert finding.severity is Severity.HIGH and f"can be replaced by {who}" in finding.summary
    assert any("/srv/mcp: mode" in evidence.actual for evidence in finding.evidence)


def test_vulnerable_another_file_stands_there() -> None:
    path = _path()
    (finding,) = builders.findings(_said(replace(builders.socket(path), bound_inode=path.file.inode + 1)))
    assert "is not the file that its server bound" in finding.summary


def test_vulnerable_something_that_is_no_socket_stands_there() -> None:
    path = builders.path("/srv/mcp/s.sock", 0o600, directories={"/srv/mcp": OWN})
    assert builders.findings(_said(builders.socket(path)))


def test_vulnerable_it_belongs_to_somebody_else() -> None:
    (finding,) = builders.findings(_said(builders.socket(_path(uid=1001))))
    assert "belongs to uid 1001" in finding.summary


@pytest.mark.parametrize(("named", "found"), [("dev", 0), ("1001", 0), ("nobody-here", 1), ("", 1)])
def test_hardened_what_systemd_gives_away_itself(named: str, found: int) -> None:
    given = f"[Socket]\nListenStream=/srv/mcp/s.sock\nSocketUser={named}\n"
    settings = kept(effective([("/etc/systemd/system/x.socket", given)]))
    unit = replace(systemd_units.unit(), socket="x.socket", settings=settings)
    snapshot = builders.snapshot(
        sockets=SocketFacts(builders.COMPLETE, (replace(builders.socket(_path(uid=1001)), uid=0),)),
        units=UnitFacts(builders.COMPLETE, (unit,)),
        accounts=AccountFacts(builders.COMPLETE, (Account(1001, "dev", 1001, (1001,)),)),
    )
    assert len(builders.findings(run_check(CHECK, snapshot))) == found


@pytest.mark.parametrize("folder", [OWN, (0o755, 1000, 1000), (0o755, 0, 0), (0o1777, 0, 0), (0o775, 1000, 1000)])
def test_hardened(folder: tuple[int, int, int]) -> None:
    assert builders.kinds(_said(builders.socket(_path(folder)))) == {Passed}


def test_hardened_a_socket_that_systemd_made_belongs_to_root() -> None:
    assert builders.kinds(_said(builders.socket(_path((0o755, 0, 0), uid=0)))) == {Passed}


def test_hardened_a_device_that_stat_does_not_tell_proves_nothing() -> None:
    path = _path()
    odd = replace(builders.socket(path), bound_inode=path.file.inode + 1, bound_device=99)
    assert builders.kinds(_said(odd)) == {Passed}


def test_not_applicable_without_a_file() -> None:
    assert builders.kinds(_said()) == {NotApplicable}
    assert builders.kinds(_said(SocketFact("x", True, 1))) == {NotApplicable}


def test_not_assessed_in_a_file_system_of_its_own() -> None:
    assert builders.kinds(_said(replace(builders.socket(_path()), foreign_namespace=True))) == {NotAssessed}
    assert builders.kinds(_said(replace(builders.socket(_path()), path=None))) == {NotAssessed}


def test_not_assessed_when_the_modes_could_not_be_read() -> None:
    facts = SocketFacts(builders.unread("mode"))
    assert status(CHECK, builders.snapshot(sockets=facts)) is Status.NOT_ASSESSED
