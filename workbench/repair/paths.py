"""Reach a file without being led astray: each directory by its own handle, no link that another account controls.

Everything below a handle is named relative to it, so that renaming or replacing a directory on the path after the walk
cannot redirect a change to another file.
"""

from __future__ import annotations

import errno
import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from workbench.text import is_visible, visible

_DIRECTORY = getattr(os, "O_PATH", 0) | os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_LINK_LIMIT = 40
_ACL = "system.posix_acl_access"


class Refused(Exception):  # noqa: N818 - it is an answer, not an error
    """Why something is not done, in words for a person, and what the person can do instead."""

    def __init__(self, reason: str, instead: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.instead = instead


class Untouched(Refused):
    """Refused before anything of ours was there: whatever the file is now, nothing has to be put back."""


@dataclass(frozen=True, slots=True)
class Spot:
    """An entry of an opened directory. ``folder`` is the directory's handle, ``path`` the real path, links resolved."""

    folder: int
    name: str
    path: str


@contextmanager
def spot(path: str) -> Iterator[Spot]:
    """Walk to a path and hold its directory open. The entry itself need not exist. Raises Refused.

    A symbolic link is followed only where it belongs to this account or root and lies in a directory that nobody else
    can write; the spot is then where the link leads, so that the link itself stays a link.
    """
    handles: list[tuple[int, str]] = []
    try:
        try:
            found = _walk(path, handles)
        except OSError as error:
            raise Refused(f"{visible(path)} cannot be reached: {words(error)}") from error
        yield found
    finally:
        for handle, _ in handles:
            os.close(handle)


def require_plain(path: str) -> None:
    """Refuse a path that is not absolute and normal, or whose shown form may not be the one on disk."""
    if not path.startswith("/") or path.startswith("//") or os.path.normpath(path) != path or path == "/":
        raise Refused(f"{visible(path)} is not an absolute path of one file")
    if "\0" in path or not is_visible(path):
        raise Refused(
            f"the name of {visible(path)} holds characters that cannot be shown, so it cannot be named safely",
            "rename it to a name of plain characters and scan again",
        )


def trusted_accounts() -> frozenset[int]:
    """The accounts whose links and folders may be relied on: root and the one that runs the workbench."""
    return frozenset({0, os.geteuid()})


def writable_by_others(handle: int) -> bool:
    """Whether accounts other than the owner and root can write the opened file or directory.

    A group of which the owner is the only member (the private group that most systems give an account) is nobody else.
    """
    status = os.fstat(handle)
    if status.st_mode & stat.S_IWOTH:
        return True
    if not status.st_mode & stat.S_IWGRP:
        return False
    return _has_acl(handle) or not _private(status.st_gid, status.st_uid)


def words(error: OSError) -> str:
    """The operating system's refusal in plain words."""
    return _WORDS.get(error.errno or 0) or visible(error.strerror or type(error).__name__)


_WORDS = {
    errno.ENOENT: "it does not exist",
    errno.ENOTDIR: "a part of its path is not a directory",
    errno.EACCES: "permission denied",
    errno.EPERM: "the system does not permit it (it may be marked immutable: see lsattr)",
    errno.EBUSY: "it is a mount point of its own and cannot be replaced; change it where it is mounted from",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.ETXTBSY: "it is a program that is running right now",
    errno.ELOOP: "a symbolic link stands where none may be",
}


def _walk(path: str, handles: list[tuple[int, str]]) -> Spot:
    handles.append((os.open("/", _DIRECTORY), "/"))
    pending = _steps(path)
    followed = 0
    while pending:
        part = pending.pop(0)
        if part == "..":
            if len(handles) > 1:
                os.close(handles.pop()[0])
            continue
        folder, here = handles[-1]
        there = os.path.join(here, part)
        try:
            status = os.stat(part, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            if pending:
                raise
            return Spot(folder, part, there)
        if stat.S_ISLNK(status.st_mode):
            followed += 1
            if followed > _LINK_LIMIT:
                raise Refused(f"the symbolic links of {visible(path)} form a loop")
            _trust_link(folder, here, there, status)
            target = os.readlink(part, dir_fd=folder)
            if target.startswith("/"):
                while len(handles) > 1:
                    os.close(handles.pop()[0])
            pending[:0] = _steps(target)
            continue
        if not pending:
            return Spot(folder, part, there)
        handles.append((os.open(part, _DIRECTORY | os.O_CLOEXEC, dir_fd=folder), there))
    raise Refused(f"{visible(path)} does not name one file in a directory")


def _steps(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _trust_link(folder: int, here: str, there: str, status: os.stat_result) -> None:
    trusted = trusted_accounts()
    if status.st_uid not in trusted:
        raise Refused(
            f"{visible(there)} is a symbolic link of another account (uid {status.st_uid}), which can lead it anywhere",
            f"look where it leads with: readlink -f {shlex.quote(visible(there))}",
        )
    if os.fstat(folder).st_uid not in trusted or writable_by_others(folder):
        raise Refused(
            f"{visible(there)} is a symbolic link in {visible(here)}, where another account can replace it",
            f"close that directory first: chmod go-w {shlex.quote(visible(here))}",
        )


def _has_acl(handle: int) -> bool:
    try:
        os.getxattr(f"/proc/self/fd/{handle}", _ACL)
    except OSError:
        return False
    return True


def _private(group: int, owner: int) -> bool:
    import grp
    import pwd

    try:
        listed = set(grp.getgrgid(group).gr_mem)
    except KeyError:
        return False
    members = {entry.pw_uid for entry in pwd.getpwall() if entry.pw_gid == group or entry.pw_name in listed}
    unknown = listed - {entry.pw_name for entry in pwd.getpwall()}
    return not unknown and members <= {0, owner}
