"""Read Python: what it does with sockets, with messages of other processes, with the arguments of tools."""

from __future__ import annotations

from workbench.host.code.languages import Analysis
from workbench.model.facts import Unread


def missing() -> Unread | None:
    """Nothing: Python reads itself."""
    return None


def analyse(path: str, content: bytes) -> Analysis:
    """What one file of Python gives."""
    return Analysis()
