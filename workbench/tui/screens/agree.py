"""A whole screen of what will be done, word for word, before it is agreed to; and one of what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button

from workbench.tui.keys import bound, hint
from workbench.tui.plain import entitle, plain
from workbench.tui.screens.base import SCROLLING, Scrolled
from workbench.tui.widgets.footer import Foot
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.room import TooSmall

Text = Callable[[int], Content]
"""A text that is made for a width in cells."""
Answer = TypeVar("Answer")


class _Told(Scrolled, Screen[Answer]):
    """One text that scrolls while the cursor stays on a button."""

    CSS_PATH = "agree.tcss"

    def __init__(self, title: str, subtitle: str, text: Text) -> None:
        super().__init__()
        self._titles, self._text = (title, subtitle), text

    def _page(self) -> Page:
        page = Page("", id="told")
        entitle(page, *self._titles)
        return page

    def on_mount(self) -> None:
        """Show the text; the button that does nothing is the one under the cursor."""
        self.query_one("#told", Page).write(self._text)
        self.query(Button).first().focus()


class Agree(_Told[bool]):
    """Shows what will be done; its result says whether to do it. The cursor is on Cancel, and another key agrees."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("agree", "agree"),
        Binding("escape", "leave", "Cancel"),
        bound("close", "leave", words=""),
        bound("refuse", "leave", words=""),
        *SCROLLING,
    ]

    def __init__(self, title: str, subtitle: str, text: Text, agree: str, leave: str = "Cancel") -> None:
        super().__init__(title, subtitle, text)
        self._agree, self._leave = agree, leave

    def compose(self) -> ComposeResult:
        """The text and the two answers."""
        yield self._page()
        with Horizontal(classes="buttons"):
            yield Button(self._leave, id="leave", compact=True)
            yield Button(plain(f"{self._agree} ({hint('agree')})"), id="agree", variant="warning", compact=True)
        yield Foot()
        yield TooSmall()

    @on(Button.Pressed, "#leave")
    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(False)

    @on(Button.Pressed, "#agree")
    def action_agree(self) -> None:
        """Do it."""
        self.dismiss(True)


class Outcome(_Told[None]):
    """Shows what came of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        bound("close", "leave", words=""),
        *SCROLLING,
    ]

    def compose(self) -> ComposeResult:
        """The text and the way back."""
        yield self._page()
        with Horizontal(classes="buttons"):
            yield Button("Back", id="leave", variant="primary", compact=True)
        yield Foot()
        yield TooSmall()

    @on(Button.Pressed, "#leave")
    def action_leave(self) -> None:
        """Go back."""
        self.dismiss(None)
