"""A unified diff to read: colour for the eye, the signs kept for everyone, every character shown."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from workbench.text import visible
from workbench.tui.plain import stacked
from workbench.tui.wording import MUTED

LONGEST = 4000
_CONTEXT = 60


def diff(text: str, width: int) -> Content:
    """The diff, its long lines wrapped below themselves."""
    return stacked(line for each in _shortened(text.removesuffix("\n").split("\n")) for line in _wrapped(each, width))


def _wrapped(line: str, width: int) -> Iterator[Content]:
    # A tab at the start of a line is how many people indent; the sign keeps it apart from spaces.
    shown = Content.styled(visible(line.replace("\t", "→   "), LONGEST), _style(line))
    first, *rest = shown.fold(max(width, 10))
    yield first
    margin = Content("  ")
    for piece in Content("").join(rest).fold(max(width - 2, 10)) if rest else []:
        yield margin + piece


def _style(line: str) -> str:
    if line.startswith(("+++", "---")):
        return "bold"
    if line.startswith("@@"):
        return MUTED
    return {"+": "$text-success", "-": "$text-error"}.get(line[:1], "$foreground")


def _shortened(lines: list[str]) -> Iterator[str]:
    """Leave out what two very long lines have in common: a config on a single line must still show its change."""
    place = 0
    while place < len(lines):
        old, new = lines[place], lines[place + 1] if place + 1 < len(lines) else ""
        if old[:1] == "-" and new[:1] == "+" and min(len(old), len(new)) > LONGEST // 4:
            yield from _without_common(old, new)
            place += 2
        else:
            yield old
            place += 1


def _without_common(old: str, new: str) -> tuple[str, str]:
    left, right = old[1:], new[1:]
    least = min(len(left), len(right))
    start = next((place for place in range(least) if left[place] != right[place]), least)
    end = next((place for place in range(least - start) if left[-1 - place] != right[-1 - place]), least - start)
    start, end = max(start - _CONTEXT, 0), max(end - _CONTEXT, 0)

    def cut(text: str) -> str:
        before = f"…({start} characters as they are)…" if start else ""
        after = f"…({end} characters as they are)…" if end else ""
        return before + text[start : len(text) - end] + after

    return f"-{cut(left)}", f"+{cut(right)}"
