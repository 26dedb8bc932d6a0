"""A unified diff to read: colour for the eye, the signs kept for everyone, every character shown."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from workbench.text import visible
from workbench.tui.plain import stacked
from workbench.tui.wording import MUTED

LONGEST = 4000
_CONTEXT = 60
_CHANGED = {"+": "bold on $success 25%", "-": "bold on $error 25%"}


def diff(text: str, width: int) -> Content:
    """The diff, its long lines wrapped below themselves; in a line that stands for another, what differs stands out."""
    head, body = parts(text)
    lines = (*(Content.styled(_readable(line), "bold") for line in head), *_unified(body))
    return stacked(piece for line in lines for piece in pieces(line, width))


def parts(text: str) -> tuple[list[str], list[list[str]]]:
    """The lines that name the files, and the rest in groups.

    A group is lines that go and then lines that come for them, or a single line of another kind. What two very long
    lines have in common is left out.
    """
    lines = text.removesuffix("\n").split("\n")
    start = 2 if lines[0].startswith("---") and lines[1:] and lines[1].startswith("+++") else 0
    groups: list[list[str]] = []
    for line in _shortened(lines[start:]):
        last = groups[-1][-1][:1] if groups else ""
        if (line[:1] == "-" and last == "-") or (line[:1] == "+" and last and last in "-+"):
            groups[-1].append(line)
        else:
            groups.append([line])
    return lines[:start], groups


def sides(group: list[str]) -> tuple[list[str], list[str]]:
    """The lines of a group that go, and those that come."""
    return [line for line in group if line[:1] == "-"], [line for line in group if line[:1] == "+"]


def pieces(line: Content, width: int) -> Iterator[Content]:
    """A line wrapped below itself."""
    first, *rest = line.fold(max(width, 10))
    yield first
    margin = Content("  ")
    for piece in Content("").join(rest).fold(max(width - 2, 10)) if rest else []:
        yield margin + piece


def styled(line: str) -> Content:
    """A line of a diff, every character of it shown."""
    return Content.styled(_readable(line), _style(line)) if line else Content("")


def marked(old: str, new: str) -> tuple[Content, Content]:
    """Two lines of which the second stands for the first, with what differs in them marked."""
    one, other = _readable(old), _readable(new)
    least = min(len(one), len(other))
    start = next((place for place in range(1, least) if one[place] != other[place]), least)
    end = next((place for place in range(least - start) if one[-1 - place] != other[-1 - place]), least - start)
    # Where hardly anything is the same, the whole line is what changed: marks would only be noise.
    if start + end <= max(len(one), len(other)) // 4:
        return styled(old), styled(new)
    made = (styled(old), styled(new))
    return tuple(  # type: ignore[return-value]
        each.stylize(_CHANGED[line[0]], start, len(each.plain) - end)
        for each, line in zip(made, (old, new), strict=True)
    )


def _unified(groups: list[list[str]]) -> Iterator[Content]:
    for group in groups:
        gone, come = sides(group)
        pairs = [marked(*pair) for pair in zip(gone, come, strict=False)]
        yield from (pair[0] for pair in pairs)
        yield from map(styled, gone[len(pairs) :])
        yield from (pair[1] for pair in pairs)
        yield from map(styled, come[len(pairs) :])
        if not gone and not come:
            yield from map(styled, group)


def _readable(line: str) -> str:
    # A tab at the start of a line is how many people indent; the sign keeps it apart from spaces.
    return visible(line.replace("\t", "→   "), LONGEST)


def _style(line: str) -> str:
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
