"""The process that waits for a run's deadline and undoes it then, whatever became of the workbench that applied it.

It has a session of its own, no terminal and no child, ignores hang-ups, and imports nothing but what an undo needs.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from workbench.repair import undo  # noqa: F401 - what it needs at the deadline is there from the start
from workbench.repair.arming import READY
from workbench.repair.confirming import revert
from workbench.repair.deadline import seconds_left
from workbench.repair.folder import Busy
from workbench.repair.history import find
from workbench.repair.journal import Entry, entries
from workbench.repair.watched import WATCHED

_NAP = 1.0  # seconds from one look at the journal to the next


def main(state: str, run: str) -> None:
    """Wait, and undo the run unless it was confirmed or undone before. Never raises, and says only that it waits."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    os.umask(0o077)
    try:
        _wait(Path(state), run)
    except Exception:  # noqa: BLE001, RUF100 - nobody is there to be told; the next start of a workbench undoes it
        os._exit(1)
    os._exit(0)


def _wait(state: Path, run: str) -> None:
    import fcntl

    folder = state / "runs" / run
    handle = os.open(folder / WATCHED, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    entry: Entry = find(run, entries(state))
    if entry.deadline is None:
        return
    os.write(1, READY)
    _silence()
    while True:
        left = seconds_left(entry)
        if not left:
            break
        time.sleep(min(left, _NAP))
        if not (folder / WATCHED).exists():
            return  # it was confirmed, or undone
    while True:
        try:
            revert(state, run)
        except Busy:
            continue
        return


def _silence() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)
