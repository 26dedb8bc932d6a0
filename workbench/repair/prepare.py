"""Work a plan out against the files as they are now: exact bytes and modes, shown before anything is done.

Nothing is written here. Whatever would not be safe to do later is refused now, with what the person can do instead.
"""

from __future__ import annotations

import os
import shlex
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from workbench.model.acts import Act
from workbench.model.operations import (
    Alone,
    CreateFile,
    CreateRootFile,
    Edit,
    EditItems,
    EditLine,
    EditRootFile,
    EditValue,
    InsertItems,
    KeepSecret,
    Operation,
    RemoveValue,
    RepairOwnUnit,
    RepairUnit,
    ReplaceSecret,
    RestoreLine,
    RestoreValue,
    SetMode,
    SetValue,
    TrialStart,
)
from workbench.model.plan import Plan, Refusal
from workbench.model.recreation import RecreateContainer
from workbench.model.run import Change
from workbench.repair import items
from workbench.repair.creating import to_make
from workbench.repair.edits import edited, json_of, overlap, what_is_left
from workbench.repair.fingerprint import Fingerprint, exists, read, status_of
from workbench.repair.guides import steps_told
from workbench.repair.keeping import keep, kept_edits, require_all_kept
from workbench.repair.lines import said as said_of_line
from workbench.repair.paths import Refused, Spot, require_plain, spot
from workbench.repair.preview import diff, leaves
from workbench.repair.publish import sha256
from workbench.repair.root_timer import shown as with_timer
from workbench.repair.staged import Staged, StagedAct, StagedContainer, StagedMode, StagedTrial, StagedWrite
from workbench.secrets import recognise, redact
from workbench.text import visible

_ALONE = Alone | KeepSecret
_IMMUTABLE, _APPEND_ONLY, _GET_FLAGS = 0x10, 0x20, 0x80086601


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan worked out against the live files. ``changes`` is what a person is shown, one for each operation.

    ``contents`` are the exact bytes each file will hold (empty where only a mode changes). They may hold secrets that
    stand elsewhere in the file, so they appear in no repr and in no journal. ``batch`` is the name of the batch that it
    is applied in, "" for none.
    """

    plan: Plan
    changes: tuple[Change, ...]
    operations: tuple[Staged, ...] = field(repr=False)
    contents: tuple[bytes, ...] = field(repr=False)
    batch: str = ""


def prepare(plan: Plan) -> Prepared | Refusal:
    """Work the plan out. Writes nothing."""
    if plan.steps:
        told = steps_told(plan)
        return told if isinstance(told, Refusal) else Prepared(plan, told, (), ())
    if sys.platform != "linux":
        return Refusal(
            "repairs are made on Linux only: elsewhere the workbench cannot yet prove that it keeps every attribute",
            "follow the steps by hand in the lesson of the check",
        )
    if not plan.operations:
        return Refusal("the plan has no operation: there is nothing to do")
    try:
        kept = tuple(each for each in plan.operations if isinstance(each, KeepSecret))
        staged = [made for group in grouped(plan) if (made := _worked_out(group, kept, plan)) is not None]
        operations = tuple(operation for operation, _, _ in staged)
        changes = with_timer(tuple(change for _, change, _ in staged), operations, plan.confirm)
    except Refused as why:
        return Refusal(why.reason, why.instead)
    except OSError as error:
        return Refusal(f"a file of the plan cannot be examined: {visible(error.strerror or type(error).__name__)}")
    places = [
        (operation.before.device, operation.before.inode) if operation.before.inode else operation.real
        for operation, _, _ in staged
        if not isinstance(operation, StagedTrial | StagedAct | StagedContainer)
    ]
    if len(set(places)) != len(places):
        return Refusal("two operations of the plan change the same file under different names")
    return Prepared(plan, changes, operations, tuple(content for _, _, content in staged))


def grouped(plan: Plan) -> list[list[Operation]]:
    """The operations with all edits of one file together, so that it is written once."""
    groups: dict[str, list[Operation]] = {}
    for operation in plan.operations:
        require_plain(operation.path)
        # A trial is of the launcher, which another operation makes, and an act is no file at all.
        apart = isinstance(operation, TrialStart | Act)
        group = groups.setdefault(f"{operation.operation} " * apart + operation.path, [])
        # Only edits of one document, or the secrets of one file, are made together.
        together = all(isinstance(each, KeepSecret) for each in (operation, *group)) or not any(
            isinstance(each, _ALONE) for each in (operation, *group)
        )
        if group and not together:
            raise Refused(f"two operations of the plan change {visible(operation.path)}")
        group.append(operation)
    for operation in plan.operations:
        if isinstance(operation, KeepSecret) and operation.source not in groups:
            raise Refused(f"the plan copies a secret out of {visible(operation.source)} and leaves it there")
    # A secret is safe in its new place before the old one loses it.
    return sorted(groups.values(), key=lambda group: not isinstance(group[0], KeepSecret))


def _worked_out(group: list[Operation], kept: Sequence[KeepSecret], plan: Plan) -> tuple[Staged, Change, bytes] | None:
    first = group[0]
    if isinstance(first, SetMode):
        return _mode(first)
    if isinstance(first, CreateFile):
        return _create(first)
    if isinstance(first, RepairOwnUnit):
        return _repair(first)
    if isinstance(first, KeepSecret):
        return keep(kept_edits([each for each in group if isinstance(each, KeepSecret)]))
    if isinstance(first, EditRootFile):
        from workbench.repair.rooted import prepared

        return prepared(first)
    if isinstance(first, CreateRootFile | RepairUnit):
        from workbench.repair.root_files import prepared as of_root

        return of_root(first)
    if isinstance(first, Act):
        from workbench.repair.root_acts import prepared as of_act

        return of_act(first)
    if isinstance(first, RecreateContainer):
        from workbench.repair.recreating import worked_out as anew

        return anew(first)
    if isinstance(first, TrialStart):
        from workbench.repair.trial import worked_out

        return worked_out(first, plan)
    return _write(group, kept)


def _create(wanted: CreateFile) -> tuple[Staged, Change, bytes]:
    content = wanted.content.encode()
    staged = to_make(wanted.path, content, wanted.mode, drop_in=wanted.drop_in)
    change = creation(wanted, staged.folders)
    if wanted.drop_in is not None:
        from workbench.repair.own_units import proven

        change = replace(change, words=f"{change.words}. {proven(wanted.path, wanted.drop_in, content)}")
    return staged, change, content


def creation(wanted: CreateFile, folders: Sequence[str]) -> Change:
    """What a person is shown of a file that is made, with the folders that are made for it. Raises Refused."""
    shown = visible(wanted.path)
    lines = wanted.content.splitlines()
    if redact(wanted.content) != wanted.content or not all(line.isprintable() for line in lines):
        raise Refused(f"the content of {shown} looks like a secret, or cannot be shown, which no plan may hold")
    said = f"make {shown} (mode {wanted.mode:04o}, yours alone)"
    body = ["--- /dev/null", f"+++ {shown}", f"@@ -0,0 +1,{len(lines)} @@", *(f"+{line}" for line in lines)]
    also = "".join(f" and the folder {visible(folder)}" for folder in folders)
    return Change(shown, said + also, "\n".join(body))


def _repair(wanted: RepairOwnUnit) -> tuple[Staged, Change, bytes]:
    from workbench.repair.own_units import repaired

    with spot(wanted.path) as place:
        _require_replaceable(place, "repair the lines in an editor, as the lesson of the check says")
        before, content = read(place)
        return repaired(wanted, place.path, before, content)


def _mode(operation: SetMode) -> tuple[Staged, Change, bytes]:
    with spot(operation.path) as place:
        before = _present(place)
        shown = visible(place.path)
        command = f"chmod {operation.mode:04o} {shlex.quote(place.path)}"
        _require_own(before, shown, command)
        if before.kind not in ("file", "socket", "directory"):
            raise Refused(f"{shown} is a {before.kind}; only the mode of a file, a directory or a socket is changed")
        if (before.device, before.inode) != (operation.expect_device, operation.expect_inode):
            raise Refused(f"{shown} is not the file that was scanned: it was replaced since", "scan again")
        if before.mode != operation.expect_mode:
            raise Refused(
                f"the mode of {shown} is {before.mode:04o}, not {operation.expect_mode:04o} as it was scanned",
                "scan again",
            )
        _require_narrower(before, operation.mode, shown)
        if before.kind == "directory" and before.mode & stat.S_ISVTX:
            raise Refused(f"{shown} is a directory that accounts share (sticky); changing it would break the others")
        if before.kind == "file" and before.links > 1 and os.geteuid() == 0:
            raise Refused(
                f"{shown} has {before.links} names (hard links), so as root another file than meant could be changed",
                f"run it as the owner of the file: {command}",
            )
        if operation.mode & stat.S_ISGID and not _in_group(before.gid):
            raise Refused(f"the system would take the set-group-ID bit off {shown}", f"run as root: {command}")
        _require_changeable(place)
        staged = StagedMode(operation.path, place.path, before, operation.mode)
    return staged, mode_change(shown, before.mode, operation.mode), b""


def mode_change(shown: str, before: int, after: int) -> Change:
    """What a person is shown of a new mode."""
    said = f"set the mode of {shown} from {before:04o} to {after:04o}"
    return Change(shown, said, mode_before=before, mode_after=after)


def _write(operations: Sequence[Operation], kept: Sequence[KeepSecret] = ()) -> tuple[Staged, Change, bytes]:
    edits = edits_of(operations)
    with spot(edits[0].path) as place:
        _require_replaceable(place, f"change it in an editor: {'; '.join(_words(edit) for edit in edits)}")
        before, content = read(place)
        require_all_kept(content, edits, kept)
        return written(place.path, before, content, edited(content, edits), edits)


def _require_replaceable(place: Spot, by_hand: str) -> None:
    """Refuse a file that could not be replaced by one with other bytes and all else as it is."""
    before, shown = _present(place), visible(place.path)
    if before.kind != "file":
        raise Refused(f"{shown} is a {before.kind}, not a regular file")
    _require_own(before, shown, by_hand, as_command=False)
    if before.links > 1:
        raise Refused(
            f"{shown} has {before.links} names (hard links); replacing one would leave the others behind", by_hand
        )
    if not _in_group(before.gid):
        raise Refused(f"the group of {shown} (gid {before.gid}) could not be kept: you are not in it", by_hand)
    _require_changeable(place)
    if not os.access(".", os.W_OK | os.X_OK, dir_fd=place.folder, effective_ids=True):
        raise Refused(f"the directory of {shown} cannot be written, so the file cannot be replaced safely", by_hand)


def edits_of(operations: Sequence[Operation]) -> tuple[Edit | EditLine | RestoreLine, ...]:
    """The edits among the operations on one file. Raises Refused: for a secret, and for two in each other's way."""
    edits = tuple(each for each in operations if not isinstance(each, _ALONE))
    for edit in edits:
        _require_no_secret(edit)
    if len({edit.format for edit in edits}) > 1 or overlap(edits):
        raise Refused(f"two operations of the plan change the same part of {visible(edits[0].path)}")
    return edits


def written(
    real: str, before: Fingerprint, content: bytes, after: bytes, edits: tuple[Edit | EditLine | RestoreLine, ...]
) -> tuple[StagedWrite, Change, bytes]:
    """What it comes to that these edits make ``after`` of the ``content`` of a file. Raises Refused."""
    shown = visible(real)
    if after == content:
        raise Refused(f"{shown} already is as the plan wants it")
    change = Change(shown, "; ".join(_words(edit) for edit in edits), diff(real, content, after, edits))
    return StagedWrite(edits[0].path, real, before, sha256(after), edits, what_is_left(after, edits)), change, after


def _words(edit: Edit | EditLine | RestoreLine) -> str:
    if isinstance(edit, EditLine | RestoreLine):
        return redact(visible(said_of_line(edit), 2000))
    where = ".".join(str(step) for step in edit.pointer)
    if isinstance(edit, InsertItems):
        said = f"put {', '.join(map(repr, edit.items))} before the first of {where}"
    elif isinstance(edit, EditItems):
        said = items.said(edit, where)
    elif isinstance(edit, ReplaceSecret):
        said = f"replace the secret at {where} by {edit.value}"
    elif isinstance(edit, EditValue):
        said = f"replace {edit.expect!r} by {edit.value!r} at {where}"
    elif isinstance(edit, SetValue):
        said = f"set {where} to {edit.value}"
    elif isinstance(edit, RemoveValue) and edit.items:
        said = f"remove {', '.join(map(repr, edit.items))} from {where}"
    else:
        said = f"remove {where}"
    return redact(visible(said, 2000))


def _present(place: Spot) -> Fingerprint:
    if not exists(place):
        raise Refused(f"{visible(place.path)} does not exist any more", "scan again")
    return status_of(place)


def _require_own(before: Fingerprint, shown: str, by_hand: str, *, as_command: bool = True) -> None:
    if os.geteuid() not in (0, before.uid):
        hint = f"as its owner or root, run: {by_hand}" if as_command else f"as its owner or root, {by_hand}"
        raise Refused(f"{shown} belongs to another account (uid {before.uid})", hint)


def _require_narrower(before: Fingerprint, mode: int, shown: str) -> None:
    if mode == before.mode:
        raise Refused(f"{shown} already has the mode {mode:04o}")
    if mode & ~0o7777 or mode & ~before.mode & 0o7077:
        raise Refused(f"the mode {mode:04o} would give other accounts more of {shown} than {before.mode:04o} does")


def _require_no_secret(edit: Edit | EditLine | RestoreLine) -> None:
    if isinstance(edit, RestoreLine):
        raise Refused("only an undo puts back what a backup holds")
    if isinstance(edit, EditLine):
        said = (edit.expect, edit.value, edit.variable)
        if any(redact(text) != text or "\n" in text or "\r" in text for text in said):
            raise Refused(f"a line to change in {visible(edit.path)} looks like a secret, which no plan may hold")
        return
    name = next((step for step in reversed(edit.pointer) if isinstance(step, str)), "")
    for own, text in _said(edit, name):
        if recognise(own, text) or redact(text) != text:
            raise Refused(f"a value to replace in {visible(edit.path)} looks like a secret, which no plan may hold")


def _said(edit: Edit, name: str) -> list[tuple[str, str]]:
    """Every text that the edit names, with the name that speaks of it."""
    if isinstance(edit, EditValue):
        return [(name, edit.expect), (name, edit.value)]
    if isinstance(edit, RestoreValue):
        raise Refused("only an undo puts back what a backup holds")
    if isinstance(edit, InsertItems):
        return list(leaves(list(edit.items), name))
    if isinstance(edit, EditItems):
        # Side by side, for an option tells what the word behind it is. What stays is named by its place alone.
        expected = json_of(edit.expect)
        after = items.wanted(expected, edit.items)
        known = [[text for text in each if text is not None] for each in (expected, after) if isinstance(each, list)]
        return [pair for each in known for pair in leaves(each, name)]
    said = [(name, text) for text in edit.items] if isinstance(edit, RemoveValue) else []
    for text in (edit.expect, edit.value if isinstance(edit, SetValue | ReplaceSecret) else ""):
        said += leaves(json_of(text), name) if text else ()
    return said


def _require_changeable(place: Spot) -> None:
    shown = visible(place.path)
    if os.fstatvfs(place.folder).f_flag & os.ST_RDONLY:
        raise Refused(f"{shown} is on a read-only file system")
    flags = _flags(place)
    if flags & (_IMMUTABLE | _APPEND_ONLY):
        letter = "i" if flags & _IMMUTABLE else "a"
        raise Refused(
            f"{shown} is marked {'immutable' if letter == 'i' else 'append-only'}, on purpose as it seems",
            f"to allow the change run as root: chattr -{letter} {shlex.quote(place.path)}",
        )


def _flags(place: Spot) -> int:
    """The file's attributes as ``lsattr`` shows them; 0 where the file or its file system has none."""
    import fcntl

    try:
        kind = os.stat(place.name, dir_fd=place.folder, follow_symlinks=False).st_mode
        if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
            return 0
        handle = os.open(place.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=place.folder)
    except OSError:
        return 0
    try:
        buffer = bytearray(8)
        fcntl.ioctl(handle, _GET_FLAGS, buffer)
        return int.from_bytes(buffer[:4], sys.byteorder)
    except OSError:
        return 0
    finally:
        os.close(handle)


def _in_group(group: int) -> bool:
    return os.geteuid() == 0 or group in {os.getegid(), *os.getgroups()}
