"""clients/auto-approve."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.model.clients import Approval, ApprovalScope, ClientConfig, ClientFacts, ConfigProblem
from workbench.model.finding import Finding, NotApplicable, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "clients/auto-approve"
EVERYTHING = Approval(
    "permissions.defaultMode", "bypassPermissions", "everything", ("permissions", "defaultMode"), line=3
)
OF_SERVER = Approval(
    "mcpServers.files.autoApprove", "*", "all tools of a server", ("mcpServers", "files", "autoApprove"), ("*",)
)


def _said(*configs: ClientConfig) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(clients=ClientFacts(builders.COMPLETE, configs)))


def _one(approval: Approval) -> Finding:
    (finding,) = builders.findings(_said(builders.config([builders.server()], approvals=(approval,))))
    return finding


def test_vulnerable_everything() -> None:
    finding = _one(EVERYTHING)
    assert finding.severity is Severity.HIGH
    assert finding.subject.kind == "config"
    assert finding.evidence[0].actual == "permissions.defaultMode: bypassPermissions"
    assert finding.location is not None
    assert (finding.location.line, finding.location.pointer) == (3, ("permissions", "defaultMode"))


def test_vulnerable_all_tools_of_a_server() -> None:
    finding = _one(OF_SERVER)
    assert finding.severity is Severity.HIGH
    assert finding.subject.kind == "server"
    assert "all tools of files without asking" in finding.summary


@pytest.mark.parametrize(
    ("scope", "severity"),
    [
        ("everything", Severity.HIGH),
        ("servers of projects", Severity.HIGH),
        ("all tools of a server", Severity.HIGH),
        ("named tools", Severity.MEDIUM),
    ],
)
def test_vulnerable_as_bad_as_it_asks_nothing(scope: ApprovalScope, severity: Severity) -> None:
    approval = Approval("a.b", "x", scope, ("a", "b"), ("x",))
    assert _one(approval).severity is severity


def test_vulnerable_less_within_a_sandbox_of_the_client() -> None:
    finding = _one(replace(EVERYTHING, confined=True))
    assert finding.severity is Severity.MEDIUM and "sandbox" in finding.summary


def test_one_list_may_be_two_findings() -> None:
    lists = (
        Approval("permissions.allow", "mcp__a", "all tools of a server", ("permissions", "allow"), ("mcp__a",)),
        Approval("permissions.allow", "mcp__b__c", "named tools", ("permissions", "allow"), ("mcp__b__c",)),
    )
    first, second = builders.findings(_said(builders.config(approvals=lists)))
    assert first.identity != second.identity


def test_hardened() -> None:
    assert builders.kinds(_said(builders.config([builders.server()]))) == {Passed}


def test_hardened_the_server_is_switched_off() -> None:
    off = builders.config([builders.server(disabled=True)], approvals=(OF_SERVER,))
    assert builders.kinds(_said(off)) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}


def test_not_assessed_when_the_content_could_not_be_read() -> None:
    for problem in (ConfigProblem("permission denied", kind="unreadable"), ConfigProblem("it is cut off")):
        config = builders.config(problem=problem)
        clients = ClientFacts(builders.unread("content", config.path.asked), (config,))
        snapshot = builders.snapshot(clients=clients)
        assert run_check(CHECK, snapshot) == []
        assert status(CHECK, snapshot) is Status.NOT_ASSESSED


def test_hardened_a_file_that_only_a_more_forgiving_reader_understands() -> None:
    assert builders.kinds(_said(builders.config(problem=ConfigProblem("a comment")))) == {Passed}
