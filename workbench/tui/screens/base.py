"""What every screen shares: nothing acts while the terminal is too small to show it."""

from __future__ import annotations

from textual.binding import Binding, BindingType
from textual.dom import DOMNode

from workbench.tui.keys import bound
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.room import allowed

SCROLLING: tuple[BindingType, ...] = (
    Binding("down", "scroll('scroll_down')", "Down", key_display="↓", show=True),
    bound("move.down", "scroll('scroll_down')", show=False),
    Binding("up", "scroll('scroll_up')", "Up", key_display="↑", show=True),
    bound("move.up", "scroll('scroll_up')", show=False),
    Binding("pagedown", "scroll('scroll_page_down')", show=False),
    bound("move.page", "scroll('scroll_page_down')", words=""),
    Binding("pageup", "scroll('scroll_page_up')", show=False),
    Binding("home", "scroll('scroll_home')", show=False),
    bound("move.first", "scroll('scroll_home')", words=""),
    Binding("end", "scroll('scroll_end')", show=False),
    bound("move.last", "scroll('scroll_end')", words=""),
)
"""The keys of a screen that scrolls its text."""


class Roomy(DOMNode):
    """A screen that only acts where it can be seen."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Switch every action but quitting off while the terminal is too small."""
        return allowed(self.app.size, action)


class Scrolled(Roomy):
    """A screen of one page of text that scrolls while the cursor stays on a button."""

    def action_scroll(self, how: str) -> None:
        """Scroll the text."""
        getattr(self.query_one(Page), how)(animate=False)
