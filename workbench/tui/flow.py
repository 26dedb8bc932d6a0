"""What happens from a finding to its repair, and back: each a story told from top to bottom.

They run as workers, so that they can wait for a screen's answer; what blocks runs in the background.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from workbench.model.check import Fix
from workbench.model.finding import Finding
from workbench.model.plan import Plan, Refusal, Safety
from workbench.model.report import Report
from workbench.model.run import Change, Run, RunState
from workbench.model.snapshot import Snapshot
from workbench.tui.background import in_background
from workbench.tui.base_app import BaseApp
from workbench.tui.keys import hint
from workbench.tui.lending import as_root_if_asked
from workbench.tui.replaying import no_repair
from workbench.tui.screens.dialogs import Notice, choose_fix, refusal
from workbench.tui.screens.preview import Preview
from workbench.tui.screens.restore import undo_question
from workbench.tui.screens.result import Outcome, Result, waits
from workbench.tui.under_way import is_read_only, tell_failure, tried, window
from workbench.verifying import Before

if TYPE_CHECKING:
    from workbench.repair.prepare import Prepared
    from workbench.repair.restoring import Restoring

_NO_PLAN = "The plan could not be made"


async def repair(app: BaseApp, finding: Finding, snapshot: Snapshot, before: Report) -> None:
    """Choose, ask, plan, show; apply only when the preview was agreed to; then show what came of it.

    A guide changes nothing: its steps are shown, in a replay too.
    """
    fixes = app.workbench.fixes_for(finding)
    if app.main.replay is not None:
        fixes = tuple(fix for fix in fixes if fix.safety is Safety.GUIDE)
        if not fixes:
            await app.push_screen_wait(refusal(no_repair(app.main.replay)))
            return
    if len(fixes) > 1:
        from workbench.planning import fitting

        fixes = fitting(fixes, finding, snapshot) or fixes
    fix = await _chosen(app, fixes, finding)
    if fix is None:
        return
    prepared = await _prepared(app, fix, finding, snapshot)
    if prepared is None:
        return
    if prepared.plan.steps:
        from workbench.tui.guiding import guided

        await guided(app, finding, prepared, snapshot, before)
        return
    warnings = await tried(app, _NO_PLAN, lambda: app.workbench.warnings(prepared.plan, snapshot))
    if warnings is None:
        return
    shown = Preview(finding, prepared.plan, prepared.changes, app.workbench.read_only, warnings)
    if not await app.push_screen_wait(shown):
        return
    outcome = await _carried_out(
        app,
        f"Applying · {prepared.plan.title}",
        before,
        lambda step: app.workbench.apply(prepared, step, Before(before, tuple(app.main.looker.answers))),
        prepared.changes,
    )
    if outcome is not None:
        await _shown(app, outcome)


async def undo(app: BaseApp, run: Run) -> None:
    """Show what undoing a run restores, undo it when that was agreed to, and show what came of it."""
    if await is_read_only(app, "nothing can be undone"):
        return
    before = app.main.report
    if before is None:
        app.tell("This host is being looked at. When that is done, it can be undone.")
        return
    restoring = await tried(
        app,
        "What the undo restores could not be worked out",
        lambda: as_root_if_asked(app, lambda: _restoring(app, run)),
    )
    if restoring is None:
        return
    if isinstance(restoring, Refusal):
        await app.push_screen_wait(refusal(restoring))
        return
    if not await app.push_screen_wait(undo_question(run, restoring)):
        return
    title = f"Undoing · {run.plan.title}"
    outcome = await _carried_out(
        app, title, before, lambda step: app.workbench.undo(run.identity, step), restoring.changes
    )
    if outcome is not None:
        await _shown(app, outcome)


async def confirm(app: BaseApp, run: Run) -> None:
    """Keep a run that is undone by itself otherwise."""
    if await is_read_only(app, "nothing can be kept"):
        return
    kept = await tried(
        app,
        "It could not be kept",
        lambda: as_root_if_asked(app, lambda: app.workbench.confirm(run.identity)),
        changes=True,
    )
    if kept is None:
        return
    if kept.state is RunState.REFUSED:
        await app.push_screen_wait(Notice("It could not be kept", kept.message))
        return
    app.tell(f"Kept: {run.plan.title}. It can be undone from the history, as every repair.")


async def _shown(app: BaseApp, outcome: Outcome) -> None:
    answer = await app.push_screen_wait(Result(outcome))
    if answer == "undo":
        await undo(app, outcome.run)
    elif answer == "confirm":
        await confirm(app, outcome.run)
    elif waits(outcome.run):
        keys = f"press {hint('page.history')} for the history, then {hint('keep')}"
        app.tell(f"It is undone by itself unless you keep it: {keys}.", "warning")


def _restoring(app: BaseApp, run: Run) -> Restoring | Refusal:
    return app.workbench.plan_undo(run.identity)


async def undo_last(app: BaseApp) -> None:
    """Undo the last run that stands."""
    if app.main.replay is not None:
        await app.push_screen_wait(refusal(no_repair(app.main.replay)))
        return
    runs = await tried(app, "The history could not be read", app.workbench.history)
    if runs is None:
        return
    last = next((run for run in runs if run.state is RunState.APPLIED and not _is_undo(run)), None)
    if last is None:
        await app.push_screen_wait(Notice("Nothing to undo", "No repair of this workbench stands on this host."))
    else:
        await undo(app, last)


async def _chosen(app: BaseApp, fixes: Sequence[Fix], finding: Finding) -> Fix | None:
    if not fixes:
        by_hand = (
            f"follow “How to fix it by hand” in the lesson of this finding, then press {hint('rescan')} to look again."
        )
        why = f"No repair of it can be made here: {finding.refused}." if finding.refused else ""
        said = why or "There is no repair for this finding yet."
        await app.push_screen_wait(Notice("No repair on offer", said, by_hand))
        return None
    if len(fixes) == 1:
        return fixes[0]
    place = await app.push_screen_wait(choose_fix(fixes, finding))
    return None if place is None else fixes[place]


async def _prepared(app: BaseApp, fix: Fix, finding: Finding, snapshot: Snapshot) -> Prepared | None:
    """What is to be done, worked out; None where there is none, which was said.

    Where the fix refuses what it was answered, it asks again: what was typed is not lost.
    """
    suggested: object = None
    suggest = fix.suggest
    if fix.answers is not None and suggest is not None:
        suggested = await tried(app, "The repair failed", lambda: suggest(finding, snapshot))
        if suggested is None:
            return None
        if isinstance(suggested, Refusal):
            await app.push_screen_wait(refusal(suggested))
            return None
    while True:
        answers = await _answered(app, fix, finding, suggested)
        if answers is None and fix.answers is not None:
            return None
        plan = await tried(app, _NO_PLAN, _planning(app, fix, finding, snapshot, answers))
        if not isinstance(plan, Refusal):
            break
        await app.push_screen_wait(refusal(plan))
        if answers is None:
            return None
        suggested = SimpleNamespace(**answers)
    if plan is None:
        return None
    prepared = await tried(app, _NO_PLAN, lambda: as_root_if_asked(app, lambda: app.workbench.prepare(plan)))
    if isinstance(prepared, Refusal):
        await app.push_screen_wait(refusal(prepared))
        return None
    return prepared


async def _answered(app: BaseApp, fix: Fix, finding: Finding, suggested: object) -> Mapping[str, Any] | None:
    if fix.answers is None:
        return None
    from workbench.tui.screens.answers import AskAnswers

    return await app.push_screen_wait(AskAnswers(fix, suggested, finding))


def _planning(
    app: BaseApp, fix: Fix, finding: Finding, snapshot: Snapshot, answers: Mapping[str, Any] | None
) -> Callable[[], Plan | Refusal]:
    return lambda: as_root_if_asked(app, lambda: app.workbench.plan(fix, finding, snapshot, answers))


async def _carried_out(
    app: BaseApp,
    title: str,
    before: Report,
    work: Callable[[Callable[[str], None]], Run],
    done: Sequence[Change] = (),
) -> Outcome | None:
    async with window(app, title, done) as shows:
        try:
            run = await in_background(lambda: as_root_if_asked(app, lambda: work(shows.begin)), must_end=True)
        except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
            failure = error
        else:
            # What was refused touched nothing, so there is nothing new to see.
            if run.state is RunState.REFUSED:
                return Outcome(run, before, None)
            app.watch_over(run)
            shows.begin("looking at the host again")
            return Outcome(run, before, await app.main.look())
    await tell_failure(app, "It failed", failure)
    return None


def _is_undo(run: Run) -> bool:
    # Undoing again and again walks back through the repairs; an undo itself is undone from the history.
    return run.plan.title.startswith("Undo: ")
