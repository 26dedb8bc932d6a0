"""How a finding, a heading and the head of the table look on a line, and which columns fit."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content

from workbench.model.severity import Severity
from workbench.text import visible
from workbench.tui.finding_rows import Column, Heading, Listed, Order
from workbench.tui.plain import plain, together, wrapped
from workbench.tui.wording import MUTED, SEVERITY_WIDTH, counted, found_of, severity

MARK = 2
"""Cells at the left edge that show a mark."""

_AREA, _SERVER, _FIX = 11, 16, 7
_LEAST, _ROOMY = 36, 44
_LONGEST = 300
_SAFE = {"safe": "$text-success", "review": "$text-warning"}


class Columns(NamedTuple):
    """How wide the summary and the columns after it are; 0 for one that is not shown."""

    finding: int
    area: int
    server: int
    fix: int

    def at(self, x: int) -> Column:
        """The column that stands at a cell."""
        ends: tuple[tuple[Column, int], ...] = (
            ("severity", MARK + SEVERITY_WIDTH),
            ("finding", self.finding),
            ("area", self.area),
            ("server", self.server),
            ("fix", self.fix),
        )
        shown = [(column, width) for column, width in ends if width]
        for column, width in shown:
            x -= width
            if x < 0:
                return column
        return shown[-1][0]


def columns(width: int) -> Columns:
    """What fits into ``width`` cells: the repair first, then the area, then the server."""
    left = max(width - MARK - SEVERITY_WIDTH, 20)
    fix = _FIX if left - _FIX >= _LEAST else 0
    left -= fix
    area = _AREA if left - _AREA >= _ROOMY else 0
    left -= area
    server = _SERVER if left - _SERVER >= _ROOMY else 0
    return Columns(left - server, area, server, fix)


def tall(row: Listed, fitted: Columns) -> int:
    """How many lines a finding takes."""
    # Asked of every finding when the width changes: text of plain letters is as wide as it is long.
    said = row.said
    return 2 if row.below or (len(said) if said.isascii() else cell_len(said)) > fitted.finding - 1 else 1


def head_line(fitted: Columns, order: Order) -> Content:
    """The names of the columns, with an arrow beside the one by which the rows are sorted."""
    parts = [Content(" " * MARK), _named("severity", SEVERITY_WIDTH, order)]
    hidden = not {"area": fitted.area, "server": fitted.server, "fix": fitted.fix}.get(order.column, 1)
    name = _named("finding", fitted.finding, order)
    if hidden:
        name = _padded(plain(f"finding, by {order.column} {order.sign}", "bold $text-accent"), fitted.finding)
    parts.append(name)
    parts += [_named(column, width, order) for column, width in _after(fitted)]
    return together(*parts)


def finding_line(row: Listed, marked: bool, fitted: Columns) -> Content:
    """One finding on one line or two."""
    room = fitted.finding - 1
    waived = row.finding.waived
    whole = plain(row.said, MUTED if waived else "")
    first = wrapped(whole, room)[0]
    rest = whole[len(first.plain) :]
    rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
    values = {"area": row.judged.area, "server": visible(row.server, _LONGEST), "fix": row.fix}
    head = together(
        ("✓ " if marked else "  ", "bold $text-accent"),
        severity(row.finding.severity, dim=waived),
        _padded(first, fitted.finding),
        *(_value(column, values[column], width) for column, width in _after(fitted)),
    )
    if tall(row, fitted) == 1:
        return head
    margin = Content(" " * (MARK + SEVERITY_WIDTH))
    second = rest.truncate(room, ellipsis=True)
    below = plain(("  " if rest else "") + row.below, MUTED)
    if waived:
        # Until when it is accepted is never what is cut.
        second = rest.truncate(max(room - below.cell_length, 0), ellipsis=True) + below
    elif row.below and (not rest or rest.cell_length + below.cell_length <= room):
        second = (second + below).truncate(room, ellipsis=True)
    return head + Content("\n") + margin + second


def heading_line(row: Heading, width: int) -> Content:
    """The head of a group: its name, how many it holds, and how many of each severity."""
    total = sum(row.found.values())
    name = plain(visible(row.name, _LONGEST), "bold $text-primary").truncate(max(width - 40, 12), ellipsis=True)
    bad = (found_of(value, row.found[value]) for value in Severity if row.found[value])
    parts: list[str | Content | tuple[str, str]] = [("▸ " if row.folded else "▾ ", "bold $text-primary"), name]
    parts += [(f"  {counted(total, 'finding')}{', folded' if row.folded else ''} ", MUTED)]
    for each in bad:
        parts += ["  ", each]
    return together(*parts).truncate(width, ellipsis=True)


def _after(fitted: Columns) -> list[tuple[Column, int]]:
    every: list[tuple[Column, int]] = [("area", fitted.area), ("server", fitted.server), ("fix", fitted.fix)]
    return [(column, width) for column, width in every if width]


def _named(column: Column, width: int, order: Order) -> Content:
    if column == order.column:
        return _padded(plain(f"{column} {order.sign}"[: width - 1], "bold $text-accent"), width)
    return _padded(plain(column[: width - 1], "bold $text-primary"), width)


def _value(column: Column, value: str, width: int) -> Content:
    style = _SAFE.get(value, MUTED) if column == "fix" else MUTED
    return _padded(plain(value, style).truncate(width - 1, ellipsis=True), width)


def _padded(text: Content, width: int) -> Content:
    return text + Content(" " * max(width - text.cell_length, 0))
