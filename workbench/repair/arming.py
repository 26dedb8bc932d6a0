"""Have something undo a run that nobody confirms in time, whatever becomes of this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict

from workbench.elevation import is_roots_own
from workbench.repair import root_commands as commands
from workbench.repair import root_timer
from workbench.repair.deadline import deadline_in
from workbench.repair.journal import Writer
from workbench.repair.paths import Refused
from workbench.repair.root_waiting import write_down_under_lock
from workbench.repair.staged import Staged
from workbench.repair.watched import WATCHED

READY = b"waiting\n"
"""What a process of this account writes once it waits."""

_START = 30.0  # seconds that a process of this account may take to say that it waits
_ROOTS_START, _NAP = 20.0, 0.05  # seconds that root's timer may take to wait, and between looks at it
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

Arm = Callable[[Writer], str]
"""Has something undo the run at its deadline, whatever becomes of this process. Gives "" or why that cannot be."""


def arm(writer: Writer) -> str:
    """Note until when the run is to be confirmed, and have something wait for that. Gives "" or why it cannot be."""
    planned = writer.planned
    if not planned.plan.confirm:
        return ""
    writer.note("confirm-by", **asdict(deadline_in(planned.plan.confirm)))
    why = arming(planned.operations)(writer)
    return f"nothing could be set up that undoes it unless you confirm it: {why}" if why else ""


def arming(operations: tuple[Staged, ...]) -> Arm:
    """What undoes runs of these operations at their deadline: a process of this account, or, where only root can, one
    of root's, for no process can be asked for a password.
    """
    return start_timer if root_timer.covers(operations) else start_process


def start_process(writer: Writer) -> str:
    """Start a process of this account for a run with a deadline. Gives "" once it waits, or why it does not."""
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
    return "" if done.stdout == READY else "the process that would do it ended at once"


def start_timer(writer: Writer) -> str:
    """Arm root's timer for a run whose journal has a deadline. Gives "" once it waits, or why it does not."""
    operations = writer.planned.operations
    try:
        root_timer.require_all_of_root(operations)
        if not is_roots_own(root_timer.RUN):
            raise Refused(f"{root_timer.RUN} is not root's alone")
        # What an earlier timer left of these very files is gone when this one is armed.
        write_down_under_lock(writer.folder.parent.parent)
        handle = os.open(writer.folder / WATCHED, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        os.close(handle)
        commands.done(root_timer.arming(operations, writer.planned.plan.confirm))
    except Refused as why:
        return f"{why.reason} ({why.instead})" if why.instead else why.reason
    except OSError as error:
        return error.strerror or type(error).__name__
    end = time.monotonic() + _ROOTS_START
    while time.monotonic() < end:
        if root_timer.state_of(operations) == "armed":
            return ""
        time.sleep(_NAP)
    return "the process of root's that would do it did not start"
