"""Who else could have written the code that is running: as root it must be nobody but root."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from workbench.text import visible


def other_hand(places: Iterable[str] | None = None) -> str:
    """Where an account other than root can change what runs as root, in words; "" where none can, or it is not root.

    ``places`` are files and directories (default: all code that is loaded, and where more would be loaded from). Each
    and every directory above it must be root's and not be writable by others; in a sticky one such as ``/tmp`` others
    cannot replace what is root's.
    """
    if getattr(os, "geteuid", lambda: -1)() != 0:
        return ""
    seen: set[str] = set()
    for place in _running() if places is None else places:
        wrong = _wrong_above(place, seen)
        if wrong:
            return wrong
    return ""


def _running() -> list[str]:
    loaded = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    package = Path(__file__).parent
    own = [str(file) for file in package.rglob("*.py")]
    beside = [str(folder) for name in ("checks", "fixes") if (folder := package.parent / name).is_dir()]
    return [file for file in (sys.executable, *sys.path, *loaded, *own, *beside) if file and Path(file).exists()]


def _wrong_above(place: str, seen: set[str]) -> str:
    """Of a path and everything above it, on the way that its name says and on the one that its links lead to."""
    path = os.path.abspath(place)  # noqa: PTH100 - links must stay
    for start in (path, os.path.realpath(path)):
        step, below = start, ""
        while step not in seen:
            seen.add(step)
            wrong = _wrong(step, holds=bool(below))
            if wrong:
                return wrong
            step, below = os.path.dirname(step), step  # noqa: PTH120
    return ""


def _wrong(path: str, *, holds: bool) -> str:
    try:
        status = os.lstat(path)
    except OSError:
        return ""  # gone meanwhile: what is not there is not run
    shown = visible(path)
    if status.st_uid != 0:
        return f"{shown} belongs to {_account(status.st_uid)}"
    if stat.S_ISLNK(status.st_mode) or (holds and status.st_mode & stat.S_ISVTX):
        return ""
    if status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and status.st_gid != 0):
        return f"{shown} can be written by other accounts (mode {stat.S_IMODE(status.st_mode):04o})"
    return ""


def _account(uid: int) -> str:
    import pwd

    try:
        return f"the account {visible(pwd.getpwuid(uid).pw_name)}"
    except KeyError:
        return f"another account (uid {uid})"
