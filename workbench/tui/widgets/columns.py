"""What was expected beside what was there, where that is read as easily as one below the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from textual.content import Content

from workbench.tui.plain import plain, wrapped
from workbench.tui.wording import MUTED

LEAST = 50
"""Cells under which two columns are too narrow for words."""
_BETWEEN = " │ "
_SHARES = (50, 40, 60, 33, 67)
"""Percent of the width that the left column is tried with; of those that are as low, the first is taken."""
_NARROWEST = 16
_LABEL = 10  # cells that the label takes where one stands below the other
_MOST = 40
_LONGEST = 4000
_NAMES = ("expected", "actual")
_PIECE = re.compile(r"[^\s/,@=:]+[/,@=:]?")
Pair = tuple[str, str]
"""What was expected, and what was there."""

_Both = tuple[list[Content], list[Content]]


def beside(pairs: Sequence[Pair], width: int) -> list[list[Content]] | None:
    """The lines of each pair in two columns, the same for all, with their labels above the first.

    None where they are better stacked: where there is no room, and where long paths and names would be broken so often
    that the columns are taller than the stack.
    """
    if (
        width < LEAST
        or not pairs
        or len(pairs) > _MOST
        or sum(len(one) + len(other) for one, other in pairs) > _LONGEST
    ):
        return None
    longest = [max(_longest(pair[side], width - _LABEL) for pair in pairs) for side in (0, 1)]
    tried = [
        [(_lines(one, left), _lines(other, right)) for one, other in pairs]
        for left, right in _splits(width)
        if left >= longest[0] and right >= longest[1]
    ]
    stack = sum(len(_lines(text, width - _LABEL)) for pair in pairs for text in pair)
    lowest = min(tried, key=_height, default=[])
    if not lowest or _height(lowest) > stack:
        return None
    room = max(line.cell_length for left, _ in lowest for line in (*left, plain(_NAMES[0])))
    return [list(_rows(left, right, room, first=place == 0)) for place, (left, right) in enumerate(lowest)]


def _splits(width: int) -> Iterator[tuple[int, int]]:
    """How wide the two columns are tried."""
    for share in _SHARES:
        left = max(width * share // 100 - 1, _NARROWEST)
        yield left, width - left - len(_BETWEEN)


def _longest(text: str, most: int) -> int:
    """Cells of the longest part of the text that is not broken where it is stacked; no column may break it."""
    return max((cells for piece in _PIECE.findall(text) if (cells := plain(piece).cell_length) <= most), default=0)


def _height(tried: list[_Both]) -> int:
    return sum(max(len(left), len(right)) for left, right in tried)


def _rows(left: list[Content], right: list[Content], room: int, *, first: bool) -> Iterator[Content]:
    # The next pair begins below an empty row: it could be read as the rest of the one above.
    names = [plain(name, MUTED) if first else Content("") for name in _NAMES]
    for one, other in zip_longest((names[0], *left), (names[1], *right), fillvalue=Content("")):
        yield one.pad_right(max(room - one.cell_length, 0)) + plain(_BETWEEN, "$foreground 40%") + other


def _lines(text: str, width: int) -> list[Content]:
    return wrapped(plain(text), width)
