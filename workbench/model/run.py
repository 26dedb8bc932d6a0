"""A Run: one journaled application of a Plan, and what was shown before it."""

from __future__ import annotations

from enum import StrEnum

from workbench.model.plan import Plan
from workbench.model.record import record

UNCONFIRMED = "nobody confirmed it in time"
"""In the message of a run that was undone by itself: why."""
NOT_REVERTED = "NOBODY CONFIRMED IT in time, and it could not be undone"
"""In the message of a run that stands although it was to be undone by itself."""


class RunState(StrEnum):
    """How a run ended. ``started`` is no end: a run found in it was interrupted and waits to be recovered."""

    STARTED = "started"
    APPLIED = "applied"
    REFUSED = "refused"
    ROLLED_BACK = "rolled back"
    ROLLBACK_FAILED = "rollback failed"
    UNDONE = "undone"
    RECOVERED = "recovered"


@record
class Change:
    """One operation as it will be, or was, carried out, for a person to read.

    ``words`` says it in plain words; ``diff`` is a unified diff with every secret redacted ("" where only the mode
    changes); modes are permission bits, None where they stay. ``commands`` are those that will run as root, in their
    order and with every argument, none where it takes no root.
    """

    path: str
    words: str
    diff: str = ""
    mode_before: int | None = None
    mode_after: int | None = None
    commands: tuple[tuple[str, ...], ...] = ()


@record
class Run:
    """One entry of the history. Times are ISO 8601 in UTC; ``message`` says how it ended and what to do next.

    ``batch`` names the batch it was applied in, "" for none. ``confirm_by`` is when it is undone by itself unless it is
    confirmed before, "" where nothing waits for that. ``undone_by`` is the run that undid it, "" while it stands.
    """

    identity: str
    state: RunState
    plan: Plan
    changes: tuple[Change, ...]
    started_at: str
    ended_at: str = ""
    message: str = ""
    batch: str = ""
    confirm_by: str = ""
    undone_by: str = ""
