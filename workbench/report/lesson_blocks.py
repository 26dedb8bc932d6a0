"""A lesson, the docstring of a plugin, as its blocks and its words: the same forms for a screen and for a file.

The forms are those that lessons are written in: paragraphs, lists, blocks that are set in, and in a line of text
``code``, `code`, *stress* and **stress**. What is none of these, or is left open, stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Literal, NamedTuple

Kind = Literal["paragraph", "item", "code"]
Mark = Literal["", "code", "stress"]

ITEM = re.compile(r"([-*•]|\d{1,3}[.)])\s+")
# No part of it can be matched in two ways: a lesson may be of anybody, and hostile.
_MARKED = re.compile(
    r"``([^`\n]+)``"
    r"|(?<!`)`([^`\n]+)`(?!`)"
    r"|(?<![\w*])\*\*([^*\s][^*\n]*)(?<!\s)\*\*(?![\w*])"
    r"|(?<![\w*/])\*([^*\s][^*\n]*)(?<!\s)\*(?![\w*/])"
)

MOST = 100
"""Marks that are read in one paragraph: no lesson needs so many, and to draw each costs what all others do."""


class Block(NamedTuple):
    """A piece of a lesson: its lines where it is ``code``, else one. ``sign`` is ``•`` or the number of an item."""

    kind: Kind
    lines: Sequence[str]
    sign: str = ""
    apart: bool = False
    """Whether an empty line stood before it."""


def blocks(lines: Sequence[str]) -> Iterator[Block]:
    """The blocks of a part of a lesson that holds no heading, in order."""
    held: list[str] = []
    kind: Kind = "paragraph"
    sign, apart, gap = "", False, False

    def ended() -> Iterator[Block]:
        while held and not held[-1]:
            held.pop()
        if held and kind == "code":
            yield Block("code", tuple(held), "", apart)
        elif held:
            text = " ".join(held)
            yield Block(kind, (text[:-1] if text.endswith("::") else text,), sign, apart)
        held.clear()

    for line in lines:
        bare = line.strip()
        item = ITEM.match(bare)
        inside = line.startswith("    ") and (not held or kind == "code")
        if not bare:
            if kind == "code" and held:
                held.append("")
            else:
                yield from ended()
            gap = True
            continue
        if inside:
            if not held:
                kind, sign, apart = "code", "", gap
            held.append(line[4:].rstrip())
        elif item is not None or not held or kind == "code":
            yield from ended()
            kind = "item" if item is not None else "paragraph"
            sign = "" if item is None else "•" if item[1] in "-*•" else item[1]
            apart = gap
            held.append(bare[item.end() :] if item is not None else bare)
        else:
            held.append(bare)
        gap = False
    yield from ended()


def pieces(text: str) -> Iterator[tuple[Mark, str]]:
    """A line of text as pieces without their marks. Behind the first ``MOST`` marks, all stays as it was written."""
    at = 0
    for found in islice(_MARKED.finditer(text), MOST):
        if found.start() > at:
            yield "", text[at : found.start()]
        code = found[1] or found[2]
        if code:
            yield "code", code.strip() or code
        else:
            yield "stress", found[3] or found[4]
        at = found.end()
    if text[at:]:
        yield "", text[at:]
