"""Keys and tables of TOML: taken out, put in, and carried over from another version of the document."""

from __future__ import annotations

import re
from typing import Any

from workbench.documents.literals import toml_key, written
from workbench.documents.model import EditRefused
from workbench.documents.splicing import (
    Splice,
    before_on_line,
    line_start,
    newline,
    next_line,
    rest_of_line,
)
from workbench.documents.toml_spans import Section, sections
from workbench.model.finding import Pointer

_BLANK_LINES = re.compile(r"(?:[ \t]*+\r?\n)*")


def known_sections(text: str) -> list[Section]:
    """Every table. Raises EditRefused where the text was not understood to its end."""
    found = sections(text)
    if found is None:
        raise EditRefused("the places of the tables in the file could not be determined")
    return found


def is_inside_value(found: list[Section], pointer: Pointer) -> bool:
    """Whether the pointer leads into an array or an inline table, which are written between brackets."""
    return any(
        len(path) < len(pointer) and pointer[: len(path)] == path for section in found for path, *_ in section.pairs
    )


def without(text: str, pointer: Pointer) -> list[Splice]:
    """Take out a key, or a table with every table below it. The table that held it stays, if need be as a header."""
    found = known_sections(text)
    cuts = [
        *(_section_lines(text, section) for section in found if _leads(pointer, section.path) and section.path),
        *(
            _pair_lines(text, start, end)
            for section in found
            if not (_leads(pointer, section.path) and section.path)
            for path, start, end in section.pairs
            if _leads(pointer, path)
        ),
    ]
    if not cuts:
        raise EditRefused("its place in the file could not be determined")
    cuts.sort()
    parent = pointer[:-1]
    kept = any(
        _leads(parent, path)
        for section in found
        if not _leads(pointer, section.path)
        for path in (section.path, *(path for path, *_ in section.pairs if not _leads(pointer, path)))
    )
    if parent and not kept:
        cuts[0] = cuts[0]._replace(text=f"[{_header(parent)}]{newline(text)}")
    return cuts


def with_pair(text: str, table: Pointer, pair: str) -> list[Splice]:
    """Put ``key = value`` at the end of a table."""
    found = known_sections(text)
    section = next((each for each in found if each.path == table), None)
    if section is None:
        return with_sections(text, table, f"[{_header(table)}]{newline(text)}{pair}")
    if section.pairs:
        _, start, end = section.pairs[-1]
        at = rest_of_line(text, end, "toml")
        at = end if at is None else at
        return [Splice(at, at, newline(text) + _margin(text, start) + pair)]
    if section.path:
        at = rest_of_line(text, section.end, "toml")
        at = section.end if at is None else at
        return [Splice(at, at, newline(text) + _margin(text, section.start) + pair)]
    if len(found) > 1:
        at = line_start(text, found[1].start)
        return [Splice(at, at, pair + newline(text) * 2)]
    gap = "" if text.endswith("\n") else newline(text)
    return [Splice(len(text), len(text), gap + pair + newline(text))]


def with_sections(text: str, holder: Pointer, body: str) -> list[Splice]:
    """Put whole tables behind the last table that is in ``holder``, or at the end."""
    found = known_sections(text)
    inside = [section for section in found if section.path and holder and _leads(holder, section.path)]
    if not inside:
        gap = "" if not text.strip() else newline(text) if text.endswith("\n") else newline(text) * 2
        return [Splice(len(text), len(text), gap + body + (newline(text) if text.endswith("\n") else ""))]
    end = _end(text, inside[-1])
    return [Splice(end, end, newline(text) * 2 + body)]


def table(text: str, pointer: Pointer, value: dict[str, Any]) -> str:
    """The text of a new table, its tables as tables of their own."""
    end = newline(text)
    lines = [f"[{_header(pointer)}]"]
    lines += [f"{toml_key(key)} = {written(part, 'toml')}" for key, part in value.items() if not isinstance(part, dict)]
    tables = [table(text, (*pointer, key), part) for key, part in value.items() if isinstance(part, dict)]
    return (end * 2).join([end.join(lines), *tables])


def carried(source: str, pointer: Pointer) -> tuple[Pointer, str, bool]:
    """What another version holds there, as it is written: the table that it is in, the text, whether that is tables."""
    found = known_sections(source)
    for section in found:
        for path, start, end in section.pairs:
            if path == pointer:
                tail = rest_of_line(source, end, "toml")
                return section.path, source[start : end if tail is None else tail], False
    inside = [section for section in found if _leads(pointer, section.path)]
    dotted = any(_leads(pointer, path) for section in found if section not in inside for path, *_ in section.pairs)
    if not inside or dotted:
        raise EditRefused("what stood there is not written as one")
    texts = [source[line_start(source, section.start) : _end(source, section)] for section in inside]
    return pointer[:-1], (newline(source) * 2).join(texts), True


def _leads(pointer: Pointer, path: Pointer) -> bool:
    """Whether the pointer is the path, or on the way to it."""
    return path[: len(pointer)] == pointer


def _margin(text: str, at: int) -> str:
    """The indentation of a line, "" where something else stands before on it."""
    before = before_on_line(text, at)
    return "" if before.strip(" \t") else before


def _end(text: str, section: Section) -> int:
    end = section.pairs[-1][2] if section.pairs else section.end
    tail = rest_of_line(text, end, "toml")
    return end if tail is None else tail


def _section_lines(text: str, section: Section) -> Splice:
    after = next_line(text, _end(text, section))
    start = line_start(text, section.start)
    above = text[:start].rstrip(" \t\r\n")
    if after >= len(text):
        # Nothing follows: the blank lines that set it off go with it.
        return Splice(next_line(text, len(above)) if above else start, after)
    blank = _BLANK_LINES.match(text, after)
    if blank and (not above or "\n" in text[len(above) : start].removeprefix("\r").removeprefix("\n")):
        after = blank.end()
    return Splice(start, after)


def _pair_lines(text: str, start: int, end: int) -> Splice:
    tail = rest_of_line(text, end, "toml")
    if tail is None or before_on_line(text, start).strip(" \t"):
        raise EditRefused("it shares its line with something else")
    return Splice(line_start(text, start), next_line(text, tail))


def _header(pointer: Pointer) -> str:
    if not all(isinstance(part, str) for part in pointer):
        raise EditRefused("an entry of an array of tables is not edited")
    return ".".join(toml_key(str(part)) for part in pointer)
