"""audit/not-running."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins.audit_facts import DENIED, MCP, audited, loaded, on_disk
from tests.plugins.loading import run_check, status
from workbench.model.audit import AuditFacts
from workbench.model.facts import SectionState
from workbench.model.finding import NotApplicable, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "audit/not-running"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"running": False, "rules": loaded(*DENIED)}, "the 2 audit rules that are loaded write nothing to disk"),
        ({"running": False, "rules": on_disk("-w /etc/hosts")}, "auditd does not run"),
        ({"enabled": 0, "rules": loaded(*DENIED)}, "auditing is switched off"),
        ({"enabled": 0, "running": False, "rules": loaded(*DENIED)}, "auditd does not run"),
    ],
)
def test_vulnerable(facts: dict[str, Any], words: str) -> None:
    (finding,) = builders.findings(run_check(CHECK, audited(**facts)))
    assert finding.severity is Severity.MEDIUM and words in finding.summary


def test_vulnerable_where_an_account_could_be_watched() -> None:
    (finding,) = builders.findings(run_check(CHECK, audited(MCP, running=False, enabled=0)))
    assert len(finding.evidence) == 2


@pytest.mark.parametrize("enabled", [1, 2])
def test_hardened(enabled: int) -> None:
    assert builders.kinds(run_check(CHECK, audited(MCP, enabled=enabled, rules=loaded(*DENIED)))) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(run_check(CHECK, audited(running=False, enabled=0))) == {NotApplicable}
    absent = AuditFacts(SectionState("not applicable", "auditd is not installed"))
    assert status(CHECK, builders.snapshot(audit=absent)) is Status.NOT_APPLICABLE


def test_not_assessed() -> None:
    unknown = audited(MCP, enabled=None, running=None, state=builders.unread("status"))
    assert run_check(CHECK, unknown) == []
    assert status(CHECK, unknown) is Status.NOT_ASSESSED
    hidden = audited(listed=False, running=False, state=builders.unread("rules"))
    assert status(CHECK, hidden) is Status.NOT_ASSESSED
