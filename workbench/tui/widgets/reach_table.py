"""The matrix of servers and kinds: only rows in view are drawn, the head stays, the cursor keeps its server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.content import Content

from workbench.text import visible
from workbench.tui.plain import plain, together
from workbench.tui.reach import KINDS, Cell, Matrix, Row
from workbench.tui.widgets.rows import RowsView
from workbench.tui.wording import ATTENTION, MUTED, PRESENCES

_BARE_NAME, _LEAST_NAME, _GOOD_NAME = 6, 12, 16
_MOST_NAME = 40
_LONGEST = 300
_SIGN = 2
_FAINT = "$foreground 40%"


class Columns(NamedTuple):
    """How wide the name and each column is, the gap before it included, and whether the heads have two lines."""

    name: int
    widths: tuple[int, ...]
    spelled: bool


class ReachTable(RowsView):
    """A line a server, a column a kind."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", tooltip="Everything this server can open"),
    ]

    @dataclass
    class Opened(RowsView.Opened):
        """The person wants to see everything a server can open."""

    @dataclass
    class Moved(RowsView.Moved):
        """The cursor is on another row."""

    def __init__(self, **more: str) -> None:
        super().__init__(**more)
        self._known: Matrix | None = None

    @property
    def selected(self) -> Row | None:
        """The row under the cursor."""
        rows = self._known.rows if self._known is not None else ()
        return rows[self._at] if rows else None

    def show(self, known: Matrix) -> None:
        """Show a matrix. The cursor stays on the server it was on; where that is gone, on its place."""
        before = self.selected
        self._known = known
        keys = [row.server.key for row in known.rows]
        there = before is not None and before.server.key in keys
        self.fill(keys.index(before.server.key) if there and before is not None else self._at)

    def choose(self, key: str) -> bool:
        """Put the cursor on a server; false where it is not listed."""
        rows = self._known.rows if self._known is not None else ()
        for number, row in enumerate(rows):
            if row.server.key == key:
                self.go(number)
                return True
        return False

    def count(self) -> int:
        """See RowsView."""
        return len(self._known.rows) if self._known is not None else 0

    def heads(self, width: int) -> Sequence[Content]:
        """See RowsView."""
        return _heads(self._known, columns(self._known, width)) if self._known is not None else ()

    def line(self, number: int, width: int) -> Content:
        """See RowsView."""
        known = self._known
        return row_line(known.rows[number], columns(known, width)) if known is not None else Content("")


def columns(known: Matrix, width: int) -> Columns:
    """How the columns fit into ``width`` cells: heads of two lines where there is room, else the short ones."""
    cells = [len(str(count)) + 2 for count in known.most]
    spelled = [max(*map(len, KINDS[kind][1]), cell) + 1 for kind, cell in zip(known.kinds, cells, strict=True)]
    if width - _SIGN - sum(spelled) >= _GOOD_NAME:
        return Columns(min(width - _SIGN - sum(spelled), _MOST_NAME), tuple(spelled), True)
    short = [max(len(KINDS[kind][0]), cell) + 1 for kind, cell in zip(known.kinds, cells, strict=True)]
    # A cell may touch the next rather than push the last column out of view.
    while width - _SIGN - sum(short) < _LEAST_NAME and max(short, default=0) > 4:
        short[short.index(max(short))] -= 1
    return Columns(min(max(width - _SIGN - sum(short), _BARE_NAME), _MOST_NAME), tuple(short), False)


def row_line(row: Row, fitted: Columns) -> Content:
    """One server as it stands in the matrix."""
    sign = plain(PRESENCES[row.server.presence][0] + " ", MUTED)
    name = plain(visible(row.server.name, _LONGEST), "bold").truncate(fitted.name, ellipsis=True)
    name = name.pad_right(fitted.name - name.cell_length)
    cells = row.cells or (None,) * len(fitted.widths)
    return sign + name + together(*(_cell(cell, row, width) for cell, width in zip(cells, fitted.widths, strict=True)))


def _cell(cell: Cell | None, row: Row, width: int) -> Content:
    if cell is None:
        words, style = "–", _FAINT
    elif cell.opened:
        words = f"{'○' if row.predicted else '●'}{cell.opened}{'?' if cell.unknown else ''}"
        style = "bold $text-error" if not row.predicted else ATTENTION
    elif cell.unknown:
        words, style = f"?{cell.unknown}", "$text-warning"
    else:
        words, style = "·", _FAINT
    return plain(words.rjust(width) if len(words) < width else words, style)


def _heads(known: Matrix, fitted: Columns) -> Sequence[Content]:
    return tuple(_head_lines(known, fitted))


def _head_lines(known: Matrix, fitted: Columns) -> Iterator[Content]:
    room = _SIGN + fitted.name
    heads: list[tuple[str, ...]] = [KINDS[kind][1] if fitted.spelled else (KINDS[kind][0],) for kind in known.kinds]
    for at in range(2 if fitted.spelled else 1):
        named = zip(heads, fitted.widths, strict=True)
        line = "".join(head[at][: width - 1].rjust(width) for head, width in named)
        first = _first_head(known, fitted.name) if at == (1 if fitted.spelled else 0) else ""
        yield plain(f"  {first}".ljust(room) + line, "bold $text-primary")
    totals = "".join(str(total or "·").rjust(width) for total, width in zip(known.totals, fitted.widths, strict=True))
    yield plain("  servers that can"[: room - 1].ljust(room) + totals, MUTED)


def _first_head(known: Matrix, width: int) -> str:
    """The head of the names, with how they are sorted where some run and some do not."""
    reaching = {row.predicted for row in known.rows if row.opened}
    told = "server (running first)" if len(reaching) > 1 else "server"
    return told if len(told) <= width else "server"
