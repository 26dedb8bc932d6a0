"""Cheap marks of what may change on a host: a stat of a file, the listening sockets, which processes there are.

No content of a file is read and no program is started; of /proc only its lists, and the command lines of new processes.
"""

from __future__ import annotations

import os
import stat
import time

from workbench.host.files import CannotLook, read_bounded

_NAMES = 10_000
_TABLE = 64 * 1024 * 1024
_LISTENING = b" 00010000 "

FileMark = tuple[int, ...]
"""Device, inode, when the content changed and when the rights did (nanoseconds), size, mode, uid, gid."""


def file_mark(path: str) -> FileMark | None:
    """The mark of a file, folder or socket, links followed; None where there is none that can be seen."""
    try:
        seen = os.stat(path)
    except (OSError, ValueError):
        return None
    return (
        *(seen.st_dev, seen.st_ino, seen.st_mtime_ns, seen.st_ctime_ns),
        *(seen.st_size, seen.st_mode, seen.st_uid, seen.st_gid),
    )


def what_changed(before: FileMark, after: FileMark) -> str:
    """How a file that is still there is another now: in words that follow its name."""
    if stat.S_ISDIR(after[5]) and before[:2] == after[:2] and before[2] != after[2]:
        return "has other entries"
    if (before[:3], before[4]) != (after[:3], after[4]):
        return "changed"
    if before[5] != after[5]:
        return f"has another mode: {stat.S_IMODE(before[5]):04o} before, {stat.S_IMODE(after[5]):04o} now"
    return "has other rights" if before[6:] == after[6:] else "has another owner"


def names_in(folder: str) -> frozenset[str]:
    """The names in a folder, those of a huge one in part."""
    try:
        with os.scandir(folder) as entries:
            return frozenset(entry.name for _, entry in zip(range(_NAMES), entries, strict=False))
    except (OSError, ValueError):
        return frozenset()


def listening_names(proc: str = "/proc") -> frozenset[bytes]:
    """The names of every listening unix socket of this network namespace; none where they are not told."""
    try:
        lines = read_bounded(f"{proc}/net/unix", _TABLE).split(b"\n")
    except CannotLook:
        return frozenset()
    # Most sockets of a desktop are connections. A name that holds a line break is told in pieces: it is only compared.
    found = (line.split(None, 7)[7:] for line in lines if _LISTENING in line)
    return frozenset(_abstract(rest[0]) if rest[0].startswith(b"@") else rest[0] for rest in found if rest)


def _abstract(shown: bytes) -> bytes:
    # As everywhere: the NUL that starts such a name is written as "@", and so are those that fill it up.
    return b"\0" + shown[1:].rstrip(b"@")


def process_ids(proc: str = "/proc") -> set[int]:
    """Every process that can be seen."""
    try:
        return {int(name) for name in os.listdir(proc) if name.isdecimal()}
    except OSError:
        return set()


def start_of(pid: int, proc: str = "/proc") -> int | None:
    """When a process was started, in the kernel's ticks since it booted; None where it is gone."""
    raw = _of_process(pid, "stat", proc)
    fields = raw[raw.rfind(b")") + 2 :].split()
    return int(fields[19]) if len(fields) > 19 else None


def command_of(pid: int, proc: str = "/proc") -> bytes:
    """The command line of a process as the kernel has it, empty where it is gone."""
    return _of_process(pid, "cmdline", proc)


def booted() -> float:
    """When the kernel began to count its ticks, in Unix seconds."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


def _of_process(pid: int, name: str, proc: str) -> bytes:
    try:
        with open(f"{proc}/{pid}/{name}", "rb") as file:
            return file.read(65536)
    except OSError:
        return b""
