"""Paths as another process sees them: below its own root, in its own mount namespace.

``/proc/PID/root`` must never be resolved as the symbolic link it looks like: what it prints is ``/``, so an ordinary
``realpath`` would silently end up in the file system of the one that looks.
"""

from __future__ import annotations

import errno
import os
import re
import stat

from workbench.host.files import read_bounded
from workbench.model.record import record

_LINK_LIMIT = 40
_MOUNTS_LIMIT = 16 * 1024 * 1024
_OCTAL = re.compile(rb"\\([0-7]{3})")


def resolve_inside(root: str, path: str) -> str:
    """The path, opened from here, of what a process whose root is ``root`` (``/proc/PID/root``) calls ``path``.

    Links are followed as that process would: an absolute one starts again at its root. Raises OSError.
    """
    pending = [part for part in path.split("/") if part and part != "."]
    done: list[str] = []
    followed = 0
    while pending:
        part = pending.pop(0)
        if part == "..":
            if done:
                done.pop()
            continue
        there = "/".join((root, *done, part))
        if not stat.S_ISLNK(os.lstat(there).st_mode):
            done.append(part)
            continue
        followed += 1
        if followed > _LINK_LIMIT:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        target = os.readlink(there)
        if target.startswith("/"):
            done.clear()
        pending[:0] = [step for step in target.split("/") if step and step != "."]
    return "/".join((root, *done)) if done else root + "/"


@record
class Mount:
    """One line of a mount table: the folder ``root`` of the file system on ``device`` appears at ``point``."""

    device: str
    root: str
    point: str


def mounts(path: str) -> tuple[Mount, ...]:
    """The mount table in a ``mountinfo`` file, in its order. Raises CannotLook."""
    found = []
    for line in read_bounded(path, _MOUNTS_LIMIT).splitlines():
        fields = line.split(b" ")
        if len(fields) > 5:
            found.append(Mount(fields[2].decode("ascii", "replace"), _plain(fields[3]), _plain(fields[4])))
    return tuple(found)


def _plain(field: bytes) -> str:
    return os.fsdecode(_OCTAL.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), field))


def path_out_here(inside: str, theirs: tuple[Mount, ...], ours: tuple[Mount, ...]) -> str | None:
    """The path by which a file of another mount namespace can be reached in ours, or None when no mount of ours has it.

    ``inside`` is free of links. A private /tmp of systemd, a bind mount of bwrap and a volume of a container are all
    folders of some file system that is also mounted here.
    """
    over = _covering(theirs, inside)
    if over is None:
        return None
    within = _join(over.root, _below(inside, over.point))
    best: str | None = None
    deepest = -1
    for mount in ours:
        if mount.device == over.device and _is_below(within, mount.root) and len(mount.root) > deepest:
            candidate = _join(mount.point, _below(within, mount.root))
            if _covering(ours, candidate) == mount:  # else something else is mounted over it
                best, deepest = candidate, len(mount.root)
    return best


def _covering(table: tuple[Mount, ...], path: str) -> Mount | None:
    best: Mount | None = None
    for mount in table:
        if _is_below(path, mount.point) and (best is None or len(mount.point) >= len(best.point)):
            best = mount  # of two at one point the later lies on top
    return best


def _is_below(path: str, folder: str) -> bool:
    return folder == "/" or path == folder or path.startswith(folder + "/")


def _below(path: str, folder: str) -> str:
    return path.lstrip("/") if folder == "/" else path[len(folder) :].lstrip("/")


def _join(folder: str, rest: str) -> str:
    return f"{folder.rstrip('/')}/{rest}" if rest else folder


def same_file(one: str, other: str) -> bool:
    """Whether two paths name one file, their last link not followed."""
    try:
        first, second = os.lstat(one), os.lstat(other)
    except OSError:
        return False
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)
