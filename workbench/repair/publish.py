"""Put new bytes in the place of a file in one step: the old file or the new one, never half of one.

Owner, group, mode, access control list and extended attributes are kept. The replaced file is looked at again after
the swap, so that not even a write in the last microsecond is lost.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from workbench.activity import began, note
from workbench.host.files import READ_LIMIT
from workbench.repair.fingerprint import Fingerprint, drift, read, read_handle
from workbench.repair.paths import Refused, Spot, Untouched, words
from workbench.text import visible

_ACL = "system.posix_acl_access"
_OF_THE_OLD_BYTES = {"security.ima", "security.evm", "security.capability"}
_TEMPORARY = re.compile(r"\.[^/\0]{1,40}\.[0-9a-f]{16}\.workbench", re.DOTALL)
_NO_REPLACE, _EXCHANGE = 1, 2
_NO_EXCHANGE = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP}


def temporary_name(name: str, token: str = "") -> str:
    """A hidden name beside ``name`` that nobody can guess, and that is short enough in every script.

    With a ``token`` of 16 hexadecimal digits it is known beforehand, for a folder where only root can write.
    """
    return f".{name[:40]}.{token or secrets.token_hex(8)}.workbench"


def is_temporary_name(name: str) -> bool:
    """Whether it is a name that ``temporary_name`` gives."""
    return _TEMPORARY.fullmatch(name) is not None


def publish(
    spot: Spot,
    before: Fingerprint,
    content: bytes,
    temporary: str,
    accept: Callable[[bytes], None],
    tell: Callable[[str], None],
) -> Fingerprint:
    """Replace the file, which must still be ``before``, by ``content`` and return what it is now.

    ``accept`` is given the staged bytes as they are on disk and raises Refused where they are not what was promised.
    Raises Untouched where the file is as it was or as somebody else made it, and else Refused.
    """
    shown, begun = visible(spot.path), began()
    beside = Spot(spot.folder, temporary, os.path.join(os.path.dirname(spot.path), temporary))
    with _untouched(shown):
        ours = _stage(spot, beside, before, content, accept)
    try:
        tell(f"staged the new {shown} beside it")
        _swap(spot, beside, before)
    except BaseException:
        _remove(beside, ours)
        raise
    try:
        _remove(beside, (before.device, before.inode))
        sync_folder(spot.folder)
    except OSError as error:
        raise Refused(f"{shown} was replaced, but not for good: {words(error)}") from error
    note("wrote", spot.path, begun, len(content))
    tell(f"published {shown}")
    now, written = read(spot)
    if written != content or (now.mode, now.uid, now.gid) != (before.mode, before.uid, before.gid):
        raise Refused(f"{shown} was changed by another program the moment it was published")
    return now


def sync_folder(folder: int) -> None:
    """Make the names in a directory durable. A directory that may not be read cannot be synced; that is no failure."""
    try:
        handle = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    except PermissionError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_all(handle: int, content: bytes) -> None:
    """Write every byte."""
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]


def _stage(
    spot: Spot, beside: Spot, before: Fingerprint, content: bytes, accept: Callable[[bytes], None]
) -> tuple[int, int]:
    # 0600 until the very end, so that a secret in the file is at no time readable by anybody new.
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(beside.name, flags, 0o600, dir_fd=spot.folder)
    status = os.fstat(handle)
    ours = (status.st_dev, status.st_ino)
    try:
        write_all(handle, content)
        _keep_attributes(spot, handle, before)
        os.fsync(handle)
        staged = read_handle(handle, READ_LIMIT * 2)
        if staged != content:
            raise Refused(f"the staged copy of {visible(spot.path)} does not read back as it was written")
        accept(staged)
    except BaseException:
        _remove(beside, ours)
        raise
    finally:
        os.close(handle)
    return ours


def _keep_attributes(spot: Spot, handle: int, before: Fingerprint) -> None:
    made = os.fstat(handle)
    if (made.st_uid, made.st_gid) != (before.uid, before.gid):
        try:
            os.fchown(handle, before.uid, before.gid)
        except OSError as error:
            raise Refused(
                f"the owner and group of {visible(spot.path)} cannot be kept: {words(error)}; it is as it was"
            ) from error
    # Without waiting: by now it may be a FIFO, and whoever put it there need never write to it.
    source = os.open(spot.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=spot.folder)
    try:
        status = os.fstat(source)
        if (status.st_dev, status.st_ino) != (before.device, before.inode):
            raise Refused(f"{visible(spot.path)} was replaced since it was shown; it was left as it is now")
        wanted = {name: os.getxattr(source, name) for name in _attributes(source)}
    finally:
        os.close(source)
    for name in _attributes(handle):
        # A directory's default ACL gives the new file rights that the old one did not have.
        if name not in wanted and not name.startswith("security."):
            os.removexattr(handle, name)
    for name, value in wanted.items():
        if name in _OF_THE_OLD_BYTES:
            continue
        try:
            if os.getxattr(handle, name) == value:
                continue
        except OSError:
            pass
        try:
            os.setxattr(handle, name, value)
        except OSError as error:
            if name.startswith(("security.", "trusted.")):
                continue
            raise Refused(
                f"the attribute {visible(name)} of {visible(spot.path)} cannot be kept: {words(error)}; it is as it was"
            ) from error
    os.fchmod(handle, before.mode)


def _attributes(handle: int) -> list[str]:
    try:
        names = os.listxattr(handle)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.ENOSYS):
            return []
        raise
    # The list may leave out the ACL on some file systems; ask for it by name.
    if _ACL not in names:
        try:
            os.getxattr(handle, _ACL)
            names = [*names, _ACL]
        except OSError:
            pass
    return names


def _swap(spot: Spot, beside: Spot, before: Fingerprint) -> None:
    shown = visible(spot.path)
    with _untouched(shown):
        _require(spot, before, shown)
        if not _exchange(spot.folder, beside.name, spot.name):
            os.rename(beside.name, spot.name, src_dir_fd=spot.folder, dst_dir_fd=spot.folder)
            return
    try:
        with _untouched(shown):
            _require(beside, before, shown)
    except BaseException as why:
        # The file that was swapped out is not the one that was shown: put it back, whatever it is.
        try:
            _exchange(spot.folder, beside.name, spot.name)
        except OSError as error:
            kept = visible(beside.path)
            raise Refused(f"{shown} changed the moment it was replaced, and is kept as {kept}: {words(error)}") from why
        raise


def _require(spot: Spot, before: Fingerprint, shown: str) -> None:
    now, _ = read(spot)
    changed = drift(before, now)
    if changed:
        raise Refused(f"{shown} changed since it was shown ({changed}); it was left as it is now")


@contextmanager
def _untouched(shown: str) -> Iterator[None]:
    """What is refused in here is refused while nothing of ours stands in the place of the file."""
    try:
        yield
    except Refused as why:
        raise Untouched(why.reason, why.instead) from why
    except OSError as error:
        raise Untouched(f"{shown} could not be replaced: {words(error)}; it is as it was") from error


def _remove(beside: Spot, known: tuple[int, int]) -> None:
    """Remove the file beside, if it is the one known to be needed no more. A stranger's file is kept, and told of."""
    try:
        status = os.stat(beside.name, dir_fd=beside.folder, follow_symlinks=False)
    except FileNotFoundError:
        return
    if (status.st_dev, status.st_ino) != known:
        raise Refused(
            f"another program replaced the file at this very moment; what it wrote is kept as {visible(beside.path)}"
        )
    os.unlink(beside.name, dir_fd=beside.folder)


def _exchange(folder: int, one: str, other: str) -> bool:
    """Swap two names of a directory in one step. False where the system cannot; raises OSError where it refuses."""
    return _renamed(folder, one, other, _EXCHANGE)


def place_new(folder: int, one: str, other: str) -> None:
    """Give a file another name in its directory, in one step, and never that of a file which is there.

    Raises FileExistsError, and OSError where the system refuses or cannot.
    """
    if not _renamed(folder, one, other, _NO_REPLACE):
        os.link(one, other, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        os.unlink(one, dir_fd=folder)


def _renamed(folder: int, one: str, other: str, how: int) -> bool:
    function = _renameat2()
    if function is None:
        return False
    if function(folder, os.fsencode(one), folder, os.fsencode(other), how) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NO_EXCHANGE:
        return False
    raise OSError(number, os.strerror(number), other)


@lru_cache(maxsize=1)
def _renameat2() -> Callable[[int, bytes, int, bytes, int], int] | None:
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is None:
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    function.restype = ctypes.c_int
    found: Callable[[int, bytes, int, bytes, int], int] = function
    return found


def sha256(content: bytes) -> str:
    """The hexadecimal digest."""
    return hashlib.sha256(content).hexdigest()
