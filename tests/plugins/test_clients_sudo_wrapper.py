"""clients/sudo-wrapper."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.launch import understand
from workbench.model.clients import ClientFacts, ServerEntry
from workbench.model.facts import EnvironmentEntry
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.launch import Launch
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "clients/sudo-wrapper"
PROGRAM = ("/usr/local/bin/mcp-files", "/srv/ws")


def _server(*command: str, names: tuple[str, ...] = ()) -> ServerEntry:
    environment = tuple(EnvironmentEntry(name) for name in names)
    return builders.server("files", command, launch=understand(command, "/home/dev"), environment=environment)


def _said(*servers: ServerEntry) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(clients=ClientFacts(builders.COMPLETE, (builders.config(servers),))))


@pytest.mark.parametrize(
    "command",
    [
        ("sudo", "-u", "mcp", *PROGRAM),
        ("sudo", "-un", *PROGRAM),  # an account named n
        ("sudo", "--user", "-n", *PROGRAM),
        ("/usr/bin/sudo", "-u", "mcp", "--", *PROGRAM),
        ("sh", "-c", "exec sudo -u mcp /usr/local/bin/mcp-files -n"),
        ("sudo", "-u", "mcp", *PROGRAM, "-n"),
    ],
)
def test_vulnerable_without_n(command: tuple[str, ...]) -> None:
    (finding,) = builders.findings(_said(_server(*command)))
    assert finding.severity is Severity.LOW and "-n is missing" in finding.summary


def test_vulnerable_variables_are_dropped() -> None:
    (finding,) = builders.findings(_said(_server("sudo", "-n", "-u", "mcp", *PROGRAM, names=("API_KEY", "PATH"))))
    assert finding.severity is Severity.MEDIUM
    assert "loses API_KEY: " in finding.summary and "-n is missing" not in finding.summary


def test_vulnerable_a_container_engine_as_root() -> None:
    (finding,) = builders.findings(_said(_server("sudo", "-n", "docker", "run", "-i", "mcp/git")))
    assert finding.severity is Severity.MEDIUM and "which is root" in finding.summary


def test_several_mistakes_of_one_server_are_one_finding() -> None:
    (finding,) = builders.findings(_said(_server("sudo", "docker", "run", "-i", "mcp/git", names=("TOKEN",))))
    assert len(finding.evidence) == 3


@pytest.mark.parametrize(
    "command",
    [
        ("sudo", "-n", "-u", "mcp", *PROGRAM),
        ("sudo", "-nu", "mcp", *PROGRAM),
        ("sudo", "-u", "mcp", "--non-interactive", *PROGRAM),
        ("env", "sudo", "-H", "-n", "-u", "mcp", *PROGRAM),
        ("sh", "-c", "exec sudo -n -u mcp /usr/local/bin/mcp-files"),
        ("sudo", "-A", "-u", "mcp", *PROGRAM),
        ("sudo", "-n", "-u", "mcp", "podman", "run", "-i", "mcp/git"),
    ],
)
def test_hardened(command: tuple[str, ...]) -> None:
    assert builders.kinds(_said(_server(*command))) == {Passed}


@pytest.mark.parametrize("option", ["-E", "--preserve-env", "--preserve-env=API_KEY"])
def test_hardened_where_the_variables_are_kept(option: str) -> None:
    assert builders.kinds(_said(_server("sudo", "-n", option, "-u", "mcp", *PROGRAM, names=("API_KEY",)))) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}
    assert builders.kinds(_said(builders.server())) == {NotApplicable}
    assert builders.kinds(_said(replace(_server("sudo", *PROGRAM), disabled=True))) == {NotApplicable}


def test_not_assessed_when_the_word_is_hidden() -> None:
    hidden = builders.server(command=("sh", "-c", "$RUN"), launch=Launch("x", wrappers=("sh", "sudo")))
    assert builders.kinds(_said(hidden)) == {NotAssessed}


def test_not_assessed_when_the_content_could_not_be_read() -> None:
    clients = ClientFacts(builders.unread("content"))
    assert status(CHECK, builders.snapshot(clients=clients)) is Status.NOT_ASSESSED
