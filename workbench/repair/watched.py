"""Whether any run waits for its deadline, told without loading what repairs: every start of the app asks."""

from __future__ import annotations

from pathlib import Path

WATCHED = "watched"
"""The file in a run's folder that whoever waits for its deadline holds locked. It goes when nothing waits any more."""


def any_watched(state: Path) -> bool:
    """Whether a run may wait to be confirmed. True where that cannot be told."""
    try:
        return any((state / "runs").glob(f"*/{WATCHED}"))
    except OSError:
        return True
