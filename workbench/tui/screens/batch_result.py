"""How a list of repairs ended: each with its state, the grade before and after, and one way back for all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button

from workbench.model.report import Report
from workbench.model.run import Run, RunState
from workbench.tui.base_app import BaseApp
from workbench.tui.keys import bound, hint
from workbench.tui.plain import entitle, hanging, plain, stacked, together
from workbench.tui.screens.base import SCROLLING, Scrolled
from workbench.tui.screens.result import Next
from workbench.tui.widgets.footer import Foot
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.room import TooSmall
from workbench.tui.wording import MUTED, counted, heading, letter, state

_STATE = 18


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


class BatchResult(Scrolled, Screen[Next]):
    """Shows a BatchOutcome."""

    app: BaseApp

    CSS_PATH = "batch.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        bound("undo", "undo", words="Undo all"),
        bound("close", "leave", words=""),
        *SCROLLING,
    ]

    def __init__(self, outcome: BatchOutcome) -> None:
        super().__init__()
        self._outcome = outcome

    def compose(self) -> ComposeResult:
        """The outcome, and the way back."""
        good = all(run.state in (RunState.APPLIED, RunState.UNDONE) for run in self._outcome.runs)
        page = Page("", id="steps", classes="-good" if good else "-bad")
        entitle(page, "Result")
        yield page
        with Horizontal(classes="buttons"):
            if self._outcome.standing:
                yield Button(plain(f"Undo all ({hint('undo')})"), id="undo", compact=True)
            yield Button(f"Back to {self.app.main.spoken}", id="done", variant="primary", compact=True)
        yield Foot()
        yield TooSmall()

    def on_mount(self) -> None:
        """Show it; Enter goes back."""
        self.query_one("#steps", Page).write(lambda width: stacked(outcome_lines(self._outcome, width)))
        self.query_one("#done", Button).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is an undo only for what was applied."""
        if action == "undo" and not self._outcome.standing:
            return False
        return super().check_action(action, parameters)

    @on(Button.Pressed, "#done")
    def action_leave(self) -> None:
        """Go back to the page that led here."""
        self.dismiss("done")

    @on(Button.Pressed, "#undo")
    def action_undo(self) -> None:
        """Take all of it back."""
        self.dismiss("undo")


def outcome_lines(outcome: BatchOutcome, width: int) -> Iterator[Content]:
    """The text of an outcome, wrapped to ``width`` cells."""
    wanted = RunState.UNDONE if outcome.undone else RunState.APPLIED
    done = sum(run.state is wanted for run in outcome.runs)
    yield hanging(Content(""), plain(f"{done} of {counted(outcome.steps, 'repair')} {wanted.value}", "bold"), width)
    if outcome.after is not None:
        before, after = outcome.before, outcome.after
        yield Content("")
        grades = together(letter(before.grade.letter), "  →  ", letter(after.grade.letter))
        yield hanging(plain("grade     ", MUTED), grades + plain(f"   {after.grade.rule}", MUTED), width)
        first, second = sum(1 for _ in before.findings()), sum(1 for _ in after.findings())
        yield hanging(plain("findings  ", MUTED), plain(f"{first}  →  {counted(second, 'finding')}"), width)
        if after.next_step:
            yield hanging(plain("next      ", MUTED), plain(after.next_step), width)
    yield Content("")
    yield heading("What was undone" if outcome.undone else "What was done")
    for run in outcome.runs:
        ended = state(run.state)
        first_part = Content("  ") + ended + Content(" " * max(_STATE - ended.cell_length, 1))
        yield hanging(first_part, plain(run.plan.title), width)
        if run.message and run.state is not wanted:
            yield hanging(Content(" " * (_STATE + 2)), plain(run.message), width)
    left = outcome.steps - len(outcome.runs)
    if left > 0:
        yield hanging(
            plain("  not begun".ljust(_STATE + 2), MUTED), plain(counted(left, "further repair"), MUTED), width
        )
