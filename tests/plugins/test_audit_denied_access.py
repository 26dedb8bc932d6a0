"""audit/denied-access."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.audit_facts import DENIED, MCP, SHELL, STARTS, audited, happened, loaded
from tests.plugins.loading import run_check, status
from workbench.model.audit import AuditEvent
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "audit/denied-access"
RULES = loaded(*DENIED, *STARTS)


def start(program: str, **more: object) -> AuditEvent:
    return replace(happened(program, "started", "program"), **more)  # type: ignore[arg-type]


def test_vulnerable() -> None:
    events = (happened("/home/dev/.ssh/id_rsa", count=3), happened("/etc/shadow"))
    (finding,) = builders.findings(run_check(CHECK, audited(MCP, events=events, rules=RULES)))
    assert finding.severity is Severity.HIGH and finding.subject.key == "mcp"
    assert finding.summary == "mcp was denied files it has no need of, 4 times in 24 hours: /etc/shadow and 1 more"
    assert "3 times from 2026-01-02 03:04:05 UTC to 2026-01-02 03:05:05 UTC" in finding.evidence[1].actual
    assert "--interpret" not in finding.evidence[0].command and [also.key for also in finding.also] == ["files"]


@pytest.mark.parametrize(
    "program", ["/usr/bin/curl", "/bin/nc", "/usr/bin/base64", "/usr/bin/sudo", "/bin/sh", "/x/bash"]
)
def test_vulnerable_programs_of_a_server_that_runs_none(program: str) -> None:
    account = replace(MCP, programs=("node",))
    (finding,) = builders.findings(run_check(CHECK, audited(account, events=(start(program),), rules=RULES)))
    assert finding.severity is Severity.HIGH and program in finding.summary


def test_vulnerable_programs_of_a_shell_server_may_have_been_asked_for() -> None:
    events = (start("/usr/bin/curl", examples=("curl x.example",)),)
    (finding,) = builders.findings(run_check(CHECK, audited(SHELL, events=events, rules=RULES)))
    assert finding.severity is Severity.MEDIUM and "(curl x.example)" in finding.evidence[0].actual
    denied = (*events, happened("/root/tool", kind="program"))
    (finding,) = builders.findings(run_check(CHECK, audited(SHELL, events=denied, rules=RULES)))
    assert finding.severity is Severity.HIGH


def test_vulnerable_system_calls_it_was_killed_for() -> None:
    events = (happened("ptrace", "killed", "system call"),)
    (finding,) = builders.findings(run_check(CHECK, audited(MCP, events=events, rules=RULES)))
    assert "ptrace" in finding.summary


def test_vulnerable_one_finding_for_each_kind_and_it_is_recognised_again() -> None:
    events = (happened("/etc/shadow"), start("/usr/bin/curl"))
    first = builders.findings(run_check(CHECK, audited(MCP, events=events, rules=RULES)))
    second = builders.findings(run_check(CHECK, audited(MCP, events=events[::-1], rules=RULES)))
    assert len(first) == 2 and {each.identity for each in first} == {each.identity for each in second}


@pytest.mark.parametrize(
    ("account", "program"),
    [
        (MCP, "/usr/bin/node"),  # what it is started with
        (MCP, "/usr/bin/sudo"),
        (MCP, "/usr/bin/git"),
        (SHELL, "/bin/bash"),
        (SHELL, "/usr/bin/make"),
    ],
)
def test_hardened_what_its_servers_need(account: object, program: str) -> None:
    said = run_check(CHECK, audited(account, events=(start(program),), rules=RULES))  # type: ignore[arg-type]
    assert builders.kinds(said) == {Passed}


def test_hardened_nothing_happened_and_it_would_have_been_seen() -> None:
    assert builders.kinds(run_check(CHECK, audited(MCP, rules=RULES))) == {Passed}
    logged = happened("clone3", "logged", "system call")
    assert builders.kinds(run_check(CHECK, audited(MCP, events=(logged,), rules=RULES))) == {Passed}


def test_events_of_others_are_not_its_own() -> None:
    events = (replace(happened("/etc/shadow"), uid=5),)
    assert builders.kinds(run_check(CHECK, audited(MCP, events=events, rules=RULES))) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(run_check(CHECK, audited())) == {NotApplicable}


def test_not_assessed_where_nothing_would_have_been_seen() -> None:
    for hidden in (
        audited(MCP),
        audited(SHELL, rules=loaded(*DENIED)),
        audited(MCP, rules=RULES, running=False),
        audited(MCP, rules=RULES, enabled=0),
        audited(MCP, rules=RULES, listed=False),
    ):
        assert builders.kinds(run_check(CHECK, hidden)) == {NotAssessed}


def test_not_assessed_when_the_log_could_not_be_read() -> None:
    unknown = audited(MCP, events=None, rules=RULES, state=builders.unread("events"))
    assert run_check(CHECK, unknown) == []
    assert status(CHECK, unknown) is Status.NOT_ASSESSED
