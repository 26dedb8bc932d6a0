"""Find the socket that was named: its exact name, its owner, the kernel's number of it, and who listens."""

from __future__ import annotations

import os
import re
import stat

from workbench.exits import Unusable
from workbench.host.sockets.diag import Listening, listening
from workbench.model.record import record
from workbench.text import visible

_LONGEST = 108
_SOCKET = re.compile(r"socket:\[(\d+)\]\Z")


@record
class Target:
    """A socket to probe. ``name`` are the exact bytes to connect to, ``shown`` what a person reads.

    ``inode`` is the kernel's number of the listening socket, which no other ever gets while this boot lasts; 0 where
    the kernel does not tell. ``program`` is the short name of a process that holds it, "" where none could be seen.
    """

    name: bytes
    shown: str
    uid: int
    gid: int
    inode: int = 0
    program: str = ""


def find(asked: str) -> Target:
    """The socket at a path, or of an abstract name written ``@name``. Raises Unusable."""
    shown = visible(asked)
    known = _listening()
    if asked.startswith("@"):
        wanted = b"\0" + os.fsencode(asked[1:])
        # Some runtimes fill an abstract name up with NUL, and only the whole of it connects.
        found = next((each for each in known if each.name == wanted or each.name.rstrip(b"\0") == wanted), None)
        if found is None:
            raise Unusable(f"no socket named {shown} is listened on in this network namespace")
        uid = found.uid if found.uid is not None else 0
        return Target(found.name, shown, uid, _group(uid), found.inode, _holder(found.inode))
    path = os.path.abspath(asked)
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", "") or "it is no path"
        raise Unusable(f"{shown} cannot be looked at: {why}") from error
    if not stat.S_ISSOCK(status.st_mode):
        raise Unusable(f"{shown} is no socket")
    if len(os.fsencode(path)) >= _LONGEST:
        raise Unusable(f"{shown} is too long to be connected to")
    number = status.st_ino & 0xFFFFFFFF
    same = (each for each in known if each.file_inode == number and each.device == status.st_dev)
    found = next(same, None) or next((each for each in known if each.name == os.fsencode(path)), None)
    inode = found.inode if found is not None else 0
    program = _holder(inode) if inode else ""
    return Target(os.fsencode(path), visible(path), status.st_uid, status.st_gid, inode, program)


def _listening() -> tuple[Listening, ...]:
    try:
        return listening()
    except OSError:
        return ()


def _group(uid: int) -> int:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_gid
    except (KeyError, OverflowError):
        return uid


def _holder(inode: int) -> str:
    """The short name of a process that has the socket open. Only root sees those of every account."""
    for pid in (name for name in os.listdir("/proc") if name.isdecimal()):
        try:
            for descriptor in os.scandir(f"/proc/{pid}/fd"):
                match = _SOCKET.match(os.readlink(descriptor.path))
                if match and int(match[1]) == inode:
                    with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
                        return visible(file.read().strip())
        except OSError:
            continue  # it has ended, or belongs to another account
    return ""
