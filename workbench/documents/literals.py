"""How a value is written in each format; a string in the style of the one that it replaces."""

from __future__ import annotations

import json
import re
from typing import Any

from workbench.documents.model import EditRefused, Format

_TOML_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# What a parser may take for the end of a line, or refuse, where it is not spelled out.
_SPELLED_IN_YAML = re.compile("[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]")
_NO_NAME = "a value with a name that is not text cannot be written"


def literal(value: str, old: str, format: Format) -> str:  # noqa: A002 - it is the word for it
    """The text of the new value. ``old`` is the text of the one it replaces."""
    if format == "toml":
        return _toml(value, old)
    if format == "yaml":
        return _yaml(value, old)
    written = json.dumps(value, ensure_ascii=bool(_SURROGATE.search(value)))
    if format != "json5":
        return written
    written = written.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    if old.startswith("'"):
        return "'" + written[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"
    return written


def written(value: Any, format: Format, indent: str | None = None, unit: str = "  ") -> str:  # noqa: A002
    """The text of a value: None, a boolean, a number, a string, or a list or dict of such. Raises EditRefused.

    ``indent`` is that of the line on which it begins: JSON is then written over several lines, ``unit`` a level.
    """
    if isinstance(value, str):
        return literal(value, "", format)
    if not isinstance(value, dict | list):
        return _scalar(value, format)
    if format in ("json", "jsonc", "json5") and indent is not None and value:
        inner = indent + unit
        parts = [f"{inner}{part}" for part in _parts(value, format, inner, unit)]
        first, last = ("{", "}") if isinstance(value, dict) else ("[", "]")
        return "\n".join([first, ",\n".join(parts), f"{indent}{last}"])
    joined = ", ".join(_parts(value, format, None, unit))
    if isinstance(value, list):
        return f"[{joined}]"
    return f"{{ {joined} }}" if format == "toml" and joined else f"{{{joined}}}"


def member(key: str, value: str, format: Format) -> str:  # noqa: A002
    """A member: the name, and the text of its value."""
    if format == "toml":
        return f"{toml_key(key)} = {value}"
    return f"{literal(key, '', format)}: {value}"


def toml_key(key: str) -> str:
    """A key as TOML writes it, in quotes where it must be. Raises EditRefused where it is no text."""
    if not isinstance(key, str):
        raise EditRefused(_NO_NAME)
    return key if _BARE.fullmatch(key) else _toml(key, "")


def _parts(value: Any, format: Format, indent: str | None, unit: str) -> list[str]:  # noqa: A002
    if isinstance(value, list):
        return [written(part, format, indent, unit) for part in value]
    if not all(isinstance(key, str) for key in value):
        raise EditRefused(_NO_NAME)
    return [member(key, written(part, format, indent, unit), format) for key, part in value.items()]


def _scalar(value: Any, format: Format) -> str:  # noqa: A002
    if not (value is None or isinstance(value, bool | int | float)) or (value is None and format == "toml"):
        raise EditRefused(f"a value of this kind cannot be written in {format.upper()}")
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError as error:
        raise EditRefused("a number of this kind cannot be written") from error


def _yaml(value: str, old: str) -> str:
    from workbench.documents.yaml_scalars import stays_text

    if not old.startswith(("'", '"')) and stays_text(value):
        return value
    if old.startswith("'") and not _CONTROL.search(value) and not _SPELLED_IN_YAML.search(value):
        return "'" + value.replace("'", "''") + "'"
    written = json.dumps(value, ensure_ascii=False)
    return _SPELLED_IN_YAML.sub(lambda letter: f"\\u{ord(letter.group()):04x}", written)


def _toml(value: str, old: str) -> str:
    if old.startswith("'") and not old.startswith("'''") and "'" not in value and not _CONTROL.search(value):
        return f"'{value}'"
    return '"' + "".join(_toml_character(character) for character in value) + '"'


def _toml_character(character: str) -> str:
    if character in _TOML_ESCAPES:
        return _TOML_ESCAPES[character]
    return f"\\u{ord(character):04x}" if _CONTROL.match(character) else character
