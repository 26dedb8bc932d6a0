"""``workbench plan --safe`` and ``workbench apply`` of what it printed: every safe repair, reviewed once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workbench.batching import plan_safe
from workbench.commands import look, settle, told, workbench_of
from workbench.engine import Workbench
from workbench.exits import Exit, Unusable, complain
from workbench.model.batch import Batch
from workbench.model.plan import Refusal
from workbench.model.run import RunState
from workbench.model.snapshot import Snapshot
from workbench.options import put
from workbench.report.batch_file import BatchDocument, as_json, document, runs_as_json, stands_for, typed
from workbench.text import visible

_LOOK = "look again with: workbench plan --safe"


def plan(options: argparse.Namespace) -> int:
    """Print exactly what repairing everything safe would do. It changes nothing and writes nothing."""
    if options.fix is not None or options.answer:
        raise Unusable("--safe takes what asks nothing: no --fix and no --answer")
    workbench = workbench_of(options)
    snapshot = look(workbench, options)
    batch = workbench.plan_safe(snapshot, workbench.judge(snapshot))
    if options.json:
        print(as_json(document(batch)))
        return Exit.CLEAN
    from workbench.report.batch_text import as_diff, as_text

    put(as_diff(batch) if options.diff else as_text(batch))
    return Exit.CLEAN


def apply(options: argparse.Namespace, data: Mapping[str, Any]) -> int:
    """Make the batch of a file again on the host as it is now, and apply it only where it is the same batch."""
    from workbench.keeping import watch

    planned = typed(data, visible(str(options.plan)))
    if options.confirm_within is not None:
        raise Unusable("--confirm-within is for the plan of one repair: no repair of a batch needs to be confirmed")
    workbench = workbench_of(options)
    settle(workbench)
    made: Batch | Refusal
    if options.digest is not None and options.digest.lower() != planned.digest:
        made = Refusal("the file has another digest than the one that --digest names", _LOOK)
    else:
        made = _again(workbench, look(workbench, options), planned, data)
    if isinstance(made, Refusal):
        complain(f"nothing was applied: {made.reason}" + (f" ({made.instead})" if made.instead else ""))
        return Exit.REFUSED
    if not _agreed(made, options):
        complain("nothing was applied")
        return Exit.REFUSED
    before = {run.batch for run in workbench.history()}
    try:
        runs = workbench.apply_batch(made, None if options.json else _progress(made))
    except KeyboardInterrupt:
        done = [run for run in workbench.history() if run.batch not in before and run.state is RunState.APPLIED]
        if done:
            complain(f"broken off: {len(done)} were applied and stay; undo them with: workbench undo {done[0].batch}")
        raise
    if options.json:
        print(runs_as_json(runs, len(made.steps)))
    status = max(told(run, quiet=options.json) for run in runs)
    if status == Exit.CLEAN and not options.json:
        put(f"undo all of it with: workbench undo {runs[0].batch}\n")
    return watch(workbench, [run for run in runs if run.state is RunState.APPLIED], options) or status


def _again(
    workbench: Workbench, snapshot: Snapshot, planned: BatchDocument, as_written: Mapping[str, Any]
) -> Batch | Refusal:
    """What the batch of a file comes to on the host as it is now, where it is the same to the last byte."""
    if not planned.steps:
        return Refusal("the file has no step: there is nothing to apply")
    wanted = {identity for step in planned.steps for identity in (step.finding, *step.resolves)}
    found = [each for each in workbench.judge(snapshot).findings() if each.identity in wanted]
    gone = wanted - {each.identity for each in found}
    if gone:
        named = visible(", ".join(sorted(gone)[:5]), 200)
        return Refusal(f"this host has no finding {named} now: it is repaired already, or the options differ", _LOOK)
    batch = plan_safe(workbench, snapshot, found)
    if batch.digest != planned.digest:
        why = "the batch made now has another digest than the file: the host changed since, or the file was edited"
        return Refusal(why, _LOOK)
    if not stands_for(replace(document(batch), workbench=planned.workbench), as_written):
        return Refusal("the file does not say what this workbench would do: it was edited", _LOOK)
    return batch


def _agreed(batch: Batch, options: argparse.Namespace) -> bool:
    """Whether the person named exactly this batch, or agrees to it now. Raises Unusable where nobody can be asked."""
    if options.yes or options.digest is not None:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Unusable(
            "without a terminal a batch is applied only where it is named: give --digest as plan --safe showed it, or"
            " --yes"
        )
    for number, step in enumerate(batch.steps, 1):
        print(visible(f"  {number} {step.plan.title}"), file=sys.stderr)
        for warning in step.warnings:
            print(visible(f"    FIRST: {warning}"), file=sys.stderr)
    sys.stderr.write(f"Apply these {len(batch.steps)}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _progress(batch: Batch) -> Any:
    def told_of(number: int, words: str) -> None:
        if words == batch.steps[number].plan.title and sys.stderr is not None:
            print(visible(f"{number + 1} of {len(batch.steps)}: {words}"), file=sys.stderr)

    return told_of
