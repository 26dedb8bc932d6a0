"""The keys of the screen it was opened from, and what the signs mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Button

from workbench.model.plan import Safety
from workbench.model.severity import Severity
from workbench.tui.keys import UNUSED, bound, hint, in_force, shown
from workbench.tui.plain import entitle, hanging, plain, stacked
from workbench.tui.screens.base import Roomy
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.room import TooSmall
from workbench.tui.wording import PRESENCES, heading, presence, safety, severity

_HARM = {
    Severity.CRITICAL: "another account, or an injected prompt, takes over now",
    Severity.HIGH: "one step away from that",
    Severity.MEDIUM: "makes an attack easier or worse",
    Severity.LOW: "a weakness with little reach",
    Severity.INFO: "worth knowing",
}
_MOVING = {"tab", "shift+tab", "up", "down", "pageup", "pagedown", "home", "end"}
# Keys of another platform.
_LEFT_OUT = {"ctrl+pageup", "ctrl+pagedown", "ctrl+c", "super+c"}
# A list that never scrolls sideways has them all the same.
_SIDEWAYS = {"scroll_left", "scroll_right"}
_LAST = ("ctrl+c", "Copy the selected text; quit where none is selected")
Part = tuple[str, tuple[tuple[str, str], ...]]
"""A title, and below it the keys and what each does."""


class Help(Roomy, ModalScreen[None]):
    """The keys and the signs."""

    CSS_PATH = "help.tcss"
    LEAVES_OUTSIDE = HOLDS_OFF = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter", "leave", "Close", show=False),
        bound("close", "leave", words="Close", show=False),
        bound("help", "leave", words="Close", show=False),
    ]

    def __init__(self, parts: Sequence[Part]) -> None:
        super().__init__()
        self._parts = tuple(parts)

    def compose(self) -> ComposeResult:
        """One page that scrolls."""
        with Vertical(classes="window") as window:
            entitle(window, "Help", "escape closes")
            yield Page("", id="keys")
            with Horizontal(classes="buttons"):
                yield Button(plain(f"All commands ({hint('palette')})"), id="commands", compact=True)
                yield Button("Close", id="close", compact=True)
        yield TooSmall()

    def on_mount(self) -> None:
        """Show the page."""
        page = self.query_one("#keys", Page)
        page.write(lambda width: stacked(_lines(self._parts, width)))
        page.focus()

    @on(Button.Pressed, "#close")
    def action_leave(self) -> None:
        """Close it."""
        self.dismiss()

    @on(Button.Pressed, "#commands")
    def show_commands(self) -> None:
        """Show every command of the screen behind it: for the mouse, this is the way to them."""
        self.dismiss()
        self.app.action_command_palette()


def keys_of(screen: Screen[object]) -> tuple[Part, ...]:
    """The keys that work on a screen: what the widget under the cursor does, what the screen does, how to move."""
    does: dict[str, list[str]] = {}
    inside: dict[str, list[str]] = {}
    moves: dict[str, list[str]] = {}
    for active in screen.active_bindings.values():
        said = active.binding.tooltip or active.binding.description
        if not said or active.binding.key in _LEFT_OUT or active.binding.action in _SIDEWAYS:
            continue
        wide = isinstance(active.node, Screen | App) or active.binding.action.startswith(("screen.", "app."))
        part = moves if is_moving(active.binding) else does if wide else inside
        part.setdefault(said, []).append(shown_key(active.binding))
    does[_LAST[1]] = [_LAST[0]]
    unused = tuple(("!", complaint) for complaint in in_force().complaints)
    every = (("Where the cursor is", inside), ("Keys here", does), ("Moving", moves))
    parts = ((title, tuple((" ".join(keys), said) for said, keys in part.items())) for title, part in every if part)
    return (*([(UNUSED, unused)] if unused else ()), *parts)


def is_moving(binding: Binding) -> bool:
    """Whether a key only moves the cursor or the page."""
    return binding.key in _MOVING or (binding.id or "").startswith("move.")


def shown_key(binding: Binding) -> str:
    """The key as it is written on a keyboard."""
    return binding.key_display or shown(binding.key)


def _lines(parts: Sequence[Part], width: int) -> Iterator[Content]:
    for title, keys in parts:
        yield heading(title)
        for key, said in keys:
            yield hanging(plain(f"  {key:<15}", "$text-accent"), plain(said), width)
        yield Content("")
    yield heading("How bad a finding is")
    for value, words in _HARM.items():
        yield hanging(Content("  ") + severity(value) + Content("   "), plain(words), width)
    yield Content("")
    yield heading("Whether a server runs")
    for state, (_, words) in PRESENCES.items():
        yield hanging(Content("  ") + presence(state), plain(words), width)
    yield Content("")
    yield heading("What a repair asks")
    for kind in Safety:
        word, _, words = safety(kind).partition(": ")
        yield hanging(plain(f"  {word:<15}"), plain(words), width)
    yield Content("")
    said = f"Nothing changes on this machine before you have seen the exact change and pressed {hint('apply')}."
    yield from plain(said).wrap(width)
