"""The line in which the filter is typed, and below it what came of it and what is marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from workbench.finding_filter import LONGEST
from workbench.text import visible
from workbench.tui.plain import plain, together
from workbench.tui.wording import ATTENTION, MUTED

_HINT = "words · sev:>=high · area: · server: · check: · fixable:safe · waived:no -not"


class FilterInput(Input):
    """Takes every letter for itself: no key of the screen is heard while a filter is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "keep", "Keep", tooltip="Keep the filter and go to the list"),
        Binding("down", "keep", show=False),
        Binding("escape", "drop", "Clear", tooltip="Clear the filter"),
    ]

    class Kept(Message):
        """The filter stays as it is."""

    class Dropped(Message):
        """There is to be no filter."""

    def validate_value(self, value: str) -> str:
        """Spell out what acts on a terminal: it may have been pasted."""
        return visible(value, 2 * LONGEST)

    def action_keep(self) -> None:
        """Go to the list."""
        self.post_message(self.Kept())

    def action_drop(self) -> None:
        """Clear the filter and go to the list."""
        self.post_message(self.Dropped())


class FilterLine(Vertical):
    """Shown while there is something to say: a filter, a mark."""

    @dataclass
    class Changed(Message):
        """Another filter was typed."""

        text: str

    def compose(self) -> ComposeResult:
        """The line and what is said below it."""
        with Horizontal(id="filter-row"):
            yield Static(plain("/", "bold $text-accent"), id="filter-sign")
            yield FilterInput(id="filter", compact=True, max_length=LONGEST, select_on_focus=False)
            yield Static(id="filter-count")
        yield Static(id="filter-said")

    def on_mount(self) -> None:
        """There is nothing to say yet."""
        self.say("", 0, 0, Content(""))

    @property
    def input(self) -> FilterInput:
        """Where it is typed."""
        return self.query_one(FilterInput)

    def open(self) -> None:
        """Let a filter be typed."""
        self.query_one("#filter-row").display = True
        self.display = True
        self.input.focus()

    def say(self, problem: str, found: int, total: int, marks: Content) -> None:
        """Show how many are found, what was not understood, and what is marked."""
        typing = self.input.has_focus
        self.query_one("#filter-row").display = typing or bool(self.input.value)
        self.query_one("#filter-count", Static).update(plain(f"{found} of {total}", "bold" if found else ATTENTION))
        said = self.query_one("#filter-said", Static)
        said.update(_said(problem, marks, typing))
        said.display = bool(problem or marks or typing)
        self.display = typing or bool(self.input.value or problem or marks)

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Tell of it."""
        event.stop()
        self.post_message(self.Changed(event.value))


def _said(problem: str, marks: Content, typing: bool) -> Content:
    if problem:
        return together(("! ", ATTENTION), problem)
    if marks and not typing:
        return together(("✓ ", "bold $text-accent"), marks)
    return plain(_HINT, MUTED)
