"""Snapshot to Report: statuses, gaps, broken checks, determinism."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from tests import builders
from workbench.model.check import Check
from workbench.model.facts import AccountFacts, SectionState
from workbench.model.finding import Finding, NotApplicable, NotAssessed, Passed, Subject, Verdict
from workbench.model.report import Status
from workbench.model.session import SessionFacts
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.plugins import Plugins
from workbench.scan import run_check, scan

SUBJECT = Subject("session", "session", "this session")
SEEN = Finding(SUBJECT, Severity.MEDIUM, "seen", ())
PASSED = Passed(SUBJECT)
GAP = NotAssessed("a thing", "permission denied", "run as root")


def check(*said: Verdict, needs: tuple[str, ...] = ("session",), identity: str = "session/x") -> Check:
    def run(snapshot: Snapshot) -> Iterable[Verdict]:
        return said

    return Check("a title", (Severity.HIGH, Severity.MEDIUM), needs, run, id=identity)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ((SEEN,), Status.FOUND),
        ((PASSED,), Status.PASSED),
        ((PASSED, GAP), Status.NOT_ASSESSED),
        ((SEEN, GAP, PASSED), Status.FOUND),
        ((NotApplicable("none"),), Status.NOT_APPLICABLE),
        ((NotApplicable("none"), PASSED), Status.PASSED),
        ((GAP, NotApplicable("none")), Status.NOT_ASSESSED),
        ((), Status.ERROR),
    ],
)
def test_statuses(said: tuple[Verdict, ...], status: Status) -> None:
    assert run_check(check(*said), builders.snapshot()).status is status


def test_a_failed_section_stops_the_check_and_says_why() -> None:
    failed = SessionFacts(SectionState("failed", "it was not gathered within 5 s", "try again"))
    result = run_check(check(SEEN), builders.snapshot(session=failed))
    assert result.status is Status.NOT_ASSESSED
    assert result.not_assessed == (NotAssessed("session", "it was not gathered within 5 s", "try again"),)
    assert not result.findings


def test_a_section_that_does_not_apply() -> None:
    away = SessionFacts(SectionState("not applicable", "Windows has no umask"))
    result = run_check(check(SEEN), builders.snapshot(session=away))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "Windows has no umask")


def test_what_is_judged_is_the_first_need() -> None:
    # Windows has no uids, and what is configured there is judged all the same, or said not to be.
    without = AccountFacts(SectionState("not applicable", "Windows has no uids"))
    host = builders.snapshot(accounts=without)
    assert run_check(check(SEEN, needs=("session", "accounts")), host).status is Status.FOUND
    assert run_check(check(SEEN, needs=("accounts", "session")), host).status is Status.NOT_APPLICABLE


def test_only_the_facets_that_a_check_needs_make_gaps() -> None:
    session = SessionFacts(builders.unread("environment", "the environment"))
    assert (
        run_check(check(PASSED, needs=("session:umask",)), builders.snapshot(session=session)).status is Status.PASSED
    )
    result = run_check(check(PASSED, needs=("session:environment",)), builders.snapshot(session=session))
    assert result.status is Status.NOT_ASSESSED
    assert result.not_assessed[0].what == "the environment"


def test_a_check_that_raises_is_an_error_without_its_message() -> None:
    def run(snapshot: Snapshot) -> Iterable[Verdict]:
        raise ValueError("ghp_" + "s3cret" * 6)

    result = run_check(replace(check(), run=run), builders.snapshot())
    assert result.status is Status.ERROR
    assert "ValueError in test_scan.py:" in result.reason
    assert "s3cret" not in result.reason


def test_an_undeclared_severity_is_an_error() -> None:
    result = run_check(check(replace(SEEN, severity=Severity.CRITICAL)), builders.snapshot())
    assert result.status is Status.ERROR
    assert not result.findings


def test_results_are_told_as_they_come_and_signed() -> None:
    checks = {each.id: each for each in (check(SEEN), check(PASSED, identity="session/y"))}
    told: list[str] = []
    report = scan(builders.snapshot(), Plugins(checks, {}), lambda result: told.append(result.check))
    assert told == ["session/x", "session/y"]
    assert [finding.check for finding in report.findings()] == ["session/x"]


def test_g23_the_order_of_facts_does_not_change_the_report() -> None:
    others = [replace(SEEN, subject=Subject("server", name, name)) for name in ("b", "a", "c")]
    forwards = scan(builders.snapshot(), Plugins({"session/x": check(*others)}, {}))
    backwards = scan(builders.snapshot(), Plugins({"session/x": check(*reversed(others))}, {}))
    assert forwards == backwards
    assert [finding.subject.label for finding in forwards.findings()] == ["a", "b", "c"]


def test_identity_is_stable_and_tells_findings_apart() -> None:
    make: Callable[[str], Finding] = lambda key: replace(SEEN, subject=Subject("server", key, "x")).of_check("a/b", ())  # noqa: E731
    assert make("one").identity == make("one").identity
    assert make("one").identity != make("two").identity
    assert replace(make("one"), summary="other words").identity == make("one").identity
