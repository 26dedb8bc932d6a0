"""Say so when the terminal is too small, instead of showing half of everything."""

from __future__ import annotations

from textual import events
from textual.geometry import Size
from textual.widgets import Static

from workbench.tui.plain import plain

LEAST = Size(60, 16)
_ALWAYS = {"app.quit", "quit", "leave"}


def has_room(size: Size) -> bool:
    """Whether a screen can be used at this size."""
    return size.width >= LEAST.width and size.height >= LEAST.height


def allowed(size: Size, action: str) -> bool:
    """Whether an action may run at this size: nothing may be done to a screen that is not shown."""
    return has_room(size) or action in _ALWAYS


class TooSmall(Static):
    """Covers a screen while the terminal is too small for it."""

    def on_mount(self) -> None:
        """Say the size from the start."""
        self._write()

    def on_resize(self, event: events.Resize) -> None:
        """Say the new size."""
        self._write()

    def on_show(self) -> None:
        """Switch the screen's keys off."""
        self.screen.refresh_bindings()

    def on_hide(self) -> None:
        """Switch the screen's keys on again."""
        self.screen.refresh_bindings()

    def _write(self) -> None:
        size = self.app.size
        self.update(
            plain(
                f"This terminal is {size.width} × {size.height}."
                f" The workbench needs {LEAST.width} × {LEAST.height} or more."
                " Make it larger, or press ctrl+q to quit."
            )
        )
