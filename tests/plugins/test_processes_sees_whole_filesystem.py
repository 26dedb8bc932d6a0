"""processes/sees-whole-filesystem."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.confined import BOXED, OPEN, host, in_bubblewrap, in_docker, running
from tests.plugins.loading import run_check, status
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.isolation import IsolationFact
from workbench.model.launch import Launch
from workbench.model.processes import ServerProcess
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "processes/sees-whole-filesystem"
NO_HOMES: dict[str, Any] = {"homes_readable": (), "homes_writable": ()}


@pytest.mark.parametrize(
    ("server", "severity"),
    [
        (running(), Severity.HIGH),
        (running(uid=0, account="root"), Severity.HIGH),
        (running(own_namespaces=("mnt",)), Severity.HIGH),
        (running(uid=990, account="mcp"), Severity.HIGH),
        (in_docker(isolation=replace(BOXED, homes_writable=("/home/dev",), homes_hidden=())), Severity.HIGH),
        (running(isolation=replace(OPEN, root="host read-only")), Severity.HIGH),
        (running(isolation=replace(OPEN, root="host read-only", homes_writable=())), Severity.MEDIUM),
        (running(isolation=replace(OPEN, **NO_HOMES, homes_hidden=("/home/dev",))), Severity.MEDIUM),
        (running(uid=990, account="mcp", isolation=replace(OPEN, homes_writable=())), Severity.MEDIUM),
    ],
)
def test_vulnerable(server: ServerProcess, severity: Severity) -> None:
    (finding,) = builders.findings(run_check(CHECK, host(server)))
    assert finding.severity is severity
    assert finding.evidence[0].command[:3] == ("findmnt", "--task", str(server.pid))


def test_vulnerable_servers_of_one_config_are_one_finding_for_each_severity() -> None:
    reads = running("git", isolation=replace(OPEN, root="host read-only", homes_writable=()))
    found = builders.findings(run_check(CHECK, host(running("files"), running("time"), reads)))
    assert [(each.severity, [also.label for also in each.also]) for each in found] == [
        (Severity.HIGH, ["files", "time"]),
        (Severity.MEDIUM, ["git"]),
    ]
    assert "files and time can change everything in /home/dev" in found[0].summary
    assert "git can look into /home/dev" in found[1].summary
    assert found[0].identity != found[1].identity


@pytest.mark.parametrize(
    "server",
    [
        in_bubblewrap(),
        in_docker(),
        running(uid=990, account="mcp", isolation=replace(OPEN, **NO_HOMES)),
        running(isolation=replace(OPEN, **NO_HOMES, root="host read-only", homes_hidden=("/home/dev",))),
    ],
)
def test_hardened(server: ServerProcess) -> None:
    assert builders.kinds(run_check(CHECK, host(server))) == {Passed}


def test_not_assessed_where_the_system_does_not_tell() -> None:
    assert builders.kinds(run_check(CHECK, host(running(isolation=None)))) == {NotAssessed}
    unseen = host(running(isolation=IsolationFact()), state=builders.unread("isolation"))
    assert run_check(CHECK, unseen) == []
    assert status(CHECK, unseen) is Status.NOT_ASSESSED


def test_not_assessed_behind_a_containers_tool() -> None:
    tool = running(launch=Launch("docker", image=builders.image("mcp/git")))
    assert builders.kinds(run_check(CHECK, host(tool))) == {NotAssessed}


def test_not_applicable_without_a_server() -> None:
    assert builders.kinds(run_check(CHECK, builders.snapshot())) == {NotApplicable}
