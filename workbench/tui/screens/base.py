"""What every screen shares: nothing acts while the terminal is too small to show it."""

from __future__ import annotations

from textual.dom import DOMNode

from workbench.tui.widgets.room import allowed


class Roomy(DOMNode):
    """A screen that only acts where it can be seen."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Switch every action but quitting off while the terminal is too small."""
        return allowed(self.app.size, action)
