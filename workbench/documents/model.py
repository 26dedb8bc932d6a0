"""The types of the documents people own: what was parsed, where a value stands, and why it could not be."""

from __future__ import annotations

from dataclasses import field
from typing import Any, Literal

from workbench.model.clients import DocumentFormat
from workbench.model.finding import Pointer
from workbench.model.record import record

Format = DocumentFormat
Encoding = Literal["utf-8", "utf-16-le", "utf-16-be", "us-ascii", "iso-8859-1", "windows-1252"]
DEPTH_LIMIT = 400
"""Levels of nesting. Real configs have ten; without a limit a hostile file decides how deep every walk of it goes."""

VALUE_LIMIT = 500_000
"""Values of a YAML or XML document: each costs microseconds and hundreds of bytes. Large catalogues have 100,000."""

TOO_DEEP = "nested too deeply"
TOO_MANY = "more values than any config holds"
_NOTHING = object()
_LONGEST_INTEGER = 400


class Malformed(Exception):  # noqa: N818 - it is an answer, not an error
    """Why a document cannot be parsed, and where. Line and column count from 1. It never quotes the document."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column

    @property
    def place(self) -> str:
        """``line 3, column 7``, or "" where the place is not known."""
        if self.line is None:
            return ""
        return f"line {self.line}" if self.column is None else f"line {self.line}, column {self.column}"


class EditRefused(Exception):  # noqa: N818 - it is an answer, not an error
    """Why a value was not replaced. It never quotes a value of the document."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@record
class Document:
    """A parsed document. ``text`` is what the bytes decode to, line ends kept, without the byte order mark.

    ``value`` is the parsed data, whatever its type: the caller decides what a top level ``null`` means to it. Neither
    it nor the text appears in the repr, because both may hold secrets.
    """

    value: Any = field(repr=False)
    text: str = field(repr=False)
    format: Format
    encoding: Encoding = "utf-8"
    byte_order_mark: bool = False


@record
class Span:
    """Where a value stands: character offsets into ``Document.text`` (end excluded), line and column from 1."""

    start: int
    end: int
    line: int
    column: int


def value_at(value: Any, pointer: Pointer) -> Any:
    """The part of parsed data that a pointer walks to. Raises LookupError when there is none."""
    for part in pointer:
        in_object = isinstance(value, dict) and isinstance(part, str)
        in_array = isinstance(value, list) and isinstance(part, int) and 0 <= part < len(value)
        if not (in_object or in_array):
            raise LookupError("the document holds nothing there")
        value = value.get(part, _NOTHING) if isinstance(value, dict) else value[part]
        if value is _NOTHING:
            raise LookupError("the document holds nothing there")
    return value


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a character offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def integer(digits: str) -> int | float:
    """The number that decimal digits, with or without a sign, stand for."""
    # As in JavaScript a number of any length is a number; Python alone would refuse it.
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)
