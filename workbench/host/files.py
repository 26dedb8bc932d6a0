"""Look at files without trusting them: bounded reads, modes and ACLs of a whole path, every failure a stated fact."""

from __future__ import annotations

import errno
import os
import stat
import struct
from pathlib import Path

from workbench.activity import began, note
from workbench.model.facts import Acl, AclEntry, FileFact, PathFact
from workbench.text import is_visible, visible

READ_LIMIT = 20 * 1024 * 1024
_LINK_LIMIT = 40
_ACL_NAME = "system.posix_acl_access"
_ACL_TAG_USER, _ACL_TAG_GROUP_OBJ, _ACL_TAG_GROUP, _ACL_TAG_MASK = 0x02, 0x04, 0x08, 0x10
AS_ROOT = "look as root"
"""What unlocks what only root may see of a Linux host."""


class CannotLook(Exception):  # noqa: N818 - it is an answer, not an error
    """Why something could not be looked at, in words for a person, and what would unlock it."""

    def __init__(self, why: str, unlock: str = "", *, absent: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.unlock = unlock
        self.absent = absent


def reason(error: OSError) -> CannotLook:
    """The operating system's refusal, as an answer."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ESRCH):
        return CannotLook("it does not exist", absent=True)
    if error.errno in (errno.EACCES, errno.EPERM):
        return CannotLook("permission denied", "look as root or as its owner")
    if error.errno == errno.ELOOP:
        return CannotLook("its symbolic links form a loop")
    return CannotLook(visible(error.strerror or str(error)))


def read_bounded(path: str | Path, limit: int = READ_LIMIT) -> bytes:
    """The bytes of a regular file of at most ``limit`` bytes.

    Never blocks on a FIFO or a device and never reads without end. Raises CannotLook.
    """
    begun = began()
    try:
        content = _read_bounded(path, limit)
    except CannotLook as why:
        note("read", os.fspath(path), begun, why.why)
        raise
    note("read", os.fspath(path), begun, len(content))
    return content


def _read_bounded(path: str | Path, limit: int) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        raise reason(error) from error
    except ValueError as error:
        raise CannotLook("its name holds a NUL character") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise CannotLook(f"it is a {kind_of(status.st_mode)}, not a regular file")
        if status.st_size > limit:
            raise CannotLook(f"it is larger than {limit // (1024 * 1024)} MiB ({status.st_size} bytes)")
        parts: list[bytes] = []
        left = limit + 1
        while left > 0 and (part := os.read(handle, min(left, 1 << 20))):
            parts.append(part)
            left -= len(part)
        if left <= 0:
            raise CannotLook(f"it is larger than {limit // (1024 * 1024)} MiB")
        return b"".join(parts)
    except OSError as error:
        raise reason(error) from error
    finally:
        os.close(handle)


def kind_of(mode: int) -> str:
    """The word for a file type: ``file``, ``directory``, ``socket``, ``fifo``, ``link`` or ``device``."""
    for test, word in (
        (stat.S_ISREG, "file"),
        (stat.S_ISDIR, "directory"),
        (stat.S_ISSOCK, "socket"),
        (stat.S_ISFIFO, "fifo"),
        (stat.S_ISLNK, "link"),
    ):
        if test(mode):
            return word
    return "device"


def file_fact(path: str | Path) -> FileFact:
    """What ``lstat`` and the ACL say of one path, its last link not followed. Raises CannotLook."""
    text = os.fspath(path)
    try:
        status = os.lstat(text)
        target = os.readlink(text) if stat.S_ISLNK(status.st_mode) else ""
    except OSError as error:
        raise reason(error) from error
    except ValueError as error:
        raise CannotLook("its name holds a NUL character") from error
    return FileFact(
        path=visible(text),
        kind=kind_of(status.st_mode),  # type: ignore[arg-type]
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
        device=status.st_dev,
        inode=status.st_ino,
        links=status.st_nlink,
        size=status.st_size,
        modified=status.st_mtime,
        acl=None if stat.S_ISLNK(status.st_mode) else _acl(text),
        exact=is_visible(text),
        target=visible(target),
    )


def path_fact(path: str | Path) -> PathFact:
    """What a path names and every directory and link the kernel goes through to get there. Raises CannotLook."""
    text = os.fspath(path)
    # Not abspath: it would take ".." off the text, where the kernel takes it off the directory a link leads to.
    asked = text if os.path.isabs(text) else os.path.join(os.getcwd(), text)
    drive, below = os.path.splitdrive(asked)
    top = drive + os.sep
    directories: list[FileFact] = [file_fact(top)]
    links: list[FileFact] = []
    pending = [part for part in below.split(os.sep) if part and part != os.curdir]
    here = top
    file = directories[0]
    while pending:
        part = pending.pop(0)
        if part == os.pardir:
            here = os.path.dirname(here)
            continue
        there = os.path.join(here, part)
        file = file_fact(there)
        if file.kind == "link":
            links.append(file)
            if len(links) > _LINK_LIMIT:
                raise CannotLook("its symbolic links form a loop")
            try:
                raw = os.readlink(there)
            except OSError as error:
                raise reason(error) from error
            if os.path.isabs(raw):
                here = top
            pending[:0] = [step for step in raw.split(os.sep) if step and step != os.curdir]
            continue
        if pending:
            if file.kind != "directory":
                raise CannotLook(f"{visible(there)} is a {file.kind}, not a directory", absent=True)
            directories.append(file)
        here = there
    if file.kind == "link":
        file = file_fact(here)
    return PathFact(visible(asked), file, tuple(directories), tuple(links))


def _acl(path: str) -> Acl | None:
    if not hasattr(os, "getxattr"):
        return None
    try:
        raw = os.getxattr(path, _ACL_NAME)
    except OSError:
        return None
    entries: list[tuple[int, int, int]] = [struct.unpack_from("<HHI", raw, at) for at in range(4, len(raw) - 7, 8)]
    mask = next((rights for tag, rights, _ in entries if tag == _ACL_TAG_MASK), 7)
    named = tuple(
        AclEntry("user" if tag == _ACL_TAG_USER else "group", identity, rights & mask)
        for tag, rights, identity in entries
        if tag in (_ACL_TAG_USER, _ACL_TAG_GROUP)
    )
    owning = next((rights for tag, rights, _ in entries if tag == _ACL_TAG_GROUP_OBJ), 0) & mask
    return Acl(owning, named)


def names_in(folder: str, most: int) -> list[str]:
    """The names in a folder, not more than ``most`` and in no order; none where it cannot be looked into."""
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry, _ in zip(entries, range(most), strict=False)]
    except OSError:
        return []
