"""A lesson, the docstring of a plugin, as text to read: headings stand out, paragraphs flow to the width."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import zip_longest

from textual.content import Content

from workbench.report.lesson_blocks import Block, blocks, pieces
from workbench.tui.plain import hanging, plain, stacked
from workbench.tui.wording import HEADING

_CODE = "$text-accent"


@lru_cache(maxsize=64)
def lesson(text: str, width: int) -> Content:
    """The lesson without its first line, which is the title of the check and stands above it already.

    It is kept: one check often has many findings, and the cursor goes through them one by one.
    """
    return stacked(_lines(text.splitlines()[1:], width))


def _lines(lines: list[str], width: int) -> Iterator[Content]:
    started = False
    for title, below in _parts(lines):
        if title:
            if started:
                yield Content("")
            yield plain(title, HEADING)
        for place, block in enumerate(blocks(below)):
            if place and block.apart:
                yield Content("")
            yield from _shown(block, width)
        started = True


def _parts(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each heading, "" at the beginning, with the lines below it."""
    title, below = "", list[str]()
    for line, after in zip_longest(lines, lines[1:], fillvalue=""):
        bare = line.strip()
        if bare and not _is_rule(bare) and _is_rule(after.strip()):
            if title or any(each.strip() for each in below):
                yield title, below
            title, below = bare, []
        elif not _is_rule(bare):
            below.append(line)
    if title or any(each.strip() for each in below):
        yield title, below


def _is_rule(bare: str) -> bool:
    return bool(bare) and set(bare) == {"-"}


def _shown(block: Block, width: int) -> Iterator[Content]:
    if block.kind == "code":
        for line in block.lines:
            yield hanging(Content("  "), plain(line, _CODE), width)
    else:
        sign = plain(f"{block.sign} ") if block.sign else Content("")
        yield hanging(sign, _marked(block.lines[0]), width)


def _marked(text: str) -> Content:
    styles = {"": "", "code": _CODE, "stress": "bold"}
    return Content("").join(plain(piece, styles[mark]) for mark, piece in pieces(text))
