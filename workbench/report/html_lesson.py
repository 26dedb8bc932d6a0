"""A lesson, the docstring of a plugin, as HTML: headings, paragraphs, lists and blocks of code. All of it escaped."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

from workbench.report.lesson_blocks import blocks, pieces
from workbench.report.lessons import parts_of
from workbench.text import visible

_TAGS = {"": "{}", "code": "<code>{}</code>", "stress": "<em>{}</em>"}


def lesson_html(lesson: str) -> Iterator[str]:
    """The lesson without its first line, which is the title and stands above it already."""
    for heading, text in parts_of(lesson):
        if heading:
            yield f"<h4>{_escaped(heading)}</h4>"
        lines = text.splitlines()
        yield from _blocks(lines if heading else lines[1:])


def _blocks(lines: list[str]) -> Iterator[str]:
    for is_list, group in groupby(blocks(lines), lambda block: block.kind == "item"):
        if is_list:
            yield "<ul>" + "".join(f"<li>{_marked(each.lines[0])}</li>" for each in group) + "</ul>"
            continue
        for each in group:
            if each.kind == "code":
                yield "<pre>" + "\n".join(_escaped(line) for line in each.lines) + "</pre>"
            else:
                yield f"<p>{_marked(each.lines[0])}</p>"


def _marked(text: str) -> str:
    return "".join(_TAGS[mark].format(_escaped(piece)) for mark, piece in pieces(text))


def _escaped(text: str) -> str:
    return escape(visible(text, 20_000), quote=True)
