"""What a document must hold before and after an edit, and whether it does: types and order included."""

from __future__ import annotations

from typing import Any

from workbench.documents.model import Document, EditRefused, Format, Malformed
from workbench.documents.parsing import parse
from workbench.model.finding import Pointer
from workbench.text import visible

NOTHING: Any = object()
"""Stands for the absence of a value."""


def parsed(raw: bytes, format: Format, problem: str) -> Document:  # noqa: A002
    """The document. Raises EditRefused, which begins with ``problem``, where it cannot be parsed."""
    try:
        return parse(raw, format)
    except Malformed as error:
        place = f" ({error.place})" if error.place else ""
        raise EditRefused(f"{problem}: {error.message}{place}") from error


def named(where: Pointer) -> str:
    """A pointer as a person reads it."""
    return visible(".".join(str(part) for part in where) or "the document", 200)


def value_or_nothing(data: Any, pointer: Pointer) -> Any:
    """The part of parsed data that a pointer walks to, NOTHING where there is none."""
    for part in pointer:
        if isinstance(data, dict) and isinstance(part, str):
            data = data.get(part, NOTHING)
        elif isinstance(data, list) and isinstance(part, int) and 0 <= part < len(data):
            data = data[part]
        else:
            return NOTHING
    return data


def changed(data: Any, pointer: Pointer, value: Any, index: int | None = None) -> Any:
    """The data with one value replaced, put in, or (NOTHING) left out. What is not on the way to it is shared.

    ``index`` says where a new value comes in; None is the end. Raises EditRefused where nothing could hold it.
    """
    if not pointer:
        return value
    part, rest = pointer[0], pointer[1:]
    if isinstance(data, dict) and isinstance(part, str):
        return _in_dict(data, part, rest, value, index)
    if isinstance(data, list) and isinstance(part, int):
        copy = list(data)
        if rest or (0 <= part < len(data) and index is None):
            if not 0 <= part < len(data):
                raise EditRefused("the file holds nothing there")
            copy[part : part + 1] = [] if value is NOTHING and not rest else [changed(data[part], rest, value, index)]
        else:
            copy.insert(part, value)
        return copy
    raise EditRefused("the file holds nothing there that could hold it")


def _in_dict(data: dict[str, Any], part: str, rest: Pointer, value: Any, index: int | None) -> dict[str, Any]:
    if rest:
        if part not in data:
            raise EditRefused("the file holds nothing there that could hold it")
        return {**data, part: changed(data[part], rest, value, index)}
    if part in data:
        return {key: old for key, old in data.items() if key != part} if value is NOTHING else {**data, part: value}
    members = list(data.items())
    members.insert(len(members) if index is None else index, (part, value))
    return dict(members)


def same(one: Any, other: Any, format: Format) -> bool:  # noqa: A002
    """Whether two pieces of data are the same, types included, and the order of keys, which means nothing in TOML."""
    pending: list[tuple[Any, Any]] = [(one, other)]
    while pending:
        old, new = pending.pop()
        if type(old) is not type(new):
            return False
        if isinstance(old, dict):
            if old.keys() != new.keys() or (format != "toml" and list(old) != list(new)):
                return False
            pending.extend((old[key], new[key]) for key in old)
        elif isinstance(old, list):
            if len(old) != len(new):
                return False
            pending.extend(zip(old, new, strict=True))
        elif old != new and repr(old) != repr(new):  # NaN is not equal to itself
            return False
    return True
