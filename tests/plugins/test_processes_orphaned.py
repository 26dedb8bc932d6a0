"""processes/orphaned."""

from __future__ import annotations

from tests import builders
from tests.plugins.confined import host, running
from tests.plugins.loading import run_check, status
from workbench.model.finding import NotApplicable, Passed
from workbench.model.processes import ProcessFacts
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "processes/orphaned"


def test_vulnerable() -> None:
    (finding,) = builders.findings(run_check(CHECK, host(running(orphaned=True))))
    assert finding.severity is Severity.LOW
    assert "started 2026-01-02 03:04 UTC" in finding.evidence[0].actual


def test_vulnerable_even_where_its_start_is_not_known() -> None:
    (finding,) = builders.findings(run_check(CHECK, host(running(orphaned=True, started=0.0))))
    assert "started" not in finding.evidence[0].actual


def test_hardened() -> None:
    assert builders.kinds(run_check(CHECK, host(running()))) == {Passed}


def test_not_assessed_where_processes_are_hidden() -> None:
    facts = ProcessFacts(builders.unread("hidden"), (running(),))
    assert status(CHECK, builders.snapshot(processes=facts)) is Status.NOT_ASSESSED


def test_not_applicable_without_a_server() -> None:
    assert builders.kinds(run_check(CHECK, builders.snapshot())) == {NotApplicable}
