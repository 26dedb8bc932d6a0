"""A process of root's that brings files of root's back at a deadline, whatever becomes of this account and of sudo.

It owns one file below ``/run`` that everybody may see, and holds it locked: ``armed`` while it waits, ``undoing`` once
the deadline has passed, ``undone`` when all is as it was. Confirming removes the armed file, the deadline renames it:
either is one step of the kernel, so of the two exactly one happens. Time is counted as the machine runs, so that no
change of the clock moves the deadline.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from workbench.elevation import is_roots_own
from workbench.host.privileged import Vector
from workbench.model.run import Change
from workbench.repair import root_commands as commands
from workbench.repair.paths import Refused
from workbench.repair.staged import StagedAct, StagedRoot, StagedRootFile
from workbench.text import visible

RUN = "/run"
"""Where the timer's file lies: a folder of root's that everybody may look into, and that a restart empties."""

_SYSTEMD = Path("/run/systemd/system")
_OWNER = 0
# Without a brace or a dollar sign after a dollar sign, for systemd would put something else in their place.
# Nothing is put back over what somebody else wrote since, or from a copy that is not what was kept. It has no output
# and no input, so that sudo does not wait for it. Told to end, as when the machine is shut down, it undoes at once.
_SCRIPT = """
PATH=/usr/sbin:/usr/bin:/sbin:/bin; LC_ALL=C; export PATH LC_ALL; umask 077; cd /; exec </dev/null >/dev/null 2>&1;
base=$1; wait=$2; shift 2;
exec 9>>"$base.armed" && flock -n 9 && rm -f -- "$base.undoing" "$base.undone" || exit 1;
now() { IFS=. read -r up rest </proc/uptime; };
mine() { test "$base.armed" -ef /proc/self/fd/9; };
is() { test "$(sha256sum <"$2")" = "$1  -"; };
copy() { cp --archive --no-target-directory -- "$1" "$2" && sync -- "$2"; };
move() { mv --force --no-target-directory -- "$1" "$2" && sync -- "$2" "$(dirname -- "$2")"; };
back() { is "$1" "$4" || { is "$2" "$4" && is "$1" "$5" && copy "$5" "$3" && is "$1" "$3" && move "$3" "$4"; }; };
now || exit 1; end=$((up + wait + 1)); trap "end=0" TERM INT HUP; chmod 0444 "$base.armed" || exit 1;
while mine && now && test "$up" -lt "$end"; do sleep 1 9>&-; done;
mine && mv -- "$base.armed" "$base.undoing" || exit 0;
all=:; while test $# -gt 0; do back "$1" "$2" "$3" "$4" "$5" || all=false; shift 5; done;
$all && mv -- "$base.undoing" "$base.undone"
"""


def covers(operations: Sequence[object]) -> bool:
    """Whether only root can undo some of these, and this process is not root."""
    return os.geteuid() != 0 and any(isinstance(operation, StagedRoot) for operation in operations)


def armed_file(operation: StagedRoot) -> str:
    """The file of a timer that waits to undo an operation, and maybe others after it. Removing it cancels the timer."""
    return f"{RUN}/workbench-{commands.token(operation)}.armed"


def arming(operations: Sequence[object], seconds: int) -> Vector:
    """The command that starts the timer. Raises Refused."""
    mine = _of_root(operations)
    base = _base(operations)
    program = (_owned("sh"), "-c", " ".join(_SCRIPT.split("\n")).strip(), "sh", base, str(seconds))
    files = [
        part
        for each in reversed(mine)
        for part in (
            each.before.sha256,
            each.after,
            commands.staged_path(each),
            each.real,
            commands.backup_of(each),
        )
    ]
    if _SYSTEMD.is_dir():
        # Told to end, it is told alone: what it starts then to bring the files back must not be.
        unit = f"--unit={os.path.basename(base).replace('workbench-', 'workbench-revert-')}"
        return (
            _owned("systemd-run"),
            "--quiet",
            "--collect",
            "--property=KillMode=mixed",
            unit,
            "--",
            *program,
            *files,
        )
    return (_owned("setsid"), "--fork", *program, *files)


def cancelling(operations: Sequence[object]) -> Vector:
    """The command that cancels the timer; it fails where there is none that waits."""
    return (commands.program("rm"), "--", armed_file(_of_root(operations)[0]))


def shown(changes: Sequence[Change], operations: Sequence[object], seconds: int) -> tuple[Change, ...]:
    """The changes, with the timer's commands at their place where one will be armed. Raises Refused."""
    last = max((number for number, each in enumerate(operations) if isinstance(each, StagedRoot)), default=-1)
    if seconds and os.geteuid() != 0 and any(isinstance(each, StagedRootFile | StagedAct) for each in operations):
        raise Refused(
            "no process could undo it when nobody confirms it: that takes root", "apply it without a deadline"
        )
    if not seconds or not covers(operations):
        return tuple(changes)
    require_all_of_root(operations)
    start, cancel = (commands.as_run(each) for each in (arming(operations, seconds), cancelling(operations)))
    change = changes[last]
    # The copy that lies beside the file while nothing is proven yet goes last of all.
    listed = (*change.commands[:-1], start, *change.commands[-1:])
    said = (
        f"{change.words}. Then a process of root's waits {seconds} seconds and brings the old file back, unless you"
        f" confirm it; that runs: {shlex.join(cancel)}"
    )
    return (*changes[:last], replace(change, words=said, commands=listed), *changes[last + 1 :])


def shown_tidied(changes: Sequence[Change], operations: Sequence[object]) -> tuple[Change, ...]:
    """The changes that undo these operations, with the command that cancels their timer where one waits."""
    if not changes or not _is_left(operations):
        return tuple(changes)
    last = changes[-1]
    return (*changes[:-1], replace(last, commands=(*last.commands, commands.as_run(_tidying(operations)))))


def state_of(operations: Sequence[object]) -> str:
    """What the timer is at: ``armed``, ``undoing`` or ``undone``; ``stopped`` where it has ended before, else "".

    Asks no sudo: everybody may see the file, and whether it is locked.
    """
    base = _base(operations)
    for name in ("armed", "undoing", "undone"):
        held = _held(f"{base}.{name}")
        if held is not None:
            return name if held or name == "undone" else "stopped"
    return ""


def undone_at(operations: Sequence[object], records: Mapping[str, Mapping[str, object]]) -> str:
    """When the timer undid them, ISO 8601 in UTC; "" where it did not. ``records`` are those of the journal, by name.

    Where nobody has written it down yet, the file that the timer left says it.
    """
    if "reverted" in records:
        return visible(str(records["reverted"].get("when", "")), 100) or "then"
    if {"confirmed", "undone", "not-reverted"} & records.keys() or "confirm-by" not in records:
        return ""
    if not any(isinstance(each, StagedRoot) for each in operations):
        return ""
    try:
        status = os.lstat(f"{_base(operations)}.undone")
    except OSError:
        return ""
    if status.st_uid != _OWNER or not stat.S_ISREG(status.st_mode):
        return ""
    return datetime.fromtimestamp(status.st_ctime, UTC).isoformat(timespec="seconds")


def cancel(operations: Sequence[object]) -> None:
    """Cancel the timer, which proves that sudo still lets this account act. Raises Refused; then the timer goes on."""
    if not covers(operations):
        return
    answer = commands.run(cancelling(operations))
    now = state_of(operations)
    if now in ("undoing", "undone"):
        raise Refused("the time to confirm it is over: root's timer undoes it")
    if answer.status != 0 and now:
        raise Refused("root's timer could not be cancelled, and goes on")


def tidy(operations: Sequence[object]) -> str:
    """Cancel the timer of a run that was undone, where there is one. Gives "" or what became of it instead."""
    if not _is_left(operations):
        return ""
    try:
        commands.done(_tidying(operations))
    except Refused as why:
        return f"root's timer goes on, and will find nothing to bring back ({why.reason})"
    return ""


def _is_left(operations: Sequence[object]) -> bool:
    return covers(operations) and state_of(operations) in ("armed", "stopped")


def _tidying(operations: Sequence[object]) -> Vector:
    base = _base(operations)
    return commands.remove(f"{base}.armed", f"{base}.undoing")


def _held(path: str) -> bool | None:
    """Whether a file of root's is locked by somebody; None where there is none."""
    import fcntl

    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        return False  # it comes to be this very moment
    except OSError:
        return None
    try:
        status = os.fstat(handle)
        if status.st_uid != _OWNER or not stat.S_ISREG(status.st_mode):
            return None
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


def _base(operations: Sequence[object]) -> str:
    return armed_file(_of_root(operations)[0]).removesuffix(".armed")


def _of_root(operations: Sequence[object]) -> list[StagedRoot]:
    mine = [each for each in operations if isinstance(each, StagedRoot)]
    for each in mine:
        commands.require_policy_file(each.real)
    if not mine:
        raise Refused("no file of root's is among them")
    return mine


def require_all_of_root(operations: Sequence[object]) -> None:
    """Raises Refused where some of these do not change a file of root's."""
    if not all(isinstance(each, StagedRoot) for each in operations):
        raise Refused(
            "it changes files of root's and others, and no one process could undo both when nobody confirms it",
            "repair them one after the other",
        )


def _owned(name: str) -> str:
    path = commands.program(name)
    if not is_roots_own(path):
        raise Refused(f"{path} is not root's alone, so it is not run as root")
    return path
