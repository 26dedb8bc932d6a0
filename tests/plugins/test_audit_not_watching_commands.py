"""audit/not-watching-commands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.audit_facts import DENIED, MCP, SHELL, STARTS, audited, loaded
from tests.plugins.loading import run_check, status
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "audit/not-watching-commands"


@pytest.mark.parametrize(
    "rules",
    [
        (),
        DENIED,
        ("-a always,exit -F arch=b64 -S execve -F uid=990 -F exe=/bin/sh",),
        ("-a always,exit -F arch=b32 -S execve -F uid=990",),
        ("-a never,exit -F arch=b64 -S execve -F uid=990", *STARTS),
        ("-a always,exit -F arch=b64 -S execve -F uid=990 -F success=0",),
    ],
)
def test_vulnerable(rules: tuple[str, ...]) -> None:
    (finding,) = builders.findings(run_check(CHECK, audited(SHELL, rules=loaded(*rules))))
    assert finding.severity is Severity.MEDIUM and finding.subject.key == "mcp-shell"


def test_vulnerable_the_rule_that_silences_is_named() -> None:
    (finding,) = builders.findings(run_check(CHECK, audited(SHELL, rules=loaded("-a never,task", *STARTS))))
    assert "-a never,task" in finding.evidence[0].actual


@pytest.mark.parametrize(
    "rules", [STARTS, ("-a always,exit -F arch=b64 -S execve -F auid>=1000 -F auid!=-1",), ("-a always,exit -S all",)]
)
def test_hardened(rules: tuple[str, ...]) -> None:
    assert builders.kinds(run_check(CHECK, audited(SHELL, rules=loaded(*rules)))) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(run_check(CHECK, audited())) == {NotApplicable}
    assert builders.kinds(run_check(CHECK, audited(MCP))) == {NotApplicable}


def test_not_assessed() -> None:
    assert status(CHECK, audited(SHELL, listed=False, state=builders.unread("rules"))) is Status.NOT_ASSESSED
    rules = loaded("-a always,exit -F arch=b64 -S execve -F auid>=1000 -F auid!=-1")
    assert builders.kinds(run_check(CHECK, audited(replace(SHELL, login=None), rules=rules))) == {NotAssessed}
