"""Parse a document as strictly as its client does, and say where and why it cannot be."""

from __future__ import annotations

import json
import re
from typing import Any

from workbench.documents.decoding import decode, decode_declared
from workbench.documents.jsonc import plain
from workbench.documents.model import DEPTH_LIMIT, TOO_DEEP, Document, Format, Malformed, integer, place_of
from workbench.text import visible

_DOTTED = re.compile(r"(?<![\w-])(?:(?:[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+\.[ \t]*+)++")
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")


class _NoNumberError(Exception):
    pass


def parse(raw: bytes, format: Format) -> Document:  # noqa: A002 - it is the word for it
    """Parse the bytes of a document.

    ``json`` is strict; ``jsonc`` allows comments and trailing commas; ``json5`` is all of JSON5. The value of ``yaml``
    is its first document as plain data (see ``yaml_nodes``), that of ``xml`` its root element (see ``xml_tree``). Of
    duplicate keys the last one wins. Raises Malformed, and nothing else, for anything that cannot be parsed.
    """
    text, encoding, mark = decode_declared(raw) if format == "xml" else decode(raw)
    if not text.strip():
        raise Malformed("the file is empty" if not raw else "the file holds nothing but blanks", 1, 1)
    value = _value(text, format)
    _refuse_depth(value)
    return Document(value, text, format, encoding, mark)


def _value(text: str, format: Format) -> Any:  # noqa: A002
    if format == "toml":
        return _toml(text)
    # What few configs need is imported when one does.
    if format == "yaml":
        from workbench.documents import yaml_nodes

        return yaml_nodes.compose(text).value
    if format == "xml":
        from workbench.documents import xml_tree

        return xml_tree.parse(text).value
    if format == "json5":
        from workbench.documents import json5

        # Most of these files are plain JSON, which is read faster.
        value, problem = _loads(text)
        return value if problem is None else json5.parse(text)
    return _json(text, format)


def _json(text: str, format: Format) -> Any:  # noqa: A002
    value, problem = _loads(text)
    if problem is None:
        return value
    lenient = plain(text)
    if format == "json":
        if lenient.extra is not None and lenient.unclosed is None and _loads(lenient.text)[1] is None:
            where = place_of(text, lenient.extra)
            raise Malformed(f"{lenient.extra_kind}, which JSON does not allow", *where)
        raise problem
    if lenient.unclosed is not None:
        raise Malformed("a comment that begins here never ends", *place_of(text, lenient.unclosed))
    value, problem = _loads(lenient.text)
    if problem is None:
        return value
    raise problem


def _loads(text: str) -> tuple[Any, Malformed | None]:
    """The value, or what is wrong. It returns the problem, so that no exception drags the document along."""
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_int=integer), None
    except json.JSONDecodeError as error:
        message = visible(error.msg, 200).removesuffix(" at").removesuffix(" starting")
        truncated = not text[error.pos :].strip()
        note = f"{message} (the file seems to be cut off)" if truncated else message
        return None, Malformed(note, error.lineno, error.colno)
    except _NoNumberError as error:
        return None, Malformed(f"{error} is not a JSON value", *_place_of_constant(text, str(error)))
    except RecursionError:
        return None, Malformed(TOO_DEEP)
    except ValueError:
        return None, Malformed("a value that cannot be read")


def _refuse_constant(name: str) -> Any:
    raise _NoNumberError(name)


def _place_of_constant(text: str, name: str) -> tuple[int | None, int | None]:
    outside_strings = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|(' + re.escape(name) + ")", re.DOTALL)
    found = next((match for match in outside_strings.finditer(text) if match[1]), None)
    return place_of(text, found.start()) if found else (None, None)


def _toml(text: str) -> dict[str, Any]:
    # The time tomllib takes grows with the square of a key's parts: a small file could keep it busy for minutes.
    if any(chain[0].count(".") > DEPTH_LIMIT for chain in _DOTTED.finditer(text)):
        raise Malformed(TOO_DEEP)
    import tomllib  # few files are TOML, and it is slow to import

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
    except RecursionError:
        said = TOO_DEEP
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
            raise Malformed(TOO_DEEP)
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if type(child) is dict or type(child) is list
        ]
