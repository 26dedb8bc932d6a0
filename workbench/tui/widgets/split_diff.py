"""A unified diff as two columns: what was on the left, what will be on the right, both with their signs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from textual.content import Content

from workbench.tui.plain import plain, stacked
from workbench.tui.widgets.diff import marked, parts, pieces, sides, styled
from workbench.tui.wording import MUTED

_BETWEEN = plain(" │ ", MUTED)


def split_diff(text: str, width: int) -> Content:
    """The diff in two columns of half the width each, every line wrapped in its own."""
    half = max((width - _BETWEEN.cell_length) // 2, 10)
    return stacked(_rows(text, half, width))


def _rows(text: str, half: int, width: int) -> Iterator[Content]:
    head, groups = parts(text)
    for line in head:
        yield from pieces(plain(line, "bold"), width)
    for group in groups:
        gone, come = sides(group)
        if gone or come:
            yield from _paired(gone, come, half)
        elif group[0].startswith(" "):
            yield from _beside(styled(group[0]), styled(group[0]), half)
        else:
            yield from pieces(styled(group[0]), width)


def _paired(gone: list[str], come: list[str], half: int) -> Iterator[Content]:
    for old, new in zip_longest(gone, come):
        if old is not None and new is not None:
            yield from _beside(*marked(old, new), half)
        else:
            yield from _beside(styled(old or ""), styled(new or ""), half)


def _beside(left: Content, right: Content, half: int) -> Iterator[Content]:
    for one, other in zip_longest(pieces(left, half), pieces(right, half), fillvalue=Content("")):
        yield one.pad_right(max(half - one.cell_length, 0)) + _BETWEEN + other
