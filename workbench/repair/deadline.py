"""Until when a run is to be confirmed, and what is said of it: a moment that no change of the clock moves."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.model.run import NOT_REVERTED, Run, RunState
from workbench.repair.journal import LONGEST_CONFIRM, Broken, Entry
from workbench.repair.watched import WATCHED

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment: ``by`` in Unix seconds, and ``running`` in seconds since the machine was started as ``boot`` names it.

    While that machine runs, ``running`` counts, which no change of the clock moves and which goes on in suspend.
    """

    by: float
    boot: str
    running: float


def deadline_in(seconds: float) -> Deadline:
    """The moment in so many seconds."""
    return Deadline(time.time() + seconds, _boot(), _running() + seconds)


def seconds_left(entry: Entry) -> float:
    """How many seconds are left to confirm the run; 0 where none is, or where what its journal says cannot be."""
    told, most = entry.deadline or {}, entry.planned.plan.confirm
    same_boot = told.get("boot") == _boot()
    left = _number(told.get("running")) - _running() if same_boot else _number(told.get("by")) - time.time()
    # A deadline further away than it was set is none: the clock was set back, or somebody wrote it.
    return left if 0 < left <= most + 1 else 0.0


def until(entry: Entry) -> str:
    """The deadline as the clock of this machine has it, ISO 8601 in UTC; "" where it cannot be told."""
    left = seconds_left(entry)
    if left:
        return datetime.fromtimestamp(time.time() + left, UTC).isoformat(timespec="seconds")
    by = _number((entry.deadline or {}).get("by"))
    if not 0 < by <= time.time() + LONGEST_CONFIRM:
        return ""
    return datetime.fromtimestamp(by, UTC).isoformat(timespec="seconds")


def is_waiting(entry: Entry | Broken, undone: Collection[str] = ()) -> bool:
    """Whether the run stands and is neither confirmed nor undone. ``undone`` holds the identities of what is."""
    return (
        isinstance(entry, Entry)
        and bool(entry.planned.plan.confirm)
        and entry.state is RunState.APPLIED
        and not entry.settled
        and not entry.reverted
        and entry.planned.identity not in undone
    )


def is_watched(folder: Path) -> bool:
    """Whether some process waits for the deadline of the run of this folder. Raises OSError."""
    import fcntl

    handle = os.open(folder / WATCHED, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def told_of_confirming(run: Run, entry: Entry) -> Run:
    """A run that stands and had to be confirmed, with what became of that."""
    if entry.not_reverted:
        said = f"{NOT_REVERTED}: {entry.not_reverted}"
    elif entry.settled:
        said = "confirmed" if entry.settled == "confirmed" else "done again"
    else:
        return waits(run, entry)
    return replace(run, message=f"{run.message}; {said}" if run.message else said)


def waits(run: Run, entry: Entry) -> Run:
    """A run that waits to be confirmed, and says so."""
    when = until(entry)
    by = f"before {when} " if when else ""
    said = f"confirm it {by}with: workbench confirm {run.identity}; otherwise it is undone by itself"
    return replace(run, message=f"{run.message}; {said}" if run.message else said, confirm_by=when)


def _number(told: Any) -> float:
    if isinstance(told, bool) or not isinstance(told, int | float):
        return 0.0
    try:
        number = float(told)
    except OverflowError:
        return 0.0
    return number if math.isfinite(number) else 0.0


def _running() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _boot() -> str:
    try:
        return _BOOT.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
