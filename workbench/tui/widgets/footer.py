"""The keys at the foot of every screen: as many as fit whole, in the order in which they were written down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

if TYPE_CHECKING:
    from textual.dom import DOMNode

_LAST = 2
"""Keys at the end that are always there: the help, and the way out."""
_SPACES = 3
"""Cells of a key beside its words: one before the key, one between, one at the end."""


class Shown(NamedTuple):
    """What a key at the foot says and does."""

    key: str
    name: str
    words: str
    action: str
    enabled: bool
    tooltip: str


class Foot(Footer):
    """Hides the keys for which there is no room, from the right, and never the last ones; nothing of it scrolls.

    A screen may say in ``worded`` that an action does something else just now than its usual words tell.
    """

    DEFAULT_CSS = """
    Foot {
        overflow: hidden hidden;
    }
    """

    def __init__(self) -> None:
        super().__init__(show_command_palette=False)
        self._shown: list[Shown] = []

    def compose(self) -> ComposeResult:
        """A key for each action that there is now."""
        if self._bindings_ready:
            yield from self._made()

    async def show_at_once(self) -> None:
        """Show the keys of a screen whose widgets are all there; else they come after its first picture."""
        if not self._shown:
            await self.mount_all(self._made())

    async def recompose(self) -> None:
        """Show the keys that there are now, if they are others."""
        if not self.is_attached or self._shown != self._wanted():
            await super().recompose()

    def _wanted(self) -> list[Shown]:
        worded = getattr(self.screen, "worded", lambda action: "")
        return [
            Shown(
                binding.key,
                self.app.get_key_display(binding),
                worded(binding.action) or binding.description,
                binding.action,
                enabled,
                binding.tooltip,
            )
            for binding, enabled in keys_of(self.screen)
        ]

    def _made(self) -> list[FooterKey]:
        self._shown = self._wanted()
        made = [FooterKey(*each[:4], disabled=not each.enabled, tooltip=each.tooltip) for each in self._shown]
        for key in made:
            key.set_reactive(FooterKey.compact, False)  # it is until it is told otherwise, and styled once for each
        _fit(made, self.app.size.width)
        return made

    def on_resize(self, event: events.Resize) -> None:
        """There is more room, or less."""
        _fit(list(self.query(FooterKey)), event.size.width)


def keys_of(screen: Screen[object]) -> Iterator[tuple[Binding, bool]]:
    """What the foot of a screen is to show, one key for an action, and whether each can be pressed now.

    A widget may name in ``unshown`` the actions that its screen shows in another way; their keys work all the same.
    Where the person has chosen another key, Textual puts it behind those of the same widget: here it keeps its place.
    """
    nodes: dict[DOMNode, list[tuple[Binding, bool]]] = {}
    for node, binding, enabled, _ in screen.active_bindings.values():
        if binding.show and binding.action not in getattr(node, "unshown", ()):
            nodes.setdefault(node, []).append((binding, enabled))
    seen: set[str] = set()
    for node, found in nodes.items():
        order: dict[str, int] = {}
        for _, written in type(node)._merged_bindings or ():
            order.setdefault(written.action, len(order))
        for binding, enabled in sorted(found, key=lambda each: order.get(each[0].action, len(order))):
            if binding.action not in seen:
                seen.add(binding.action)
                yield binding, enabled


def room_for(widths: Sequence[int], room: int) -> list[bool]:
    """Which of the keys, so many cells wide each, are shown in so many cells: the last ones, and the first that fit."""
    first = max(len(widths) - _LAST, 0)
    left = room - sum(widths[first:])
    shown = []
    for width in widths[:first]:
        left -= width
        shown.append(left >= 0)
    return [*shown, *(True for _ in widths[first:])]


def _fit(keys: Sequence[FooterKey], room: int) -> None:
    widths = [cell_len(each.key_display) + cell_len(each.description) + _SPACES for each in keys]
    for key, shown in zip(keys, room_for(widths, room), strict=True):
        key.display = shown
