"""Read the document that ``cvtsudoers -f json`` prints.

It is not always JSON: releases up to 1.9.13 print a bare ``"name": value`` inside an array for a working directory, a
chroot or an SELinux role, and leave out commas beside a list that became empty. A host that uses one of these would
otherwise not be looked at, so this reader accepts both and nothing else that is not JSON.
"""

from __future__ import annotations

import json
from typing import Any

_DEEPEST = 64
_SPACE = " \t\r\n"
_SCALARS = json.JSONDecoder(strict=False)


class NotADocument(ValueError):  # noqa: N818 - it is an answer, not an error
    """The text is not what cvtsudoers prints."""


def parse(text: str) -> dict[str, Any]:
    """The document as dictionaries and lists. A bare pair in an array becomes a dictionary of its own.

    Raises NotADocument.
    """
    value, at = _value(text, _skip(text, 0), 0)
    if _skip(text, at) != len(text) or not isinstance(value, dict):
        raise NotADocument("its output is not one document")
    return value


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    if depth > _DEEPEST:
        raise NotADocument("its output is nested too deeply")
    opening = text[at : at + 1]
    if opening == "{":
        return _object(text, at + 1, depth)
    if opening == "[":
        return _array(text, at + 1, depth)
    try:
        return _SCALARS.raw_decode(text, at)
    except ValueError as error:
        raise NotADocument(f"its output is not understood at character {at}") from error


def _object(text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while True:
        at = _skip(text, at)
        if text[at : at + 1] == "}":
            return found, at + 1
        name, at = _value(text, at, depth + 1)
        at = _skip(text, at)
        if not isinstance(name, str) or text[at : at + 1] != ":":
            raise NotADocument(f"its output is not understood at character {at}")
        found[name], at = _value(text, _skip(text, at + 1), depth + 1)
        at = _skip_comma(text, at)


def _array(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    while True:
        at = _skip(text, at)
        if text[at : at + 1] == "]":
            return found, at + 1
        value, at = _value(text, at, depth + 1)
        at = _skip(text, at)
        if isinstance(value, str) and text[at : at + 1] == ":":
            pair, at = _value(text, _skip(text, at + 1), depth + 1)
            value = {value: pair}
        found.append(value)
        at = _skip_comma(text, at)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _skip_comma(text: str, at: int) -> int:
    at = _skip(text, at)
    return at + 1 if text[at : at + 1] == "," else at
