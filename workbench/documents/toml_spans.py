"""Where values stand in TOML text: an iterative scanner over text that is known to parse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Literal, NamedTuple

from workbench.model.finding import Pointer
from workbench.model.record import draft

# Whole groups are not repeated possessively: Python before 3.11.5 then goes on from the wrong place.
_BASIC = r'"(?:[^"\\\n]++|\\.)*"'
_LITERAL = r"'[^'\n]*+'"
_MULTILINE = r'"""(?:[^"\\]++|\\.|"{1,2}(?!"))*"{3,5}'
_MULTILINE_LITERAL = r"'''(?:[^']++|'{1,2}(?!'))*'{3,5}"
_TRIVIA = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*")
_KEY_PART = re.compile(rf"[ \t]*+({_BASIC}|{_LITERAL}|[A-Za-z0-9_-]++)[ \t]*+(\.?)")
SCAN_TOKEN = re.compile(
    rf"{_MULTILINE}|{_MULTILINE_LITERAL}|{_BASIC}|{_LITERAL}|#[^\n]*+|[\[\]{{}},]|[^\s,\[\]{{}}#\"'=]++", re.DOTALL
)
"""The tokens of a value that is known to parse, comments included."""
_SCALAR = re.compile(rf"{_MULTILINE}|{_MULTILINE_LITERAL}|{_BASIC}|{_LITERAL}|[^,\]}}#\r\n]++", re.DOTALL)


class _LostError(Exception):
    """The scanner met something it does not know. What it found before is still true."""


@draft
class _Open:
    """An array or an inline table that is being read. ``index`` is of the array's current value."""

    kind: Literal["array", "inline"]
    path: Pointer
    start: int
    index: int = 0


class Section(NamedTuple):
    """A table with a header, or what stands before the first one. ``pairs`` are its keys with the offsets of each pair;
    ``start`` and ``end`` are of the header.
    """

    path: Pointer
    start: int
    end: int
    pairs: list[tuple[Pointer, int, int]]


@draft
class _Scan:
    text: str
    wanted: frozenset[Pointer]
    at: int = 0
    found: dict[Pointer, tuple[int, int]] = field(default_factory=dict)
    lengths: dict[Pointer, int] = field(default_factory=dict)
    sections: list[Section] = field(default_factory=lambda: [Section((), 0, 0, [])])

    def document(self) -> None:
        """Read tables and keys to the end."""
        table: Pointer = ()
        while self.at < len(self.text):
            self.skip()
            if self.at >= len(self.text):
                return
            start = self.at
            if self.text[start] == "[":
                table = self.header()
                self.sections.append(Section(table, start, self.at, []))
            else:
                path = self.key(table)
                self.value(path)
                end = start + len(self.text[start : self.at].rstrip())
                self.sections[-1].pairs.append((path, start, end))

    def header(self) -> Pointer:
        start = self.at
        repeated = self.text.startswith("[[", start)
        self.at += 2 if repeated else 1
        keys = list(self.keys())
        path: Pointer = ()
        for place, key in enumerate(keys):
            path = (*path, key)
            if repeated and place == len(keys) - 1:
                self.lengths[path] = self.lengths.get(path, 0) + 1
                self.implied(path, start)
            if path in self.lengths:
                path = (*path, self.lengths[path] - 1)
        end = self.text.find("]", self.at)
        if end < 0:
            raise _LostError
        self.at = end + (2 if repeated else 1)
        for length in range(1, len(path)):
            self.implied(path[:length], start)
        if path in self.wanted:
            self.found[path] = (start, self.at)
        return path

    def implied(self, path: Pointer, start: int) -> None:
        """A table that no header of its own makes stands where something first is put into it."""
        if path in self.wanted:
            self.found.setdefault(path, (start, self.at))

    def keys(self) -> Iterator[str]:
        while True:
            part = _KEY_PART.match(self.text, self.at)
            if part is None:
                raise _LostError
            self.at = part.end()
            yield _name(part[1])
            if not part[2]:
                return

    def key(self, table: Pointer) -> Pointer:
        """Read ``a.b =`` up to the value, and give the whole path of it."""
        start = self.at
        path = (*table, *self.keys())
        if not self.text.startswith("=", self.at):
            raise _LostError
        self.at += 1
        for length in range(len(table) + 1, len(path)):
            self.implied(path[:length], start)
        self.skip()
        return path

    def value(self, path: Pointer) -> None:
        """Read one value, however deep, without recursion."""
        stack: list[_Open] = []
        while True:
            first = self.text[self.at : self.at + 1]
            if first in ("[", "{") and first:
                stack.append(_Open("array" if first == "[" else "inline", path, self.at))
                self.at += 1
                self.skip()
                if not self.closes(stack[-1]):
                    path = self.inside(stack[-1])
                    continue  # otherwise it is empty, and closed like any other
            else:
                self.scalar(path)
            following = self.after(stack)
            if following is None:
                return
            path = following

    def scalar(self, path: Pointer) -> None:
        scalar = _SCALAR.match(self.text, self.at)
        if scalar is None:
            raise _LostError
        start, self.at = scalar.span()
        if path in self.wanted:
            self.found[path] = (start, start + len(scalar.group().rstrip()))

    def after(self, stack: list[_Open]) -> Pointer | None:
        """Close what ends here. The path of the next value in what is still open, None when nothing is."""
        while stack:
            self.skip()
            top = stack[-1]
            if self.text.startswith(",", self.at):
                self.at += 1
                self.skip()
                if not self.closes(top):
                    top.index += 1
                    return self.inside(top)
            if not self.closes(top):
                raise _LostError
            self.at += 1
            stack.pop()
            if top.path in self.wanted:
                self.found[top.path] = (top.start, self.at)
        return None

    def closes(self, top: _Open) -> bool:
        return self.text.startswith("]" if top.kind == "array" else "}", self.at)

    def inside(self, top: _Open) -> Pointer:
        return (*top.path, top.index) if top.kind == "array" else self.key(top.path)

    def skip(self) -> None:
        trivia = _TRIVIA.match(self.text, self.at)
        self.at = trivia.end() if trivia else self.at


def spans(text: str, pointers: Iterable[Pointer]) -> dict[Pointer, tuple[int, int]]:
    """The offsets of each value, by pointer; for a table, of its header. What is not there is left out."""
    scan = _Scan(text, frozenset(pointers))
    try:
        scan.document()
    except _LostError:
        pass  # a missing place is honest; a guessed one is not
    if () in scan.wanted:
        scan.found[()] = (0, len(text))
    return scan.found


def sections(text: str) -> list[Section] | None:
    """Every table and its keys in the order of the text, None where the scanner met something it does not know."""
    scan = _Scan(text, frozenset())
    try:
        scan.document()
    except _LostError:
        return None
    return scan.sections


def _name(token: str) -> str:
    if token[0] == "'":
        return token[1:-1]
    if token[0] != '"':
        return token
    if "\\" not in token:
        return token[1:-1]
    import tomllib

    return str(tomllib.loads(f"key = {token}")["key"])
