"""What the threads of a scan tell the interface. ``generation`` numbers the scan, so that a stale one is not heard."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from workbench.model.report import CheckResult
from workbench.tui.finding_rows import Listed


@dataclass
class SectionChanged(Message):
    """A collector started, or ended with a status."""

    generation: int
    section: str
    state: str


@dataclass
class CheckEnded(Message):
    """A check said what it has to say; ``rows`` are its findings as they are listed."""

    generation: int
    result: CheckResult
    rows: tuple[Listed, ...]


class RepairAsked(Message):
    """The person wants to repair the selected finding."""
