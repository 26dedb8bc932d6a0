"""A directory of an account's own in one of root's: made where nothing is, removed again where it is empty."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence

from workbench.host.privileged import Vector
from workbench.model.acts import MakeRootDirectory
from workbench.repair import root_commands as commands
from workbench.repair.paths import Refused, require_plain
from workbench.text import visible

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,40}")
_OWNER = re.compile(r"mcp[a-z0-9_-]{0,28}")
_PLACE = re.compile(r"/[A-Za-z0-9_./@%+,:=~-]+")
# Elsewhere a new folder could be one that programs of root's obey, such as /opt/cni/bin or one of polkit's.
_BELOW = ("/srv/", "/var/mcp", "/var/lib/mcp", "/opt/mcp")
_PLACES = "answer a new directory such as /var/mcp/files or /srv/files"


def parts(wanted: MakeRootDirectory) -> tuple[str, ...]:
    """The folders that are missing, outermost first; none where it is there as it should be. Raises Refused."""
    require_plain(wanted.path)
    if not sound(wanted, ()):
        raise Refused(
            f"{visible(wanted.path)} is no place for a workspace of another account",
            _PLACES,
        )
    missing: list[str] = []
    place = wanted.path
    while not os.path.lexists(place):
        missing.insert(0, place)
        place = os.path.dirname(place)
    if not sound(wanted, missing):
        # Its journal would not be believed, so that nothing of it could be undone.
        raise Refused(f"{visible(missing[0])} does not exist, and no repair makes it", _PLACES)
    if missing:
        _require_roots(place)
    else:
        _require_roots(os.path.dirname(place))
        _require_as_made(wanted)
    return tuple(missing)


def there(wanted: MakeRootDirectory, folders: Sequence[str]) -> tuple[str, ...]:
    """Those of the folders that are there. Raises Refused where one is not what was made."""
    found = tuple(folder for folder in folders if os.path.lexists(folder))
    if wanted.path in found:
        _require_as_made(wanted)
    place = os.path.dirname(folders[0]) if folders else ""
    while place and not os.path.lexists(place):
        place = os.path.dirname(place)
    if place:
        _require_roots(place)
    return found


def before(wanted: MakeRootDirectory, folders: Sequence[str], *, comes: bool) -> tuple[Vector, ...]:
    """What is asked before it is taken away: whether it is empty."""
    return () if comes else (looking(wanted),)


def making(wanted: MakeRootDirectory, folder: str) -> Vector:
    """The command that makes a folder, of root's where it only leads there."""
    own = folder == wanted.path
    owner, group = (wanted.owner, wanted.group) if own else ("root", "root")
    mode = f"{wanted.mode:04o}" if own else "0755"
    return (commands.program("install"), "-d", "-o", owner, "-g", group, "-m", mode, "--", folder)


def taking(wanted: MakeRootDirectory, folder: str) -> Vector:
    """The command that removes a folder, which fails where anything is in it."""
    return (commands.program("rmdir"), "--", folder)


def failed(wanted: MakeRootDirectory, folder: str) -> str:
    """What it means that such a command failed."""
    return f"{visible(folder)} could not be made, or removed again: something is in it that was left as it is"


def is_filled(wanted: MakeRootDirectory) -> bool:
    """Whether anything is in it. Raises Refused where that cannot be told."""
    answer = commands.run(looking(wanted))
    if answer.status != 0:
        raise Refused(f"it cannot be told whether {visible(wanted.path)} is empty", "look: sudo ls -la it")
    return not answer.out


def removable(wanted: MakeRootDirectory, folders: Sequence[str]) -> tuple[str, ...]:
    """Those of the folders, outermost first, in which nothing would be left: not even another's workspace."""
    kept: list[str] = []
    for folder in reversed(folders):
        if folder != wanted.path and len(os.listdir(folder)) > 1:
            break
        kept.insert(0, folder)
    return tuple(kept)


def said(wanted: MakeRootDirectory, folders: Sequence[str], *, comes: bool) -> str:
    """What a person is told of it."""
    shown = visible(wanted.path)
    above = "".join(f" and, of root's, {visible(each)}" for each in folders if each != wanted.path)
    whose = f"{wanted.owner}, group {wanted.group}, mode {wanted.mode:04o}"
    if not folders:
        return f"{shown} is there already as it should be ({whose}); it stays as it is"
    return f"make {shown} ({whose}){above}" if comes else f"remove {shown}{above}, which the repair made, where empty"


def shown(wanted: MakeRootDirectory, folders: Sequence[str]) -> tuple[str, ...]:
    """The commands say it all."""
    return ()


def sound(wanted: MakeRootDirectory, folders: Sequence[str]) -> bool:
    """Whether these are folders that may be made and removed."""
    names = _NAME.fullmatch(wanted.owner) and _NAME.fullmatch(wanted.group)
    if (
        not names
        or not _PLACE.fullmatch(wanted.path)
        or not wanted.path.startswith(_BELOW)
        or not _OWNER.fullmatch(wanted.owner)
    ):
        return False
    if os.path.normpath(wanted.path) != wanted.path:
        return False
    return all(_leads(folder, wanted.path) for folder in folders)


def looking(wanted: MakeRootDirectory) -> Vector:
    """Prints its path where nothing is in it."""
    return (commands.program("find"), wanted.path, "-maxdepth", "0", "-empty")


def _leads(folder: str, path: str) -> bool:
    below = folder.startswith(_BELOW) and os.path.normpath(folder) == folder
    return below and (folder == path or path.startswith(f"{folder}/"))


def _require_as_made(wanted: MakeRootDirectory) -> None:
    import grp
    import pwd

    shown = visible(wanted.path)
    status = os.lstat(wanted.path)
    try:
        whose = (pwd.getpwnam(wanted.owner).pw_uid, grp.getgrnam(wanted.group).gr_gid)
    except KeyError:
        whose = (-1, -1)
    seen = (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode))
    if not stat.S_ISDIR(status.st_mode) or seen != (*whose, wanted.mode):
        raise Refused(
            f"{shown} is there already, and not {wanted.owner}'s with the mode {wanted.mode:04o}; it was left as it is",
            "answer a directory that is not there yet",
        )


def _require_roots(path: str) -> None:
    """Refuse a folder that is a link, or in which anybody but root could put something else in the way."""
    while True:
        status = os.lstat(path)
        # What is in a folder that is closed could not be seen, and the account could not pass through.
        closed = not status.st_mode & 0o001
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != 0 or status.st_mode & 0o022 or closed:
            raise Refused(
                f"{visible(path)} is not root's alone and open to be passed through, so nothing is made in it as root",
                _PLACES,
            )
        if path == "/":
            return
        path = os.path.dirname(path)
