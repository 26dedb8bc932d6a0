"""What every screen shares: nothing acts while the terminal is too small to show it, or before it could be seen."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, Screen

from workbench.tui.keys import agrees, bound
from workbench.tui.pressable import pressed
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


Answer = TypeVar("Answer")
# Textual follows the first base that is a node alone: were this one, no screen had the styles of a screen, and the
# first text selected with the mouse would end the app.
if TYPE_CHECKING:
    from textual.dom import DOMNode as _Mixed

    from workbench.model.check import Check, Fix
    from workbench.model.plan import Plan
    from workbench.plugins import Plugins
else:
    _Mixed = object


class Roomy(_Mixed):
    """A screen that only acts where it can be seen, and only for a click that was meant for it."""

    LEAVES_OUTSIDE: ClassVar[bool] = False
    """Whether a click beside its window closes it: where nothing is lost by that."""

    HOLDS_OFF: ClassVar[bool] = False
    """Whether a question that comes meanwhile waits until it is closed: nobody asked for that over what is read."""

    _came: tuple[float, tuple[int, int]] = (0.0, (-1, -1))
    _unread_since: float = math.inf

    def on_screen_resume(self) -> None:
        """Remember when it came, and where the mouse was then."""
        self._came = (time.monotonic(), self.app.mouse_position)
        self._unread_since = math.inf
        self.call_after_refresh(self._drawn)

    def _drawn(self) -> None:
        self._unread_since = time.monotonic()

    def agrees_unread(self, key: str, reading: float) -> bool:
        """Whether a key agrees to what nobody can have read: it is less than ``reading`` seconds that it is shown.

        A key that is held down never agrees: each repeat of it counts anew.
        """
        now = time.monotonic()
        if now - self._unread_since >= reading or not agrees(self._act_of(key)):
            return False
        self._unread_since = max(now, self._unread_since)
        return True

    def _act_of(self, key: str) -> str:
        assert isinstance(self, Screen)  # noqa: S101 - it is mixed into nothing else
        active = self.active_bindings.get(key)
        return (active.binding.id or "") if active is not None else ""

    def _forward_event(self, event: events.Event) -> None:
        # The second click of a double click meant what was there at the first. A key at the foot that opens a repair
        # stands where the next screen has the one that applies it.
        if isinstance(event, events.MouseDown | events.MouseUp | events.Click):
            came, at = self._came
            soon = time.monotonic() - came < self.app.CLICK_CHAIN_TIME_THRESHOLD
            if event.button > 1 or (soon and event.screen_offset == at):
                return
        super()._forward_event(event)  # type: ignore[misc]

    async def on_click(self, event: events.Click) -> None:
        """Do what the words say that were clicked; beside a window that may be left, leave it."""
        under, _ = self.app.get_widget_at(event.screen_x, event.screen_y)
        if self.LEAVES_OUTSIDE and under is self.app.screen:
            await self.app.run_action("leave", self)
        action = pressed(event.style.meta)
        if not action or event.chain > 1:
            return
        name = action.rpartition(".")[2]
        does = next((node for node in under.ancestors_with_self if hasattr(node, f"action_{name}")), under)
        await self.app.run_action(action, does)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Switch every action but quitting off while the terminal is too small."""
        return allowed(self.app.size, action)


class Scrolled(Roomy):
    """A screen of one page of text that scrolls while the cursor stays on a button."""

    def action_scroll(self, how: str) -> None:
        """Scroll the text."""
        getattr(self.query_one(Page), how)(animate=False)


class ScrolledWindow(Roomy, ModalScreen[Answer]):
    """A window whose text scrolls, where it is longer than there is room for, while the cursor stays on a button."""

    BINDINGS: ClassVar[list[BindingType]] = [*SCROLLING]

    def action_scroll(self, how: str) -> None:
        """Scroll the text."""
        getattr(self.query_one(".text", VerticalScroll), how)(animate=False)


def plugins_of(plan: Plan, known: Plugins) -> list[Check | Fix]:
    """What stands behind a plan, to be read: the fix that makes it, and the check that must pass after it."""
    found = (known.fixes.get(plan.fix), known.checks.get(plan.check))
    return [each for each in found if each is not None]
