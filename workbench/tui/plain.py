"""Text for widgets, never markup: whatever a host, a plugin or a journal says is shown as it is and acts on nothing.

Every piece of text that was not written in this package passes through here. Facts are visible already when they
arrive; making them visible again changes nothing, and nothing depends on whoever made them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from textual.content import Content
from textual.widget import Widget

from workbench.text import visible

NEWLINE = Content("\n")
_WORDS = re.compile(r" +|[^ ]+ *")
_PIECES = re.compile(r"[^/,@=:]*[/,@=:]+ *|[^/,@=:]+")


def plain(text: str, style: str = "") -> Content:
    """One piece of text, harmless, on one line: a line break in it is spelled out."""
    return Content.styled(visible(text), style) if style else Content(visible(text))


def paragraphs(text: str, style: str = "") -> Content:
    """Text of several lines, each harmless; the line breaks stay."""
    return NEWLINE.join(plain(line, style) for line in text.split("\n"))


def together(*parts: str | Content | tuple[str, str]) -> Content:
    """Join pieces: strings and (string, style) are made harmless, Content is taken as it is."""
    made = [
        part if isinstance(part, Content) else plain(*((part,) if isinstance(part, str) else part)) for part in parts
    ]
    return Content.assemble(*made)


def stacked(lines: Iterable[Content]) -> Content:
    """One line below the other."""
    return NEWLINE.join(lines)


def hanging(first: Content, body: Content, width: int) -> Content:
    """``first`` and then ``body``, wrapped to ``width`` cells, with every further line below the start of the body."""
    indent = first.cell_length
    lines = [line for each in body.split("\n") for line in wrapped(each, max(width - indent, 12))]
    margin = Content(" " * indent)
    return stacked((first if place == 0 else margin) + line for place, line in enumerate(lines))


def wrapped(line: Content, width: int) -> list[Content]:
    """Wrap at spaces, and inside a word that is longer than the line after a sign that paths and names are made of."""
    lines = [Content("")]
    start = 0
    for word in _WORDS.findall(line.plain):
        part = line[start : start + len(word)]
        start += len(word)
        pieces = [part]
        if part.rstrip().cell_length > width:
            pieces = _pieces(part)
            if lines[-1].cell_length > width // 3:
                lines.append(Content(""))
        for piece in pieces:
            if lines[-1] and lines[-1].cell_length + piece.rstrip().cell_length > width:
                lines.append(Content(""))
            lines[-1] += piece
    return [folded for each in lines for folded in each.rstrip().fold(width)]


def _pieces(word: Content) -> list[Content]:
    pieces, start = [], 0
    for text in _PIECES.findall(word.plain):
        pieces.append(word[start : start + len(text)])
        start += len(text)
    return pieces


def entitle(widget: Widget, title: str, subtitle: str = "") -> None:
    """Give a widget's border its title and subtitle. A plain string would be parsed as markup there."""
    widget.border_title = plain(title)
    widget.border_subtitle = plain(subtitle)


def shortened(text: str, room: int) -> Content:
    """The text without its middle where it is longer than ``room`` cells: a path tells the most at its end."""
    whole = plain(text)
    if whole.cell_length <= room:
        return whole
    tail = max(len(text) - (2 * room) // 3, 0)
    while plain(text[tail:]).cell_length > (2 * room) // 3:
        tail += 1
    rest = plain(text[tail:])
    return whole.truncate(max(room - rest.cell_length - 1, 0)) + Content.styled("…", "$foreground 65%") + rest
