"""How bad a finding is."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is. The order of the members is the order of harm, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Place in the order of harm: 4 for critical down to 0 for info."""
        return _RANKS[self]

    @property
    def symbol(self) -> str:
        """One character that tells the severity without colour."""
        return _SYMBOLS[self]

    def at_least(self, other: Severity) -> bool:
        """Whether this severity is as bad as ``other`` or worse."""
        return self.rank >= other.rank


_RANKS = {severity: 4 - place for place, severity in enumerate(Severity)}
_SYMBOLS = {
    Severity.CRITICAL: "✖",
    Severity.HIGH: "▲",
    Severity.MEDIUM: "◆",
    Severity.LOW: "▽",
    Severity.INFO: "·",
}
