"""Parse a document as strictly as its client does, and say where and why it cannot be."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from workbench.documents.decoding import decode
from workbench.documents.jsonc import Plain, plain
from workbench.documents.model import Document, Format, Malformed
from workbench.text import visible

DEPTH_LIMIT = 400
"""Levels of nesting. Real configs have ten; without a limit a hostile file decides how deep every walk of it goes."""

_LONGEST_INTEGER = 400
_TOO_DEEP = "nested too deeply"
_DOTTED = re.compile(r"(?<![\w-])(?:(?:[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+\.[ \t]*+)++")
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")


class _NoNumberError(Exception):
    pass


def parse(raw: bytes, format: Format) -> Document:  # noqa: A002 - it is the word for it
    """Parse the bytes of a document.

    ``json`` is strict; ``jsonc`` allows comments and trailing commas. Of duplicate keys the last one wins, as in every
    client. Raises Malformed, and nothing else, for anything that cannot be parsed.
    """
    text, encoding, mark = decode(raw)
    if not text.strip():
        raise Malformed("the file is empty" if not raw else "the file holds nothing but blanks", 1, 1)
    value = _toml(text) if format == "toml" else _json(text, format)
    _refuse_depth(value)
    return Document(value, text, format, encoding, mark)


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a character offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _json(text: str, format: Format) -> Any:  # noqa: A002
    cleaned = Plain(text) if format == "json" else plain(text)
    if cleaned.unclosed is not None:
        raise Malformed("a comment that begins here never ends", *place_of(text, cleaned.unclosed))
    value, problem = _loads(cleaned.text)
    if problem is None:
        return value
    if format == "json":
        lenient = plain(text)
        if lenient.extra is not None and lenient.unclosed is None and _loads(lenient.text)[1] is None:
            where = place_of(text, lenient.extra)
            raise Malformed(f"{lenient.extra_kind}, which JSON does not allow", *where)
    raise problem


def _loads(text: str) -> tuple[Any, Malformed | None]:
    """The value, or what is wrong. It returns the problem, so that no exception drags the document along."""
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_int=_integer), None
    except json.JSONDecodeError as error:
        message = visible(error.msg, 200).removesuffix(" at").removesuffix(" starting")
        truncated = not text[error.pos :].strip()
        note = f"{message} (the file seems to be cut off)" if truncated else message
        return None, Malformed(note, error.lineno, error.colno)
    except _NoNumberError as error:
        return None, Malformed(f"{error} is not a JSON value", *_place_of_constant(text, str(error)))
    except RecursionError:
        return None, Malformed(_TOO_DEEP)
    except ValueError:
        return None, Malformed("a value that cannot be read")


def _integer(digits: str) -> int | float:
    # As in JavaScript a number of any length is a number; Python alone would refuse it.
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


def _refuse_constant(name: str) -> Any:
    raise _NoNumberError(name)


def _place_of_constant(text: str, name: str) -> tuple[int | None, int | None]:
    outside_strings = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|(' + re.escape(name) + ")", re.DOTALL)
    found = next((match for match in outside_strings.finditer(text) if match[1]), None)
    return place_of(text, found.start()) if found else (None, None)


def _toml(text: str) -> dict[str, Any]:
    # The time tomllib takes grows with the square of a key's parts: a small file could keep it busy for minutes.
    if any(chain[0].count(".") > DEPTH_LIMIT for chain in _DOTTED.finditer(text)):
        raise Malformed(_TOO_DEEP)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
    except RecursionError:
        said = _TOO_DEEP
    except ValueError:
        said = "a number or date that cannot be read"
    where = _TOML_PLACE.search(said)
    message = visible(said[: where.start()] if where else said, 200)
    if where is None or where[1] is None:
        raise Malformed(message, text.count("\n") + 1 if where else None)
    raise Malformed(message, int(where[1]), int(where[2]))


def _refuse_depth(value: Any) -> None:
    depth = 0
    level = [value] if isinstance(value, dict | list) else []
    while level:
        depth += 1
        if depth > DEPTH_LIMIT:
            raise Malformed(_TOO_DEEP)
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if type(child) is dict or type(child) is list
        ]
