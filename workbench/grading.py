"""Results to a letter, with the one rule that caps it.

A host starts at 100 and every finding costs: 50 critical, 12 high, 4 medium, 1 low, 0 info. The second finding of the
same check costs half of that, the third a quarter, so that thirty servers with one cause are not thirty causes. The
score gives a letter; then the caps below hold it down. Costs only ever add up, so a finding never raises a grade, a
repair never lowers it, and what does not apply changes nothing. A waived finding costs nothing, but with one the grade
is never lifted above B.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from workbench.model.finding import Finding, Subject
from workbench.model.plan import Plan
from workbench.model.record import record
from workbench.model.report import CheckResult, Grade, Status
from workbench.model.severity import Severity
from workbench.model.waiver import EXPIRED
from workbench.offering import does_as_much

COSTS = {Severity.CRITICAL: 50.0, Severity.HIGH: 12.0, Severity.MEDIUM: 4.0, Severity.LOW: 1.0, Severity.INFO: 0.0}
LETTERS = (("A", 90.0), ("B", 80.0), ("C", 65.0), ("D", 50.0), ("E", 35.0), ("F", 0.0))
UNGRADED = "U"
FULL_COVERAGE = 0.9
LEAST_COVERAGE = 0.5
_CAPS = (
    (Severity.CRITICAL, "F", "a critical finding stands: F"),
    (Severity.HIGH, "C", "a high finding stands: at most C"),
    (Severity.MEDIUM, "B", "a medium finding stands: at most B"),
)
# Without a server there is nothing to grade: these are the areas that look at one.
_SERVER_AREAS = ("clients", "processes", "sockets", "systemd", "containers", "source")
_WAIVED_LETTER = "B"
_COUNTED = 60
"""Findings of one check that are counted: what the next one costs is nothing any more."""
_PRICED, _COMPARED = 1000, 100
"""Safe repairs that the price of the next letter is told of, and of those compared with each other."""
_ORDER = "".join(letter for letter, _ in LETTERS)


@record
class _Cap:
    letter: str
    rule: str


def grade(results: Sequence[CheckResult], *, whole_host: bool = True) -> Grade:
    """The grade of a set of results: of a whole host, or of one area (then no server need be there)."""
    covered = coverage(results)
    points = score(results)
    caps = []
    if covered < FULL_COVERAGE:
        caps.append(_Cap("B", f"{covered:.0%} of what applies was assessed, under {FULL_COVERAGE:.0%}: at most B"))
    # Held down by the same cap, or looking at less would make the worst case look better.
    at_worst = _letter(results_at_worst(results), caps)[0]
    if not any(result.status in (Status.FOUND, Status.PASSED) for result in results):
        why = "nothing could be assessed" if any(_applies(result) for result in results) else "nothing to assess here"
        return Grade(UNGRADED, f"{why}: ungraded", points, covered, UNGRADED if covered == 1.0 else at_worst)
    if whole_host and not any(_looked_at_a_server(result) for result in results):
        return Grade(UNGRADED, "no MCP server or client was found here: ungraded", points, covered, UNGRADED)
    if covered < LEAST_COVERAGE:
        rule = f"only {covered:.0%} of what applies was assessed, under {LEAST_COVERAGE:.0%}: ungraded"
        return Grade(UNGRADED, rule, points, covered, at_worst)
    letter, rule = _letter(results, caps)
    return Grade(letter, rule, points, covered, max(letter, at_worst, key=_ORDER.index))


def grade_of_part(results: Sequence[CheckResult], findings: Collection[Finding], areas: Collection[str]) -> Grade:
    """The grade of one part of a host, such as a server: of its own ``findings``.

    ``areas`` are those that look at such a part. Where none of their checks could look, and nothing was found, it is
    ungraded; where less than nine tenths of what they look at was assessed, it is at most B.
    """
    looks = [result for result in results if result.area in areas]
    own: dict[str, list[Finding]] = {}
    for finding in findings:
        own.setdefault(finding.check, []).append(finding)
    found = [replace(result, findings=tuple(own[result.check])) for result in results if result.check in own]
    points, covered = score(found), coverage(looks)
    if not found and not any(result.status in (Status.FOUND, Status.PASSED) for result in looks):
        return Grade(UNGRADED, "nothing about it could be assessed: ungraded", points, covered, UNGRADED)
    caps = [_Cap("B", f"{covered:.0%} of what looks at it was assessed: at most B")] if covered < FULL_COVERAGE else []
    letter, rule = _letter(found, caps)
    return Grade(letter, rule, points, covered, letter)


def score(results: Sequence[CheckResult]) -> float:
    """100 less the cost of every finding that is not waived, not under 0."""
    cost = 0.0
    for result in results:
        standing = (finding for finding in result.findings if not finding.waived)
        costs = sorted((COSTS[finding.severity] for finding in standing), reverse=True)
        cost += sum(each / 2**place for place, each in enumerate(costs[:_COUNTED]))
    return round(max(0.0, 100.0 - cost), 2)


def coverage(results: Sequence[CheckResult]) -> float:
    """The assessed share of what applies, each check weighing as much as its worst finding would cost (0 to 1)."""
    applicable = assessed = 0.0
    for result in results:
        # What is known of the waivers is nothing that was looked at on the host.
        if not _applies(result) or result.check == EXPIRED:
            continue
        weight = max(COSTS[result.worst], 0.5)
        looked = len(result.findings) + result.passed
        share = looked / (looked + len(result.not_assessed)) if looked else 0.0
        applicable += weight
        assessed += weight * (share if result.status is not Status.ERROR else 0.0)
    return assessed / applicable if applicable else 1.0


def results_at_worst(results: Sequence[CheckResult]) -> list[CheckResult]:
    """The results as they would be if everything not assessed were as bad as its check can find."""
    return [_at_worst(result) for result in results]


def price_of_next_letter(results: Sequence[CheckResult], plan_of: Callable[[Finding], Plan | None]) -> str:
    """The cheapest set of safe repairs to the next letter, in words ("" when there is no better letter to reach).

    ``plan_of`` is the repair of a finding that is made with all that are safe, None where it is not among them: what
    needs root or a review, and what is waived. Findings that one step repairs are one repair.
    """
    now = grade(results)
    if now.letter in ("A", UNGRADED):
        return ""
    every = _worst_first(results)
    repairs = list(islice(((finding, plan) for finding in every if (plan := plan_of(finding)) is not None), _PRICED))

    def letter_after(count: int) -> str:
        gone = frozenset(finding for finding, _ in repairs[:count])
        return grade([_without(result, gone) for result in results]).letter

    # A repair never lowers the grade, so the least number that lifts it is found by halving: another account can make
    # thousands of findings, and a grade for each number of repairs would take minutes.
    if repairs and letter_after(len(repairs)) < now.letter:
        least = bisect_left(range(1, len(repairs) + 1), True, key=lambda count: letter_after(count) < now.letter) + 1
        steps = _steps([plan for _, plan in repairs[:least]])
        return f"{steps} safe {'repair' if steps == 1 else 'repairs'} to {letter_after(least)}"
    wanted = _ORDER[_ORDER.index(now.letter) - 1]
    if len(repairs) == _PRICED:
        return f"more than {_PRICED} safe repairs to {wanted}"
    return f"safe repairs alone do not reach {wanted}: review the others"


def _steps(plans: Sequence[Plan]) -> int:
    """How many of the plans are left where one that does as much as another stands for both."""
    kept: list[Plan] = []
    for plan in {plan.operations: plan for plan in plans}.values():
        if not any(does_as_much(each, plan) for each in kept[:_COMPARED]):
            kept = [*(each for each in kept[:_COMPARED] if not does_as_much(plan, each)), *kept[_COMPARED:], plan]
    return len(kept)


def _worst_first(results: Sequence[CheckResult]) -> Iterator[Finding]:
    every = [finding for result in results for finding in result.findings]
    yield from sorted(every, key=lambda each: (-each.severity.rank, each.check, each.identity))


def _without(result: CheckResult, repaired: frozenset[Finding]) -> CheckResult:
    left = tuple(finding for finding in result.findings if finding not in repaired)
    if len(left) == len(result.findings):
        return result
    passed = result.passed + len(result.findings) - len(left)
    return replace(result, findings=left, passed=passed, status=Status.FOUND if left else Status.PASSED)


def _letter(results: Sequence[CheckResult], caps: list[_Cap]) -> tuple[str, str]:
    letter, rule = _standing_letter(results, caps)
    waived = sum(finding.waived for result in results for finding in result.findings)
    if letter >= _WAIVED_LETTER or not waived:
        return letter, rule
    if _standing_letter([_as_if_unwaived(result) for result in results], caps)[0] == letter:
        return letter, rule
    stands = "a waived finding stands" if waived == 1 else f"{waived} waived findings stand"
    return _WAIVED_LETTER, f"{stands}: at most {_WAIVED_LETTER}"


def _standing_letter(results: Sequence[CheckResult], caps: list[_Cap]) -> tuple[str, str]:
    points = score(results)
    earned = next(letter for letter, least in LETTERS if points >= least)
    found = {finding.severity for result in results for finding in result.findings if not finding.waived}
    every = [*caps, *(_Cap(letter, rule) for severity, letter, rule in _CAPS if severity in found)]
    tightest = max(every, key=lambda cap: _ORDER.index(cap.letter), default=_Cap("A", "no rule caps it"))
    if _ORDER.index(earned) > _ORDER.index(tightest.letter):
        return earned, f"the findings together leave {points:g} of 100 points: {earned}"
    return tightest.letter if every else earned, tightest.rule


def _as_if_unwaived(result: CheckResult) -> CheckResult:
    return replace(result, findings=tuple(replace(finding, waiver=None) for finding in result.findings))


def _at_worst(result: CheckResult) -> CheckResult:
    if not _applies(result) or not (result.not_assessed or result.status is Status.ERROR):
        return result
    subject = Subject("unknown", result.check, "what was not assessed")
    assumed = Finding(subject, result.worst, "assumed, for the worst case", (), check=result.check)
    # As many as can still cost anything: a check that cannot look may be hiding any number.
    return replace(result, status=Status.FOUND, findings=(*result.findings, *(assumed,) * _COUNTED))


def _applies(result: CheckResult) -> bool:
    return result.status is not Status.NOT_APPLICABLE


def _looked_at_a_server(result: CheckResult) -> bool:
    return result.area in _SERVER_AREAS and result.status in (Status.FOUND, Status.PASSED)
