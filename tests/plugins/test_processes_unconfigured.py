"""processes/unconfigured."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins.confined import host, in_docker, running
from tests.plugins.loading import run_check, status
from workbench.model.clients import ClientFacts
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.processes import ServerProcess
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.sockets import PortFact, SocketFacts
from workbench.model.units import UnitFact, UnitFacts

CHECK = "processes/unconfigured"


def stray(**more: Any) -> ServerProcess:
    return running(**{"entry": None, **more})


@pytest.mark.parametrize(
    "unit",
    [
        "",
        "session-3.scope",
        "user@1000.service",
        "app-gnome-code-77.scope",
        "app-org.kde.konsole@1.service",
        "vte-spawn-0.scope",
        "gnome-terminal-server.service",
    ],
)
def test_vulnerable_nothing_names_it(unit: str) -> None:
    (finding,) = builders.findings(run_check(CHECK, host(stray(unit=unit))))
    assert finding.severity is Severity.MEDIUM
    assert "package.json names mcpName" in finding.evidence[0].actual


def test_hardened_or_known() -> None:
    unit = UnitFact("mcp.scope", builders.path("/run/mcp.scope", 0o644), "user")
    for server in (running(), stray(unit="mcp-files.service"), stray(unit="mcp.scope"), in_docker(entry=None)):
        snapshot = host(server, units=UnitFacts(builders.COMPLETE, (unit,)))
        assert builders.kinds(run_check(CHECK, snapshot)) == {Passed}


@pytest.mark.parametrize(
    ("url", "number", "known"),
    [
        ("http://localhost:3001/mcp", 3001, True),
        ("http://127.0.0.1:3001/mcp", 3001, True),
        ("http://[::1]:3001/sse", 3001, True),
        ("http://localhost/mcp", 80, True),
        ("http://localhost:3002/mcp", 3001, False),
        ("https://example.com:3001/mcp", 3001, False),
        ("http://[broken", 3001, False),
        ("http://localhost:99999999/mcp", 3001, False),
        ("", 3001, False),
    ],
)
def test_a_client_that_reaches_it_by_its_url_names_it(url: str, number: int, known: bool) -> None:
    remote = builders.server("web", command=(), transport="http", url=url, launch=None)
    clients = ClientFacts(builders.COMPLETE, configs=(builders.config([remote]),))
    listening = PortFact("127.0.0.1", number, 5, "host", server="1000:files")
    snapshot = host(stray(), clients=clients, sockets=SocketFacts(builders.COMPLETE, ports=(listening,)))
    assert bool(builders.findings(run_check(CHECK, snapshot))) != known


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"confidence": "low"}, "may be no MCP server"),
        ({"client": "cursor"}, "cursor started it"),
        ({"uid": 1001, "account": "colleague"}, "configurations of colleague"),
    ],
)
def test_not_assessed_where_something_unseen_may_name_it(more: dict[str, Any], words: str) -> None:
    (verdict,) = run_check(CHECK, host(stray(**more)))
    assert isinstance(verdict, NotAssessed)
    assert words in verdict.what + verdict.why


def test_not_assessed_where_a_configuration_could_not_be_read() -> None:
    snapshot = host(stray(), clients=ClientFacts(builders.unread("content")))
    assert builders.findings(run_check(CHECK, snapshot)) == []
    assert status(CHECK, snapshot) is Status.NOT_ASSESSED


def test_not_applicable_without_a_server() -> None:
    assert builders.kinds(run_check(CHECK, builders.snapshot())) == {NotApplicable}
