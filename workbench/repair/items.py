"""Edit the items of a list of texts one by one, so that those that stay keep their spelling, and take that back."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from workbench.documents import EditRefused
from workbench.documents.changing import insert_value, remove_value, replace_value, restore_value
from workbench.documents.proof import NOTHING
from workbench.model.finding import Pointer
from workbench.model.operations import EditItems
from workbench.repair.paths import Refused
from workbench.text import visible

IsKnown = Callable[[Any, Any, Pointer], bool]
_Gap = tuple[int, int, list[str]]
"""Items of now from one place to before another, and the texts that come in their stead."""


def made(raw: bytes, edit: EditItems, document: Any, is_known: IsKnown) -> bytes:
    """The bytes with the items of the list edited. Raises EditRefused where the list is not what the plan says."""
    where = visible(".".join(map(str, edit.pointer)), 200)
    expected = _expected(edit)
    if not is_known(expected, document, edit.pointer):
        raise EditRefused(f"{where} is not what it was when the file was looked at")
    for start, end, texts in reversed(list(_gaps(edit.items, len(expected)))):
        both = min(end - start, len(texts))
        for place in reversed(range(start + both, end)):
            raw = remove_value(raw, edit.format, (*edit.pointer, place))
        for place, text in enumerate(texts[:both], start):
            raw = replace_value(raw, edit.format, (*edit.pointer, place), text)
        for place, text in enumerate(texts[both:], start + both):
            raw = insert_value(raw, edit.format, (*edit.pointer, place), text)
    return raw


def restored(there: bytes, edit: EditItems, backup: bytes) -> bytes:
    """The bytes with the old items back in their places; whatever the others are by now stays. Raises EditRefused."""
    expected = _expected(edit)
    moved = _moved(edit.items)
    for start, _, texts in reversed(list(_gaps(edit.items, len(expected)))):
        for place in reversed(range(moved(start), moved(start) + len(texts))):
            there = remove_value(there, edit.format, (*edit.pointer, place))
    # First to last: an old item comes to its place once all that stood before it is back.
    for start, end, _ in _gaps(edit.items, len(expected)):
        for place in range(start, end):
            there = restore_value(there, edit.format, (*edit.pointer, place), backup)
    return there


def said(edit: EditItems, where: str) -> str:
    """What the edit does, in words. ``where`` is the list."""
    parts = []
    expected = _expected(edit)
    for start, end, texts in _gaps(edit.items, len(expected)):
        old = ", ".join("a secret" if item is None else repr(item) for item in expected[start:end])
        new = ", ".join(map(repr, texts))
        parts.append(f"replace {old} by {new}" if old and new else f"remove {old}" if old else f"put in {new}")
    return f"in {where}: {'; '.join(parts)}"


def wanted(found: Any, items: Sequence[int | str]) -> Any:
    """What the list becomes, whatever its items are now. NOTHING where it is none that holds those that stay."""
    places = [item for item in items if isinstance(item, int)]
    if not isinstance(found, list) or any(place >= len(found) for place in places):
        return NOTHING
    return [found[item] if isinstance(item, int) else item for item in items]


def new_ones(found: Any, items: Sequence[int | str]) -> Any:
    """The items that the edit put in, of the list as it is now, and how many there are in all."""
    if not isinstance(found, list) or len(found) != len(items):
        return NOTHING
    return [len(found), *(text for text, item in zip(found, items, strict=True) if isinstance(item, str))]


def _expected(edit: EditItems) -> list[Any]:
    try:
        expected = json.loads(edit.expect)
    except (ValueError, RecursionError) as error:
        raise Refused("the plan holds a value that is not JSON") from error
    places = [item for item in edit.items if isinstance(item, int)]
    rising = all(one < other for one, other in itertools.pairwise(places))
    if not isinstance(expected, list) or not rising or not all(0 <= place < len(expected) for place in places):
        raise Refused("the plan says of a list what no list could become")
    return expected


def _gaps(items: Sequence[int | str], length: int) -> Iterator[_Gap]:
    """What lies between the items that stay, in order."""
    start = 0
    texts: list[str] = []
    for item in (*items, length):
        if isinstance(item, str):
            texts.append(item)
            continue
        if item > start or texts:
            yield start, item, texts
        start, texts = item + 1, []


def _moved(items: Sequence[int | str]) -> Callable[[int], int]:
    """Where in the new list the gap begins that begins at a place of the old one."""
    after = {item + 1: at + 1 for at, item in enumerate(items) if isinstance(item, int)}
    return lambda place: after.get(place, 0)
