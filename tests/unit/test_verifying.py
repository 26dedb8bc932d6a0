"""What counts as worse after a repair, and what a living host may do meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from workbench import scan
from workbench.model.finding import Evidence, Finding, Location, NotAssessed, Subject
from workbench.model.operations import (
    CreateFile,
    CreateRootFile,
    EditRootFile,
    OwnDropIn,
    RepairOwnUnit,
    Restart,
    UnitLine,
)
from workbench.model.plan import Plan, Reversal, Safety
from workbench.model.report import CheckResult, Report, Status
from workbench.model.severity import Severity
from workbench.plugins import Plugins
from workbench.verifying import worsened

FILE = "/etc/sudoers.d/mcp"
OWN = Subject("rule", "dev ALL=(root) ALL", "dev")
OTHER = Subject("process", "42", "42")
FOLDER = Subject("config", "/home/dev/other.json", "other")


def _finding(check: str = "area/check", subject: Subject = OWN, **more: Any) -> Finding:
    evidence = (Evidence("as it should be", more.pop("actual", "as it is"), more.pop("command", ())),)
    path = more.pop("path", "")
    location = Location(path, 1) if path else None
    found = Finding(subject, more.pop("severity", Severity.HIGH), "it is so", evidence, location, **more)
    return found.of_check(check, ())


PROBLEM = _finding()
PLAN = Plan(
    "area/fix",
    "area/check",
    PROBLEM.identity,
    "Repair it",
    Safety.REVIEW,
    Reversal.FULL,
    (EditRootFile(FILE, "sudoers", 1, ("a",), ("b",)),),
)


def _report(*findings: Finding, results: tuple[CheckResult, ...] = ()) -> Report:
    checks = dict.fromkeys(finding.check for finding in findings)
    made = tuple(
        CheckResult(check, check, Severity.HIGH, Status.FOUND, tuple(each for each in findings if each.check == check))
        for check in checks
    )
    return replace(scan.scan(builders.snapshot(), Plugins({}, {}, ())), results=(*made, *results))


WORSE = {
    "of the same subject": _finding("area/other"),
    "at the place": _finding("area/other", OTHER, path=FILE),
    "in the evidence": _finding("area/other", FOLDER, actual=f"what stands in {FILE}: no"),
    "in the command": _finding("area/other", FOLDER, command=("cat", FILE)),
    "as what else it mends": _finding("area/other", OTHER, also=(OWN,)),
}


@pytest.mark.parametrize("name", WORSE)
def test_a_new_finding_that_has_to_do_with_the_plan_counts(name: str) -> None:
    why = worsened(PLAN, _report(PROBLEM), _report(WORSE[name]))
    assert "area/other says now: it is so" in why


FINE = {
    "nothing": (),
    "another subject": (_finding("area/other", OTHER),),
    "a server that came meanwhile and could open it": (_finding("area/other", OTHER, actual=f"it opens {FILE}"),),
    "a file beside it": (_finding("area/other", OTHER, path=f"{FILE}.bak"),),
    "a file below a folder of that name": (_finding("area/other", OTHER, path=f"{FILE}/x"),),
    "a longer path": (_finding("area/other", OTHER, path=f"/chroot{FILE}"),),
    "for information": (_finding("area/other", severity=Severity.INFO),),
}


@pytest.mark.parametrize("name", FINE)
def test_what_a_living_host_does_does_not(name: str) -> None:
    assert worsened(PLAN, _report(PROBLEM), _report(*FINE[name])) == ""


def test_what_was_there_before_does_not() -> None:
    before = _finding("area/other", path=FILE)
    assert worsened(PLAN, _report(PROBLEM, before), _report(before)) == ""


def test_the_same_in_other_words_does_not_unless_it_is_graver() -> None:
    was = _finding("area/other", Subject("rule", "as it was", "x"), path=FILE, severity=Severity.MEDIUM)
    words = Subject("rule", "as it is", "x")
    same = _finding("area/other", words, path=FILE, severity=Severity.MEDIUM)
    graver = _finding("area/other", words, path=FILE, severity=Severity.HIGH)
    assert worsened(PLAN, _report(PROBLEM, was), _report(same)) == ""
    assert worsened(PLAN, _report(PROBLEM, was), _report(graver))
    assert worsened(PLAN, _report(PROBLEM, was), _report(was, same)), "the old one is still there"
    reborn = _finding("area/check", words, path=FILE)
    assert worsened(PLAN, _report(PROBLEM), _report(reborn)), "the plan's own finding must not come back"


FIRST, SECOND, THIRD, FOURTH = (Subject("server", f"{FILE}#{name}", name) for name in ("a", "b", "c", "d"))


def _group(*subjects: Subject, **more: Any) -> Finding:
    return _finding("area/group", subjects[0], path=FILE, also=subjects[1:], **more)


def _expecting(finding: Finding, *expected: str) -> Finding:
    return replace(finding, evidence=tuple(Evidence(each, "as it is") for each in expected))


ALL = _group(FIRST, SECOND, THIRD)
LEFT = {
    "its first": (ALL, [_group(SECOND, THIRD)]),
    "all but one": (ALL, [_group(THIRD)]),
    "to a less grave one": (ALL, [_group(SECOND, THIRD, severity=Severity.MEDIUM)]),
    "to one that stays alone": (ALL, [_group(FIRST), _group(SECOND, THIRD)]),
    "to one that reaches less": (
        _expecting(ALL, "no key", "no history"),
        [_expecting(_group(FIRST), "no history"), _expecting(_group(SECOND, THIRD), "no key", "no history")],
    ),
}


@pytest.mark.parametrize("name", LEFT)
def test_a_finding_about_several_that_loses_some_is_not_new(name: str) -> None:
    before, after = LEFT[name]
    assert worsened(PLAN, _report(PROBLEM, before), _report(*after)) == ""


GROWN = {
    "about another one": (ALL, [_group(FOURTH)]),
    "about another one as well": (ALL, [_group(SECOND, FOURTH)]),
    "while the old one stands": (ALL, [ALL, _group(SECOND)]),
    "graver": (ALL, [_group(SECOND, THIRD, severity=Severity.CRITICAL)]),
    "of something else": (ALL, [_group(SECOND, THIRD, detail="another package")]),
    "with more that it reaches": (
        _expecting(ALL, "no key"),
        [_expecting(_group(FIRST, SECOND), "no key"), _expecting(_group(THIRD), "no key", "no history")],
    ),
    "of another check": (replace(ALL, check="area/other"), [_group(SECOND, THIRD)]),
    "after one about one thing": (_group(FIRST), [_group(SECOND)]),
}


@pytest.mark.parametrize("name", GROWN)
def test_a_really_new_one_of_the_same_check_is(name: str) -> None:
    before, after = GROWN[name]
    # Without a place in a file, it is not the same in other words either.
    old, new = replace(before, location=None), [replace(each, location=None) for each in after]
    plan = replace(PLAN, finding=_finding(subject=FIRST, also=(SECOND, THIRD, FOURTH)).identity)
    problem = _finding(subject=FIRST, also=(SECOND, THIRD, FOURTH))
    assert "area/group says now" in worsened(plan, _report(problem, old), _report(*new))


def test_of_the_finding_that_is_repaired_nothing_may_be_left() -> None:
    plan = replace(PLAN, check="area/group", finding=ALL.identity)
    why = worsened(plan, _report(ALL), _report(_group(SECOND, THIRD)))
    assert why == "it helped in part only, area/group still says: it is so"
    assert worsened(plan, _report(ALL), _report()) == ""
    assert worsened(replace(plan, later="at the next start"), _report(ALL), _report(_group(SECOND, THIRD))) == ""


def _result(check: str, status: Status, reason: str = "", gaps: tuple[NotAssessed, ...] = ()) -> CheckResult:
    return CheckResult(check, check, Severity.HIGH, status, reason=reason, not_assessed=gaps)


def test_a_check_that_fails_now_counts_in_its_area_and_by_the_file() -> None:
    for check, reason, counts in [
        ("area/third", "KeyError", True),
        ("elsewhere/check", f"it cannot read {FILE}", True),
        ("elsewhere/check", "KeyError", False),
    ]:
        failed = _result(check, Status.ERROR, reason)
        assert bool(worsened(PLAN, _report(PROBLEM), _report(results=(failed,)))) is counts, check
        assert worsened(PLAN, _report(PROBLEM, results=(failed,)), _report(results=(failed,))) == ""


def test_what_cannot_be_assessed_any_more_because_of_the_file_counts() -> None:
    of_file = _result(
        "elsewhere/check", Status.NOT_ASSESSED, gaps=(NotAssessed(f"the rules in {FILE}", "it is broken"),)
    )
    of_other = _result("elsewhere/check", Status.NOT_ASSESSED, gaps=(NotAssessed("process 42", "it has ended"),))
    assert "cannot be assessed now" in worsened(PLAN, _report(PROBLEM), _report(results=(of_file,)))
    assert worsened(PLAN, _report(PROBLEM, results=(of_file,)), _report(results=(of_file,))) == ""
    assert worsened(PLAN, _report(PROBLEM), _report(results=(of_other,))) == ""


@pytest.mark.parametrize(
    ("check", "restarts", "worse"),
    [
        ("systemd/stale-process", None, False),
        ("systemd/stale-process", Restart("x.service"), True),
        ("sockets/stale", Restart("x.service"), False),
        ("systemd/cannot-start", None, True),
    ],
)
def test_what_a_plan_of_a_unit_itself_says_is_not_worse(check: str, restarts: Restart | None, *, worse: bool) -> None:
    own = "/home/dev/.config/systemd/user/x.service"
    for operation in (
        CreateRootFile("/etc/systemd/system/x.service.d/a.conf", "[Service]\n", "unit-drop-in", restarts),
        CreateFile(f"{own}.d/a.conf", "[Service]\n", drop_in=OwnDropIn("x.service", restarts)),
        RepairOwnUnit(own, (UnitLine(2, "PrivateTmp", "yes"),), "x.service", restarts),
    ):
        said = worsened(replace(PLAN, operations=(operation,)), _report(PROBLEM), _report(_finding(check)))
        assert bool(said) is worse, operation
    assert worsened(PLAN, _report(PROBLEM), _report(_finding(check)))
