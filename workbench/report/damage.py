"""Say where a document that was read is not what it should be."""

from __future__ import annotations

from workbench.text import visible


def place_of(error: Exception) -> str:
    """Where and what it is, to stand right behind "is damaged"; "" where the error does not tell, as one of depth."""
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return ""
    # The first says enough, and none may quote what stands there.
    first = error.errors(include_input=False, include_url=False)[0]
    return f" at {visible('.'.join(map(str, first['loc'])), 200)}: {visible(first['msg'], 200)}"
