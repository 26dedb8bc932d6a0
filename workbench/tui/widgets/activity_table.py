"""The table of what was read, run, connected to and written: a line each, oldest first; it follows at its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.content import Content

from workbench.activity import Act
from workbench.text import visible
from workbench.tui.plain import plain, shortened, together
from workbench.tui.widgets.rows import RowsView
from workbench.tui.wording import MUTED

_ROOMY, _SHORT = 100, 70
_LONGEST = 400
_STYLES = {
    "read": MUTED,
    "ran": "$text-primary",
    "ran as root": "bold $text-warning",
    "connected": "$text-primary",
    "wrote": "bold $text-accent",
}
_SIGNS = {"read": "·", "ran": "▸", "ran as root": "▲", "connected": "↔", "wrote": "✎"}


_SHORTER = {"ran as root": "as root"}


class Columns(NamedTuple):
    """How wide each column is, gaps included; 0 for one that is left out."""

    clock: int
    kind: int
    what: int
    outcome: int
    took: int


class ActivityTable(RowsView):
    """A line for each thing that was done."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Copy", show=False, tooltip="Copy this line"),
    ]

    def __init__(self, **more: str) -> None:
        super().__init__(**more)
        self._acts: Sequence[Act] = ()

    @property
    def selected(self) -> Act | None:
        """The line under the cursor."""
        return self._acts[self._at] if self._acts else None

    @property
    def acts(self) -> Sequence[Act]:
        """What is listed."""
        return self._acts

    @property
    def at_end(self) -> bool:
        """Whether the cursor is on the last line, so that what comes is followed."""
        return self._at >= len(self._acts) - 1

    def show(self, acts: Sequence[Act]) -> None:
        """Show these. A cursor on the last line goes to the new last one; any other stays on its line."""
        before, followed = self.selected, self.at_end
        self._acts = acts
        at = len(acts) - 1
        if not followed and before is not None:
            at = next((place for place, act in enumerate(acts) if act.number >= before.number), at)
            self._fit()
            # What is forgotten at the top must not push along what is read.
            self.scroll_to(y=max(self.scroll_y + at - self._at, 0), animate=False, immediate=True)
        self.fill(at)

    def count(self) -> int:
        """See RowsView."""
        return len(self._acts)

    def heads(self, width: int) -> Sequence[Content]:
        """See RowsView."""
        fitted = _columns(width)
        time = "time UTC"[: fitted.clock].ljust(fitted.clock)
        line = time + "done".ljust(fitted.kind) + "what".ljust(fitted.what) + "outcome"
        if fitted.took:
            line = line.ljust(width - fitted.took)[: width - fitted.took] + "ms".rjust(fitted.took - 1)
        return (plain(line, "bold $text-primary"),)

    def line(self, number: int, width: int) -> Content:
        """See RowsView."""
        return row_line(self._acts[number], width)


def row_line(act: Act, width: int) -> Content:
    """One line as it stands in the table."""
    fitted = _columns(width)
    times = f" × {act.times:,}" if act.times > 1 else ""
    what = shortened(visible(act.shown, _LONGEST), fitted.what - 1 - len(times)) + plain(times, MUTED)
    outcome = plain(act.ended).truncate(fitted.outcome - 1, ellipsis=True)
    kind = act.kind if width >= _ROOMY else _SHORTER.get(act.kind, act.kind)
    return together(
        (clock(act.at).ljust(fitted.clock) if fitted.clock else "", MUTED),
        (f"{_SIGNS[act.kind]} {kind}".ljust(fitted.kind), _STYLES[act.kind]),
        what.pad_right(max(fitted.what - what.cell_length, 0)),
        outcome.pad_right(max(fitted.outcome - outcome.cell_length, 0)).stylize_before(_outcome_style(act)),
        (took(act).rjust(fitted.took - 1) if fitted.took else "", MUTED),
    )


def whole(act: Act) -> str:
    """The whole line, as it is copied."""
    times = f" × {act.times}" if act.times > 1 else ""
    moment = _moment(act.at).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{moment}  {act.kind:<11}  {act.shown}{times}  ({act.ended}, {took(act)} ms)"


def took(act: Act) -> str:
    """How many milliseconds it took."""
    return f"{act.seconds * 1000:,.1f}"


def clock(seconds: float) -> str:
    """The time of day in UTC."""
    return _moment(seconds).strftime("%H:%M:%S")


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _columns(width: int) -> Columns:
    # Where room is short, it belongs to what was done: the line below the table tells the rest.
    clock, kind, outcome, took = (10, 15, 24, 9) if width >= _ROOMY else (9 if width >= _SHORT else 0, 12, 18, 0)
    return Columns(clock, kind, max(width - clock - kind - outcome - took, 8), outcome, took)


def _outcome_style(act: Act) -> str:
    if isinstance(act.outcome, int):
        return "$text-warning" if act.outcome and act.kind.startswith("ran") else MUTED
    # Most of the places where a client may keep its config are empty: that is no failure.
    return "$text-warning" if act.outcome and "not exist" not in act.outcome else MUTED
