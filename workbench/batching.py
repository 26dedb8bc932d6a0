"""Every safe repair of a host as one list: planned, applied one transaction each, and undone as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from workbench.model.batch import Batch, BatchStep, LeftOut
from workbench.model.check import Fix
from workbench.model.finding import Finding
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.run import Run, RunState
from workbench.model.snapshot import Snapshot
from workbench.offering import does_as_much, unfit
from workbench.repair.together import Files, digest_of, digest_of_all, in_order
from workbench.rewriting import warnings

if TYPE_CHECKING:
    from workbench.repair.prepare import Prepared
    from workbench.verifying import Before

Progress = Callable[[int, str], None]
"""Called with the number of the step, from 0, and what happens."""


class Repairs(Protocol):
    """What a batch needs of the engine: one repair at a time, from its finding to its run."""

    def fixes_for(self, finding: Finding, /) -> tuple[Fix, ...]:
        """The fixes on offer for a finding, safest first."""

    def plan(self, fix: Fix, finding: Finding, snapshot: Snapshot, /) -> Plan | Refusal:
        """What the fix would do for the finding."""

    def prepare(self, plan: Plan, /) -> Prepared | Refusal:
        """Work the plan out against the files as they are now."""

    def apply(self, prepared: Prepared, on_step: Callable[[str], None] | None, before: Before | None, /) -> Run:
        """Carry out what was prepared, and verify it."""


def plan_safe(engine: Repairs, snapshot: Snapshot, findings: Iterable[Finding]) -> Batch:
    """The one list of all repairs that are safe, can be undone in full and ask nothing. Reads files, writes nothing."""
    planned: list[tuple[Finding, Plan]] = []
    left_out: list[LeftOut] = []
    for finding in findings:
        made = _safest(engine, finding, snapshot)
        if isinstance(made, Refusal):
            left_out.append(LeftOut(finding, made.reason))
        else:
            planned.append((finding, made))
    steps: list[BatchStep] = []
    files = Files(engine.prepare)
    for place in in_order([plan for _, plan in planned]):
        finding, plan = planned[place]
        does = next((number for number, step in enumerate(steps) if does_as_much(step.plan, plan)), None)
        if does is not None:
            steps[does] = replace(steps[does], resolves=(*steps[does].resolves, finding))
            continue
        shown = files.take(plan)
        if isinstance(shown, Refusal):
            left_out.append(LeftOut(finding, shown.reason))
            continue
        steps.append(BatchStep(finding, plan, shown.changes, shown.digest, warnings=warnings(plan, snapshot)))
    return Batch(tuple(steps), tuple(left_out), digest_of_all([step.digest for step in steps]))


def apply_batch(
    engine: Repairs, batch: Batch, on_progress: Progress | None = None, before: Before | None = None
) -> tuple[Run, ...]:
    """Apply the steps in order, each prepared anew and only where it still is what was shown.

    Stops at the first that is not applied: its run is the last one given, and says what stays applied. An interrupt
    stops it as well, with the steps before it applied.
    """
    from workbench.repair.journal import new_batch
    from workbench.repair.transaction import refused

    name = new_batch()
    runs: list[Run] = []
    for number, step in enumerate(batch.steps):
        _tell(on_progress, number, step.plan.title)
        prepared = engine.prepare(step.plan)
        if isinstance(prepared, Refusal):
            why = f"{prepared.reason} ({prepared.instead})" if prepared.instead else prepared.reason
            run = refused(step.plan, step.changes, why)
        elif digest_of(prepared) != step.digest:
            why = "what it would do now is not what was shown: a file changed since (look at the plan again)"
            run = refused(step.plan, step.changes, why)
        else:
            run = engine.apply(replace(prepared, batch=name), _telling(on_progress, number), before)
        runs.append(run)
        if run.state is not RunState.APPLIED:
            runs[-1] = replace(run, message=_stopped(run, runs[:-1], len(batch.steps), name))
            break
    return tuple(runs)


def undo_batch(
    state: Path, batch: str, *, read_only: bool = False, on_progress: Progress | None = None
) -> tuple[Run, ...]:
    """Undo what stands of a batch, newest first, as a batch of its own. Raises LookupError where there is none.

    ``batch`` is its name or the one beginning of it. Stops at the first run whose undo is refused or fails: that is the
    last one given, and says which are still applied.
    """
    from workbench.repair.journal import new_batch
    from workbench.repair.transaction import refused
    from workbench.repair.undo import undo

    name, standing, all_of_it = _of_batch(state, batch)
    if not standing:
        why = f"of the batch {name} nothing is applied any more, so there is nothing to undo"
        return (replace(refused(all_of_it[0].plan, (), why), batch=name),)
    again = new_batch()
    done: list[Run] = []
    for number, run in enumerate(standing):
        _tell(on_progress, number, run.plan.title)
        ended = undo(state, run.identity, read_only=read_only, batch=again, on_step=_telling(on_progress, number))
        done.append(ended)
        if ended.state is not RunState.UNDONE:
            left = ", ".join(each.identity for each in standing[number:])
            done[-1] = replace(ended, message=f"{ended.message}; still applied of the batch {name}: {left}")
            break
    if done[-1].state is RunState.UNDONE:
        done[-1] = replace(done[-1], message=f"{done[-1].message}; to do all of it again: workbench undo {again}")
    return tuple(done)


def _of_batch(state: Path, batch: str) -> tuple[str, list[Run], list[Run]]:
    from workbench.repair.history import history
    from workbench.text import visible

    runs = [run for run in history(state) if batch and run.batch.startswith(batch)]
    names = sorted({run.batch for run in runs})
    if batch in names:
        names = [batch]
    if len(names) != 1:
        shown = visible(batch, 100)
        several = f"more than one batch begins with {shown}: {', '.join(names)}"
        raise LookupError(several if names else f"there is no batch {shown}; see: workbench history")
    of_it = [run for run in runs if run.batch == names[0]]
    return names[0], [run for run in of_it if run.state is RunState.APPLIED], of_it


def _safest(engine: Repairs, finding: Finding, snapshot: Snapshot) -> Plan | Refusal:
    offered = engine.fixes_for(finding)
    if not offered:
        return Refusal(finding.refused or "no repair of it is on offer")
    safe = [fix for fix in offered if fix.safety is Safety.SAFE and fix.reversal is Reversal.FULL]
    if not safe:
        kind = f"{offered[0].id} is {offered[0].safety.value}, its undo {offered[0].reversal.value}"
        return Refusal(f"its repair is to be looked at by itself: {kind}")
    first = Refusal("")
    for fix in safe:
        made = engine.plan(fix, finding, snapshot)
        if isinstance(made, Refusal):
            first = made if not first.reason else first
            continue
        why = unfit(made)
        if not why:
            return made
        first = first if first.reason else Refusal(why)
    return first


def _stopped(run: Run, before: list[Run], of: int, name: str) -> str:
    rest = of - len(before) - 1
    said = f"{run.message}; {rest} more were not begun" if rest else run.message
    if not before:
        return said
    return f"{said}; the {len(before)} before it stay applied (to undo them: workbench undo {name})"


def _tell(on_progress: Progress | None, number: int, words: str) -> None:
    if on_progress is not None:
        on_progress(number, words)


def _telling(on_progress: Progress | None, number: int) -> Callable[[str], None]:
    return lambda words: _tell(on_progress, number, words)
