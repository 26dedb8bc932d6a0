"""Write records as JSON text. The standard encoder indents in Python and takes seconds for thousands of servers."""

from __future__ import annotations

from json.encoder import encode_basestring_ascii
from typing import Any

_STEP = 2


def json_text(value: Any) -> str:
    """The value as JSON text, indented and ASCII only: what ``json.dumps(asdict(value), indent=2)`` gives.

    It is made of records, dictionaries with texts as keys, lists, tuples, texts, whole numbers, booleans and None.
    """
    parts: list[str] = []
    _write(value, "\n", parts)
    return "".join(parts)


def _write(value: Any, line: str, parts: list[str]) -> None:
    """Add the text of one value. ``line`` is a line's end and the indentation of what the value stands in."""
    kind = value.__class__
    if kind is str:
        parts.append(encode_basestring_ascii(value))
    elif value is None or kind is bool:
        parts.append("null" if value is None else "true" if value else "false")
    elif kind is int:
        parts.append(str(value))
    elif kind is list or kind is tuple:
        _write_items([("", item) for item in value], "[]", line, parts)
    elif kind is dict:
        _write_items([(f"{encode_basestring_ascii(key)}: ", item) for key, item in value.items()], "{}", line, parts)
    else:
        names = kind.__dataclass_fields__
        _write_items([(f'"{name}": ', getattr(value, name)) for name in names], "{}", line, parts)


def _write_items(items: list[tuple[str, Any]], brackets: str, line: str, parts: list[str]) -> None:
    if not items:
        parts.append(brackets)
        return
    inner = line + " " * _STEP
    before = brackets[0] + inner
    for label, item in items:
        if item.__class__ is str:  # most are
            parts.append(f"{before}{label}{encode_basestring_ascii(item)}")
        else:
            parts.append(before + label)
            _write(item, inner, parts)
        before = "," + inner
    parts.append(line + brackets[1])
