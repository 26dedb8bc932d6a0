"""Who else could have written the code that is running: as root it must be nobody but root."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable

from workbench.text import visible


def other_hand(places: Iterable[str] | None = None, folders: Iterable[str] = ()) -> str:
    """Where an account other than root can change what runs as root, in words; "" where none can, or it is not root.

    ``places`` are files and directories, ``folders`` those in which all code below counts (default: all code that is
    loaded, and where more would be loaded from). Each and every directory above it must be root's and not be writable
    by others; in a sticky one such as ``/tmp`` others cannot replace what is root's.
    """
    if getattr(os, "geteuid", lambda: -1)() != 0:
        return ""
    seen: set[str] = set()
    real: dict[str, str] = {}
    for folder in _own() if places is None else folders:
        wrong = _wrong_below(folder, seen, real)
        if wrong:
            return wrong
    for place in _running() if places is None else places:
        # Most of what is loaded lies in the folders.
        wrong = "" if place in seen or not os.path.exists(place) else _wrong_above(place, seen, real)  # noqa: PTH110
        if wrong:
            return wrong
    return ""


def _own() -> list[str]:
    package = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - links must stay
    # In a checkout the plugins lie beside the package. They may be loaded later than this is asked.
    return [package, *(os.path.join(os.path.dirname(package), name) for name in ("checks", "fixes"))]  # noqa: PTH118, PTH120


def _running() -> list[str]:
    loaded = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    return [file for file in (sys.executable, *sys.path, *loaded) if file]


def _wrong_below(folder: str, seen: set[str], real: dict[str, str]) -> str:
    """Of all code below a folder, and of everything above it."""
    # A thousand files: objects for their paths, or a second look at each, would take longer than the answer.
    try:
        with os.scandir(folder) as entries:
            listed = list(entries)
    except OSError:
        return ""
    within = False
    for entry in listed:
        wrong = ""
        if entry.is_dir(follow_symlinks=False):
            wrong = _wrong_below(entry.path, seen, real)
        elif entry.name.endswith(".py"):
            link = entry.is_symlink()
            if link and not os.path.exists(entry.path):  # noqa: PTH110
                continue  # it leads nowhere: what is not there is not run
            if link or not within:
                # What the first one lies in is what the others lie in.
                within = True
                wrong = _wrong_above(entry.path, seen, real)
            else:
                seen.add(entry.path)
                wrong = _wrong(entry.path, holds=False)
        if wrong:
            return wrong
    return ""


def _wrong_above(place: str, seen: set[str], real: dict[str, str]) -> str:
    """Of a path and everything above it, on the way that its name says and on the one that its links lead to.

    ``real`` remembers where the links of a directory lead: most files share theirs with many.
    """
    path = os.path.abspath(place)  # noqa: PTH100 - links must stay
    for start in (path, _followed(path, real)):
        step, below = start, ""
        while step not in seen:
            seen.add(step)
            wrong = _wrong(step, holds=bool(below))
            if wrong:
                return wrong
            step, below = os.path.dirname(step), step  # noqa: PTH120
    return ""


def _followed(path: str, real: dict[str, str]) -> str:
    if os.path.islink(path):  # noqa: PTH114
        return os.path.realpath(path)
    folder, name = os.path.split(path)
    if folder not in real:
        real[folder] = os.path.realpath(folder)
    return os.path.join(real[folder], name)  # noqa: PTH118


def _wrong(path: str, *, holds: bool) -> str:
    try:
        status = os.lstat(path)
    except OSError:
        return ""  # gone meanwhile: what is not there is not run
    if status.st_uid != 0:
        return f"{visible(path)} belongs to {_account(status.st_uid)}"
    if stat.S_ISLNK(status.st_mode) or (holds and status.st_mode & stat.S_ISVTX):
        return ""
    if status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and status.st_gid != 0):
        return f"{visible(path)} can be written by other accounts (mode {stat.S_IMODE(status.st_mode):04o})"
    return ""


def _account(uid: int) -> str:
    import pwd

    try:
        return f"the account {visible(pwd.getpwuid(uid).pw_name)}"
    except KeyError:
        return f"another account (uid {uid})"
