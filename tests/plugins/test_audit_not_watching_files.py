"""audit/not-watching-files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.audit_facts import DENIED, MCP, OPENS, audited, loaded
from tests.plugins.loading import run_check, status
from workbench.model.audit import AuditFacts
from workbench.model.clients import ClientFacts
from workbench.model.facts import SectionState
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "audit/not-watching-files"
CONFIG = "/home/dev/.config/Claude/claude_desktop_config.json"
CLIENTS = {"clients": ClientFacts(builders.COMPLETE, (builders.config([builders.server()]),))}


@pytest.mark.parametrize(
    "rules",
    [
        (),
        (f"{OPENS} -F uid=991 -F key=other",),
        (f"{OPENS} -F uid=990 -F dir=/srv/ws -F key=one",),
        ("-a never,exit -S all -F uid=990", *DENIED),
        ("-a never,task", *DENIED),
        ("-a always,exit -F arch=b64 -S open,openat2 -F uid=990",),
    ],
)
def test_vulnerable(rules: tuple[str, ...]) -> None:
    (finding,) = builders.findings(run_check(CHECK, audited(MCP, rules=loaded(*rules))))
    assert finding.severity is Severity.MEDIUM and finding.subject.key == "mcp"
    assert finding.summary == "what mcp is denied leaves no trace" and "uid=990" in finding.evidence[0].expected


def test_vulnerable_the_rule_that_silences_is_named() -> None:
    (finding,) = builders.findings(run_check(CHECK, audited(MCP, rules=loaded("-a never,task", *DENIED))))
    assert "-a never,task keeps everything out" in finding.evidence[0].actual


@pytest.mark.parametrize("rules", [DENIED[:1], ("-a always,exit -F arch=b64 -S openat -F success=0 -F uid=990",)])
def test_vulnerable_where_a_part_is_left_out(rules: tuple[str, ...]) -> None:
    (finding,) = builders.findings(run_check(CHECK, audited(MCP, rules=loaded(*rules))))
    assert finding.severity is Severity.LOW and finding.summary.startswith("some of what mcp")


def test_vulnerable_each_account_for_itself() -> None:
    other = replace(MCP, uid=991, name="other")
    said = run_check(CHECK, audited(MCP, other, rules=loaded(*DENIED)))
    assert [finding.subject.key for finding in builders.findings(said)] == ["other"]
    assert builders.kinds(said) >= {Passed}


def test_vulnerable_configs() -> None:
    (finding,) = builders.findings(run_check(CHECK, audited(host=CLIENTS)))
    assert finding.severity is Severity.LOW and CONFIG in finding.evidence[0].actual


@pytest.mark.parametrize(
    "rules",
    [
        DENIED,
        (f"{OPENS} -F uid=990 -F key=all",),
        (f"{OPENS} -F success=0 -F uid=990",),
        ("-a never,exit -F arch=b64 -S open,openat,openat2 -F uid=990 -F dir=/srv/ws", f"{OPENS} -F uid=990"),
        (f"{OPENS} -F exit=-EACCES -F auid>=1000 -F auid!=-1", f"{OPENS} -F exit=-EPERM -F auid>=1000 -F auid!=-1"),
    ],
)
def test_hardened(rules: tuple[str, ...]) -> None:
    assert builders.kinds(run_check(CHECK, audited(MCP, rules=loaded(*rules)))) == {Passed}


def test_hardened_on_a_machine_without_open() -> None:
    rules = loaded("-a always,exit -F arch=b64 -S openat,openat2 -F success=0 -F uid=990")
    assert builders.kinds(run_check(CHECK, audited(MCP, rules=rules, opening=("openat", "openat2")))) == {Passed}
    assert len(builders.findings(run_check(CHECK, audited(MCP, rules=rules)))) == 1


@pytest.mark.parametrize("rule", [f"-w {CONFIG} -p wa", "-a always,exit -S all -F dir=/home/dev/.config -F perm=wa"])
def test_hardened_configs(rule: str) -> None:
    assert builders.kinds(run_check(CHECK, audited(host=CLIENTS, rules=loaded(rule)))) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(run_check(CHECK, audited())) == {NotApplicable}
    absent = AuditFacts(SectionState("not applicable", "auditd is not installed"))
    assert status(CHECK, builders.snapshot(audit=absent)) is Status.NOT_APPLICABLE


def test_not_assessed_when_the_rules_could_not_be_listed() -> None:
    unknown = audited(MCP, listed=False, state=builders.unread("rules"), host=CLIENTS)
    assert run_check(CHECK, unknown) == []
    assert status(CHECK, unknown) is Status.NOT_ASSESSED


def test_not_assessed_when_it_depends_on_an_unknown_login() -> None:
    rules = loaded(f"{OPENS} -F success=0 -F auid>=1000 -F auid!=-1")
    assert builders.kinds(run_check(CHECK, audited(replace(MCP, login=None), rules=rules))) == {NotAssessed}
    system = run_check(CHECK, audited(replace(MCP, login=-1), rules=rules))
    assert len(builders.findings(system)) == 1  # a unit of the system has no login
