"""The table of findings: sorted, grouped, marked; only rows in view are drawn, the cursor keeps its finding."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate, islice
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.strip import Strip

from workbench.finding_filter import Filter, Judged
from workbench.model.finding import Finding
from workbench.tui.finding_rows import GROUPS, Group, Heading, Listed, Order, Row, arranged, listed
from workbench.tui.keys import bound
from workbench.tui.plain import plain
from workbench.tui.widgets.finding_lines import MARK, Columns, columns, finding_line, head_line, heading_line, tall
from workbench.tui.widgets.rows import RowsView
from workbench.tui.wording import MUTED

VI_KEYS: tuple[BindingType, ...] = (
    bound("move.down", "cursor_down", show=False),
    bound("move.up", "cursor_up", show=False),
    bound("move.first", "first", show=False),
    bound("move.last", "last", show=False),
)
MOST = 20_000
_KEPT_LINES = 500


class FindingsList(RowsView):
    """A finding on one line or two: severity, summary, and where it fits its area, server and repair."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", tooltip="Open this finding; fold or unfold this group"),
        bound("filter", "ask_filter"),
        bound("findings.mark", "mark"),
        bound("findings.unmark", "unmark", show=False),
        bound("findings.sort", "sort", show=False),
        bound("findings.turn", "turn", show=False),
        bound("findings.group", "group", show=False),
        Binding("left", "fold(True)", "Fold this group", show=False),
        Binding("right", "fold(False)", "Unfold this group", show=False),
        Binding("escape", "clear", "Clear the filter", show=False),
        # The footer has room for seven keys; these two are shown on the other pages.
        bound("rescan", "screen.rescan", show=False),
        bound("undo", "screen.undo", show=False),
    ]

    class Opened(RowsView.Opened):
        """The person wants to go one step further with the finding under the cursor."""

    class Moved(RowsView.Moved):
        """The cursor is on another row."""

    class Pointed(Message):
        """The mouse chose a finding."""

    class FilterAsked(Message):
        """The person wants to type a filter."""

    class FilterDropped(Message):
        """The person wants no filter any more."""

    class Rearranged(Message):
        """Something is marked, or other rows are shown."""

    def __init__(self, home: str, **more: str) -> None:
        super().__init__(**more)
        self._home = home
        self._all: tuple[Listed, ...] = ()
        self._kept: list[Listed] = []
        self._rows: list[Row] = []
        self._marks: set[str] = set()
        self._folded: set[str] = set()
        self._filter = Filter()
        self._order = Order()
        self._group: Group = ""
        self._wish = ""
        self._headings: list[int] = []
        self._drawn_lines: dict[tuple[str, int, bool], Content] = {}

    @property
    def row(self) -> Row | None:
        """What is under the cursor."""
        return self._rows[self._at] if self._rows else None

    @property
    def selected(self) -> Finding | None:
        """The finding under the cursor."""
        row = self.row
        return row.finding if isinstance(row, Listed) else None

    @property
    def judged(self) -> Judged | None:
        """The same, with what is known beside it."""
        row = self.row
        return row.judged if isinstance(row, Listed) else None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is listed, in order, the folded left out."""
        return tuple(row.finding for row in self._rows if isinstance(row, Listed))

    @property
    def highlighted(self) -> int | None:
        """Which of the findings listed is under the cursor, from 0."""
        if self.selected is None:
            return None
        return self._at - bisect_left(self._headings, self._at)

    @property
    def position(self) -> str:
        """Which of how many is under the cursor: ``2 of 9``."""
        place = self.highlighted
        return "" if place is None else f"{place + 1} of {len(self._kept)}"

    @property
    def found(self) -> int:
        """How many findings the filter lets through."""
        return len(self._kept)

    @property
    def total(self) -> int:
        """How many findings there are."""
        return len(self._all)

    @property
    def marked(self) -> tuple[Finding, ...]:
        """The marked findings, in the report's order, those out of view included."""
        return tuple(row.finding for row in self._all if row.identity in self._marks)

    @property
    def filtered(self) -> bool:
        """Whether a filter is set."""
        return bool(self._filter.terms)

    @property
    def order(self) -> Order:
        """How it is sorted."""
        return self._order

    @property
    def group(self) -> Group:
        """How it is grouped."""
        return self._group

    def arrange_by(self, order: Order, group: Group) -> None:
        """Sort and group it so."""
        self._order, self._group = order, group
        self._arrange()

    def show(self, findings: Iterable[Finding | Judged | Listed], *, stay_first: bool = False) -> None:
        """List these findings, at once where they are ready to be listed.

        The cursor stays on the finding it was on; where that is gone, on its place.
        With ``stay_first`` a cursor on the first finding stays on the first, whatever it is: while findings stream in,
        nobody has chosen one yet.
        """
        self._all = tuple(islice((self._listed(each) for each in findings), MOST))
        self._marks &= {row.identity for row in self._all}
        self._keep()
        self._arrange(first=stay_first and not self._at)

    def filter(self, wanted: Filter) -> None:
        """List only what the filter lets through, with the cursor on the first of it where its own is not among it."""
        if wanted.terms != self._filter.terms:
            chosen = {self._wish, self.row.identity if self.row is not None else ""}
            self._filter = wanted
            self._keep()
            self._arrange(first=chosen.isdisjoint(row.identity for row in self._kept))

    def choose(self, finding: Finding) -> bool:
        """Put the cursor on a finding; false where it is not listed. What hides it, a filter or a fold, is dropped."""
        wanted = finding.identity
        if not any(row.identity == wanted for row in self._all):
            return False
        if not any(row.identity == wanted for row in self._kept):
            self.post_message(self.FilterDropped())
            self.filter(Filter())
        if not any(row.identity == wanted for row in self._rows):
            self._folded.clear()
            self._arrange()
        self.go(self._place(wanted) or 0)
        return True

    def count(self) -> int:
        """See RowsView."""
        return len(self._rows)

    def heads(self, width: int) -> Sequence[Content]:
        """See RowsView."""
        return (head_line(columns(width), self._order),) if self._rows else ()

    def tops(self, width: int) -> Sequence[int]:
        """See RowsView."""
        fitted = columns(width)
        return list(accumulate((self._tall(row, fitted) for row in self._rows), initial=0))

    def line(self, number: int, width: int) -> Content:
        """See RowsView."""
        row = self._rows[number]
        marked = isinstance(row, Listed) and row.identity in self._marks
        # What stays in view is asked for again with every move of the cursor, and a row of two lines twice.
        known = (row.identity, width, marked)
        made = self._drawn_lines.get(known)
        if made is None:
            made = heading_line(row, width) if isinstance(row, Heading) else finding_line(row, marked, columns(width))
            if len(self._drawn_lines) >= _KEPT_LINES:
                self._drawn_lines.clear()
            self._drawn_lines[known] = made
        return made

    def render_line(self, y: int) -> Strip:
        """See RowsView; where the filter lets nothing through, it says so."""
        if y == 0 and not self._rows and self._all:
            words = plain("  No finding matches this filter. Escape clears it.", MUTED)
            return self._drawn(words, max(self._width, 0))
        return super().render_line(y)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what changes something has a key."""
        if action == "clear":
            return self.filtered
        if action == "unmark":
            return bool(self._marks)
        if action == "fold":
            return bool(self._group)
        return True

    def on_click(self, event: events.Click) -> None:
        """Sort by a column, fold a group, mark at the edge; elsewhere a finding is shown, and nothing is begun."""
        event.prevent_default()
        if event.y < self._head:
            self._sort(self._order.by(columns(self._width).at(event.x)))
            return
        number = self._clicked(event)
        if number is None:
            return
        self.go(number)
        if isinstance(self.row, Heading):
            self.action_fold(not self.row.folded)
        elif event.x < MARK:
            self._toggle()
        else:
            self.post_message(self.Pointed())

    def go(self, number: int) -> None:
        """Put the cursor on a row, and keep it there over all that is done to the list."""
        super().go(number)
        self._wish = self._rows[number].identity

    def action_open(self) -> None:
        """Open the finding, or fold or unfold the group, under the cursor."""
        row = self.row
        if isinstance(row, Heading):
            self.action_fold(not row.folded)
        elif row is not None:
            self.post_message(self.Opened())

    def action_mark(self) -> None:
        """Mark the finding under the cursor, or the whole group, and go on to the next."""
        self._toggle()
        if self._at + 1 < len(self._rows):
            self.go(self._at + 1)

    def action_unmark(self) -> None:
        """Take every mark away."""
        self._marks.clear()
        self._changed()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._sort(self._order.next_column())

    def action_turn(self) -> None:
        """Turn the order round."""
        self._sort(self._order.turn())

    def action_group(self) -> None:
        """Group by the next thing, or by none."""
        self._group = GROUPS[(GROUPS.index(self._group) + 1) % len(GROUPS)]
        self._folded.clear()
        self._arrange()

    def action_fold(self, folded: bool) -> None:
        """Fold or unfold the group under the cursor, or that of the finding under it."""
        name = next((row.name for row in self._rows[self._at :: -1] if isinstance(row, Heading)), None)
        if name is not None:
            (self._folded.add if folded else self._folded.discard)(name)
            self._wish = f"group {name}"
            self._arrange()

    def action_ask_filter(self) -> None:
        """Ask for a filter."""
        self.post_message(self.FilterAsked())

    def action_clear(self) -> None:
        """Drop the filter."""
        self.post_message(self.FilterDropped())

    def _toggle(self) -> None:
        row = self.row
        rows = [row] if isinstance(row, Listed) else self._group_under_cursor()
        names = {each.identity for each in rows}
        self._marks = self._marks - names if names <= self._marks else self._marks | names
        self._changed()

    def _group_under_cursor(self) -> list[Listed]:
        if not isinstance(self.row, Heading):
            return []
        whole = arranged(self._kept, self._order, self._group, ())
        at = next(place for place, row in enumerate(whole) if row.identity == self.row.identity)
        under: list[Listed] = []
        for row in whole[at + 1 :]:
            if isinstance(row, Heading):
                break
            under.append(row)
        return under

    def _sort(self, order: Order) -> None:
        self._order = order
        self._arrange()

    def _keep(self) -> None:
        holds = self._filter.holds
        self._kept = [row for row in self._all if holds(row.judged)] if self._filter.terms else list(self._all)

    def _arrange(self, *, first: bool = False) -> None:
        row, at = self.row, self._at
        self._rows = arranged(self._kept, self._order, self._group, self._folded)
        self._headings = [place for place, each in enumerate(self._rows) if isinstance(each, Heading)]
        self._drawn_lines.clear()
        # What the person has chosen comes first, also after it was out of view for a while.
        wishes = [self._wish, row.identity if row is not None else ""]
        places = (self._place(wish) for wish in wishes if wish and not first)
        place = next((place for place in places if place is not None), None)
        if first or (row is None and place is None):
            at = 1 if self._group and len(self._rows) > 1 and isinstance(self._rows[1], Listed) else 0
        self.fill(at if place is None else place)
        self._changed()
        # A message made while the page handles a filter counts as the page's own and goes no further than that.
        self.call_later(lambda: self.post_message(self.Moved()))

    def _listed(self, finding: Finding | Judged | Listed) -> Listed:
        if isinstance(finding, Listed):
            return finding
        return listed([finding if isinstance(finding, Judged) else Judged(finding)], self._home)[0]

    def _place(self, identity: str) -> int | None:
        return next((place for place, row in enumerate(self._rows) if row.identity == identity), None)

    def _changed(self) -> None:
        self.refresh()
        self.post_message(self.Rearranged())

    def _tall(self, row: Row, fitted: Columns) -> int:
        return tall(row, fitted) if isinstance(row, Listed) else 1
