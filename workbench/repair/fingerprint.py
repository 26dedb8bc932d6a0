"""What a file was when it was shown, so that a change made since is noticed before anything is touched."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass

from workbench.activity import began, note
from workbench.host.files import READ_LIMIT, kind_of
from workbench.repair.paths import Refused, Spot, words
from workbench.text import visible


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One file at one moment. ``mode`` are the permission bits, ``modified`` is in nanoseconds, ``sha256`` is of its
    bytes ("" where the content does not matter to the change).
    """

    kind: str
    device: int
    inode: int
    mode: int
    uid: int
    gid: int
    links: int
    size: int
    modified: int
    sha256: str = ""


def status_of(spot: Spot) -> Fingerprint:
    """The fingerprint without the content. Raises Refused where nothing is there."""
    try:
        return of_status(os.stat(spot.name, dir_fd=spot.folder, follow_symlinks=False))
    except OSError as error:
        raise Refused(f"{visible(spot.path)} cannot be examined: {words(error)}") from error


def exists(spot: Spot) -> bool:
    """Whether anything is there. Raises Refused where that cannot be told."""
    try:
        os.stat(spot.name, dir_fd=spot.folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Refused(f"{visible(spot.path)} cannot be examined: {words(error)}") from error
    return True


def read(spot: Spot) -> tuple[Fingerprint, bytes]:
    """The fingerprint and the bytes of a regular file of at most 20 MiB, of one moment. Raises Refused."""
    shown, begun = visible(spot.path), began()
    try:
        handle = os.open(spot.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=spot.folder)
    except OSError as error:
        raise Refused(f"{shown} cannot be read: {words(error)}") from error
    try:
        first = os.fstat(handle)
        if not stat.S_ISREG(first.st_mode):
            raise Refused(f"{shown} is a {kind_of(first.st_mode)}, not a regular file")
        if first.st_size > READ_LIMIT:
            raise Refused(f"{shown} is larger than {READ_LIMIT // (1024 * 1024)} MiB")
        content = read_handle(handle, READ_LIMIT + 1)
        second = os.fstat(handle)
        note("read", spot.path, begun, len(content))
    except OSError as error:
        raise Refused(f"{shown} cannot be read: {words(error)}") from error
    finally:
        os.close(handle)
    if len(content) != second.st_size or of_status(first) != of_status(second):
        raise Refused(f"{shown} is being written by another program right now", "try again in a moment")
    return of_status(second, hashlib.sha256(content).hexdigest()), content


def read_handle(handle: int, limit: int) -> bytes:
    """At most ``limit`` bytes from the start of an open file."""
    parts: list[bytes] = []
    place = 0
    while place < limit and (part := os.pread(handle, min(limit - place, 1 << 20), place)):
        parts.append(part)
        place += len(part)
    return b"".join(parts)


def drift(before: Fingerprint, now: Fingerprint) -> str:
    """What changed between the two, in words ("" for nothing).

    Where the content does not matter (no ``sha256``), neither do size and time, which a living directory changes.
    """
    changed = []
    if (before.device, before.inode) != (now.device, now.inode):
        changed.append("it was replaced by another file")
    if before.kind != now.kind:
        changed.append(f"it is a {now.kind} now")
    if before.mode != now.mode:
        changed.append(f"its mode is {now.mode:04o}, not {before.mode:04o}")
    if (before.uid, before.gid) != (now.uid, now.gid):
        changed.append("it has another owner or group")
    if before.kind == "file" and before.links != now.links:
        changed.append("it has another number of hard links")
    if before.sha256 and before.sha256 != now.sha256:
        changed.append("its content changed")
    elif before.sha256 and before.modified != now.modified and not changed:
        changed.append("it was written again")
    return ", ".join(changed)


def of_status(status: os.stat_result, sha256: str = "") -> Fingerprint:
    """The fingerprint of a status, with the digest of the content where it is known."""
    return Fingerprint(
        kind=kind_of(status.st_mode),
        device=status.st_dev,
        inode=status.st_ino,
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
        links=status.st_nlink,
        size=status.st_size,
        modified=status.st_mtime_ns,
        sha256=sha256,
    )
