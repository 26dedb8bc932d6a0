"""Write one whole file for the person who asked for it: in one step, readable by nobody else, over nothing foreign."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from workbench.host.files import CannotLook, kind_of, read_bounded
from workbench.repair.paths import Refused, Spot, spot, words
from workbench.repair.publish import sync_folder, temporary_name, write_all
from workbench.text import visible

_HAS_HANDLES = os.open in os.supports_dir_fd and os.rename in os.supports_dir_fd


def write_own_file(path: Path, content: bytes, *, instead_of: bytes | None = None) -> None:
    """Make the file, mode 0600, or put the content in the place of a regular file of this account. Raises Refused.

    With ``instead_of`` the file must still hold these bytes, b"" for one that was not there. A link is followed only
    where nobody else could have laid it; what is neither absent nor a regular file of this account is left alone.
    """
    shown = visible(str(path))
    try:
        with _place(path) as place:
            _write(place, content, instead_of)
    except OSError as error:
        raise Refused(f"{shown} was not written: {words(error)}") from error


def make_own_folder(folder: Path) -> None:
    """Make a folder of this account, mode 0700, and what is missing above it. Raises Refused."""
    try:
        for each in (*reversed(folder.parents), folder):
            if not os.path.lexists(each):
                os.mkdir(each, 0o700)
    except OSError as error:
        raise Refused(f"the folder {visible(str(folder))} was not made: {words(error)}") from error


@contextmanager
def _place(path: Path) -> Iterator[Spot]:
    absolute = os.path.abspath(path) if not os.path.isabs(path) else str(path)
    if _HAS_HANDLES:
        with spot(absolute) as found:
            yield found
        return
    yield Spot(-1, absolute, absolute)


def _write(place: Spot, content: bytes, instead_of: bytes | None) -> None:
    _require_replaceable(place)
    name = temporary_name(os.path.basename(place.path))
    beside = Spot(place.folder, name if _HAS_HANDLES else os.path.join(os.path.dirname(place.path), name), "")
    handles = {"dir_fd": place.folder} if _HAS_HANDLES else {}
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    handle = os.open(beside.name, flags | getattr(os, "O_BINARY", 0), 0o600, **handles)
    try:
        try:
            write_all(handle, content)
            os.fsync(handle)
        finally:
            os.close(handle)
        # Looked at again: it may have become something else meanwhile.
        _require_replaceable(place)
        if instead_of is not None:
            _require_same(place, instead_of)
        if _HAS_HANDLES:
            os.rename(beside.name, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
        else:
            os.replace(beside.name, place.name)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside.name, **handles)
        raise
    if _HAS_HANDLES:
        # It is there; that its name outlives a power cut at this moment is not worth a failure.
        with suppress(OSError):
            sync_folder(place.folder)


def _require_replaceable(place: Spot) -> None:
    shown = visible(place.path)
    try:
        status = os.stat(place.name, follow_symlinks=False, **({"dir_fd": place.folder} if _HAS_HANDLES else {}))
    except FileNotFoundError:
        return
    if not stat.S_ISREG(status.st_mode):
        raise Refused(f"{shown} is a {kind_of(status.st_mode)}, not a regular file; it was left as it is")
    if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
        raise Refused(f"{shown} belongs to another account (uid {status.st_uid}); it was left as it is")


def _require_same(place: Spot, instead_of: bytes) -> None:
    try:
        now = read_bounded(place.path)
    except CannotLook as why:
        if not why.absent:
            raise Refused(f"{visible(place.path)} cannot be read: {why.why}; it was left as it is") from why
        now = b""
    if now != instead_of:
        raise Refused(f"{visible(place.path)} was changed by another program meanwhile; it was left as it is now")
