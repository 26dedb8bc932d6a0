"""Bring back what a run replaced, exactly, and never at the price of what somebody wrote since.

An undo is a run of its own, prepared from the journal and the backups: it is journaled, it can be rolled back,
recovered, and undone in its turn, which does the repair again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from workbench.model.operations import Operation, SetMode
from workbench.model.plan import Plan, Reversal
from workbench.model.run import Change, Run, RunState
from workbench.repair import creating, operations, own_units, recreating, root_acts, root_files, root_timer, rooted
from workbench.repair.edits import inverse, what_is_left
from workbench.repair.fingerprint import exists, read, status_of
from workbench.repair.history import as_run, find, undoers, unread_plan
from workbench.repair.journal import Broken, Entry, entries, reopen
from workbench.repair.paths import Refused, spot
from workbench.repair.prepare import Prepared
from workbench.repair.preview import diff
from workbench.repair.publish import sha256
from workbench.repair.staged import (
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
from workbench.repair.transaction import perform, refused
from workbench.repair.watched import WATCHED
from workbench.text import visible

if TYPE_CHECKING:
    pass

READ_ONLY = "the workbench was started with --read-only, or as root from files that another account can write"
"""Why nothing is changed where nothing may be."""


def undo(
    state: Path,
    run: str,
    *,
    read_only: bool = False,
    on_step: Callable[[str], None] | None = None,
    batch: str = "",
    require: Callable[[Entry, tuple[Entry | Broken, ...]], None] | None = None,
    patience: float = 0.0,
    because: str = "",
    on_plan: Callable[[Prepared], None] | None = None,
) -> Run:
    """Undo a run, named by its identity or the unique beginning of it. Raises LookupError when there is none.

    ``batch`` is the name of the batch that the undo is of. ``require`` may raise Refused, under the lock; ``patience``
    and ``because`` are those of ``perform``. ``on_plan`` is shown what will be done before it is.

    Returns the run as it is now, ``undone``; or, where that was refused or failed, the undo that did not succeed.
    """
    try:
        known = entries(state)
        entry = find(run, known)
    except Refused as why:
        if not run:
            raise LookupError("no run is named") from why
        return refused(unread_plan(), (), why.reason)
    plan = entry.planned.plan
    try:
        if read_only:
            raise Refused(READ_ONLY)
        prepared, gone = worked_out(entry, known)
    except Refused as why:
        reason = f"{why.reason} ({why.instead})" if why.instead else why.reason
        return refused(undoing(plan, ()), entry.planned.changes, reason)

    waits = bool(entry.planned.plan.confirm) and not entry.settled
    changes = root_timer.shown_tidied(prepared.changes, entry.planned.operations) if waits else prepared.changes
    prepared = replace(prepared, changes=changes, batch=batch)
    if on_plan is not None:
        on_plan(prepared)

    def again(now: tuple[Entry | Broken, ...]) -> str:
        current = find(entry.planned.identity, now)
        _require_undoable(current, now)
        if require is not None:
            require(current, now)
        return entry.planned.identity

    done = perform(prepared, state, lambda: "", on_step or (lambda _: None), again, patience=patience, because=because)
    if done.state is not RunState.APPLIED:
        return done
    if waits:
        reopen(entry).note("undone")  # done again, it is the run that does it again which is to be confirmed
        # Not before the undo: what cannot be undone must go on being waited for.
        gone = "; ".join(filter(None, (gone, root_timer.tidy(entry.planned.operations))))
        (entry.folder / WATCHED).unlink(missing_ok=True)
    shown = as_run(entry, undoers(entries(state)))
    if not prepared.operations:
        return replace(shown, message=gone or done.message)
    message = "; ".join(filter(None, (done.message, gone)))
    return replace(shown, message=f"{message} (to do it again: workbench undo {done.identity})")


def worked_out(entry: Entry, known: tuple[Entry | Broken, ...]) -> tuple[Prepared, str]:
    """What undoes a run now, and which of it need not be undone any more, in words. Raises Refused."""
    _require_undoable(entry, known)
    return _inverse(entry, _to_be_confirmed(entry, known))


def interrupted(entry: Entry | Broken) -> TypeGuard[Entry]:
    """Whether the run was begun, and has no end."""
    return isinstance(entry, Entry) and entry.state is RunState.STARTED


def needs_root(entry: Entry) -> str:
    """Why a run that changed something as root cannot be brought back now ("" when it can): it stays interrupted."""
    return _lacks(entry, rooted.require_root, root_files.require_root, root_acts.require_root)


def needs_engine(entry: Entry) -> str:
    """Why a run that made a container anew cannot be brought back now ("" when it can): it stays interrupted."""
    return _lacks(entry, recreating.require_engine)


def _lacks(entry: Entry, *required: Callable[[Sequence[Staged]], None]) -> str:
    try:
        for require in required:
            require(entry.planned.operations)
    except Refused as why:
        return f"{why.reason} ({why.instead})" if why.instead else why.reason
    return ""


def _require_undoable(entry: Entry, known: tuple[Entry | Broken, ...]) -> None:
    by = undoers(known).get(entry.planned.identity)
    name = entry.planned.identity
    if entry.reverted:
        raise Refused(f"{name} is undone already, by root's timer", "look, and plan it again")
    if by is not None:
        raise Refused(f"{name} is undone already; to do it again: workbench undo {by.planned.identity}")
    if entry.state is RunState.STARTED:
        raise Refused(f"{name} was interrupted; bring everything back with: workbench recover")
    if entry.state not in (RunState.APPLIED, RunState.ROLLBACK_FAILED):
        raise Refused(f"{name} changed nothing ({entry.state.value}), so there is nothing to undo")
    if entry.purged_at and any(isinstance(operation, StagedWrite) for operation in entry.planned.operations):
        raise Refused(f"the backup of {name} was purged at {entry.purged_at}, so it cannot be undone any more")


def _to_be_confirmed(entry: Entry, known: tuple[Entry | Broken, ...]) -> int:
    """For how many seconds the undo waits to be confirmed: it does where it does again what had to be."""
    undone = next((each for each in known if isinstance(each, Entry) and _is_of(each, entry.planned.undoes)), None)
    return undone.planned.plan.confirm if undone is not None else 0


def _is_of(entry: Entry, identity: str) -> bool:
    return bool(identity) and entry.planned.identity == identity


def _inverse(entry: Entry, confirm: int) -> tuple[Prepared, str]:
    """What undoes the run, worked out against the files as they are now; and why nothing need be done, if so."""
    staged: list[tuple[Staged, Change, bytes, tuple[Operation, ...]]] = []
    gone: list[str] = []
    for number in reversed(range(len(entry.planned.operations))):
        operation = entry.planned.operations[number]
        if isinstance(operation, StagedTrial):
            continue  # it was started and ended: nothing is left of it to be undone
        if isinstance(operation, StagedMode):
            made = mode_back(operation, gone)
        elif isinstance(operation, StagedRoot):
            made = _root_back(operation)
        elif isinstance(operation, StagedRootFile):
            made = _root_file_back(operation, gone)
        elif isinstance(operation, StagedAct):
            made = _act_back(operation, gone)
        elif isinstance(operation, StagedContainer):
            made = _container_back(operation, gone)
        elif isinstance(operation, StagedFile):
            made = _file_back(operation, gone, partial(entry.writer.backup, number))
        else:
            made = write_back(operation, partial(bytes, entry.writer.backup(number)))
        if made is not None:
            staged.append(made)
    plan = undoing(entry.planned.plan, tuple(operation for *_, each in staged for operation in each), confirm)
    wanted = tuple(operation for operation, _, _, _ in staged)
    prepared = Prepared(
        plan,
        root_timer.shown(tuple(change for _, change, _, _ in staged), wanted, confirm),
        wanted,
        tuple(content for _, _, content, _ in staged),
    )
    why = "; ".join(gone)
    return prepared, f"there is nothing to undo any more: {why}" if gone and not staged else why


def mode_back(operation: StagedMode, gone: list[str]) -> tuple[Staged, Change, bytes, tuple[Operation, ...]] | None:
    """What sets a mode back; None where it is so, or where the file is gone, which is added. Raises Refused."""
    shown = visible(operation.real)
    is_socket = operation.before.kind == "socket"
    with spot(operation.real) as place:
        if not exists(place):
            gone.append(f"{shown} is gone")
            return None
        now, real = status_of(place), place.path
    if not operations.same_file(now, operation.before):
        if is_socket:
            gone.append(f"{shown} is a new socket with a mode of its own")
            return None
        linked = now.kind == "file" and now.links > 1
        if now.kind != operation.before.kind or now.uid != operation.before.uid or linked:
            raise Refused(f"{shown} was replaced by something else since; it was left as it is")
    back = operation.before.mode
    if now.mode == back:
        return None
    if now.mode != operation.mode:
        raise Refused(
            f"the mode of {shown} was changed to {now.mode:04o} since; it was left so",
            f"to set it back: chmod {back:04o}",
        )
    change = Change(
        shown, f"set the mode of {shown} back from {now.mode:04o} to {back:04o}", mode_before=now.mode, mode_after=back
    )
    wanted = SetMode(shown, back, now.mode, now.device, now.inode)
    return StagedMode(operation.path, real, now, back), change, b"", (wanted,)


def _root_back(operation: StagedRoot) -> tuple[Staged, Change, bytes, tuple[Operation, ...]] | None:
    back = rooted.taken_back(operation)
    return None if back is None else (back[0], back[1], b"", (back[0].edit,))


def _root_file_back(
    operation: StagedRootFile, gone: list[str]
) -> tuple[Staged, Change, bytes, tuple[Operation, ...]] | None:
    back = root_files.taken_back(operation, gone)
    return None if back is None else (*back, (operation.wanted,))


def _act_back(operation: StagedAct, gone: list[str]) -> tuple[Staged, Change, bytes, tuple[Operation, ...]] | None:
    back = root_acts.taken_back(operation, gone)
    return None if back is None else (*back, b"", (operation.wanted,))


def _container_back(
    operation: StagedContainer, gone: list[str]
) -> tuple[Staged, Change, bytes, tuple[Operation, ...]] | None:
    back = recreating.taken_back(operation, gone)
    return None if back is None else (*back, b"", (operation.wanted,))


def _file_back(
    operation: StagedFile, gone: list[str], backup: Callable[[], bytes]
) -> tuple[Staged, Change, bytes, tuple[Operation, ...]] | None:
    shown = visible(operation.real)
    if not operation.comes:
        content = backup()
        made = creating.to_make(
            operation.real, content, operation.mode, secret=operation.secret, drop_in=operation.drop_in
        )
        said = f"bring back {shown} byte for byte as it was{own_units.undoing(operation)}"
        return made, Change(shown, said), content, ()
    taken = creating.undoing(operation)
    if taken is None:
        gone.append(f"{shown} is gone")
        return None
    folders = "".join(f", and the folder {visible(folder)} if it is empty" for folder in reversed(operation.folders))
    said = f"remove {shown}, which the repair made{folders}{own_units.undoing(operation)}"
    return taken, Change(shown, said), b"", ()


def write_back(
    operation: StagedWrite, backup: Callable[[], bytes]
) -> tuple[Staged, Change, bytes, tuple[Operation, ...]] | None:
    """What brings the bytes of a file back, or puts only the old values into what it holds by now. Raises Refused."""
    shown = visible(operation.real)
    edits = inverse(operation.edits)
    with spot(operation.real) as place:
        if not exists(place):
            raise Refused(f"{shown} was deleted since, so there is nothing to put the old value into")
        (now, content), real = read(place), place.path
    if now.links > 1:
        raise Refused(f"{shown} has {now.links} names (hard links) now; replacing one would leave the others behind")
    after = operations.before_of(operation, now, content, backup)
    if after is None:
        return None
    if operation.of_unit is not None:
        return own_units.written_back(operation, real, now, content, after)
    said = f"bring back {shown} byte for byte as it was"
    if now.sha256 != operation.after:
        said = f"put back the old value in {shown} and keep everything that was changed since"
    change = Change(shown, said, diff(real, content, after, edits))
    return (
        StagedWrite(operation.path, real, now, sha256(after), edits, what_is_left(after, edits)),
        change,
        after,
        edits,
    )


def undoing(plan: Plan, wanted: tuple[Operation, ...], confirm: int = 0) -> Plan:
    """The plan that undoes what a plan did, by these operations; of an undo it is the one that does it again."""
    redo = plan.title.removeprefix("Undo: ") if plan.title.startswith("Undo: ") else ""
    title = f"Redo: {redo}" if redo else f"Undo: {plan.title.removeprefix('Redo: ')}"
    return replace(
        plan,
        title=title,
        reversal=Reversal.FULL,
        operations=wanted,
        consequences="",
        keeps=plan.keeps,
        later="",
        confirm=confirm,
    )
