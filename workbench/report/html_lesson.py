"""A lesson, the docstring of a plugin, as HTML: headings, paragraphs, lists and blocks of code. All of it escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from workbench.report.lessons import parts_of
from workbench.text import visible

_ITEM = re.compile(r"(?:[-*•]|\d+[.)])\s+")
_MARKED = re.compile(r"``([^`]+)``|`([^`]+)`|(?<!\w)\*([^*\s](?:[^*]*[^*\s])?)\*(?!\w)")


def lesson_html(lesson: str) -> Iterator[str]:
    """The lesson without its first line, which is the title and stands above it already."""
    for heading, text in parts_of(lesson):
        if heading:
            yield f"<h4>{_escaped(heading)}</h4>"
        lines = text.splitlines()
        yield from _blocks(lines if heading else lines[1:])


def _blocks(lines: list[str]) -> Iterator[str]:
    kind, held = "", list[str]()
    for line in [*lines, ""]:
        bare = line.strip()
        if not bare and kind != "pre":
            yield from _block(kind, held)
            kind, held = "", []
        elif line.startswith("    ") and kind in ("", "pre"):
            kind = "pre"
            held.append(line[4:].rstrip())
        elif not bare:
            held.append("")
        elif kind == "pre" or (_ITEM.match(bare) and kind != "ul"):
            yield from _block(kind, held)
            kind, held = ("ul", [bare]) if _ITEM.match(bare) else ("p", [bare])
        elif kind == "ul" and not _ITEM.match(bare):
            held[-1] += f" {bare}"
        else:
            kind = kind or "p"
            held.append(bare)
    yield from _block(kind, held)


def _block(kind: str, held: list[str]) -> Iterator[str]:
    if kind == "pre":
        yield "<pre>" + "\n".join(_escaped(line) for line in held).rstrip() + "</pre>"
    elif kind == "ul":
        yield "<ul>" + "".join(f"<li>{_marked(_ITEM.sub('', line, count=1))}</li>" for line in held) + "</ul>"
    elif kind == "p":
        yield f"<p>{_marked(' '.join(held).removesuffix('::') + (':' if held[-1].endswith('::') else ''))}</p>"


def _marked(text: str) -> str:
    made, at = [], 0
    for found in _MARKED.finditer(text):
        made.append(_escaped(text[at : found.start()]))
        literal = found[1] or found[2]
        made.append(f"<code>{_escaped(literal)}</code>" if literal else f"<em>{_escaped(found[3])}</em>")
        at = found.end()
    return "".join([*made, _escaped(text[at:])])


def _escaped(text: str) -> str:
    return escape(visible(text, 20_000), quote=True)
