"""Make a file that is not there, and take it away again: never in the place of another, never one that was changed.

The folders that are missing on the way are made for the account alone, and go with the file where they are empty.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Callable

from workbench.host.files import READ_LIMIT
from workbench.model.operations import OwnDropIn
from workbench.repair import own_units
from workbench.repair.fingerprint import Fingerprint, drift, exists, read, read_handle, status_of
from workbench.repair.paths import Refused, Spot, Untouched, spot, words, writable_by_others
from workbench.repair.publish import place_new, sha256, sync_folder, temporary_name, write_all
from workbench.repair.staged import Intent, StagedFile
from workbench.text import visible

ABSENT = Fingerprint("absent", 0, 0, 0, 0, 0, 0, 0, 0)
"""The tombstone of a file that was not there: to bring that back is to take the file away."""
_ACLS = ("system.posix_acl_access", "system.posix_acl_default")

Tell = Callable[[str], None]
Note = Callable[[Intent], None]


def is_there(path: str) -> bool:
    """Whether anything has this path, a symbolic link that leads nowhere included. Raises Refused."""
    if _way(path)[1]:
        return False
    with spot(path) as place:
        return exists(place) or os.path.islink(path)


def to_make(
    path: str, content: bytes, mode: int, *, secret: bool = False, drop_in: OwnDropIn | None = None
) -> StagedFile:
    """What making the file comes to, on the file system as it is now. Raises Refused, and where it is there already."""
    if is_there(path):
        raise Refused(f"{visible(path)} is there already, and no file is put in the place of another", "look at it")
    real, missing = _way(path)
    with spot(missing[0] if missing else real) as place:
        uid, gid = _owner(place)
        _require_writable(place)
    return StagedFile(path, real, ABSENT, sha256(content), mode, uid, gid, missing, secret, drop_in)


def ready(operation: StagedFile) -> bytes:
    """Whether the file is absent still, or still what is to be taken away; then its bytes. Raises Refused."""
    shown = visible(operation.real)
    if operation.comes:
        if is_there(operation.real):
            raise Refused(f"{shown} is there already", "look at the plan again")
        if _way(operation.real) != (operation.real, operation.folders):
            raise Refused(f"the folders on the way to {shown} are not what they were", "look at the plan again")
        return b""
    with spot(operation.real) as place:
        if not exists(place):
            raise Refused(f"{shown} is gone already")
        now, content = read(place)
    changed = drift(operation.before, now)
    if changed:
        raise Refused(f"{shown} changed since it was shown: {changed}", "look at the plan again")
    return content


def carry_out(number: int, operation: StagedFile, content: bytes, note: Note, tell: Tell) -> None:
    """Make the file, or take it away. ``note`` is told of the intent before anything happens. Raises Refused."""
    temporary = temporary_name(os.path.basename(operation.real))
    note(Intent(number, temporary))
    before = own_units.known(operation)
    if operation.comes:
        _make(operation, content, temporary)
        tell(f"made {visible(operation.real)}")
    else:
        _take_away(operation, operation.before, temporary)
        tell(f"removed {visible(operation.real)}")
    own_units.take_up(operation, before, tell)


def in_place(operation: StagedFile) -> str:
    """Why the operation's effect is not there now ("" when it is)."""
    now = _now(operation)
    if operation.comes and (now is None or now.sha256 != operation.after):
        return f"{visible(operation.real)} was changed by another program meanwhile"
    return f"{visible(operation.real)} was made again by another program" if not operation.comes and now else ""


def put_back(number: int, operation: StagedFile, backup: Callable[[], bytes], note: Note, tell: Tell) -> bool:
    """Bring back what was before the operation; False where it never happened. Raises Refused."""
    shown = visible(operation.real)
    now = _now(operation)
    temporary = temporary_name(os.path.basename(operation.real))
    if operation.comes:
        if now is None:
            removed = _remove_folders(operation)
            own_units.restore(operation, tell)
            return removed
        _require_as_made(operation, now)
        note(Intent(number, temporary, back=True))
        _take_away(operation, now, temporary)
        tell(f"removed {shown}")
        own_units.restore(operation, tell)
        return True
    if now is not None:
        if now.sha256 == operation.before.sha256:
            own_units.restore(operation, tell)  # it may be back, and nobody told of it before a sudden end
            return False
        raise Refused(f"another file stands as {shown} now; it was left as it is")
    content = backup()
    note(Intent(number, temporary, back=True))
    _make(operation, content, temporary)
    tell(f"brought back {shown}")
    own_units.restore(operation, tell)
    return True


def clear_away(operation: StagedFile, intent: Intent) -> str:
    """Deal with a file that a crash left under its passing name; what was kept, in words ("" for nothing)."""
    if not intent.temporary or _way(operation.real)[1]:
        return ""
    with spot(operation.real) as place:
        left = Spot(place.folder, intent.temporary, os.path.join(os.path.dirname(place.path), intent.temporary))
        if not exists(left):
            return ""
        twice = exists(place) and _same(left, place)
        if operation.comes is not intent.back or twice:
            # It was being made, a copy of ours that nobody has seen; or it is one file under both names.
            os.unlink(left.name, dir_fd=left.folder)
        elif exists(place):
            return f"a file of unknown content was kept as {visible(left.path)}"
        else:
            place_new(place.folder, left.name, place.name)
        sync_folder(place.folder)
    return ""


def undoing(operation: StagedFile) -> StagedFile | None:
    """What takes away the file that an operation made, None where it is gone. Raises Refused where it was changed."""
    now = _now(operation)
    if now is None:
        return None
    _require_as_made(operation, now)
    return StagedFile(
        operation.path,
        operation.real,
        now,
        "",
        now.mode,
        now.uid,
        now.gid,
        operation.folders,
        operation.secret,
        operation.drop_in,
    )


def _require_as_made(operation: StagedFile, now: Fingerprint) -> None:
    made = (operation.after, operation.mode, operation.uid, operation.gid)
    if (now.sha256, now.mode, now.uid, now.gid) != made or now.links > 1:
        raise Refused(
            f"{visible(operation.real)} was changed since it was made; it was left as it is",
            "look at it, and remove it by hand if you do not need it",
        )


def _way(path: str) -> tuple[str, tuple[str, ...]]:
    """The real path of a file that need not be there, and the folders on the way that are missing, outermost first."""
    steps = [step for step in path.split("/") if step]
    for depth in range(1, len(steps)):
        with spot("/" + "/".join(steps[:depth])) as place:
            if not exists(place):
                rest = steps[depth:]
                missing = tuple(os.path.join(place.path, *rest[:count]) for count in range(len(rest)))
                return os.path.join(place.path, *rest), missing
    with spot(path) as place:
        return place.path, ()


def _same(one: Spot, other: Spot) -> bool:
    first, second = status_of(one), status_of(other)
    return (first.device, first.inode) == (second.device, second.inode)


def _owner(place: Spot) -> tuple[int, int]:
    """Whose a new entry of the directory is: that of its owner, also where root makes it. Raises Refused."""
    shown = visible(os.path.dirname(place.path))
    status = os.fstat(place.folder)
    if os.geteuid() not in (0, status.st_uid):
        raise Refused(f"{shown} belongs to another account (uid {status.st_uid})", "run the workbench as its owner")
    if writable_by_others(place.folder):
        raise Refused(
            f"other accounts can write {shown}, so what is made in it could be led elsewhere",
            f"close that directory first: chmod go-w {shlex.quote(shown)}",
        )
    of_folder = status.st_mode & stat.S_ISGID or status.st_uid != os.geteuid()
    return status.st_uid, status.st_gid if of_folder else os.getegid()


def _require_writable(place: Spot) -> None:
    shown = visible(os.path.dirname(place.path))
    if os.fstatvfs(place.folder).f_flag & os.ST_RDONLY:
        raise Refused(f"{shown} is on a read-only file system")
    if not os.access(".", os.W_OK | os.X_OK, dir_fd=place.folder, effective_ids=True):
        raise Refused(f"nothing can be made in {shown}: permission denied", f"run: chmod u+wx {shlex.quote(shown)}")


def _now(operation: StagedFile) -> Fingerprint | None:
    """What stands there now. Raises Refused where that cannot be told."""
    if _way(operation.real)[1]:
        return None
    with spot(operation.real) as place:
        _require_there(operation.real, place)
        return read(place)[0] if exists(place) else None


def _stands(operation: StagedFile) -> bool:
    try:
        now = _now(operation)
    except Refused:
        return False
    return now is not None and now.sha256 == (operation.after or operation.before.sha256)


def _require_there(path: str, place: Spot) -> None:
    if place.path != path:
        raise Refused(f"{visible(path)} leads to {visible(place.path)} now", "look at the plan again")


def _make(operation: StagedFile, content: bytes, temporary: str) -> None:
    shown = visible(operation.real)
    try:
        for folder in operation.folders:
            _make_folder(folder, operation)
        with spot(operation.real) as place:
            _require_there(operation.real, place)
            _require_owner(place, operation)
            _publish(place, operation, content, temporary)
    except (Refused, OSError) as why:
        reason = words(why) if isinstance(why, OSError) else why.reason
        if not isinstance(why, FileExistsError) and _stands(operation):
            raise Refused(f"{shown} was made, but not for good: {reason}") from why
        _remove_folders(operation)
        if isinstance(why, FileExistsError):
            raise Untouched(f"{shown} was made by another program this very moment; it was left as it is") from why
        raise Untouched(f"{shown} could not be made: {reason}; nothing was changed") from why
    with spot(operation.real) as place:
        now, written = read(place)
        sync_folder(place.folder)
    if written != content:
        raise Refused(f"{shown} was changed by another program the moment it was made")
    _require_as_made_by(operation, now)


def _require_as_made_by(operation: StagedFile, now: Fingerprint) -> None:
    if (now.mode, now.uid, now.gid) != (operation.mode, operation.uid, operation.gid):
        raise Refused(f"the system gave {visible(operation.real)} another mode or owner than was asked for")


def _make_folder(folder: str, operation: StagedFile) -> None:
    with spot(folder) as place:
        _require_there(folder, place)
        if exists(place):
            return
        _require_owner(place, operation)
        os.mkdir(place.name, 0o700, dir_fd=place.folder)
        handle = os.open(place.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place.folder)
        try:
            made = os.fstat(handle)
            if (made.st_uid, made.st_gid) != (operation.uid, operation.gid):
                # An empty folder of our own, whatever has become of its name: nobody gains by owning it.
                if made.st_uid != os.geteuid() or os.listdir(handle):
                    raise Refused(f"{visible(folder)} was replaced this very moment")
                os.fchown(handle, operation.uid, operation.gid)
            _without_default_acl(handle)
            os.fchmod(handle, 0o700)
        finally:
            os.close(handle)
        sync_folder(place.folder)


def _require_owner(place: Spot, operation: StagedFile) -> None:
    if _owner(place)[0] != operation.uid:
        raise Refused(f"the directory of {visible(place.path)} has another owner now", "look at the plan again")


def _publish(place: Spot, operation: StagedFile, content: bytes, temporary: str) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(temporary, flags, 0o600, dir_fd=place.folder)
    try:
        write_all(handle, content)
        made = os.fstat(handle)
        if (made.st_uid, made.st_gid) != (operation.uid, operation.gid):
            os.fchown(handle, operation.uid, operation.gid)
        _without_default_acl(handle)
        os.fchmod(handle, operation.mode)
        os.fsync(handle)
        if read_handle(handle, READ_LIMIT * 2) != content:
            raise Refused(f"{visible(place.path)} does not read back as it was written")
        place_new(place.folder, temporary, place.name)
    except BaseException:
        try:
            os.unlink(temporary, dir_fd=place.folder)
        except FileNotFoundError:
            pass
        raise
    finally:
        os.close(handle)


def _without_default_acl(handle: int) -> None:
    """What is new is for its account alone, whatever a default access control list of the directory gives others."""
    for name in _ACLS:
        try:
            os.removexattr(handle, name)
        except OSError:
            pass  # there is none: the mode is all there is


def _take_away(operation: StagedFile, known: Fingerprint, temporary: str) -> None:
    shown = visible(operation.real)
    with spot(operation.real) as place:
        _require_there(operation.real, place)
        changed = drift(known, read(place)[0])
        if changed:
            raise Untouched(f"{shown} changed since it was shown ({changed}); it was left as it is now")
        # Out of the way first, and looked at there: a write in the last moment must not be lost.
        place_new(place.folder, place.name, temporary)
        moved = Spot(place.folder, temporary, os.path.join(os.path.dirname(place.path), temporary))
        changed = drift(known, read(moved)[0])
        if changed:
            place_new(place.folder, temporary, place.name)
            raise Untouched(f"{shown} changed the moment it was to be removed; it was left as it is now")
        os.unlink(temporary, dir_fd=place.folder)
        sync_folder(place.folder)
    _remove_folders(operation)


def _remove_folders(operation: StagedFile) -> bool:
    """Remove those of its folders that are empty, innermost first. Whether any was."""
    removed = False
    for folder in reversed(operation.folders):
        try:
            with spot(folder) as place:
                os.rmdir(place.name, dir_fd=place.folder)
                sync_folder(place.folder)
        except FileNotFoundError:
            continue
        except (Refused, OSError):
            if _is_gone(folder):
                continue
            break
        removed = True
    return removed


def _is_gone(folder: str) -> bool:
    try:
        return bool(_way(folder)[1])
    except Refused:
        return False
