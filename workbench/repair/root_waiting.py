"""What becomes of a run that root's timer waits for: confirmed, undone by it, or left to us where the timer is gone."""

from __future__ import annotations

import time
from pathlib import Path

from workbench.repair import root_timer
from workbench.repair.folder import locked
from workbench.repair.journal import Entry, entries, reopen
from workbench.repair.paths import Refused
from workbench.repair.watched import WATCHED

_PATIENCE = 10.0  # seconds that another repair is waited for
_AT_WORK, _PAUSE = 5.0, 0.2  # seconds that a timer is waited for which is about to undo something, and between looks


def cancel(entry: Entry) -> None:
    """Have root's timer undo it no more, where there is one. Raises Refused where that did not succeed."""
    try:
        root_timer.cancel(entry.planned.operations)
    except Refused as why:
        goes_on = root_timer.state_of(entry.planned.operations) in ("armed", "undoing", "undone")
        then = ", and is undone by itself" if goes_on else ""
        raise Refused(f"{why.reason}; it was not confirmed{then}", why.instead) from why


def sees_to(entry: Entry) -> bool:
    """Whether root's timer waits for the run; False where a process of this account has to.

    Raises Refused where it would be root's timer, and it is gone.
    """
    operations, run = entry.planned.operations, entry.planned.identity
    if not root_timer.covers(operations):
        return False
    if root_timer.state_of(operations) in ("", "stopped"):
        raise Refused(
            "root's timer, which would undo it, is gone, as after a restart",
            f"keep it: workbench confirm {run}; or undo it: workbench undo {run}",
        )
    return True


def is_left_to_us(entry: Entry) -> bool:
    """Whether nothing of root's undoes the run now, whose deadline has passed.

    Raises Refused where it takes root and sudo does not agree.
    """
    from workbench.repair.rooted import require_root

    operations = entry.planned.operations
    if not root_timer.covers(operations):
        return True
    end = time.monotonic() + _AT_WORK
    while root_timer.state_of(operations) in ("armed", "undoing"):
        if time.monotonic() > end:
            return False
        time.sleep(_PAUSE)
    if root_timer.state_of(operations) == "undone":
        write_down(entry.folder.parent.parent)
        return False
    try:
        require_root(operations)
    except Refused as why:
        how = f"undo it in a terminal with: workbench undo {entry.planned.identity}"
        raise Refused(f"{why.reason}. THE REPAIR STANDS, and nothing waits to undo it: {how}", why.instead) from why
    return True


def write_down(state: Path) -> None:
    """Note in the journals what root's timer undid, as long as that can be seen. What cannot be noted now is later."""
    try:
        if any((state / "runs").glob(f"*/{WATCHED}")):
            with locked(state, _PATIENCE) as real:
                write_down_under_lock(real)
    except (Refused, OSError):
        pass


def write_down_under_lock(state: Path) -> None:
    """As ``write_down``, where the lock is held already. Raises Refused and OSError."""
    for entry in entries(state):
        if isinstance(entry, Entry) and entry.reverted and (entry.folder / WATCHED).exists():
            reopen(entry).note("reverted", when=entry.reverted)
            (entry.folder / WATCHED).unlink(missing_ok=True)
