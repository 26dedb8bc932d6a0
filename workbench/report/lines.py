"""Wrap text for a terminal or a pipe."""

from __future__ import annotations

import textwrap

from workbench.text import visible

WIDTH = 100


def wrapped(text: str, first: str, rest: str) -> list[str]:
    """The text as lines of at most ``WIDTH`` characters, the first begun with ``first``, the others with ``rest``."""
    return textwrap.wrap(
        visible(text), WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    ) or [first]
