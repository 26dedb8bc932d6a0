"""The process that waits for a run's deadline and undoes it then, whatever became of the workbench that applied it.

It has a session of its own, no terminal and no child, ignores hang-ups, and imports nothing but what an undo needs.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from workbench.repair.journal import Entry, Writer

_READY = b"waiting\n"
_START = 30.0  # seconds that it may take to say so
_NAP = 1.0  # seconds from one look at the journal to the next
# Its parent ends at once, so that nobody has to wait for it, and it can never have a terminal again. What it imports
# is what this process imports, wherever that came from.
_PROGRAM = """
import json, os, sys
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
sys.path[:] = json.loads(sys.argv[1])
from workbench.repair.watching import main
main(sys.argv[2], sys.argv[3])
"""


def start(writer: Writer) -> str:
    """Start the process for a run whose journal has a deadline. Gives "" once it waits, or why it does not."""
    from workbench.repair.watched import WATCHED

    state, run = str(writer.folder.parent.parent), writer.planned.identity
    path = json.dumps([os.path.abspath(each) for each in sys.path])
    try:
        handle = os.open(writer.folder / WATCHED, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        os.close(handle)
        done = subprocess.run(
            [sys.executable, "-I", "-c", _PROGRAM, path, state, run],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            timeout=_START,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "the process that would do it did not start in time"
    except OSError as error:
        return f"the process that would do it could not be started: {error.strerror or type(error).__name__}"
    return "" if done.stdout == _READY else "the process that would do it ended at once"


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

    from workbench.repair import undo  # noqa: F401 - what it needs at the deadline is there from the start
    from workbench.repair.confirming import revert, seconds_left
    from workbench.repair.folder import Busy
    from workbench.repair.history import find
    from workbench.repair.journal import entries
    from workbench.repair.watched import WATCHED

    folder = state / "runs" / run
    handle = os.open(folder / WATCHED, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    entry: Entry = find(run, entries(state))
    if entry.deadline is None:
        return
    os.write(1, _READY)
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
