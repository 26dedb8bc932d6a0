"""Every repair that was made, newest first, with the way back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, OptionList
from textual.widgets.option_list import Option

from workbench.model.run import Run, RunState
from workbench.tui.background import in_background
from workbench.tui.plain import entitle, hanging, plain, stacked, together
from workbench.tui.screens.base import Roomy
from workbench.tui.screens.dialogs import Choices
from workbench.tui.screens.preview import described
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.room import TooSmall
from workbench.tui.wording import MUTED, heading, moment, state, state_style


class History(Roomy, Screen[None]):
    """The list of runs and, below it, the one under the cursor. ``read`` blocks; ``undo`` asks first."""

    CSS_PATH = "history.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "undo", "Undo"),
        Binding("escape", "leave", "Back"),
        Binding("q", "leave", show=False),
    ]

    def __init__(self, read: Callable[[], tuple[Run, ...]], undo: Callable[[Run], Awaitable[object]]) -> None:
        super().__init__()
        self._read, self._undo = read, undo
        self._runs: tuple[Run, ...] = ()

    def compose(self) -> ComposeResult:
        """The list and the run."""
        runs = Choices(id="runs", markup=False, compact=True)
        entitle(runs, "History", "newest first")
        yield runs
        yield Page("Reading the history.", id="run")
        yield Footer(show_command_palette=False)
        yield TooSmall()

    def on_mount(self) -> None:
        """Read the history."""
        self.query_one(Choices).focus()
        self.run_worker(self._load(), exclusive=True, group="history")

    async def _load(self) -> None:
        page = self.query_one("#run", Page)
        try:
            self._runs = await in_background(self._read)
        except Exception as error:  # noqa: BLE001, RUF100 - a broken journal is said, not thrown
            words = f"The history could not be read: {type(error).__name__}: {error}"
            page.write(lambda width: stacked(plain(words, "$text-error").wrap(width)))
            return
        runs = self.query_one(Choices)
        place = runs.highlighted or 0
        runs.display = bool(self._runs)
        width = self.app.size.width - 6
        runs.set_options(Option(_row(run, width), id=str(number)) for number, run in enumerate(self._runs))
        if self._runs:
            runs.highlighted = min(place, len(self._runs) - 1)
        else:
            words = "No repair was made yet. Every repair made here is listed, and can be undone."
            page.write(lambda width: stacked(plain(words, MUTED).wrap(width)))
        self.refresh_bindings()

    @on(OptionList.OptionHighlighted)
    def show(self, event: OptionList.OptionHighlighted) -> None:
        """Show the run under the cursor."""
        run = self._runs[event.option_index]
        self.query_one("#run", Page).write(lambda width: stacked(_lines(run, width)))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Undo what can be undone."""
        if action == "undo" and (self._selected is None or self._selected.state is not RunState.APPLIED):
            return None
        return super().check_action(action, parameters)

    def action_undo(self) -> None:
        """Undo the run under the cursor, after a question."""
        run = self._selected
        if run is not None:
            self.run_worker(self._undone(run), exclusive=True, group="history")

    async def _undone(self, run: Run) -> None:
        await self._undo(run)
        await self._load()

    def action_leave(self) -> None:
        """Go back to the findings."""
        self.dismiss()

    @property
    def _selected(self) -> Run | None:
        runs = self.query_one(Choices)
        return None if runs.highlighted is None or not self._runs else self._runs[runs.highlighted]


def _row(run: Run, width: int) -> Content:
    first = together((moment(run.started_at), MUTED), "  ", (f"{run.state.value:<16}", state_style(run.state)))
    return hanging(first, plain(run.plan.title), width)


def _lines(run: Run, width: int) -> Iterator[Content]:
    yield hanging(state(run.state) + Content("  "), plain(run.plan.title, "bold"), width)
    if run.message:
        yield hanging(Content("  "), plain(run.message), width)
    yield hanging(plain("fix       ", MUTED), plain(run.plan.fix), width)
    yield hanging(plain("check     ", MUTED), plain(run.plan.check), width)
    yield hanging(plain("run       ", MUTED), plain(run.identity), width)
    yield hanging(plain("from      ", MUTED), plain(moment(run.started_at)), width)
    if run.ended_at:
        yield hanging(plain("to        ", MUTED), plain(moment(run.ended_at)), width)
    yield Content("")
    yield heading("Changes")
    for number, change in enumerate(run.changes, 1):
        yield from described(change, number, width)
