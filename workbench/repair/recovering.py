"""What recovering interrupted runs would do, worked out against the system as it is now. Nothing is changed here.

Whoever can write the journal must not come to choose what is done unseen: this is shown first, and what would be
something else by the time it is agreed to is not done.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from workbench.model.plan import Refusal
from workbench.model.record import record
from workbench.model.run import Change, Run
from workbench.repair import creating, root_recovering, trial
from workbench.repair.history import as_run
from workbench.repair.journal import Entry, entries
from workbench.repair.paths import Refused, words
from workbench.repair.staged import (
    Staged,
    StagedAct,
    StagedFile,
    StagedMode,
    StagedRoot,
    StagedRootFile,
    StagedTrial,
)
from workbench.repair.undo import interrupted, mode_back, needs_root, write_back
from workbench.text import visible


@record
class Recovering:
    """What bringing one interrupted run back would do, in its order: nothing where it had not begun anything.

    ``note`` says what stays as it is, and why; "" for nothing. ``needs_root`` is why it could not be looked at as root,
    so that the whole run stays interrupted; "" where that is not so.
    """

    run: Run
    changes: tuple[Change, ...]
    note: str = ""
    needs_root: str = ""


def recovering(state: Path) -> tuple[Recovering, ...] | Refusal:
    """What recovering would do to every interrupted run, newest first; or why that cannot be told. It never raises."""
    try:
        return tuple(worked_out(entry) for entry in reversed(entries(state)) if interrupted(entry))
    except Refused as why:
        return Refusal(why.reason, why.instead)
    except OSError as error:
        return Refusal(f"the journal cannot be used: {words(error)}")


def worked_out(entry: Entry) -> Recovering:
    """What recovering this run would do now. Reads as root where that takes root."""
    run = as_run(entry, {})
    why = needs_root(entry)
    if why:
        return Recovering(run, (), needs_root=why)
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
    made = mode_back(operation, notes) if isinstance(operation, StagedMode) else write_back(operation, backup)
    return made[1] if made is not None else None


def _file_back(operation: StagedFile) -> Change | None:
    shown = visible(operation.real)
    manager = "; then your own systemd reads its units again" if operation.drop_in is not None else ""
    if manager and operation.drop_in is not None and operation.drop_in.restarts is not None:
        manager += f", and {visible(operation.drop_in.restarts.unit)} is restarted if it runs or ran"
    if not operation.comes:
        if creating.is_there(operation.real):
            return None
        return Change(shown, f"bring back {shown} byte for byte as it was{manager}")
    there = creating.undoing(operation) is not None
    folders = "".join(f", and the folder {visible(each)} if it is empty" for each in reversed(operation.folders))
    if there:
        return Change(shown, f"remove {shown}, which the repair made{folders}{manager}")
    left = f"{shown} is not there{folders.replace(', and the', '; remove the', 1)}{manager}"
    return Change(shown, left) if folders or manager else None
