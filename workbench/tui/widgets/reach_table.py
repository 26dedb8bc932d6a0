"""The matrix of servers and kinds: only rows in view are drawn, the head stays, the cursor keeps its server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from workbench.text import visible
from workbench.tui.plain import plain, together
from workbench.tui.reach import KINDS, Cell, Matrix, Row
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


class ReachTable(ScrollView, can_focus=True):
    """A line a server, a column a kind."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", tooltip="Everything this server can open"),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("home,g", "move(-1000000)", "First", show=False),
        Binding("end,G", "move(1000000)", "Last", show=False),
    ]

    @dataclass
    class Opened(Message):
        """The person wants to see everything a server can open."""

    @dataclass
    class Moved(Message):
        """The cursor is on another row."""

    def __init__(self, **more: str) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self._known: Matrix | None = None
        self._at = 0

    @property
    def selected(self) -> Row | None:
        """The row under the cursor."""
        rows = self._known.rows if self._known is not None else ()
        return rows[self._at] if rows else None

    @property
    def position(self) -> str:
        """Which of the rows is under the cursor: ``2 of 9``."""
        return f"{self._at + 1} of {len(self._known.rows)}" if self._known is not None else ""

    def show(self, known: Matrix) -> None:
        """Show a matrix. The cursor stays on the server it was on; where that is gone, on its place."""
        before = self.selected
        self._known = known
        keys = [row.server.key for row in known.rows]
        if before is not None and before.server.key in keys:
            self._at = keys.index(before.server.key)
        self._at = max(min(self._at, len(keys) - 1), 0)
        self._fit()
        self._keep_in_view()
        self.refresh()

    def choose(self, key: str) -> bool:
        """Put the cursor on a server; false where it is not listed."""
        rows = self._known.rows if self._known is not None else ()
        for number, row in enumerate(rows):
            if row.server.key == key:
                self._go(number)
                return True
        return False

    def render_line(self, y: int) -> Strip:
        """The head, or one of the rows in view."""
        known, width = self._known, self._width
        if known is None or width <= 0:
            return Strip.blank(width)
        fitted = columns(known, width)
        heads = _heads(known, fitted)
        if y < len(heads):
            return self._drawn(heads[y], width)
        number = y - len(heads) + round(self.scroll_y)
        if number >= len(known.rows):
            return Strip.blank(width, self.rich_style)
        line = row_line(known.rows[number], fitted)
        if number == self._at:
            line = line.pad_right(max(width - line.cell_length, 0)).stylize_before(
                "on $primary-muted" if self.has_focus else "on $foreground 8%"
            )
        return self._drawn(line, width)

    def on_resize(self, event: events.Resize) -> None:
        """Fit the scrolling to the new height."""
        self._fit()
        self._keep_in_view()

    def on_focus(self) -> None:
        """Show that the cursor is here."""
        self.refresh()

    def on_blur(self) -> None:
        """Show that the cursor is elsewhere."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Open the server that was clicked."""
        known = self._known
        if known is None:
            return
        number = event.y - self._head + round(self.scroll_y)
        if event.y >= self._head and number < len(known.rows):
            self._go(number)
            self.action_open()

    def action_open(self) -> None:
        """Show everything the server under the cursor can open."""
        if self.selected is not None:
            self.post_message(self.Opened())

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        if self._known is not None and self._known.rows:
            self._go(max(min(self._at + by, len(self._known.rows) - 1), 0))

    def action_page(self, by: int) -> None:
        """Move the cursor by what is in view."""
        self.action_move(by * max(self.size.height - self._head - 1, 1))

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    @property
    def _head(self) -> int:
        return 3 if self._known is not None and columns(self._known, self._width).spelled else 2

    def _go(self, number: int) -> None:
        self._at = number
        self._keep_in_view()
        self.refresh()
        self.post_message(self.Moved())

    def _fit(self) -> None:
        rows = len(self._known.rows) if self._known is not None else 0
        self.virtual_size = Size(self._width, rows + self._head)

    def _keep_in_view(self) -> None:
        # The head stays where it is, so the room for rows is what is left below it.
        room = max(self.size.height - self._head, 1)
        top = round(self.scroll_y)
        if self._at < top:
            self.scroll_to(y=self._at, animate=False, immediate=True)
        elif self._at >= top + room:
            self.scroll_to(y=self._at - room + 1, animate=False, immediate=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the rows that have come into view."""
        super().watch_scroll_y(old_value, new_value)
        self.refresh(Region(0, 0, self.size.width, self.size.height))

    def _drawn(self, line: Content, width: int) -> Strip:
        strips = Visual.to_strips(self, line.truncate(width), width, 1, self.visual_style)
        return strips[0] if strips else Strip.blank(width)


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
        first = "server" if at == (1 if fitted.spelled else 0) else ""
        yield plain(f"  {first}".ljust(room) + line, "bold $text-primary")
    totals = "".join(str(total or "·").rjust(width) for total, width in zip(known.totals, fitted.widths, strict=True))
    yield plain("  servers that can"[: room - 1].ljust(room) + totals, MUTED)
