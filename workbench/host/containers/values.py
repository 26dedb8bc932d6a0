"""Take values out of an engine's answer, which may hold anything at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from workbench.secrets import redact
from workbench.text import visible

MOST = 5000
"""Of a list in an answer, so many items are looked at: no container has more of anything."""


def at(value: object, *keys: str) -> Any:
    """What stands in nested objects under these keys, None where the way there does not exist."""
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def raw(value: object, *keys: str) -> str:
    """A text as the engine told it, for what must be compared or taken apart; "" where there is none."""
    found = at(value, *keys)
    return found if isinstance(found, str) else ""


def text(value: object, *keys: str) -> str:
    """A text, safe to show and without secrets; "" where there is none."""
    return shown(raw(value, *keys))


def shown(found: str) -> str:
    """A text of the engine's made safe to show and freed of secrets."""
    return visible(redact(found))


def flag(value: object, *keys: str) -> bool:
    """Whether a value is exactly true."""
    return at(value, *keys) is True


def number(value: object, *keys: str) -> int:
    """A whole number, 0 where there is none."""
    found = at(value, *keys)
    # A float may be infinite, and true is an int to Python.
    if isinstance(found, bool) or not isinstance(found, int):
        return 0
    return found if abs(found) < 1 << 63 else 0


def items(value: object, *keys: str) -> list[Any]:
    """A list, empty where there is none."""
    found = at(value, *keys)
    return found[:MOST] if isinstance(found, list) else []


def raws(value: object, *keys: str) -> tuple[str, ...]:
    """The texts of a list as the engine told them."""
    return tuple(item for item in items(value, *keys) if isinstance(item, str))


def texts(value: object, *keys: str) -> tuple[str, ...]:
    """The texts of a list, safe to show."""
    return tuple(shown(item) for item in raws(value, *keys))


def pairs(value: object, *keys: str) -> list[tuple[str, Any]]:
    """The members of an object by name, in order; empty where there is none."""
    found = at(value, *keys)
    if not isinstance(found, Mapping):
        return []
    return sorted(((key, each) for key, each in found.items() if isinstance(key, str)), key=lambda pair: pair[0])[:MOST]


def seconds(value: object, *keys: str) -> float:
    """A moment (``2026-11-26T05:21:51.008573482Z``) in Unix seconds; 0.0 for none and for the year 1, "never"."""
    found = raw(value, *keys)
    try:
        # Nine digits of a second are more than Python 3.11 takes.
        head, point, tail = found.partition(".")
        digits = len(tail) - len(tail.lstrip("0123456789"))
        moment = datetime.fromisoformat(head + (point + tail[: min(digits, 6)] + tail[digits:] if point else ""))
        return max(moment.timestamp(), 0.0) if moment.tzinfo is not None else 0.0
    except (ValueError, OverflowError, OSError):
        return 0.0
