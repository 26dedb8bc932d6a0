"""A table whose head stays and of which only the rows in view are drawn: thousands cost what a screenful does."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from workbench.tui.keys import bound
from workbench.tui.widgets.options import without_tints


class RowsView(ScrollView, can_focus=True):
    """A line a row, or a few, with a cursor. What the rows are is said by the tables made of it."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "Down", show=False),
        bound("move.down", "move(1)", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        bound("move.up", "move(-1)", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("home", "move(-1000000)", "First", show=False),
        bound("move.first", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", "Last", show=False),
        bound("move.last", "move(1000000)", show=False),
    ]

    class Opened(Message):
        """The person wants to see everything about the row under the cursor."""

    class Moved(Message):
        """The cursor is on another row."""

        def can_replace(self, message: Message) -> bool:
            """Of several that wait to be heard the last is enough: where the cursor is now is asked of the table."""
            return message.__class__ is self.__class__

    def __init__(self, **more: str) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self._at = 0
        self._tops: Sequence[int] | None = None

    def count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def heads(self, width: int) -> Sequence[Content]:
        """The lines above the rows for a width in cells."""
        raise NotImplementedError

    def line(self, number: int, width: int) -> Content:
        """One row for a width in cells; where rows are of several lines, all of them, with line breaks between."""
        raise NotImplementedError

    def tops(self, width: int) -> Sequence[int] | None:
        """On which line each row begins for a width in cells, then the count of lines; None for a line a row."""
        return None

    @property
    def position(self) -> str:
        """Which of the rows is under the cursor: ``2 of 9``."""
        return f"{self._at + 1} of {self.count()}" if self.count() else ""

    def fill(self, at: int) -> None:
        """Draw rows that have changed, with the cursor on a row or on the last where there are fewer."""
        self._at = max(min(at, self.count() - 1), 0)
        self._fit()
        self._keep_in_view()
        self.refresh()

    def go(self, number: int) -> None:
        """Put the cursor on a row."""
        before, self._at = self._at, number
        self._keep_in_view()
        # The others stay as they are drawn; where the rows have scrolled, all are drawn anew anyway.
        self.refresh(*(self._place_of(row) for row in (before, number) if row < self.count()))
        self.post_message(self.Moved())

    def render_line(self, y: int) -> Strip:
        """The head, or one of the rows in view."""
        width = self._width
        if width <= 0 or not self.count():
            return Strip.blank(max(width, 0))
        heads = self.heads(width)
        if y < len(heads):
            return self._drawn(heads[y], width)
        position = y - len(heads) + round(self.scroll_y)
        number = self._row_at(position)
        if number >= self.count():
            return Strip.blank(width, self.rich_style)
        line = self.line(number, width)
        if self._tops is not None:
            lines = line.split("\n")
            line = lines[min(position - self._tops[number], len(lines) - 1)]
        if number == self._at:
            line = line.pad_right(max(width - line.cell_length, 0)).stylize_before(self._cursor)
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
        """Open the row that was clicked."""
        number = self._clicked(event)
        if number is not None:
            self.go(number)
            self.action_open()

    def action_open(self) -> None:
        """Show everything about the row under the cursor."""
        if self.count():
            self.post_message(self.Opened())

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        if self.count():
            self.go(max(min(self._at + by, self.count() - 1), 0))

    def action_page(self, by: int) -> None:
        """Move the cursor by what is in view."""
        lines = max(self.size.height - self._head - 1, 1)
        if self._tops is None or not self.count():
            self.action_move(by * lines)
            return
        there = self._row_at(max(self._tops[self._at] + by * lines, 0))
        self.go(max(min(there, self.count() - 1), 0))

    @property
    def _cursor(self) -> str:
        if without_tints(self):
            return "reverse" if self.has_focus else "underline"
        return "on $primary-muted" if self.has_focus else "on $foreground 8%"

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    @property
    def _head(self) -> int:
        return len(self.heads(self._width))

    @property
    def _room(self) -> int:
        """Lines for rows: the head stays where it is."""
        return max(self.size.height - self._head, 1)

    def _fit(self) -> None:
        self._tops = self.tops(self._width)
        lines = self.count() if self._tops is None else self._tops[-1]
        room = self._room
        if self._tops is not None and lines > room:
            # So much that the last row can be in view with a whole one at the top.
            lines = self._tops[bisect_left(self._tops, lines - room)] + room
        self.virtual_size = Size(self._width, lines + self._head)

    def _keep_in_view(self) -> None:
        room, top = self._room, round(self.scroll_y)
        first, behind = self._at, self._at + 1
        if self._tops is not None:
            first, behind = (self._tops[self._at], self._tops[self._at + 1]) if self.count() else (0, 0)
        if first < top:
            self.scroll_to(y=first, animate=False, immediate=True)
        elif behind > top + room:
            # Half a row at the top would read like a row of its own.
            top = behind - room if self._tops is None else self._tops[bisect_left(self._tops, behind - room)]
            self.scroll_to(y=min(top, first), animate=False, immediate=True)

    def _row_at(self, position: int) -> int:
        """The row that stands on a line, the head not counted; as many as there are rows behind the last."""
        return position if self._tops is None else bisect_right(self._tops, position) - 1

    def _place_of(self, number: int) -> Region:
        """Where a row stands in view, or outside of it."""
        first, behind = (number, number + 1) if self._tops is None else (self._tops[number], self._tops[number + 1])
        return Region(0, first + self._head - round(self.scroll_y), self.size.width, behind - first)

    def _clicked(self, event: events.Click) -> int | None:
        number = self._row_at(event.y - self._head + round(self.scroll_y))
        return number if event.y >= self._head and number < self.count() else None

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the rows that have come into view."""
        super().watch_scroll_y(old_value, new_value)
        self.refresh(Region(0, 0, self.size.width, self.size.height))

    def _drawn(self, line: Content, width: int) -> Strip:
        strips = Visual.to_strips(self, line.truncate(width), width, 1, self.visual_style)
        return strips[0] if strips else Strip.blank(width)
