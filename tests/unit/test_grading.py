"""The grade: its caps, its words, and the properties that must hold for any results."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from workbench.grading import coverage, grade, price_of_next_letter, score
from workbench.model.finding import Finding, NotAssessed, Subject
from workbench.model.operations import Operation, SetMode
from workbench.model.plan import Plan, Reversal, Safety
from workbench.model.report import CheckResult, Status
from workbench.model.severity import Severity

ORDER = "ABCDEF"
AREAS = ("clients", "processes", "sockets", "session", "sudoers")


def finding(severity: Severity, key: str = "x") -> Finding:
    return Finding(Subject("server", key, key), severity, "seen", ())


def found(*severities: Severity, check: str = "clients/a") -> CheckResult:
    made = tuple(finding(severity, str(place)).of_check(check, ()) for place, severity in enumerate(severities))
    return CheckResult(check, check, Severity.CRITICAL, Status.FOUND, made)


def plan(*operations: Operation) -> Plan:
    return Plan("clients/fix", "clients/a", "0", "Repair it", Safety.SAFE, Reversal.FULL, operations)


def of_checks(*safe: str) -> Callable[[Finding], Plan | None]:
    """A repair of its own for every finding of these checks that nobody accepted."""

    def plan_of(finding: Finding) -> Plan | None:
        wanted = SetMode(f"/{finding.identity}", 0o600, 0o666, 1, 2)
        return plan(wanted) if finding.check in safe and not finding.waived else None

    return plan_of


def passed(check: str = "clients/a", worst: Severity = Severity.HIGH) -> CheckResult:
    return CheckResult(check, check, worst, Status.PASSED, passed=1)


def unseen(check: str, worst: Severity = Severity.HIGH) -> CheckResult:
    gap = (NotAssessed("a file", "permission denied", "run as root"),)
    return CheckResult(check, check, worst, Status.NOT_ASSESSED, not_assessed=gap)


def inapplicable(check: str) -> CheckResult:
    return CheckResult(check, check, Severity.HIGH, Status.NOT_APPLICABLE, reason="none here")


def _results() -> st.SearchStrategy[list[CheckResult]]:
    severities = st.sampled_from([*Severity])
    names = st.builds(lambda area, name: f"{area}/{name}", st.sampled_from(AREAS), st.sampled_from("abcdefgh"))
    one = st.one_of(
        st.builds(lambda name, many: found(*many, check=name), names, st.lists(severities, min_size=1, max_size=5)),
        st.builds(passed, names, severities),
        st.builds(unseen, names, severities),
        st.builds(inapplicable, names),
    )
    return st.lists(one, max_size=12, unique_by=lambda result: result.check)


def test_a_clean_host_is_an_a() -> None:
    given_grade = grade([passed(), passed("sockets/b")])
    assert (given_grade.letter, given_grade.score, given_grade.at_worst) == ("A", 100.0, "A")
    assert given_grade.rule == "no rule caps it"


def test_each_severity_has_its_cap() -> None:
    for severity, letter in (("critical", "F"), ("high", "C"), ("medium", "B"), ("low", "A"), ("info", "A")):
        result = grade([found(Severity(severity)), passed("sockets/b")])
        assert result.letter == letter
        if severity in ("critical", "high", "medium"):
            assert severity in result.rule


def test_points_can_be_lower_than_any_cap() -> None:
    results = [found(Severity.HIGH, Severity.HIGH, check=f"clients/{name}") for name in "abcd"]
    result = grade(results)
    assert result.letter == "F"
    assert "28 of 100 points" in result.rule


def test_thirty_servers_with_one_cause_are_not_thirty_causes() -> None:
    assert score([found(*[Severity.HIGH] * 30)]) > score([found(Severity.HIGH, check=f"clients/{n}") for n in "abc"])


def test_an_empty_host_is_ungraded() -> None:
    assert grade([]).letter == "U"
    results = [inapplicable("clients/a"), inapplicable("sockets/b"), passed("session/umask"), passed("sudoers/x")]
    result = grade(results)
    assert result.letter == "U"
    assert "no MCP server" in result.rule


def test_coverage_caps_and_ungrades() -> None:
    most = [passed(f"clients/{place}") for place in range(8)]
    assert grade([*most, unseen("sockets/a")]).letter == "B"
    assert "under 90%" in grade([*most, unseen("sockets/a")]).rule
    half = grade([passed("clients/a"), unseen("sockets/a"), unseen("sockets/b")])
    assert half.letter == "U"
    assert "33%" in half.rule


def test_partly_assessed_counts_in_part() -> None:
    part = replace(passed("clients/a"), passed=3, not_assessed=(NotAssessed("one", "denied"),))
    assert coverage([part]) == 0.75


def test_at_worst_is_said() -> None:
    results = [*(passed(f"clients/{place}") for place in range(12)), unseen("sudoers/x", Severity.CRITICAL)]
    result = grade(results)
    assert (result.letter, result.at_worst) == ("B", "F")


def test_the_price_of_the_next_letter() -> None:
    results = [found(Severity.CRITICAL, check="clients/safe"), found(Severity.HIGH, check="clients/hard")]
    assert price_of_next_letter(results, of_checks("clients/safe")) == "1 safe repair to C"
    assert price_of_next_letter(results, of_checks()) == "safe repairs alone do not reach E: review the others"
    assert price_of_next_letter([passed()], of_checks("clients/a")) == ""


def test_findings_that_one_step_repairs_are_one_repair() -> None:
    results = [found(Severity.CRITICAL, Severity.CRITICAL, check="clients/safe"), passed("clients/b")]
    once = SetMode("/home/dev/x", 0o700, 0o777, 1, 2)
    looser = replace(once, mode=0o755)

    def plan_of(finding: Finding) -> Plan | None:
        return plan(looser if finding.subject.key == "0" else once)

    assert price_of_next_letter(results, plan_of) == "1 safe repair to A"


def test_the_price_of_thousands_of_findings_is_told_at_once() -> None:
    crowd = found(*[Severity.CRITICAL] * 20_000, check="sockets/crowd")
    began = time.monotonic()
    assert price_of_next_letter([crowd, passed()], of_checks("sockets/crowd")) == "more than 1000 safe repairs to E"
    assert time.monotonic() - began < 10


@given(_results(), st.sets(st.sampled_from([f"{area}/{name}" for area in AREAS for name in "abcdefgh"])))
def test_the_price_is_the_least_number_of_repairs(results: list[CheckResult], safe: set[str]) -> None:
    said = price_of_next_letter(results, of_checks(*safe))
    if "safe repair" not in said or said.startswith("safe"):
        return
    count, letter = int(said.split()[0]), said[-1]
    every = [each for result in results if result.check in safe for each in result.findings if not each.waived]
    every.sort(key=lambda each: (-each.severity.rank, each.check, each.identity))

    def after(repaired: int) -> str:
        gone = every[:repaired]
        left = [
            replace(result, findings=kept, status=Status.FOUND if kept else Status.PASSED, passed=len(result.findings))
            if result.findings and (kept := tuple(each for each in result.findings if each not in gone)) is not None
            else result
            for result in results
        ]
        return grade(left).letter

    assert after(count) == letter < grade(results).letter
    assert after(count - 1) >= grade(results).letter


def test_less_sight_never_makes_the_worst_case_better() -> None:
    half = [passed("clients/a", Severity.LOW), unseen("clients/b", Severity.LOW)]
    assert grade(half).at_worst == "B"
    assert grade([unseen("clients/a", Severity.LOW), half[1]]).at_worst == "B"
    seen = [found(*[Severity.MEDIUM] * 5, check=f"clients/{name}") for name in "abcdef"]
    blind = [unseen(f"clients/{name}", Severity.MEDIUM) for name in "abcdef"]
    assert (grade(seen).letter, grade(blind).at_worst) == ("D", "D")


def _not_better(now: str, before: str) -> bool:
    return "U" in (now, before) or ORDER.index(now) >= ORDER.index(before)


@given(_results(), st.sampled_from([*Severity]))
def test_a_finding_never_raises_the_grade(results: list[CheckResult], severity: Severity) -> None:
    before = grade(results)
    for place, result in enumerate(results):
        more = [*result.findings, finding(severity, "new").of_check(result.check, ())]
        worse = replace(result, findings=tuple(more), status=Status.FOUND)
        after = grade([*results[:place], worse, *results[place + 1 :]])
        assert after.score <= before.score
        if (
            after.coverage <= before.coverage
        ):  # otherwise more was looked at as well, which may lift the cap of coverage
            assert _not_better(after.letter, before.letter)


def _unprivileged(result: CheckResult) -> CheckResult:
    return result if result.status is Status.NOT_APPLICABLE else unseen(result.check, result.worst)


@given(_results(), st.data())
def test_losing_sight_only_makes_the_grade_less_sure(results: list[CheckResult], data: st.DataObject) -> None:
    lost = data.draw(st.sets(st.integers(0, 11)))
    before = grade(results)
    blinded = [_unprivileged(result) if place in lost else result for place, result in enumerate(results)]
    after = grade(blinded)
    assert _not_better(after.at_worst, before.at_worst)
    assert after.coverage <= before.coverage + 1e-9
    if all(result.status is not Status.FOUND for place, result in enumerate(results) if place in lost):
        assert _not_better(after.letter, before.letter)


@given(_results())
def test_a_repair_never_lowers_the_grade(results: list[CheckResult]) -> None:
    before = grade(results)
    for place, result in enumerate(results):
        if result.findings:
            left = result.findings[1:]
            status = Status.FOUND if left else Status.PASSED
            better = replace(result, findings=left, passed=result.passed + 1, status=status)
            after = grade([*results[:place], better, *results[place + 1 :]])
            assert _not_better(before.letter, after.letter)


@given(_results(), st.randoms())
def test_order_does_not_matter(results: list[CheckResult], random: object) -> None:
    shuffled: Sequence[CheckResult] = sorted(results, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert grade(shuffled) == grade(results)


@given(_results())
def test_what_does_not_apply_changes_nothing(results: list[CheckResult]) -> None:
    assert grade([*results, inapplicable("systemd/z")]) == grade(results)


@given(_results())
def test_it_never_claims_to_be_better_than_its_worst_case(results: list[CheckResult]) -> None:
    result = grade(results)
    if "U" not in (result.letter, result.at_worst):
        assert ORDER.index(result.at_worst) >= ORDER.index(result.letter)
