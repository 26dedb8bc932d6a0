"""How a repair ended: the state, what proves it, the grade before and after, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button, Static

from workbench.model.report import Report
from workbench.model.run import Run, RunState
from workbench.tui.base_app import BaseApp
from workbench.tui.keys import bound, hint
from workbench.tui.plain import entitle, hanging, plain, stacked, together
from workbench.tui.screens.base import Scrolled
from workbench.tui.widgets.changes import described
from workbench.tui.widgets.footer import Foot
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.room import TooSmall
from workbench.tui.wording import ATTENTION, MUTED, clock, counted, heading, letter, state

_MEANINGS = {
    RunState.APPLIED: "The change is made.",
    RunState.REFUSED: "It was refused. Nothing was changed.",
    RunState.ROLLED_BACK: "It was applied, did not hold, and was taken back. Everything is as it was.",
    RunState.ROLLBACK_FAILED: "It could neither be finished nor be taken back. Act on the message below.",
    RunState.UNDONE: "It was undone. What it replaced is back.",
    RunState.RECOVERED: "It had been interrupted, and was taken back. Everything is as it was.",
    RunState.STARTED: "It was interrupted. Recover it from the history.",
}
Next = Literal["done", "undo", "confirm"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, and the reports before and after it (``after`` is None where there was no second look)."""

    run: Run
    before: Report
    after: Report | None

    @property
    def verified(self) -> bool | None:
        """Whether the second look no longer finds it; None where nothing was looked at again."""
        if self.after is None:
            return None
        return all(finding.identity != self.run.plan.finding for finding in self.after.findings())


class Result(Scrolled, Screen[Next]):
    """Shows an Outcome."""

    app: BaseApp

    CSS_PATH = "preview.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        bound("undo", "undo", words="Undo"),
        bound("keep", "confirm"),
        bound("close", "leave", words=""),
        Binding("down", "scroll('scroll_down')", show=False),
        bound("move.down", "scroll('scroll_down')", words=""),
        Binding("up", "scroll('scroll_up')", show=False),
        bound("move.up", "scroll('scroll_up')", words=""),
    ]

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self._outcome = outcome

    def compose(self) -> ComposeResult:
        """The outcome, and the way back."""
        run = self._outcome.run
        page = Page("", id="plan", classes="-good" if run.state in _GOOD else "-bad")
        entitle(page, "Result", f"run {run.identity}" if run.identity.strip("-") else "")
        yield Static(id="waits")
        yield page
        with Horizontal(classes="buttons"):
            if self._waits:
                yield Button(plain(f"Keep it ({hint('keep')})"), id="confirm", variant="success", compact=True)
            if self._can_undo:
                yield Button(plain(f"Undo ({hint('undo')})"), id="undo", compact=True)
            yield Button(f"Back to {self.app.main.spoken}", id="done", variant="primary", compact=True)
        yield Foot()
        yield TooSmall()

    def on_mount(self) -> None:
        """Show it; Enter goes back."""
        self.query_one("#plan", Page).write(lambda width: stacked(outcome_lines(self._outcome, width)))
        self.query_one("#done", Button).focus()
        self._count_down()
        if self._waits:
            self.set_interval(1.0, self._count_down)

    def _count_down(self) -> None:
        line = self.query_one("#waits", Static)
        line.display = self._waits
        left = self._left
        words = f"The time is over: it is being undone. Press {hint('page.history')} to see."
        if left:
            unless = f"Undone by itself in {clock(left)} unless you press {hint('keep')}."
            words = f"{unless} First try whether everything still works."
        line.update(plain(f"◷ {words}", ATTENTION))
        for button in self.query("#confirm"):
            button.disabled = not left
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is an undo only for what was applied, and something to keep only while that waits."""
        if (action == "undo" and not self._can_undo) or (action == "confirm" and not (self._waits and self._left)):
            return False
        return super().check_action(action, parameters)

    @on(Button.Pressed, "#done")
    def action_leave(self) -> None:
        """Go back to the page that led here."""
        self.dismiss("done")

    @on(Button.Pressed, "#undo")
    def action_undo(self) -> None:
        """Take it back."""
        self.dismiss("undo")

    @on(Button.Pressed, "#confirm")
    def action_confirm(self) -> None:
        """Keep it."""
        self.dismiss("confirm")

    @property
    def _can_undo(self) -> bool:
        return self._outcome.run.state is RunState.APPLIED

    @property
    def _waits(self) -> bool:
        return self._can_undo and bool(self._outcome.run.confirm_by)

    @property
    def _left(self) -> int:
        return _left(self._outcome.run)


def waits(run: Run) -> bool:
    """Whether it stands and can still be confirmed."""
    return run.state is RunState.APPLIED and bool(_left(run))


def _left(run: Run) -> int:
    try:
        until = datetime.fromisoformat(run.confirm_by)
    except ValueError:
        return 0
    return max(round((until - datetime.now(UTC)).total_seconds()), 0)


_GOOD = (RunState.APPLIED, RunState.UNDONE, RunState.RECOVERED)


def outcome_lines(outcome: Outcome, width: int) -> Iterator[Content]:
    """The text of an outcome, wrapped to ``width`` cells."""
    run = outcome.run
    yield hanging(Content(""), plain(run.plan.title, "bold"), width)
    yield Content("")
    yield hanging(state(run.state) + Content("  "), plain(_MEANINGS[run.state]), width)
    if run.message:
        yield Content("")
        yield hanging(Content("  "), plain(run.message), width)
    yield Content("")
    if outcome.verified is not None:
        yield hanging(plain("verified  ", MUTED), _verified(outcome), width)
    if outcome.after is not None:
        yield hanging(plain("grade     ", MUTED), _grades(outcome.before, outcome.after), width)
        yield hanging(plain("findings  ", MUTED), _counts(outcome.before, outcome.after), width)
    if run.changes:
        yield Content("")
        done = run.state in (RunState.APPLIED, RunState.UNDONE)
        words = {RunState.APPLIED: "What was done", RunState.UNDONE: "What was taken back"}
        yield heading(words[run.state] if done else "What would have been done")
        for number, change in enumerate(run.changes, 1):
            yield from described(change, number, width)


def _verified(outcome: Outcome) -> Content:
    check = outcome.run.plan.check
    if outcome.run.state is RunState.UNDONE and not outcome.verified:
        return plain(f"a fresh look finds it again, as before the repair ({check})")
    if outcome.verified:
        return plain(f"✓ a fresh look no longer finds it ({check})", "$text-success")
    later = outcome.run.plan.later
    if later and outcome.run.state is RunState.APPLIED:
        return plain(f"it takes effect {later}; a fresh look finds it until then ({check})")
    return plain(f"! a fresh look finds it ({check})", "$text-warning")


def _grades(before: Report, after: Report) -> Content:
    same = "  (the same rule caps it)" if before.grade.letter == after.grade.letter else ""
    return together(letter(before.grade.letter), "  →  ", letter(after.grade.letter), (same, MUTED))


def _counts(before: Report, after: Report) -> Content:
    first, second = sum(1 for _ in before.findings()), sum(1 for _ in after.findings())
    return plain(f"{first}  →  {counted(second, 'finding')}")
