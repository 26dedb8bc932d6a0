"""Shown while a repair or an undo is carried out. It cannot be left: what is begun comes to its end."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.tui.plain import entitle, plain, stacked
from workbench.tui.widgets.room import TooSmall
from workbench.tui.wording import MUTED


class Applying(ModalScreen[None]):
    """The steps, as they come."""

    @dataclass
    class Step(Message):
        """A step has begun."""

        words: str

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._steps: list[str] = []

    def compose(self) -> ComposeResult:
        """A window with the steps."""
        with Vertical(classes="window") as window:
            entitle(window, self._title)
            yield Static(plain("Preparing", MUTED), id="steps")
        yield TooSmall()

    def begin(self, words: str) -> None:
        """Say, from any thread, that a step begins."""
        self.post_message(self.Step(words))

    def on_applying_step(self, message: Step) -> None:
        """Show the step; those before it are done."""
        self._steps.append(message.words)
        *done, now = self._steps[-12:]
        lines = [*(plain(f"✓ {step}", MUTED) for step in done), plain(f"› {now}", "bold")]
        self.query_one("#steps", Static).update(stacked(lines))
