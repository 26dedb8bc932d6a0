"""Ask a fix for its plan and hold the plan to its word; look again afterwards whether it helped."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import asdict, fields
from functools import lru_cache
from typing import Any, get_args

from workbench.model.acts import Act
from workbench.model.check import Fix
from workbench.model.finding import Finding, NotAssessed
from workbench.model.operations import (
    CreateFile,
    CreateRootFile,
    EditItems,
    EditLine,
    EditRootFile,
    EditValue,
    InsertItems,
    KeepSecret,
    RemoveValue,
    RepairOwnUnit,
    RepairUnit,
    ReplaceSecret,
    SetMode,
    SetValue,
    TrialStart,
)
from workbench.model.plan import Plan, Refusal, Safety
from workbench.model.recreation import RecreateContainer
from workbench.model.report import CheckResult, Report, Status
from workbench.model.snapshot import Snapshot
from workbench.plugins import Plugins, load
from workbench.text import visible

_PLANNED = (
    *(SetMode, EditValue, RemoveValue, SetValue, InsertItems, EditItems, ReplaceSecret, EditLine),
    *(CreateFile, KeepSecret, RepairOwnUnit, EditRootFile, CreateRootFile, RepairUnit, TrialStart, RecreateContainer),
    *get_args(Act),
)
_STRICTNESS = (Safety.SAFE, Safety.REVIEW, Safety.GUIDE)


def plan(fix: Fix, finding: Finding, snapshot: Snapshot, answers: Mapping[str, Any]) -> Plan | Refusal:
    """What the fix would do for the finding.

    ``answers`` by field name, as text or in their type; what is left out is as the fix suggests. A fix that fails, or
    that plans what it may not, is a Refusal that says so.
    """
    if finding.check not in fix.repairs:
        return Refusal(f"{fix.id} does not repair what {finding.check} finds")
    try:
        answered = _answers(fix, finding, snapshot, answers)
        if isinstance(answered, Refusal):
            return answered
        made = fix.plan(finding, snapshot, answered)
    except Exception as error:  # noqa: BLE001, RUF100 - one broken fix must not take the workbench with it
        return Refusal(f"the fix {fix.id} failed: {type(error).__name__}", "repair it by hand, as the lesson says")
    if isinstance(made, Refusal):
        return made
    wrong = _wrong(fix, finding, made)
    if wrong:
        return Refusal(f"the fix {fix.id} made a plan that cannot be used: {wrong}")
    return made


def answered(fix: Fix, finding: Finding, snapshot: Snapshot, given: Mapping[str, Any]) -> Any | Refusal:
    """All that the fix asks, in its own type: as given, else as it suggests. None where it asks nothing."""
    try:
        return _answers(fix, finding, snapshot, given)
    except Exception as error:  # noqa: BLE001, RUF100 - one broken fix must not take the workbench with it
        return Refusal(f"the fix {fix.id} failed: {type(error).__name__}", "repair it by hand, as the lesson says")


def fitting(fixes: tuple[Fix, ...], finding: Finding, snapshot: Snapshot) -> tuple[Fix, ...]:
    """Of the fixes of a container those that may be meant: one thing starts it, and the fixes of others refuse."""
    if finding.subject.kind != "container":
        return fixes
    return tuple(fix for fix in fixes if not isinstance(answered(fix, finding, snapshot, {}), Refusal))


def still_found(plan: Plan, plugins: Plugins, snapshot: Snapshot, before: Report | None = None) -> str:
    """On a fresh snapshot: "" when the finding of the plan is gone, else why it cannot be called repaired.

    A plan that takes effect later is not held to a finding that must still be there until then. What could not be
    looked at in the report ``before`` the repair either, and is no file of the plan, says nothing of it.
    """
    from workbench.scan import run_check

    check = plugins.checks.get(plan.check)
    if check is None:
        return f"the check {visible(plan.check)} is not there to verify it"
    known = () if before is None else [each for result in before.results for each in result.not_assessed]
    return _verdict(run_check(check, snapshot), plan, frozenset(known))


def would_find(check: str, snapshot: Snapshot) -> tuple[Finding, ...]:
    """What a built-in check finds in a snapshot, such as one that is as a fix would leave the host.

    By this a fix holds an answer to the check's own rule. Raises LookupError where there is no such check.
    """
    from workbench.scan import run_check

    return run_check(_built_in().checks[check], snapshot).findings


@lru_cache(maxsize=1)
def _built_in() -> Plugins:
    return load()


def _verdict(result: CheckResult, plan: Plan, known: Container[NotAssessed]) -> str:
    for finding in result.findings:
        if finding.identity == plan.finding and not plan.later:
            return f"the repair did not help, the check still says: {finding.summary}"
    if result.status is Status.ERROR:
        return f"it could not be verified: {result.reason}"
    paths = [operation.path for operation in plan.operations]
    for gap in result.not_assessed:
        about = f"{gap.what} {gap.why}"
        # Gaps that were there before and concern other things say nothing of this repair.
        nothing_seen = result.status is Status.NOT_ASSESSED and not result.passed and gap not in known
        if nothing_seen or any(path in about for path in paths):
            return f"it could not be verified: {gap.what}: {gap.why}"
    return ""


def _answers(fix: Fix, finding: Finding, snapshot: Snapshot, given: Mapping[str, Any]) -> Any:
    if fix.answers is None:
        return Refusal(f"{fix.id} asks nothing, so it takes no answers") if given else None
    names = [field.name for field in fields(fix.answers)]
    unknown = sorted(set(given) - set(names))
    if unknown:
        return Refusal(f"{fix.id} does not ask for {visible(', '.join(unknown), 200)}", f"it asks: {', '.join(names)}")
    values = dict(given)
    if fix.suggest is not None and len(given) < len(names):
        suggested = fix.suggest(finding, snapshot)
        if isinstance(suggested, Refusal):
            return suggested
        values = {name: getattr(suggested, name) for name in names} | values
    return _typed(fix.answers, values)


def _typed(answers: type[Any], values: dict[str, Any]) -> Any:
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(answers).validate_python(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = visible(".".join(map(str, first["loc"])), 100) or "the answers"
        return Refusal(f"{where}: {visible(first['msg'], 200)}", "give another answer")


def _mistyped(made: Plan) -> str:
    # A path that is a Path, or a mode that is text, would only fail once it is used.
    from pydantic import TypeAdapter, ValidationError

    try:
        as_meant = TypeAdapter(Plan).validate_python(asdict(made))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        return visible(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", 200)
    return "" if as_meant == made else "it holds a value of the wrong type"


def _wrong(fix: Fix, finding: Finding, made: object) -> str:
    if not isinstance(made, Plan):
        return "it is not a plan"
    if made.fix != fix.id:
        return f"it says it is by {visible(made.fix, 100)}"
    if (made.check, made.finding) != (finding.check, finding.identity):
        return "it is for another finding"
    if not all(type(operation) in _PLANNED for operation in made.operations):
        return "it holds an operation that the workbench does not know"
    mistyped = _mistyped(made)
    if mistyped:
        return mistyped
    if _STRICTNESS.index(made.safety) < _STRICTNESS.index(fix.safety):
        return f"it calls itself {made.safety.value} where the fix is {fix.safety.value}"
    return ""
