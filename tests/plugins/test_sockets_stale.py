"""sockets/stale."""

from __future__ import annotations

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.model.facts import PathFact, SectionState
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.sockets import SocketFact, SocketFacts

CHECK = "sockets/stale"
LEFT = builders.path("/tmp/mcp-old.sock", 0o755, kind="socket")


def _said(*sockets: SocketFact, stale: tuple[PathFact, ...] = (), source: str = "sock_diag") -> list[Verdict]:
    facts = SocketFacts(builders.COMPLETE, sockets, source=source, stale=stale)
    return run_check(CHECK, builders.snapshot(sockets=facts))


def test_vulnerable() -> None:
    (finding,) = builders.findings(_said(stale=(LEFT,)))
    assert finding.severity is Severity.LOW and finding.subject.key == "/tmp/mcp-old.sock"


def test_hardened_every_socket_is_listened_on() -> None:
    living = builders.socket(builders.path("/run/user/1000/mcp.sock", 0o600, kind="socket"))
    assert builders.kinds(_said(living)) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}


def test_not_assessed_where_the_kernel_does_not_tell() -> None:
    assert builders.kinds(_said(stale=(LEFT,), source="/proc/net/unix")) == {NotAssessed}


def test_not_assessed_when_the_sockets_could_not_be_listed() -> None:
    facts = SocketFacts(SectionState("failed", "the sockets cannot be listed"))
    assert status(CHECK, builders.snapshot(sockets=facts)) is Status.NOT_ASSESSED
