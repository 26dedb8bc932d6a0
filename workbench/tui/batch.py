"""Several repairs as one list: what the engine gives, and the story from the marks to the result and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, cast

from workbench.model.finding import Finding
from workbench.model.plan import Plan
from workbench.model.report import Report
from workbench.model.run import Change, Run, RunState
from workbench.model.snapshot import Snapshot
from workbench.tui.background import in_background
from workbench.tui.wording import counted

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp

Progress = Callable[[int, str], None]
"""Called with the number of the step, from 0, and what happens."""


class Step(Protocol):
    """One repair of the list."""

    @property
    def finding(self) -> Finding:
        """What it repairs."""

    @property
    def plan(self) -> Plan:
        """What it does."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """What a person is shown of it."""

    @property
    def resolves(self) -> tuple[Finding, ...]:
        """Further findings that it repairs as well."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences to read before."""


class Left(Protocol):
    """A finding that no step is for."""

    @property
    def finding(self) -> Finding:
        """The finding."""

    @property
    def why(self) -> str:
        """Why there is none."""


class Batch(Protocol):
    """The steps in the order in which they are applied, and what is left out."""

    @property
    def steps(self) -> Sequence[Step]:
        """The repairs."""

    @property
    def left_out(self) -> Sequence[Left]:
        """The findings that stay."""


class Engine(Protocol):
    """What the workbench does with a list of repairs."""

    def plan_safe(self, snapshot: Snapshot, report: Report) -> Batch:
        """The list of all safe repairs of a report."""

    def apply_batch(self, batch: Batch, on_progress: Progress | None = None) -> tuple[Run, ...]:
        """Apply it, and stop at the first that does not hold."""

    def undo_batch(self, batch: str, on_progress: Progress | None = None) -> tuple[Run, ...]:
        """Undo what stands of a batch, newest first, and stop at the first that cannot be."""


class Named(Protocol):
    """A run of a batch."""

    @property
    def batch(self) -> str:
        """The name of the batch."""


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """How a batch ended: the runs in their order, of how many steps, and the reports before and after.

    ``after`` is None where nothing was looked at again. ``undone`` says that the runs are those of an undo.
    """

    runs: tuple[Run, ...]
    steps: int
    before: Report
    after: Report | None
    undone: bool = False

    @property
    def standing(self) -> tuple[Run, ...]:
        """The runs that can be undone."""
        return () if self.undone else tuple(run for run in self.runs if run.state is RunState.APPLIED)


def only(report: Report, findings: Sequence[Finding]) -> Report:
    """The report with these findings alone."""
    wanted = {finding.identity for finding in findings}
    kept = tuple(
        replace(result, findings=tuple(each for each in result.findings if each.identity in wanted))
        for result in report.results
    )
    return replace(report, results=kept)


async def repair_several(app: WorkbenchApp, marked: Sequence[Finding], snapshot: Snapshot, report: Report) -> None:
    """Plan the repairs of the marked findings, or of all; show the list; apply it when agreed to; show how it ended."""
    from workbench.tui import flow
    from workbench.tui.screens.batch import BatchReview
    from workbench.tui.screens.batch_result import BatchResult
    from workbench.tui.screens.dialogs import refusal

    if app.main.replay is not None:
        await app.push_screen_wait(refusal(flow.REPLAYED))
        return
    engine = cast(Engine, app.workbench)
    wanted = only(report, marked) if marked else report
    failure: Exception | None = None
    async with flow.window(app, "Working out the repairs", changes=False) as shows:
        shows.begin(f"for {counted(sum(1 for _ in wanted.findings()), 'finding')}")
        try:
            batch = await in_background(lambda: engine.plan_safe(snapshot, wanted))
        except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
            failure = error
    if failure is not None:
        await flow.tell_failure(app, "The repairs could not be planned", failure)
        return
    if not await app.push_screen_wait(BatchReview(batch, bool(marked), app.workbench.read_only)):
        return
    steps = len(batch.steps)

    def apply(tell: Callable[[str], None]) -> tuple[Run, ...]:
        return engine.apply_batch(batch, _telling(tell, steps))

    outcome = await _carried_out(app, f"Repairing · {counted(steps, 'step')}", report, steps, apply)
    if outcome is not None and await app.push_screen_wait(BatchResult(outcome)) == "undo":
        await _undo(app, outcome)


async def _undo(app: WorkbenchApp, outcome: BatchOutcome) -> None:
    from workbench.tui.screens.batch import undo_question
    from workbench.tui.screens.batch_result import BatchResult

    standing, before = outcome.standing, app.main.report
    if before is None or not await app.push_screen_wait(undo_question(standing)):
        return

    engine, name = cast(Engine, app.workbench), cast(Named, standing[0]).batch

    def undo(tell: Callable[[str], None]) -> tuple[Run, ...]:
        return engine.undo_batch(name, _telling(tell, len(standing)))

    undone = await _carried_out(app, "Undoing", before, len(standing), undo)
    if undone is not None:
        await app.push_screen_wait(BatchResult(replace(undone, undone=True)))


def _telling(tell: Callable[[str], None], of: int) -> Progress:
    return lambda number, words: tell(f"{number + 1} of {of}  {words}")


async def _carried_out(
    app: WorkbenchApp,
    title: str,
    before: Report,
    steps: int,
    work: Callable[[Callable[[str], None]], tuple[Run, ...]],
) -> BatchOutcome | None:
    from workbench.tui import flow

    async with flow.window(app, title) as shows:
        try:
            runs = await in_background(lambda: work(shows.begin), must_end=True)
        except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
            failure = error
            # Some of it may have been done before it failed: what is shown must be what is there.
            await app.main.look()
        else:
            if all(run.state is RunState.REFUSED for run in runs):
                return BatchOutcome(runs, steps, before, None)
            shows.begin("looking at the host again")
            return BatchOutcome(runs, steps, before, await app.main.look())
    await flow.tell_failure(app, "It failed", failure)
    return None
