"""Regular expressions that are compiled when the first text is held against them: of hundreds a scan uses a part."""

from __future__ import annotations

import re
from typing import Any, cast


def expression(text: str, flags: int = 0) -> re.Pattern[str]:
    """What ``re.compile`` gives, in everything but its type and the moment of its cost."""
    return cast("re.Pattern[str]", Expression(text, flags))


class Expression:
    """One expression, compiled or not yet."""

    def __init__(self, text: str, flags: int) -> None:
        self._written = (text, flags)

    def __getattr__(self, name: str) -> Any:
        # Only for what is not there yet: the next time this method is found without a detour.
        found = getattr(re.compile(*self._written), name)
        setattr(self, name, found)
        return found
