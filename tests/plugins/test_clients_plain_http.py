"""clients/plain-http."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.launch import understand
from workbench.model.clients import ClientFacts, ServerEntry
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "clients/plain-http"


def _remote(url: str, **more: Any) -> ServerEntry:
    return builders.server("web", (), url=url, transport="http", launch=None, **more)


def _bridge(*arguments: str) -> ServerEntry:
    command = ("npx", "-y", "mcp-remote@0.1.16", *arguments)
    return builders.server("web", command, launch=understand(command, "/home/dev"))


def _said(*servers: ServerEntry) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(clients=ClientFacts(builders.COMPLETE, (builders.config(servers),))))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://mcp.example.com/mcp", "mcp.example.com"),
        ("HTTP://MCP.example.com:8080", "MCP.example.com"),
        ("http://192.168.1.5:3001/sse", "192.168.1.5"),
        ("ws://10.0.0.2/", "10.0.0.2"),
        ("http://[2001:db8::1]/mcp", "[2001:db8::1]"),
        ("http://user@mcp.example.com/", "mcp.example.com"),
        ("http://localhost.example.com/", "localhost.example.com"),
        ("http://127.0.0.1.example.com/", "127.0.0.1.example.com"),
        ("http://evil.com/http://localhost", "evil.com"),
    ],
)
def test_vulnerable(url: str, host: str) -> None:
    (finding,) = builders.findings(_said(_remote(url, line=3)))
    assert finding.severity is Severity.HIGH and f"on {host} without" in finding.summary
    assert finding.location is not None and finding.location.line == 3


def test_vulnerable_through_a_bridge() -> None:
    (finding,) = builders.findings(_said(_bridge("http://mcp.example.com/sse", "--allow-http")))
    assert "mcp.example.com" in finding.summary


@pytest.mark.parametrize(
    "url",
    [
        "https://mcp.example.com/mcp",
        "wss://mcp.example.com/",
        "http://localhost:3001/mcp",
        "http://app.localhost/",
        "http://127.0.0.1:3001",
        "http://127.1.2.3/",
        "http://[::1]:3001/",
        "http://host.docker.internal:8811/",
    ],
)
def test_hardened(url: str) -> None:
    assert builders.kinds(_said(_remote(url))) == {Passed}


def test_hardened_through_a_bridge() -> None:
    assert builders.kinds(_said(_bridge("https://mcp.example.com/sse"))) == {Passed}


def test_a_program_that_is_given_an_address_is_no_bridge() -> None:
    command = ("node", "crawler.js", "http://example.com/")
    server = builders.server("crawler", command, launch=understand(command, "/home/dev"))
    assert builders.kinds(_said(server)) == {NotApplicable}


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}
    assert builders.kinds(_said(builders.server())) == {NotApplicable}
    assert builders.kinds(_said(_remote("http://mcp.example.com/", disabled=True))) == {NotApplicable}


@pytest.mark.parametrize("url", ["${MCP_URL}", "http://${HOST}/mcp", "http:///mcp", "<secret: url, 30 characters>"])
def test_not_assessed_when_the_host_is_not_known(url: str) -> None:
    assert builders.kinds(_said(_remote(url))) == {NotAssessed}


def test_not_assessed_when_the_content_could_not_be_read() -> None:
    clients = ClientFacts(builders.unread("content"))
    assert status(CHECK, builders.snapshot(clients=clients)) is Status.NOT_ASSESSED


@pytest.mark.parametrize(
    "command",
    [
        ("mcp-remote", "http://tools.example/mcp"),
        ("npx", "-y", "mcp-remote@0.1.16", "http://tools.example/mcp"),
        ("sh", "-c", "npx mcp-remote@0.1.16 http://tools.example/mcp"),
        ("npx", "-y", "supergateway@3.4.0", "--stdio", "npx -y mcp-remote@0.1.16 http://tools.example/mcp"),
    ],
)
def test_vulnerable_however_the_bridge_is_started(command: tuple[str, ...]) -> None:
    (finding,) = builders.findings(_said(builders.server("files", command, launch=understand(command, "/home/dev"))))
    assert "tools.example without encryption" in finding.summary
    closed = tuple(word.replace("http:", "https:") for word in command)
    said = _said(builders.server("files", closed, launch=understand(closed, "/home/dev")))
    assert builders.kinds(said) == {Passed}
