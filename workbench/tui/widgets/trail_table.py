"""The table of the audit trail: a line for each account, outcome and path or program; the cursor keeps its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.content import Content

from workbench.model.audit import Outcome
from workbench.text import visible
from workbench.tui.plain import plain, shortened, together
from workbench.tui.trail import TrailRow
from workbench.tui.widgets.rows import RowsView
from workbench.tui.wording import ATTENTION, MUTED, at_home, since

OUTCOMES: Mapping[Outcome, tuple[str, str]] = {
    "denied": ("✖ denied", "bold $text-error"),
    "killed": ("■ killed", "bold $text-error"),
    "logged": ("◇ logged", "bold $text-warning"),
    "started": ("▸ started", "$text-primary"),
}
"""The sign, word and colour of what came of it."""

_LONGEST = 300  # more than this of one field never fits a line
_OUTCOME, _COUNT, _FRESH = 11, 7, 10
_LEAST_EXAMPLE = 24
_MOST_COUNTED = 99_999
_ROOMY = 72


class Columns(NamedTuple):
    """How wide the time, the account, the path or program and the mark of what is new are, gaps included."""

    last: int
    account: int
    what: int
    fresh: int


class TrailTable(RowsView):
    """What happened, a line a row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", tooltip="Everything about this row of the audit trail"),
    ]

    @dataclass
    class Opened(RowsView.Opened):
        """The person wants to see everything about a row."""

    @dataclass
    class Moved(RowsView.Moved):
        """The cursor is on another row."""

    def __init__(self, home: str, **more: str) -> None:
        super().__init__(**more)
        self._home = home
        self._rows: Sequence[TrailRow] = ()
        self._newest = ""
        self._fitted: tuple[int, Columns] | None = None

    @property
    def selected(self) -> TrailRow | None:
        """The row under the cursor."""
        return self._rows[self._at] if self._rows else None

    def show(self, rows: Sequence[TrailRow]) -> None:
        """Show these rows. The cursor stays on the row it was on; where that is gone, on its place."""
        before = self.selected
        self._rows, self._fitted = rows, None
        self._newest = _date(max((row.last for row in rows), default=0.0))
        at = self._at
        if before is not None:
            at = next((number for number, row in enumerate(rows) if row.key == before.key), at)
            if self.scroll_y:
                # What comes in above must not push along what is read; at the top, it is what one waits for.
                self._fit()
                self.scroll_to(y=max(self.scroll_y + at - self._at, 0), animate=False, immediate=True)
        self.fill(at)

    def count(self) -> int:
        """See RowsView."""
        return len(self._rows)

    def heads(self, width: int) -> Sequence[Content]:
        """See RowsView."""
        fitted = self._columns(width)
        line = "outcome".ljust(_OUTCOME) + "times".rjust(_COUNT - 2) + "  " + "last (UTC)".ljust(fitted.last)
        account = "account".ljust(fitted.account) if fitted.account else ""
        return (plain(line + account + "path or program"[: fitted.what], "bold $text-primary"),)

    def line(self, number: int, width: int) -> Content:
        """See RowsView."""
        return row_line(self._rows[number], self._columns(width), self._home, self._newest)

    def _columns(self, width: int) -> Columns:
        # Thousands of rows are measured once for a width, not once for a line.
        if self._fitted is None or self._fitted[0] != width:
            self._fitted = (width, columns(self._rows, width))
        return self._fitted[1]


def columns(rows: Sequence[TrailRow], width: int) -> Columns:
    """How the columns fit into ``width`` cells."""
    longest = max((plain(row.account[:_LONGEST]).cell_length for row in _of_each_account(rows)), default=7)
    # Where room is short the account stands in the detail alone: the path tells more.
    account = max(min(longest, 20 if width >= 100 else 14), 7) + 2 if width >= _ROOMY else 0
    fresh = _FRESH if any(row.fresh for row in rows) else 0
    last = 13 if width >= _ROOMY else 11
    return Columns(last, account, max(width - _OUTCOME - _COUNT - last - account - fresh, 8), fresh)


def row_line(row: TrailRow, fitted: Columns, home: str, newest: str) -> Content:
    """One row as it stands in the table; ``newest`` is the date of which the clock alone is shown."""
    words, style = OUTCOMES[row.outcome]
    count = str(row.count) if row.count <= _MOST_COUNTED else f">{_MOST_COUNTED // 1000}k"
    last = since(row.last)
    last = _clock(row.last) if last and last[:10] == newest else last[5:16][: fitted.last - 1].strip() or "?"
    account = plain(visible(row.account, _LONGEST)).truncate(max(fitted.account - 2, 0), ellipsis=True)
    line = together(
        (words.ljust(_OUTCOME), style),
        (count.rjust(_COUNT - 2) + "  ", "bold" if row.count > 1 else ""),
        (last.ljust(fitted.last), MUTED),
        account.pad_right(fitted.account - account.cell_length),
    )
    return line + _what(row, home, fitted.what) + _mark(row, fitted.fresh)


def _what(row: TrailRow, home: str, room: int) -> Content:
    what = shortened(at_home(visible(row.what, _LONGEST), home), room - 1)
    left = room - 1 - what.cell_length
    if row.kind == "program" and row.examples and left >= _LEAST_EXAMPLE:
        example = at_home(visible(row.examples[0], _LONGEST), home)
        what += plain(f"  {example}", MUTED).truncate(left, ellipsis=True)
    elif row.by and row.kind != "program":
        beside = plain(visible(f"  by {row.by[0].rpartition('/')[2]}", _LONGEST), MUTED)
        what += beside if beside.cell_length <= left else Content("")
    return what.pad_right(max(room - what.cell_length, 0))


def _mark(row: TrailRow, room: int) -> Content:
    if not row.fresh:
        return Content(" " * room)
    words = f"{row.fresh} new" if row.fresh < 1000 else ">999 new"
    return plain(words.rjust(room - 1) + " ", ATTENTION)


def _of_each_account(rows: Sequence[TrailRow]) -> Sequence[TrailRow]:
    return tuple({row.uid: row for row in rows}.values())


def _date(seconds: float) -> str:
    return since(seconds)[:10]


def _clock(seconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S")
