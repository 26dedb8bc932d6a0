"""sockets/accepts-any-peer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.probe import PeerVerdict
from workbench.model.processes import ProcessFacts
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.sockets import SocketFact, SocketFacts

CHECK = "sockets/accepts-any-peer"


def _socket(mode: int = 0o666, **more: Any) -> SocketFact:
    folder = {"/srv/mcp": (0o755, 1000, 1000)}
    return replace(builders.socket(builders.path("/srv/mcp/s.sock", mode, kind="socket", directories=folder)), **more)


def _said(*sockets: SocketFact, **more: Any) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(sockets=SocketFacts(builders.COMPLETE, sockets), **more))


def test_vulnerable_a_foreign_account_is_connected() -> None:
    (finding,) = builders.findings(_said(_socket(peers=(0, 1000, 1001))))
    assert finding.severity is Severity.HIGH and "from colleague" in finding.summary


def test_vulnerable_even_where_the_mode_looks_closed() -> None:
    assert builders.findings(_said(_socket(0o600, peers=(1001,))))


@pytest.mark.parametrize("verdict", ["open", "lazy"])
def test_vulnerable_a_probe_has_shown_it(verdict: PeerVerdict) -> None:
    (finding,) = builders.findings(_said(_socket(peer_check=verdict, peers=())))
    assert finding.evidence[0].command == ("workbench", "probe", "/srv/mcp/s.sock")


def test_hardened_a_probe_was_turned_away() -> None:
    assert builders.kinds(_said(_socket(peer_check="validating", peers=(1000, 0)))) == {Passed}


@pytest.mark.parametrize("mode", [0o600, 0o755, 0o700])
def test_hardened_nobody_else_gets_there(mode: int) -> None:
    assert builders.kinds(_said(_socket(mode))) == {Passed}


def test_hardened_an_abstract_name_in_a_network_of_its_own() -> None:
    alone = ProcessFacts(builders.COMPLETE, (builders.process(own_namespaces=("net",)),))
    socket = _socket(abstract=True, name="mcp", path=None)
    assert builders.kinds(_said(socket, processes=alone)) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}


@pytest.mark.parametrize("verdict", [None, "unclear", "close-all", "hidden by mode", "stale"])
def test_not_assessed_without_a_proof(verdict: PeerVerdict | None) -> None:
    (said,) = _said(_socket(peer_check=verdict, peers=(1000,)))
    assert isinstance(said, NotAssessed) and said.unlock == "workbench probe /srv/mcp/s.sock"


def test_not_assessed_an_abstract_name_that_anyone_may_reach() -> None:
    assert builders.kinds(_said(_socket(abstract=True, name="mcp", path=None))) == {NotAssessed}


def test_not_assessed_when_the_owners_could_not_be_read() -> None:
    facts = SocketFacts(builders.unread("owner"))
    assert status(CHECK, builders.snapshot(sockets=facts)) is Status.NOT_ASSESSED


@pytest.mark.parametrize("looker", [0, 1000])
def test_hardened_a_service_is_there_for_its_developer(looker: int) -> None:
    """A server with an account of its own is reached by the developer who set it up: that is no stranger."""
    folder = {"/run/mcp": (0o750, 990, 1000)}
    path = builders.path("/run/mcp/s.sock", 0o660, kind="socket", uid=990, gid=1000, directories=folder)
    host = replace(builders.snapshot().host, uid=looker)
    service = builders.socket(path, uid=990, peers=(990, 1000))
    assert builders.kinds(_said(service, host=host)) == {Passed}
    for check in ("sockets/connectable-by-others", "sockets/replaceable"):
        snapshot = builders.snapshot(sockets=SocketFacts(builders.COMPLETE, (service,)), host=host)
        assert builders.kinds(run_check(check, snapshot)) == {Passed}
    assert builders.findings(_said(replace(service, peers=(1001,)), host=host))
