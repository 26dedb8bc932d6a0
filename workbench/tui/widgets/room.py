"""Say so when the terminal is too small, instead of showing half of everything."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from workbench.tui.plain import plain

LEAST = Size(60, 16)
Breakpoints = Sequence[tuple[int, str]]
"""From how many cells on a screen has which class, the least first; the first of them is 0."""
_ALWAYS = {"app.quit", "quit", "leave"}


def has_room(size: Size) -> bool:
    """Whether a screen can be used at this size."""
    return size.width >= LEAST.width and size.height >= LEAST.height


def classes_for(size: Size, widths: Breakpoints, heights: Breakpoints) -> list[str]:
    """The classes of a screen of this size: of each list the last that its width, its height reaches."""
    return [
        [name for least, name in breakpoints if least <= cells][-1]
        for cells, breakpoints in ((size.width, widths), (size.height, heights))
    ]


def allowed(size: Size, action: str) -> bool:
    """Whether an action may run at this size: nothing may be done to a screen that is not shown."""
    return has_room(size) or action in _ALWAYS


class TooSmall(Widget):
    """Covers a screen while the terminal is too small for it."""

    def on_resize(self, event: events.Resize) -> None:
        """Say the new size."""
        self.refresh()

    def on_show(self) -> None:
        """Switch the screen's keys off."""
        self.screen.refresh_bindings()

    def on_hide(self) -> None:
        """Switch the screen's keys on again."""
        self.screen.refresh_bindings()

    def render(self) -> Content:
        """The size as it is when it is drawn: what was written at an earlier one would be seen for an instant."""
        size = self.app.size
        return plain(
            f"This terminal is {size.width} × {size.height}."
            f" The workbench needs {LEAST.width} × {LEAST.height} or more."
            " Make it larger, or press ctrl+q to quit."
        )
