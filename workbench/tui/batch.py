"""Several repairs as one list: what the engine gives, and the story from the marks to the result and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from workbench.model.finding import Finding
from workbench.model.report import Report
from workbench.model.run import Run, RunState
from workbench.model.snapshot import Snapshot
from workbench.tui.background import in_background
from workbench.tui.base_app import BaseApp
from workbench.tui.replaying import no_repair
from workbench.tui.screens.batch import BatchReview, undo_question
from workbench.tui.screens.batch_result import BatchOutcome, BatchResult
from workbench.tui.screens.dialogs import refusal
from workbench.tui.under_way import is_read_only, tell_failure, window
from workbench.tui.wording import counted
from workbench.verifying import Before

Progress = Callable[[int, str], None]
"""Called with the number of the step, from 0, and what happens."""


def only(report: Report, findings: Sequence[Finding]) -> Report:
    """The report with these findings alone."""
    wanted = {finding.identity for finding in findings}
    kept = tuple(
        replace(result, findings=tuple(each for each in result.findings if each.identity in wanted))
        for result in report.results
    )
    return replace(report, results=kept)


async def repair_several(app: BaseApp, marked: Sequence[Finding], snapshot: Snapshot, report: Report) -> None:
    """Plan the repairs of the marked findings, or of all; show the list; apply it when agreed to; show how it ended."""
    if app.main.replay is not None:
        await app.push_screen_wait(refusal(no_repair(app.main.replay)))
        return
    wanted = only(report, marked) if marked else report
    failure: Exception | None = None
    async with window(app, "Working out the repairs", changes=False) as shows:
        shows.begin(f"for {counted(sum(1 for _ in wanted.findings()), 'finding')}")
        try:
            batch = await in_background(lambda: app.workbench.plan_safe(snapshot, wanted))
        except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
            failure = error
    if failure is not None:
        await tell_failure(app, "The repairs could not be planned", failure, changes=False)
        return
    if not await app.push_screen_wait(BatchReview(batch, bool(marked), app.workbench.read_only)):
        return
    steps = len(batch.steps)

    def apply(tell: Callable[[str], None]) -> tuple[Run, ...]:
        return app.workbench.apply_batch(batch, _telling(tell, steps), Before(report, tuple(app.main.looker.answers)))

    outcome = await _carried_out(app, f"Repairing · {counted(steps, 'step')}", report, steps, apply)
    if outcome is not None and await app.push_screen_wait(BatchResult(outcome)) == "undo":
        await _undo(app, outcome)


async def _undo(app: BaseApp, outcome: BatchOutcome) -> None:
    await undo_batch(app, outcome.standing)


async def undo_batch(app: BaseApp, standing: Sequence[Run]) -> None:
    """Ask, undo these runs of one batch, newest first, and show how it ended."""
    if await is_read_only(app, "nothing can be undone"):
        return
    before = app.main.report
    if before is None or not await app.push_screen_wait(undo_question(standing)):
        return

    name = standing[0].batch

    def undo(tell: Callable[[str], None]) -> tuple[Run, ...]:
        return app.workbench.undo_batch(name, _telling(tell, len(standing)))

    undone = await _carried_out(app, "Undoing", before, len(standing), undo)
    if undone is not None:
        await app.push_screen_wait(BatchResult(replace(undone, undone=True)))


def _telling(tell: Callable[[str], None], of: int) -> Progress:
    return lambda number, words: tell(f"{number + 1} of {of}  {words}")


async def _carried_out(
    app: BaseApp,
    title: str,
    before: Report,
    steps: int,
    work: Callable[[Callable[[str], None]], tuple[Run, ...]],
) -> BatchOutcome | None:
    async with window(app, title) as shows:
        try:
            runs = await in_background(lambda: work(shows.begin), must_end=True)
        except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
            failure = error
            # Some of it may have been done before it failed: what is shown must be what is there.
            await app.main.look()
        else:
            if all(run.state is RunState.REFUSED for run in runs):
                return BatchOutcome(runs, steps, before, None)
            for run in runs:
                app.watch_over(run)
            shows.begin("looking at the host again")
            return BatchOutcome(runs, steps, before, await app.main.look())
    await tell_failure(app, "It failed", failure)
    return None
