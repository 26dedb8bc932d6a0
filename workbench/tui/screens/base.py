"""What every screen shares: nothing acts while the terminal is too small to show it."""

from __future__ import annotations

from textual.binding import Binding, BindingType
from textual.dom import DOMNode

from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.room import allowed

SCROLLING: tuple[BindingType, ...] = (
    Binding("down,j", "scroll('scroll_down')", "Down", key_display="↓", show=True),
    Binding("up,k", "scroll('scroll_up')", "Up", key_display="↑", show=True),
    Binding("pagedown,space", "scroll('scroll_page_down')", show=False),
    Binding("pageup", "scroll('scroll_page_up')", show=False),
    Binding("g,home", "scroll('scroll_home')", show=False),
    Binding("G,end", "scroll('scroll_end')", show=False),
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
