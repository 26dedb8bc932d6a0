"""Small cuts in a text: where lines begin and end, and what replaces what."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from workbench.documents.model import Format

# Comments that end on the line on which they begin. Plain JSON that parses has none.
_REST_WITH_SLASHES = re.compile(r"(?:[ \t]++|//[^\r\n]*+|/\*[^\r\n]*?\*/)*")
_REST_WITH_HASH = re.compile(r"[ \t]*+(?:#[^\r\n]*+)?")
_INDENTED = re.compile(r"\n([ \t]+)(?=[^ \t\r\n])")


class Splice(NamedTuple):
    """The characters from ``start`` to before ``end`` give way to ``text``."""

    start: int
    end: int
    text: str = ""


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """The text with all of them done. Of those that begin at one place, the first comes first."""
    parts: list[str] = []
    kept = 0
    for start, end, new in sorted(splices, key=lambda splice: splice.start):
        parts += (text[kept:start], new)
        kept = max(kept, end)
    parts.append(text[kept:])
    return "".join(parts)


def line_start(text: str, at: int) -> int:
    """Where the line of an offset begins."""
    return text.rfind("\n", 0, at) + 1


def before_on_line(text: str, at: int) -> str:
    """What stands before an offset on its line."""
    return text[line_start(text, at) : at]


def rest_of_line(text: str, at: int, format: Format) -> int | None:  # noqa: A002
    """Where the line ends, if nothing but blanks and comments follows on it; None where something does."""
    rest = (_REST_WITH_SLASHES if format in ("json", "jsonc", "json5") else _REST_WITH_HASH).match(text, at)
    end = rest.end() if rest else at
    return end if end == len(text) or text.startswith(("\n", "\r\n"), end) else None


def next_line(text: str, end: int) -> int:
    """Where the line after the one that ends at ``end`` begins."""
    return end + (2 if text.startswith("\r\n", end) else 1 if text.startswith("\n", end) else 0)


def newline(text: str) -> str:
    """The line end that the text uses."""
    return "\r\n" if "\r\n" in text else "\n"


def indent_unit(text: str) -> str:
    """By how much the text indents one level."""
    found = _INDENTED.search(text)
    return found[1] if found else "  "
