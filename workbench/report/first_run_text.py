"""The words for a machine without an MCP server as plain lines."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.first_run import FirstRun
from workbench.report.lines import wrapped
from workbench.text import visible


def as_text(told: FirstRun) -> str:
    """A paragraph of what was looked at, and a list of the ways to go on."""
    return "\n".join(visible(line) for line in _lines(told)) + "\n"


def _lines(told: FirstRun) -> Iterator[str]:
    for sentence in told.said:
        yield from wrapped(sentence, "", "")
    yield ""
    yield "To go on"
    width = max(len(way) for way, _ in told.ways)
    for way, why in told.ways:
        yield from wrapped(why, f"  {way:<{width}}  ", " " * (width + 4))
