"""What a waiver does to the grade, for any results: it never lifts above B, and never lowers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_grading import ORDER, _not_better, _results, finding, found, of_checks, passed, unseen
from workbench.grading import grade, price_of_next_letter
from workbench.model.finding import Finding
from workbench.model.report import CheckResult, Status
from workbench.model.severity import Severity
from workbench.model.waiver import Waiver

WAIVER = Waiver("clients/a", "0" * 16, "because", "dev", "2026-01-02", "2026-01-03", Severity.CRITICAL, ("0" * 12,))


def accepted(one: Finding) -> Finding:
    return replace(one, waiver=WAIVER)


def waived(results: list[CheckResult], chosen: set[int]) -> list[CheckResult]:
    """The results with those of their findings waived whose number, counted through, is chosen."""
    number = -1
    made = []
    for result in results:
        findings = []
        for each in result.findings:
            number += 1
            findings.append(accepted(each) if number in chosen else each)
        made.append(replace(result, findings=tuple(findings)))
    return made


@pytest.mark.parametrize("severity", [*Severity])
def test_a_waived_finding_costs_nothing_but_the_best_letter(severity: Severity) -> None:
    result = grade(waived([found(severity), passed("sockets/b")], {0}))
    alone = grade([found(severity), passed("sockets/b")])
    assert result.score == 100.0
    assert result.letter == ("A" if alone.letter == "A" else "B")


def test_an_unwaived_critical_finding_is_an_f_whatever_is_waived_beside_it() -> None:
    results = [found(Severity.CRITICAL, Severity.CRITICAL, Severity.HIGH)]
    assert grade(waived(results, {0, 2})).letter == "F"
    assert grade(waived(results, {0, 1, 2})).letter == "B"
    assert grade(waived(results, {0, 1, 2})).rule == "3 waived findings stand: at most B"


def test_a_lapsed_waiver_waives_nothing() -> None:
    lapsed = replace(found(Severity.HIGH), findings=(replace(accepted(finding(Severity.HIGH)), lapsed="it expired"),))
    assert grade([lapsed]) == grade([found(Severity.HIGH)])


def test_many_small_ones_waived_are_no_a_either() -> None:
    many = [found(Severity.LOW, check=f"clients/{name}") for name in "abcdefghijkl"]
    assert grade(many).letter == "B"
    assert grade(waived(many, set(range(12)))).letter == "B"


def test_the_price_of_the_next_letter_repairs_nothing_that_is_waived() -> None:
    results = waived([found(Severity.CRITICAL, Severity.MEDIUM, check="clients/safe"), passed()], {1})
    assert price_of_next_letter(results, of_checks("clients/safe")) == "1 safe repair to B"
    results = waived([found(Severity.MEDIUM, check="clients/safe"), passed()], {0})
    assert price_of_next_letter(results, of_checks("clients/safe")).startswith("safe repairs alone do not reach A")


@given(_results(), st.sets(st.integers(0, 40)))
def test_a_waiver_never_lifts_above_b_and_never_lowers(results: list[CheckResult], chosen: set[int]) -> None:
    before, after = grade(results), grade(waived(results, chosen))
    assert _not_better(before.letter, after.letter)
    assert (before.letter == "U") == (after.letter == "U")
    if before.letter in "BCDEF":
        assert after.letter in ORDER[1:]
    assert after.coverage == before.coverage
    if "U" not in (after.letter, after.at_worst):
        assert after.at_worst >= after.letter


@given(_results(), st.sets(st.integers(0, 40)))
def test_only_what_nobody_waived_makes_an_f_or_a_c(results: list[CheckResult], chosen: set[int]) -> None:
    made = waived(results, chosen)
    standing = {each.severity for result in made for each in result.findings if not each.waived}
    letter = grade(made).letter
    if letter != "U" and Severity.CRITICAL in standing:
        assert letter == "F"
    if letter != "U" and Severity.HIGH in standing:
        assert letter in "CDEF"


@given(_results(), st.sets(st.integers(0, 40)), st.sampled_from([*Severity]))
def test_one_more_waived_finding_never_raises_the_grade(
    results: list[CheckResult], chosen: set[int], severity: Severity
) -> None:
    made = waived(results, chosen)
    before = grade(made)
    for place, result in enumerate(made):
        if result.status is Status.FOUND and not result.not_assessed:
            more = (*result.findings, accepted(finding(severity, "new")).of_check(result.check, ()))
            worse = replace(result, findings=tuple(accepted(each) if each is more[-1] else each for each in more))
            after = grade([*made[:place], worse, *made[place + 1 :]])
            assert _not_better(after.letter, before.letter)


@given(_results(), st.sets(st.integers(0, 40)))
def test_a_repair_of_what_is_waived_never_lowers_the_grade(results: list[CheckResult], chosen: set[int]) -> None:
    made = waived(results, chosen)
    before = grade(made)
    for place, result in enumerate(made):
        if result.findings:
            left = result.findings[1:]
            status = Status.FOUND if left else Status.PASSED
            better = replace(result, findings=left, passed=result.passed + 1, status=status)
            assert _not_better(before.letter, grade([*made[:place], better, *made[place + 1 :]]).letter)


@given(st.sampled_from([*Severity]))
def test_what_is_known_of_the_waivers_is_no_sight_of_the_host(severity: Severity) -> None:
    blind = [unseen("clients/a"), passed("sockets/b", Severity.LOW)]
    assert grade([*blind, found(Severity.LOW, check="waivers/expired")]).coverage == grade(blind).coverage
