"""``workbench plan`` and ``workbench apply``: a repair in two steps, so that what was shown is all that is done."""

from __future__ import annotations

import argparse
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from typing import TYPE_CHECKING, Any

from workbench.commands import look, settle, sudo_may_ask, told, workbench_of
from workbench.engine import Workbench
from workbench.exits import Exit, Unusable, complain
from workbench.model.check import Fix
from workbench.model.finding import Finding
from workbench.model.plan import Plan, Refusal
from workbench.model.report import Report
from workbench.model.run import Run, RunState
from workbench.model.snapshot import Snapshot
from workbench.options import put
from workbench.report.plan_file import Answer, PlanDocument, as_json, document, is_batch, load, stands_for, typed
from workbench.text import visible
from workbench.verifying import Before

if TYPE_CHECKING:
    from workbench.host.command import Output
    from workbench.host.privileged import Vector
    from workbench.repair.prepare import Prepared

_LIST = "list them with: workbench --headless --json"
_LIVE = "is made on the live host, so there is no --replay for it"
_OTHERWISE = "the plan was made with other options (--home, --sudo, --container …)"
_LOOK = "look with: workbench --headless"
_EXAMPLES = 5


def plan(options: argparse.Namespace) -> int:
    """Print exactly what the repair of one finding would do. It changes nothing and writes nothing."""
    if options.replay is not None:
        raise Unusable(f"a plan {_LIVE}")
    if options.safe == (options.finding is not None):
        raise Unusable("plan takes the identity of one finding, or --safe for everything that is safe to repair")
    if options.safe:
        from workbench import batch_commands

        return batch_commands.plan(options)
    given = _given(options.answer)
    workbench = workbench_of(options)
    snapshot = look(workbench, options)
    finding = named(options.finding, workbench.judge(snapshot))
    offered = workbench.fixes_for(finding)
    if not offered:
        why = f": {finding.refused}" if finding.refused else ""
        complain(f"no repair of {finding.identity} is on offer{why}; by hand: workbench explain {finding.check}")
        return Exit.REFUSED
    with sudo_may_ask():
        fix = _chosen(workbench, offered, options.fix, finding, snapshot, given)
        worked_out = _work_out(workbench, fix, finding, snapshot, given)
    if isinstance(worked_out, Refusal):
        complain(f"no plan: {_said(worked_out)}; nothing was changed")
        return Exit.REFUSED
    made, prepared = worked_out
    if options.json:
        print(as_json(made))
        return Exit.CLEAN
    if options.script:
        from workbench.report.script import as_script

        script = as_script(made, prepared, finding)
        if isinstance(script, Refusal):
            complain(f"no script: {_said(script)}; nothing was changed")
            return Exit.REFUSED
        put(script)
        return Exit.CLEAN
    from workbench.report.plan_text import as_diff, as_text

    put(as_diff(made) if options.diff else as_text(made, finding, given))
    return Exit.CLEAN


def apply(options: argparse.Namespace) -> int:
    """Make the plan of a file again on the host as it is now, and apply it only where it is the same plan."""
    if options.replay is not None:
        raise Unusable(f"a repair {_LIVE}")
    data = load(options.plan)
    if is_batch(data):
        from workbench import batch_commands

        return batch_commands.apply(options, data)
    from workbench.keeping import kept, watch

    planned, as_written = typed(data, options.plan)
    workbench = workbench_of(options)
    settle(workbench)
    made: Prepared | Refusal
    before = Before()
    if options.digest is not None and options.digest.lower() != planned.digest:
        made = Refusal("the file has another digest than the one that --digest names", "look at what it would do")
    else:
        answers: dict[Vector, Output] = {}
        snapshot = look(workbench, options, answers)
        before = Before(workbench.judge(snapshot), tuple(answers))
        with sudo_may_ask():
            made = _again(workbench, snapshot, before, planned, as_written)
            if not isinstance(made, Refusal) and options.confirm_within:
                made = workbench.prepare(replace(made.plan, confirm=options.confirm_within))
    if isinstance(made, Refusal):
        run = _refused(planned, made)
    else:
        with sudo_may_ask():
            run = workbench.apply(made, None, before)
    run = kept(workbench, run, options)
    if options.json:
        from workbench.report.run_document import as_json as run_as_json

        print(run_as_json(run))
        return watch(workbench, [run], options) or told(run, quiet=True)
    status = told(run)
    if run.state is RunState.APPLIED:
        put(f"undo it with: workbench undo {run.identity}\n")
        status = watch(workbench, [run], options) or status
    return status


def _again(
    workbench: Workbench, snapshot: Snapshot, before: Before, planned: PlanDocument, as_written: Mapping[str, Any]
) -> Prepared | Refusal:
    """What the plan of a file comes to on the host as it is now, where it is the same to the last byte."""
    name = visible(planned.finding, 40)
    known = before.report.findings() if before.report is not None else ()
    found = [each for each in known if each.identity == planned.finding]
    if not found:
        return Refusal(f"this host has no finding {name} now: it is repaired already, or {_OTHERWISE}", _LOOK)
    finding = found[0]
    fix = next((each for each in workbench.fixes_for(finding) if each.id == planned.fix), None)
    if fix is None:
        return Refusal(f"no fix {visible(planned.fix, 100)} is on offer for the finding {name}", _anew(finding))
    worked_out = _work_out(workbench, fix, finding, snapshot, planned.answers)
    if isinstance(worked_out, Refusal):
        return worked_out
    made, prepared = worked_out
    if made.digest != planned.digest:
        return Refusal(
            "the plan made now has another digest than the file: the host changed since, or the file was edited",
            _anew(finding),
        )
    if not stands_for(made, as_written):
        return Refusal(
            "the file does not say what this workbench would do: it was edited, or made by another version",
            _anew(finding),
        )
    return prepared


def _work_out(
    workbench: Workbench, fix: Fix, finding: Finding, snapshot: Snapshot, given: Mapping[str, Any]
) -> tuple[PlanDocument, Prepared] | Refusal:
    answers = _answers(workbench, fix, finding, snapshot, given)
    if isinstance(answers, Refusal):
        return answers
    made: Plan | Refusal = workbench.plan(fix, finding, snapshot, answers)
    prepared = made if isinstance(made, Refusal) else workbench.prepare(made)
    if isinstance(prepared, Refusal):
        return prepared
    return document(prepared, answers, workbench.warnings(prepared.plan, snapshot)), prepared


def _answers(
    workbench: Workbench, fix: Fix, finding: Finding, snapshot: Snapshot, given: Mapping[str, Any]
) -> dict[str, Answer] | Refusal:
    """Every answer of the fix, as JSON has it: as given, or as the fix suggests. Raises Unusable."""
    answered = workbench.answered(fix, finding, snapshot, given)
    if isinstance(answered, Refusal):
        asked = _still_asked(fix, given)
        if not asked and not given:
            return answered
        raise Unusable(f"{_said(answered)}" + (f"; {fix.id} asks: {', '.join(asked)}" if asked else ""))
    if fix.answers is None:
        return {}
    from pydantic import TypeAdapter

    from workbench.repair.preview import leaves
    from workbench.secrets import recognise, redact

    made: dict[str, Answer] = TypeAdapter(fix.answers).dump_python(answered, mode="json")
    for name, text in leaves(made, ""):
        if recognise(name, text) or redact(text) != text:
            raise Unusable("an answer looks like a secret, which no plan may hold: it would stand in the file")
    return made


def _still_asked(fix: Fix, given: Mapping[str, Any]) -> list[str]:
    """What the fix asks and nobody answered, as it is written on the command line."""
    if fix.answers is None or set(given) - {field.name for field in fields(fix.answers)}:
        return []
    wanted = [
        field.name
        for field in fields(fix.answers)
        if field.name not in given and field.default is MISSING and field.default_factory is MISSING
    ]
    try:
        kinds = typing.get_type_hints(fix.answers)
    except Exception:  # noqa: BLE001, RUF100 - a plugin may name types that are not there
        kinds = {}
    return [f"--answer {name}={_kind(kinds.get(name))}" for name in wanted]


def _kind(kind: Any) -> str:
    if typing.get_origin(kind) is typing.Literal:
        return "|".join(map(str, typing.get_args(kind)))
    return {bool: "true|false", int: "NUMBER"}.get(kind, "TEXT")


def _given(pairs: list[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for pair in pairs:
        # The text behind the name is never said again: it may be what must not be seen.
        name, equals, text = pair.partition("=")
        if not equals or not name.isidentifier():
            raise Unusable("--answer takes NAME=VALUE, such as --answer version=1.2.3")
        if name in given:
            raise Unusable(f"--answer {visible(name, 100)} is given twice")
        given[name] = text
    return given


def named(beginning: str, report: Report) -> Finding:
    """The one finding whose identity begins so. Raises Unusable."""
    shown = visible(beginning, 40)
    found = {each.identity: each for each in report.findings() if beginning and each.identity.startswith(beginning)}
    if not found:
        raise Unusable(f"there is no finding {shown or 'without a name'} on this host now; {_LIST}")
    if len(found) > 1:
        some = ", ".join(sorted(found)[:_EXAMPLES]) + (" …" if len(found) > _EXAMPLES else "")
        raise Unusable(f"{len(found)} findings begin with {shown}: {some}; give more of the one you mean")
    return next(iter(found.values()))


def _chosen(
    workbench: Workbench,
    offered: tuple[Fix, ...],
    named: str | None,
    finding: Finding,
    snapshot: Snapshot,
    given: Mapping[str, Any],
) -> Fix:
    """The fix that is named, else the one that is recommended here, and then it is said which others there are."""
    if named is None and len(offered) == 1:
        return offered[0]
    meant = tuple(fix for fix in offered if fix.id == named)
    if named is None:
        from workbench.planning import fitting
        from workbench.recommending import ORDER, recommended

        fits = fitting(offered, finding, snapshot) or offered
        if len(fits) == 1:
            return fits[0]
        meant = recommended(workbench, fits, finding, snapshot, given)
    if len(meant) != 1:
        listed = "; ".join(map(_described, meant or offered))
        several = f"{len(meant or offered)} fixes repair" if meant or not given else "no fix asks all of that for"
        wrong = f"{visible(named, 100)} does not repair" if named is not None else several
        raise Unusable(f"{wrong} {finding.identity}; choose with --fix one of: {listed}")
    if named is None:
        others = "; ".join(_described(fix) for fix in offered if fix is not meant[0])
        complain(f"this is {meant[0].id} ({ORDER}); with --fix there is also: {others}")
    return meant[0]


def _described(fix: Fix) -> str:
    return f"{fix.id} ({fix.safety.value}): {visible(fix.title, 100)}"


def _refused(planned: PlanDocument, why: Refusal) -> Run:
    from workbench.repair.transaction import refused

    # Of a file that is not believed nothing is said again but what names it.
    named = Plan(
        visible(planned.fix, 100),
        visible(planned.check, 100),
        visible(planned.finding, 40),
        "",
        planned.safety,
        planned.reversal,
        (),
    )
    return refused(named, (), _said(why))


def _said(why: Refusal) -> str:
    return visible(f"{why.reason} ({why.instead})" if why.instead else why.reason, 1000)


def _anew(finding: Finding) -> str:
    return f"look at it and plan again: workbench plan {finding.identity}"
