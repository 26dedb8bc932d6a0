"""Carry out one operation, or put it back. Every function looks at the file again right before it touches it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from workbench.activity import began
from workbench.activity import note as noted
from workbench.repair import creating, own_units, recreating, root_acts, root_files, rooted, trial
from workbench.repair.edits import holds, require_edited, taken_back
from workbench.repair.fingerprint import Fingerprint, drift, exists, of_status, read, status_of
from workbench.repair.paths import Refused, Spot, Untouched, spot, words
from workbench.repair.publish import publish, sha256, sync_folder, temporary_name
from workbench.repair.staged import (
    Intent,
    Staged,
    StagedAct,
    StagedContainer,
    StagedFile,
    StagedMode,
    StagedRoot,
    StagedRootFile,
    StagedTrial,
    StagedWrite,
)
from workbench.text import visible

Tell = Callable[[str], None]
Note = Callable[[Intent], None]


def ready(operation: Staged) -> bytes:
    """Whether the file still is what it was when it was shown; its bytes, where they matter. Raises Refused."""
    if isinstance(operation, StagedRoot):
        rooted.ready(operation)
        return b""
    if isinstance(operation, StagedRootFile):
        root_files.ready(operation)
        return b""
    if isinstance(operation, StagedAct):
        root_acts.ready(operation)
        return b""
    if isinstance(operation, StagedContainer):
        recreating.ready(operation)
        return b""
    if isinstance(operation, StagedFile):
        return creating.ready(operation)
    if isinstance(operation, StagedTrial):
        return trial.ready(operation)
    with spot(operation.real) as place:
        _require_there(operation, place)
        if isinstance(operation, StagedMode):
            now, content = status_of(place), b""
        else:
            now, content = read(place)
    if already(operation, now):
        raise Refused(f"{visible(operation.real)} already is as the plan wants it")
    changed = drift(operation.before, now)
    if changed:
        raise Refused(f"{visible(operation.real)} changed since it was shown: {changed}", "look at the plan again")
    return content


def already(operation: StagedWrite | StagedMode, now: Fingerprint) -> bool:
    """Whether the file is as the operation would leave it."""
    if isinstance(operation, StagedMode):
        return now.mode == operation.mode and now.kind == operation.before.kind
    return now.sha256 == operation.after


def carry_out(number: int, operation: Staged, content: bytes, note: Note, tell: Tell) -> None:
    """Do it. ``note`` is told of the intent, durably, before anything happens. Raises Refused or OSError."""
    if isinstance(operation, StagedRoot):
        rooted.carry_out(number, operation, content, note, tell)
        return
    if isinstance(operation, StagedRootFile):
        root_files.carry_out(number, operation, content, note, tell)
        return
    if isinstance(operation, StagedAct):
        root_acts.carry_out(number, operation, note, tell)
        return
    if isinstance(operation, StagedContainer):
        recreating.carry_out(number, operation, note, tell)
        return
    if isinstance(operation, StagedFile):
        creating.carry_out(number, operation, content, note, tell)
        return
    if isinstance(operation, StagedTrial):
        trial.carry_out(number, operation, note, tell)
        return
    with spot(operation.real) as place:
        _require_there(operation, place)
        if isinstance(operation, StagedMode):
            note(Intent(number, ""))
            _set_mode(place, operation.before, operation.mode)
            tell(f"set the mode of {visible(operation.real)} to {operation.mode:04o}")
            return
        temporary = temporary_name(place.name)
        note(Intent(number, temporary))
        before = own_units.known(operation)
        publish(place, operation.before, content, temporary, _accepts(operation), tell)
    own_units.take_up(operation, before, tell)


def in_place(operation: Staged) -> str:
    """Why the operation's effect is not there now ("" when it is). What else another program wrote does not matter."""
    if isinstance(operation, StagedRoot):
        return rooted.in_place(operation)
    if isinstance(operation, StagedRootFile):
        return root_files.in_place(operation)
    if isinstance(operation, StagedAct):
        return root_acts.in_place(operation)
    if isinstance(operation, StagedContainer):
        return recreating.in_place(operation)
    if isinstance(operation, StagedFile):
        return creating.in_place(operation)
    if isinstance(operation, StagedTrial):
        return ""
    with spot(operation.real) as place:
        if isinstance(operation, StagedMode):
            there = already(operation, status_of(place))
        else:
            now, content = read(place)
            there = already(operation, now) or holds(content, operation.edits, operation.left)
            there = there or own_units.holds(operation, content)
    return "" if there else f"{visible(operation.real)} was changed by another program meanwhile"


def put_back(number: int, operation: Staged, backup: Callable[[], bytes], note: Note, tell: Tell) -> bool:
    """Bring back what was before the operation; False where it never happened. Raises Refused.

    What somebody else wrote since is left alone: then it is refused, in words that say where the backup is.
    """
    if isinstance(operation, StagedRoot):
        return rooted.put_back(number, operation, note, tell)
    if isinstance(operation, StagedRootFile):
        return root_files.put_back(number, operation, note, tell)
    if isinstance(operation, StagedAct):
        return root_acts.put_back(number, operation, note, tell)
    if isinstance(operation, StagedContainer):
        return recreating.put_back(number, operation, note, tell)
    if isinstance(operation, StagedFile):
        return creating.put_back(number, operation, backup, note, tell)
    if isinstance(operation, StagedTrial):
        return trial.put_back(operation, tell)
    with spot(operation.real) as place:
        if isinstance(operation, StagedMode):
            return _mode_back(number, operation, place, note, tell)
        now, there = read(place)
        content = before_of(operation, now, there, backup)
        if content is not None:
            temporary = temporary_name(place.name)
            note(Intent(number, temporary, back=True))
            publish(place, now, content, temporary, lambda _: None, tell)
    # Also where the file is as it was: its reader may have been told of the new one before a sudden end.
    own_units.restore(operation, tell)
    return content is not None


def before_of(operation: StagedWrite, now: Fingerprint, there: bytes, backup: Callable[[], bytes]) -> bytes | None:
    """The bytes that bring back what was before, or None where nothing needs to be. Raises Refused.

    They are the backup, unless another program has written the file since, as clients do all the time: then only the
    values of the plan go back into what is there.
    """
    if now.sha256 == operation.before.sha256:
        return None
    if now.sha256 == operation.after:
        return backup()
    try:
        if operation.of_unit is not None:
            return own_units.taken_back(operation, there, backup)
        return taken_back(there, operation.edits, operation.left, backup)
    except Refused as why:
        raise Refused(
            f"{visible(operation.real)} was changed by another program since, and the value that was set is not there"
            " any more; it was left as it is"
        ) from why


def clear_away(operation: Staged, intent: Intent) -> str:
    """Deal with a staged file that a crash left behind; what was kept and where, in words ("" for nothing)."""
    if isinstance(operation, StagedFile):
        return creating.clear_away(operation, intent)
    if isinstance(operation, StagedRootFile):
        return root_files.clear_away(operation, intent)
    if isinstance(operation, StagedTrial | StagedAct | StagedContainer):
        return ""
    temporary, back = intent.temporary, intent.back
    if isinstance(operation, StagedRoot):
        rooted.clear_away(operation)
        return ""
    if isinstance(operation, StagedMode) or not temporary:
        return ""
    with spot(operation.real) as place:
        beside = Spot(place.folder, temporary, os.path.join(os.path.dirname(place.path), temporary))
        if not exists(beside):
            return ""
        now = read(place)[0] if exists(place) else None
        left, _ = read(beside)
        known = (operation.before.sha256, operation.after)
        if not back and now is not None and now.sha256 == operation.after and same_file(left, operation.before):
            # Swapped and not yet tidied up: the very file that was there goes back, with whatever it holds now.
            os.rename(temporary, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
        elif left.sha256 in known or (now is not None and _untouched(now, operation, back)):
            os.unlink(temporary, dir_fd=place.folder)
        else:
            return f"a file of unknown content was kept as {visible(beside.path)}"
        sync_folder(place.folder)
    return ""


def _require_there(operation: Staged, place: Spot) -> None:
    if place.path != operation.real:
        raise Refused(f"{visible(operation.real)} leads to {visible(place.path)} now", "look at the plan again")


def same_file(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether both are of one file, and not of another that came after it and was given its number."""
    # A socket is never written, so its time is that of its making. A new one often gets the number of the old one.
    made = one.kind != "socket" or one.modified == other.modified
    return (one.device, one.inode, one.kind) == (other.device, other.inode, other.kind) and made


def _untouched(now: Fingerprint, operation: StagedWrite, back: bool) -> bool:
    """Whether the staged file never took the place of the real one, so that it is a half-written copy of ours."""
    return now.sha256 == (operation.after if back else operation.before.sha256)


def _accepts(operation: StagedWrite) -> Callable[[bytes], None]:
    def accept(staged: bytes) -> None:
        if sha256(staged) != operation.after:
            raise Refused(f"the staged copy of {visible(operation.real)} is not what was shown; nothing was changed")
        require_edited(staged, operation.edits, operation.left)

    return accept


def _set_mode(place: Spot, before: Fingerprint, mode: int) -> None:
    shown, begun = visible(place.path), began()
    handle = _pinned(place)
    try:
        changed = drift(before, of_status(os.fstat(handle)))
        if changed:
            raise Untouched(f"{shown} changed since it was shown: {changed}; it was left as it is now")
        try:
            # Through the handle, so that it is this very file whatever its name leads to now; it works for sockets too.
            os.chmod(f"/proc/self/fd/{handle}", mode)
        except OSError as error:
            raise Untouched(f"the mode of {shown} cannot be changed: {words(error)}; it is as it was") from error
        noted("wrote", f"the mode {mode:04o} of {place.path}", begun)
        now = stat.S_IMODE(os.fstat(handle).st_mode)
        if now != mode:
            os.chmod(f"/proc/self/fd/{handle}", before.mode)
            raise Refused(f"the system gave {shown} the mode {now:04o} instead of {mode:04o}; it was set back")
    finally:
        os.close(handle)


def _mode_back(number: int, operation: StagedMode, place: Spot, note: Note, tell: Tell) -> bool:
    shown = visible(operation.real)
    if not exists(place):
        if operation.before.kind == "socket":
            return False  # the server has ended; its next socket is a new one with a mode of its own
        raise Refused(f"{shown} is gone")
    now = status_of(place)
    if now.mode == operation.before.mode:
        return False
    if not same_file(now, operation.before):
        if operation.before.kind == "socket":
            return False
        raise Refused(f"{shown} was replaced by another file, which was left as it is")
    if now.mode != operation.mode:
        raise Refused(f"{shown} was given the mode {now.mode:04o} by another program and was left so")
    note(Intent(number, "", back=True))
    _set_mode(place, now, operation.before.mode)
    tell(f"set the mode of {shown} back to {operation.before.mode:04o}")
    return True


def _pinned(place: Spot) -> int:
    try:
        return os.open(place.name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place.folder)
    except OSError as error:
        raise Untouched(f"{visible(place.path)} cannot be opened: {words(error)}") from error
