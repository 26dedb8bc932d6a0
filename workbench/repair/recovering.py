"""What recovering interrupted runs would do, worked out against the system as it is now. Nothing is changed here.

Whoever can write the journal must not come to choose what is done unseen: this is shown first, and what would be
something else by the time it is agreed to is not done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from workbench.model.plan import Refusal
from workbench.model.record import record
from workbench.model.run import Change, Run
from workbench.repair import creating, own_units, recreating, root_recovering, trial
from workbench.repair.folder import locked
from workbench.repair.history import as_run, unread_plan
from workbench.repair.journal import Entry, entries, reopen
from workbench.repair.paths import Refused, words
from workbench.repair.prepare import Prepared
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
from workbench.repair.transaction import refused, roll_back
from workbench.repair.undo import interrupted, mode_back, needs_engine, needs_root, write_back
from workbench.text import visible


@record
class Recovering:
    """What bringing one interrupted run back would do, in its order: nothing where it had not begun anything.

    ``note`` says what stays as it is, and why; "" for nothing. ``unseen`` is why it could not be looked at, so that the
    whole run stays interrupted; "" where that is not so. ``as_root`` is whether root is what that takes.
    """

    run: Run
    changes: tuple[Change, ...]
    note: str = ""
    unseen: str = ""
    as_root: bool = False


def recovering(state: Path) -> tuple[Recovering, ...] | Refusal:
    """What recovering would do to every interrupted run, newest first; or why that cannot be told. It never raises."""
    try:
        return tuple(worked_out(entry) for entry in reversed(entries(state)) if interrupted(entry))
    except Refused as why:
        return Refusal(why.reason, why.instead)
    except OSError as error:
        return Refusal(f"the journal cannot be used: {words(error)}")


def recover(
    state: Path,
    *,
    read_only: bool = False,
    patience: float = 0.0,
    agreed: Sequence[Recovering] | None = None,
    on_plan: Callable[[Prepared], None] | None = None,
) -> tuple[Run, ...]:
    """Bring every interrupted run back to the state before it, newest first. Nothing to do is no run.

    With ``agreed`` only what was shown so is done: a run that would be brought back in another way by now is refused,
    and waits. ``on_plan`` is shown what will be done before it is.
    """
    try:
        if not any(interrupted(entry) for entry in entries(state)):
            return ()
        if read_only:
            return tuple(as_run(entry, {}) for entry in reversed(entries(state)) if interrupted(entry))
        with locked(state, patience) as real:
            found = [entry for entry in reversed(entries(real)) if interrupted(entry)]
            return tuple(_recovered(entry, agreed, on_plan) for entry in found)
    except Refused as why:
        return (refused(unread_plan(), (), why.reason),)
    except OSError as error:
        return (refused(unread_plan(), (), f"the journal cannot be used: {words(error)}"),)


def _recovered(entry: Entry, agreed: Sequence[Recovering] | None, on_plan: Callable[[Prepared], None] | None) -> Run:
    plan = entry.planned.plan
    why = needs_root(entry) or needs_engine(entry)
    if why:
        return refused(plan, entry.planned.changes, why)
    if agreed is not None or on_plan is not None:
        now = worked_out(entry)
        if agreed is not None and now not in agreed:
            changed = "what recovering it would do now is not what was shown: something changed since"
            return refused(plan, now.changes, f"{changed} (look at it again: workbench recover)")
        if on_plan is not None:
            on_plan(Prepared(plan, now.changes, (), ()))
    writer = reopen(entry)
    writer.note("recovering")
    return roll_back(writer, entry.intents, "it was interrupted", lambda _: None, recovering=True)


def worked_out(entry: Entry) -> Recovering:
    """What recovering this run would do now. Reads as root where that takes root."""
    run = as_run(entry, {})
    for_root = needs_root(entry)
    if why := for_root or needs_engine(entry):
        return Recovering(run, (), unseen=why, as_root=bool(for_root))
    changes: list[Change] = []
    notes: list[str] = []
    for number in sorted({intent.operation for intent in entry.intents}, reverse=True):
        try:
            made = _step(entry, number, entry.planned.operations[number], notes)
        except Refused as refusal:
            notes.append(refusal.reason)
        except OSError as error:
            notes.append(f"{visible(entry.planned.operations[number].real)}: {words(error)}")
        else:
            changes += [made] if made is not None else []
    return Recovering(run, tuple(changes), "; ".join(notes))


def _step(entry: Entry, number: int, operation: Staged, notes: list[str]) -> Change | None:
    """What putting one operation back comes to, None for nothing. Raises Refused."""
    backup = partial(entry.writer.backup, number)
    if isinstance(operation, StagedRoot | StagedRootFile | StagedAct):
        begun = [intent for intent in entry.intents if intent.operation == number]
        return root_recovering.change(operation, begun, notes)
    if isinstance(operation, StagedTrial):
        said = trial.left_over(operation)
        return Change(visible(operation.real), said) if said else None
    if isinstance(operation, StagedFile):
        return _file_back(operation)
    if isinstance(operation, StagedContainer):
        said = recreating.putting_back(operation)
        return Change(visible(operation.real), said) if said else None
    if isinstance(operation, StagedMode):
        made = mode_back(operation, notes)
        return made[1] if made is not None else None
    return _written_back(operation, backup)


def _written_back(operation: StagedWrite, backup: Callable[[], bytes]) -> Change | None:
    shown, made, manager = visible(operation.real), write_back(operation, backup), own_units.restoring(operation)
    if made is None:
        return Change(shown, f"{shown} is as it was{manager}") if manager else None
    if not manager:
        return made[1]
    return replace(made[1], words=made[1].words.removesuffix(own_units.undoing(operation)) + manager)


def _file_back(operation: StagedFile) -> Change | None:
    shown = visible(operation.real)
    manager = own_units.restoring(operation)
    if not operation.comes:
        if creating.is_there(operation.real):
            return Change(shown, f"{shown} is there again{manager}") if manager else None
        return Change(shown, f"bring back {shown} byte for byte as it was{manager}")
    there = creating.undoing(operation) is not None
    folders = "".join(f", and the folder {visible(each)} if it is empty" for each in reversed(operation.folders))
    if there:
        return Change(shown, f"remove {shown}, which the repair made{folders}{manager}")
    left = f"{shown} is not there{folders.replace(', and the', '; remove the', 1)}{manager}"
    return Change(shown, left) if folders or manager else None
