"""A lesson, the docstring of a plugin, as text to read: headings stand out, paragraphs flow to the width."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from textual.content import Content

from workbench.tui.plain import hanging, plain, stacked, together
from workbench.tui.wording import HEADING

_ITEM = re.compile(r"(?:[-*•]|\d+[.)])\s+")
_LITERAL = re.compile(r"``(.+?)``")


@lru_cache(maxsize=64)
def lesson(text: str, width: int) -> Content:
    """The lesson without its first line, which is the title of the check and stands above it already.

    It is kept: one check often has many findings, and the cursor goes through them one by one.
    """
    return stacked(_lines(text.splitlines()[1:], width))


def _lines(lines: list[str], width: int) -> Iterator[Content]:
    paragraph: list[str] = []
    started = False

    def flush() -> Iterator[Content]:
        if paragraph:
            yield from _paragraph(" ".join(paragraph), width)
            paragraph.clear()

    for place, line in enumerate(lines):
        below = lines[place + 1].strip() if place + 1 < len(lines) else ""
        bare = line.strip()
        if bare and set(bare) == {"-"}:
            continue
        if bare and below and set(below) == {"-"}:
            yield from flush()
            if started:
                yield Content("")
            yield plain(bare, HEADING)
        elif not bare:
            had = bool(paragraph)
            yield from flush()
            if had and below and not _is_heading(lines, place + 1):
                yield Content("")
        elif line.startswith("    "):
            yield from flush()
            yield together("  ", (line[4:].rstrip(), "$text-accent"))
        elif _ITEM.match(bare):
            yield from flush()
            paragraph.append(bare)
        else:
            paragraph.append(bare)
        started = started or bool(bare)
    yield from flush()


def _is_heading(lines: list[str], place: int) -> bool:
    below = lines[place + 1].strip() if place + 1 < len(lines) else ""
    return bool(below) and set(below) == {"-"}


def _paragraph(text: str, width: int) -> Iterator[Content]:
    item = _ITEM.match(text)
    if item is None:
        yield from _literals(text).wrap(width)
    else:
        yield hanging(plain(item[0]), _literals(text[item.end() :]), width)


def _literals(text: str) -> Content:
    parts: list[str | tuple[str, str]] = []
    for place, piece in enumerate(_LITERAL.split(text)):
        parts.append((piece, "$text-accent") if place % 2 else piece)
    return together(*parts)
