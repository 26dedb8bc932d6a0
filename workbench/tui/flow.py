"""What happens from a finding to its repair, and back: each a story told from top to bottom.

They run as workers, so that they can wait for a screen's answer; what blocks runs in the background.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from workbench.model.check import Fix
from workbench.model.finding import Finding
from workbench.model.plan import Plan, Refusal
from workbench.model.report import Report
from workbench.model.run import Run, RunState
from workbench.model.snapshot import Snapshot
from workbench.tui.background import in_background
from workbench.tui.plain import plain, stacked, together
from workbench.tui.replaying import no_repair
from workbench.tui.screens.applying import Applying
from workbench.tui.screens.dialogs import Confirm, Notice, choose_fix, refusal
from workbench.tui.screens.preview import Preview
from workbench.tui.screens.result import Outcome, Result
from workbench.tui.wording import MUTED, counted, moment, reversal

if TYPE_CHECKING:
    from workbench.repair.prepare import Prepared
    from workbench.tui.app import WorkbenchApp

Value = TypeVar("Value")


async def repair(app: WorkbenchApp, finding: Finding, snapshot: Snapshot, before: Report) -> None:
    """Choose, ask, plan, show; apply only when the preview was agreed to; then show what came of it."""
    if app.main.replay is not None:
        await app.push_screen_wait(refusal(no_repair(app.main.replay)))
        return
    fix = await _chosen(app, finding)
    if fix is None:
        return
    prepared = await _prepared(app, fix, finding, snapshot)
    if prepared is None:
        return
    shown = Preview(finding, prepared.plan, prepared.changes, app.workbench.read_only)
    if not await app.push_screen_wait(shown):
        return
    outcome = await _carried_out(
        app, f"Applying · {prepared.plan.title}", before, lambda step: app.workbench.apply(prepared, step)
    )
    if outcome is not None and await app.push_screen_wait(Result(outcome)) == "undo":
        await undo(app, outcome.run)


async def undo(app: WorkbenchApp, run: Run) -> None:
    """Ask, undo one run, and show what came of it."""
    before = app.main.report
    if before is None or not await app.push_screen_wait(_undo_question(run)):
        return
    title = f"Undoing · {run.plan.title}"
    outcome = await _carried_out(app, title, before, lambda step: app.workbench.undo(run.identity))
    if outcome is not None:
        await app.push_screen_wait(Result(outcome))


async def undo_last(app: WorkbenchApp) -> None:
    """Undo the last run that stands."""
    if app.main.replay is not None:
        await app.push_screen_wait(refusal(no_repair(app.main.replay)))
        return
    runs = await _tried(app, "The history could not be read", app.workbench.history)
    if runs is None:
        return
    last = next((run for run in runs if run.state is RunState.APPLIED and not _is_undo(run)), None)
    if last is None:
        await app.push_screen_wait(Notice("Nothing to undo", "No repair of this workbench stands on this host."))
    else:
        await undo(app, last)


async def offer_recovery(app: WorkbenchApp) -> None:
    """At the start: when a run was interrupted, offer to bring its files back."""
    runs = await _tried(app, "The history could not be read", app.workbench.history)
    interrupted = [run for run in runs or () if run.state is RunState.STARTED]
    if not interrupted:
        return
    if app.workbench.read_only:
        words = "It can be recovered when the workbench is started without --read-only."
        await app.push_screen_wait(Notice("A repair was interrupted", words))
        return
    if not await app.push_screen_wait(_recovery_question(interrupted)):
        app.tell("The interrupted repair was left as it is. It is offered again at the next start.", "warning")
        return
    failure: Exception | None = None
    async with window(app, "Recovering"):
        try:
            recovered = await in_background(app.workbench.recover, must_end=True)
            await app.main.look()
        except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
            recovered, failure = (), error
    if failure is not None:
        await tell_failure(app, "It could not be recovered", failure)
        return
    told = "\n\n".join(f"{run.plan.title}\n{run.state.value}. {run.message}" for run in recovered)
    await app.push_screen_wait(Notice("Recovered", told or "Nothing was left to recover."))


async def _chosen(app: WorkbenchApp, finding: Finding) -> Fix | None:
    fixes = app.workbench.fixes_for(finding)
    if not fixes:
        by_hand = "follow “How to fix it by hand” in the lesson of this finding, then press r to look again."
        await app.push_screen_wait(Notice("No repair on offer", "There is no repair for this finding yet.", by_hand))
        return None
    if len(fixes) == 1:
        return fixes[0]
    place = await app.push_screen_wait(choose_fix(fixes))
    return None if place is None else fixes[place]


async def _prepared(app: WorkbenchApp, fix: Fix, finding: Finding, snapshot: Snapshot) -> Prepared | None:
    answers: Mapping[str, Any] | None = None
    if fix.answers is not None:
        suggest = fix.suggest
        suggested = None
        if suggest is not None:
            suggested = await _tried(app, "The repair failed", lambda: suggest(finding, snapshot))
            if suggested is None:
                return None
            if isinstance(suggested, Refusal):
                await app.push_screen_wait(refusal(suggested))
                return None
        from workbench.tui.screens.answers import AskAnswers

        answers = await app.push_screen_wait(AskAnswers(fix, suggested))
        if answers is None:
            return None

    def worked_out() -> Prepared | Refusal:
        plan: Plan | Refusal = app.workbench.plan(fix, finding, snapshot, answers)
        return plan if isinstance(plan, Refusal) else app.workbench.prepare(plan)

    prepared = await _tried(app, "The plan could not be made", worked_out)
    if isinstance(prepared, Refusal):
        await app.push_screen_wait(refusal(prepared))
        return None
    return prepared


async def _carried_out(
    app: WorkbenchApp, title: str, before: Report, work: Callable[[Callable[[str], None]], Run]
) -> Outcome | None:
    async with window(app, title) as shows:
        try:
            run = await in_background(lambda: work(shows.begin), must_end=True)
        except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
            failure = error
        else:
            # What was refused touched nothing, so there is nothing new to see.
            if run.state is RunState.REFUSED:
                return Outcome(run, before, None)
            shows.begin("looking at the host again")
            return Outcome(run, before, await app.main.look())
    await tell_failure(app, "It failed", failure)
    return None


@asynccontextmanager
async def window(app: WorkbenchApp, title: str, *, changes: bool = True) -> AsyncIterator[Applying]:
    """A window for the time that something takes. While it ``changes`` the machine, the app does not quit."""
    shows = Applying(title)
    await app.push_screen(shows)
    app.busy = changes
    try:
        yield shows
    finally:
        app.busy = False
        await app.pop_screen()


async def _tried(app: WorkbenchApp, failed: str, work: Callable[[], Value]) -> Value | None:
    try:
        return await in_background(work)
    except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
        failure = error
    await tell_failure(app, failed, failure)
    return None


async def tell_failure(app: WorkbenchApp, title: str, error: Exception) -> None:
    """Say what failed."""
    words = f"{type(error).__name__}: {error}"
    await app.push_screen_wait(Notice(title, words, "look at the history (h) for what was done so far."))


def _is_undo(run: Run) -> bool:
    # Undoing again and again walks back through the repairs; an undo itself is undone from the history.
    return run.plan.title.startswith("Undo: ")


def _undo_question(run: Run) -> Confirm:
    lines = [together((run.plan.title, "bold")), plain(f"applied {moment(run.started_at)}", MUTED), plain("")]
    lines += [plain(f"  {path}", "$text-accent") for path in dict.fromkeys(change.path for change in run.changes)]
    kept = f" It does not bring back: {run.plan.keeps}" if run.plan.keeps else ""
    lines += [plain(""), plain(f"{reversal(run.plan.reversal).capitalize()} that stood there before.{kept}")]
    return Confirm("Undo this repair?", stacked(lines), "Undo it")


def _recovery_question(runs: list[Run]) -> Confirm:
    said = "was interrupted before it ended" if len(runs) == 1 else "were interrupted before they ended"
    lines = [plain(f"{counted(len(runs), 'repair')} {said}:"), plain("")]
    lines += [together("  ", (run.plan.title, "bold"), (f"  started {moment(run.started_at)}", MUTED)) for run in runs]
    lines += [plain(""), plain("Recovering brings every file back to how it was before.")]
    return Confirm("A repair was interrupted", stacked(lines), "Recover", "Later")
