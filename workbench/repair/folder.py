"""The state folder: made, trusted and locked, because an undo writes what is found in it."""

from __future__ import annotations

import os
import shlex
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from workbench.repair.fingerprint import exists
from workbench.repair.paths import Refused, spot, trusted_accounts, words, writable_by_others
from workbench.text import visible

_BETWEEN = 0.05  # seconds from one try for the lock to the next


class Busy(Refused):
    """Refused because another workbench is at it right now."""


@contextmanager
def locked(state: Path, patience: float = 0.0) -> Iterator[Path]:
    """Hold the one lock of the state folder, which is made where it is missing. Raises Refused, and Busy.

    Gives the folder's real path. Nobody else can lead that one elsewhere, so it is the one to go on with. ``patience``
    is for how many seconds another holder of the lock is waited for.
    """
    real = made(state)
    with _said_of(state):
        handle = os.open(real / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            _lock(handle, patience)
        except OSError as error:
            holder = visible(os.pread(handle, 200, 0).decode("utf-8", "replace").strip()) or "another workbench"
            raise Busy(f"{holder} is repairing this account's files right now", "wait until it is done") from error
        with _said_of(state):
            os.ftruncate(handle, 0)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            os.pwrite(handle, f"the workbench with process id {os.getpid()}, since {now},".encode(), 0)
        yield real
    finally:
        os.close(handle)


def _lock(handle: int, patience: float) -> None:
    import fcntl

    until = time.monotonic() + patience
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise
            time.sleep(_BETWEEN)


def private(state: Path) -> Path | None:
    """The real path of the state folder, None where no run is in it yet.

    Raises Refused where another account could have had a hand in it.
    """
    with _said_of(state):
        try:
            os.lstat(state / "runs")
        except FileNotFoundError:
            return None
        with spot(str(state)) as place:
            real = place.path
        for folder in (*_down_to(real), f"{real}/runs"):
            _require_trusted(folder, own=folder == real or folder.startswith(f"{real}/"))
    return Path(real)


def made(state: Path) -> Path:
    """The real path of the state folder, which is made where it is missing.

    Raises Refused where another account could have a hand in it, or where it is another's.
    """
    with _said_of(state):
        for folder in (*reversed(state.parents), state, state / "runs"):
            if folder != folder.parent:
                _make(folder)
    real = private(state)
    if real is None:
        raise Refused(f"the state folder {visible(str(state))} was removed this very moment")
    return real


def _make(folder: Path) -> None:
    """Make one folder, in a place where nobody else can have chosen what is made there."""
    with spot(str(folder)) as place:
        if exists(place):
            return
        for above in _down_to(os.path.dirname(place.path)):
            _require_trusted(above, own=False)
        os.mkdir(place.name, 0o700, dir_fd=place.folder)


def _require_trusted(folder: str, *, own: bool) -> None:
    shown = visible(folder)
    handle = os.open(folder, getattr(os, "O_PATH", 0) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(handle)
        # In a sticky directory, such as /tmp, others cannot rename or remove what is ours.
        open_to_others = (own or not status.st_mode & stat.S_ISVTX) and writable_by_others(handle)
    finally:
        os.close(handle)
    if status.st_uid not in ({os.geteuid()} if own else trusted_accounts()):
        raise Refused(f"{shown} belongs to another account (uid {status.st_uid})")
    if open_to_others:
        raise Refused(
            f"other accounts can write {shown}, so a journal in it could not be relied on",
            f"run: chmod go-w {shlex.quote(shown)}",
        )


def _down_to(folder: str) -> list[str]:
    """The root, and every directory on the way to the folder, and the folder."""
    steps = [part for part in folder.split("/") if part]
    return ["/", *("/" + "/".join(steps[: number + 1]) for number in range(len(steps)))]


@contextmanager
def _said_of(state: Path) -> Iterator[None]:
    said = f"the state folder {visible(str(state))} cannot be used"
    try:
        yield
    except Refused as why:
        raise Refused(f"{said}: {why.reason}", why.instead) from why
    except OSError as error:
        raise Refused(f"{said}: {words(error)}") from error
