"""A command of root's that waits: it brings the old file back the moment our pipe to it closes without a word.

So the old file comes back when the workbench is killed, and when sudo, under the new policy, no longer lets us.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from workbench.repair import root_commands as commands
from workbench.repair.paths import Refused
from workbench.repair.staged import StagedRoot

_KEEP = b"all-is-well\n"
_WAIT = 20.0
_armed: dict[str, subprocess.Popen[bytes]] = {}


def is_armed(operation: StagedRoot) -> bool:
    """Whether such a command waits for the operation."""
    return operation.real in _armed


def arm(operation: StagedRoot) -> None:
    """Start it, and see that sudo let it start. Its copy of the old file lies beside it. Raises Refused."""
    vector = commands.waiting(operation)
    process = commands.start(vector)
    _armed[operation.real] = process
    if not _is_waiting(process, vector[0]):
        disarm(operation)
        raise Refused("the command that would bring the old file back could not be started; nothing was changed")


def disarm(operation: StagedRoot) -> None:
    """Tell it that all is well: it ends and does nothing. Raises Refused where it does not end."""
    process = _armed.pop(operation.real)
    try:
        process.communicate(_KEEP, _WAIT)
    except (OSError, subprocess.TimeoutExpired):
        pass
    if process.poll() is None:
        raise Refused("the command that waits to bring the old file back did not end")


def let_go(operation: StagedRoot) -> bool:
    """Close our pipe without a word, so that it brings the old file back; False where none waits. Raises Refused."""
    process = _armed.pop(operation.real, None)
    if process is None:
        return False
    try:
        process.communicate(b"", _WAIT)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refused("the command that waits to bring the old file back did not end") from error
    return True


def _is_waiting(process: subprocess.Popen[bytes], program: str) -> bool:
    """Whether sudo has let the command start: it shows as sudo's child, or in its place."""
    end = time.monotonic() + _WAIT
    seen, told = False, Path("/proc/thread-self/children").exists()
    while time.monotonic() < end and process.poll() is None:
        line = [process.pid, *_children(process.pid)]
        line += [each for child in line[1:] for each in _children(child)]
        names = [_program_of(pid) for pid in line]
        if program in names:
            return True
        seen = seen or any(names)
        # Where other accounts' processes, or who started them, cannot be seen, sudo has had time enough to refuse.
        if not (seen and told) and time.monotonic() > end - _WAIT + 2.0:
            return True
        time.sleep(0.02)
    return False


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (OSError, ValueError):
        return []


def _program_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0].decode("utf-8", "replace")
    except OSError:
        return ""
