"""Shown while a repair or an undo is carried out. It cannot be left: what is begun comes to its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.model.run import Change
from workbench.text import visible
from workbench.tui.plain import entitle, hanging, plain, shortened, stacked, together
from workbench.tui.widgets.changes import in_short
from workbench.tui.widgets.room import TooSmall
from workbench.tui.wording import MUTED, heading

_MOST = 8  # operations that are shown at a time
_MODE = "set the mode of "
_FILE = ("published ", "made ", "removed ", "brought back ", "put ")
"""How the engine begins to tell that the operation on a path is carried out, or taken back."""
_PROVING = "checking that it helped"
State = Literal["done", "taken back"]
_ACTS: dict[str, State] = {"done: ": "done", "took back: ": "taken back"}
"""How it begins to tell the same of what is no file, whose words then follow."""
_SIGNS: dict[State | None, tuple[str, str]] = {
    None: ("· ", MUTED),
    "done": ("✓ ", "bold $text-success"),
    "taken back": ("↶ ", "bold $text-warning"),
}


class Applying(ModalScreen[None]):
    """What is done, operation by operation where that is known, and the steps as they come."""

    @dataclass
    class Step(Message):
        """A step has begun."""

        words: str

    def __init__(self, title: str, changes: Sequence[Change] = ()) -> None:
        super().__init__()
        self._title = title
        self._changes = tuple(changes)
        self._states: dict[int, State] = {}
        self._steps: list[str] = []

    def compose(self) -> ComposeResult:
        """A window with the operations and the steps."""
        with Vertical(classes="window") as window:
            entitle(window, self._title)
            yield Static(id="operations")
            yield Static(plain("Preparing", MUTED), id="steps")
        yield TooSmall()

    def on_mount(self) -> None:
        """Show what is going to be done."""
        self._write()

    def on_resize(self) -> None:
        """Wrap it anew."""
        self._write()

    def begin(self, words: str) -> None:
        """Say, from any thread, that a step begins."""
        self.post_message(self.Step(words))

    def on_applying_step(self, message: Step) -> None:
        """Show the step; those before it are done."""
        self._steps.append(message.words)
        self._states.update(told(self._changes, self._states, message.words))
        self._write()

    def _write(self) -> None:
        operations = self.query_one("#operations", Static)
        operations.display = bool(self._changes)
        width = max(operations.parent.content_region.width if isinstance(operations.parent, Vertical) else 0, 40)
        operations.update(stacked(_operations(self._changes, self._states, width)))
        if self._steps:
            *before, now = self._steps[-(5 if self._changes else 12) :]  # what is under way must never be cut off
            lines = [
                *(plain("✓ ", MUTED) + shortened(step, width - 2).stylize_before(MUTED) for step in before),
                hanging(plain("› ", "bold"), plain(now, "bold"), width),
            ]
            self.query_one("#steps", Static).update(stacked(lines))


def told(changes: Sequence[Change], states: Mapping[int, State], words: str) -> dict[int, State]:
    """What a step with these words says of the changes. What is told of again was taken back."""
    if words == _PROVING:
        return dict.fromkeys(range(len(changes)), "done")
    for beginning, state in _ACTS.items():
        if words.startswith(beginning):
            rest = words.removeprefix(beginning)
            return {number: state for number, change in enumerate(changes) if change.words == rest}
    verb = next((verb for verb in (_MODE, *_FILE) if words.startswith(verb)), None)
    if verb is None:
        return {}
    rest = words.removeprefix(verb)
    found: dict[int, State] = {}
    for number, change in enumerate(changes):
        path = visible(change.path)
        only_mode = change.mode_after is not None and not change.diff
        if only_mode is (verb == _MODE) and (rest == path or rest.startswith((f"{path} to ", f"{path} back "))):
            found[number] = "taken back" if number in states else "done"
    return found


def _operations(changes: Sequence[Change], states: Mapping[int, State], width: int) -> Iterator[Content]:
    if not changes:
        return
    done = sum(state == "done" for state in states.values())
    back = len(states) - done
    yield heading(f"{done} of {len(changes)} done" + (f", {back} taken back" if back else ""))
    # Where there are more than fit, those around the first that is still to come are shown.
    first = next((number for number in range(len(changes)) if number not in states), len(changes))
    start = max(min(first - 1, len(changes) - _MOST), 0)
    for number, change in list(enumerate(changes))[start : start + _MOST]:
        said = in_short(change)
        room = max(width - 2 - said.cell_length - 2, 20)
        # What is done and to which file is told at both ends of the words.
        yield together(_SIGNS[states.get(number)], shortened(change.words, room), "  ", said)
    if len(changes) > _MOST:
        yield plain(f"  {start + 1} to {min(start + _MOST, len(changes))} of {len(changes)} shown", MUTED)
    yield Content("")
