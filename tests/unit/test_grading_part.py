"""The letter of one server: of its own findings, held down where not all that looks at it could."""

from __future__ import annotations

import pytest

from workbench.grading import grade_of_part
from workbench.model.finding import Finding, NotAssessed, Subject
from workbench.model.report import CheckResult, Status
from workbench.model.severity import Severity


def found(severity: Severity, key: str = "a", check: str = "clients/x") -> Finding:
    return Finding(Subject("server", key, key), severity, "said", (), check=check)


def result(*findings: Finding, check: str = "clients/x", passed: int = 0, gaps: int = 0) -> CheckResult:
    status = Status.FOUND if findings else Status.PASSED if passed else Status.NOT_ASSESSED
    missing = tuple(NotAssessed(f"part {number}", "permission denied", "sudo") for number in range(gaps))
    return CheckResult(check, "A check", Severity.CRITICAL, status, findings, passed, missing)


@pytest.mark.parametrize(
    ("severity", "letter"),
    [(Severity.CRITICAL, "F"), (Severity.HIGH, "C"), (Severity.MEDIUM, "B"), (Severity.LOW, "A"), (Severity.INFO, "A")],
)
def test_its_own_findings_make_the_letter(severity: Severity, letter: str) -> None:
    mine = found(severity)
    results = [result(mine, found(Severity.CRITICAL, "another"), passed=1)]
    assert grade_of_part(results, [mine], {"clients"}).letter == letter


def test_what_is_wrong_with_another_costs_nothing() -> None:
    assert grade_of_part([result(found(Severity.CRITICAL), passed=1)], [], {"clients"}).letter == "A"


def test_where_nothing_could_look_there_is_no_letter() -> None:
    assert grade_of_part([result(gaps=1)], [], {"clients"}).letter == "U"
    assert grade_of_part([result(passed=1)], [], {"sockets"}).letter == "U"
    assert grade_of_part([], [], ()).letter == "U"


def test_where_not_all_could_look_it_is_no_a() -> None:
    assert grade_of_part([result(passed=1, gaps=1)], [], {"clients"}).letter == "B"


def test_a_finding_of_another_area_counts_and_never_lifts_it() -> None:
    mine = found(Severity.HIGH, check="source/x")
    results = [result(passed=1), result(mine, check="source/x")]
    assert grade_of_part(results, [mine], {"clients"}).letter == "C"
