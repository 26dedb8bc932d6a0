"""Whether what was repaired still is: programs that keep their config in memory write it again, old values and all."""

from __future__ import annotations

import os
from pathlib import Path

from workbench.model.acts import LoadAuditRules
from workbench.model.operations import EditLine, EditValue, RemoveValue, RestoreLine, RestoreValue, SetValue
from workbench.model.plan import Plan
from workbench.model.record import record
from workbench.model.run import Run, RunState
from workbench.repair import operations, root_files, root_timer
from workbench.repair.edits import scope
from workbench.repair.fingerprint import exists
from workbench.repair.history import as_run, undoers
from workbench.repair.journal import Entry, entries
from workbench.repair.paths import Refused, spot, words
from workbench.repair.staged import Staged, StagedAct, StagedContainer, StagedRootFile, StagedWrite
from workbench.text import visible

_RUNS = 200  # the newest ones; nobody has more that still stand


@record
class Lost:
    """A run that stands and whose effect is not there any more. ``path`` is the file, ``why`` a sentence about it.

    ``cause`` is the client that probably wrote it, "" where none is known to. Where the file could not be looked at
    ``seen`` is False, and the effect may be there.
    """

    run: Run
    path: str
    why: str
    cause: str = ""
    seen: bool = True


def lasting(state: Path) -> tuple[Lost, ...]:
    """Every run that stands and whose effect is gone, newest first. At most 200 runs are looked at.

    Reads only, never runs sudo, and never raises.
    """
    try:
        known = entries(state)
    except (Refused, OSError):
        return ()
    undone = undoers(known)
    standing = [
        entry
        for entry in reversed(known)
        if isinstance(entry, Entry) and entry.state is RunState.APPLIED and entry.planned.identity not in undone
    ][:_RUNS]
    lost: list[Lost] = []
    newer: list[Staged] = []
    for entry in standing:
        # An undo brings back what was there: it protects nothing that would have to last.
        if entry.planned.undoes:
            continue
        found = _lost(entry, newer)
        if found is not None:
            path, why, seen = found
            cause = _cause(path, entry.planned.plan) if seen else ""
            lost.append(Lost(as_run(entry, undone), path, why, cause, seen))
        newer += entry.planned.operations
    return tuple(lost)


def said(lost: Lost) -> str:
    """In one sentence what became of the run, and what to do."""
    by = f" (probably by {lost.cause}, which keeps it in memory: quit it, then repair again)" if lost.cause else ""
    known = "no longer in place" if lost.seen else "whether it still is in place is not known"
    return f"{known}: {lost.why}{by}"


def _lost(entry: Entry, newer: list[Staged]) -> tuple[str, str, bool] | None:
    """What of the run is gone; where nothing is known to be, the first that could not be looked at."""
    found = [each for operation in entry.planned.operations if (each := _lost_of(operation, newer)) is not None]
    return next((each for each in found if each[2]), found[0] if found else None)


def _lost_of(operation: Staged, newer: list[Staged]) -> tuple[str, str, bool] | None:
    if any(_same_part(operation, other) for other in newer):
        return None  # a repair that was made since has set it to something else, on purpose
    path = visible(operation.real)
    if isinstance(operation, StagedAct) and not operation.parts:
        return None  # nothing was left of it, or it was there before
    if root_timer.covers((operation,)) or _asks_root(operation):
        # Asked every few seconds and by nobody: sudo would log each time, and never forget the password again.
        return path, f"{path} is root's, and sudo is not run for that", False
    try:
        if isinstance(operation, StagedAct | StagedContainer):
            why = operations.in_place(operation)
            if why:
                return path, why, True
            return None
        with spot(operation.real) as place:
            there = exists(place)
        if not there:
            if operation.before.kind == "socket":
                return None  # the server has ended, and its socket with it
            return path, f"{path} is gone", True
        if _not_in_place(operation):
            return path, f"{path} was changed by another program", True
    except Refused as why:
        return path, why.reason, False
    except OSError as error:
        return path, f"{path} cannot be read: {words(error)}", False
    return None


def _asks_root(operation: Staged) -> bool:
    """Whether only root can tell if its effect is there, and this process is not root."""
    return os.geteuid() != 0 and isinstance(operation, StagedAct) and isinstance(operation.wanted, LoadAuditRules)


def _not_in_place(operation: Staged) -> str:
    if isinstance(operation, StagedRootFile):
        return root_files.seen_in_place(operation)
    return operations.in_place(operation)


def _same_part(one: Staged, other: Staged) -> bool:
    if one.real != other.real or type(one) is not type(other):
        return False
    if isinstance(one, StagedAct) and isinstance(other, StagedAct):
        return one.wanted == other.wanted
    if not (isinstance(one, StagedWrite) and isinstance(other, StagedWrite)):
        return True
    if one.of_unit is not None and other.of_unit is not None:
        return True
    return any(_meets(mine, theirs) for mine in one.edits for theirs in other.edits)


def _meets(one: object, other: object) -> bool:
    if isinstance(one, EditLine | RestoreLine) or isinstance(other, EditLine | RestoreLine):
        mine, theirs = (each.undoes if isinstance(each, RestoreLine) else each for each in (one, other))
        if not (isinstance(mine, EditLine) and isinstance(theirs, EditLine)):
            return False
        return bool(
            (mine.value and mine.value in (theirs.expect, theirs.value))
            or (mine.variable and mine.variable == theirs.variable)
        )
    first, second = _pointer(one), _pointer(other)
    return first is None or second is None or first[: len(second)] == second or second[: len(first)] == first


def _pointer(edit: object) -> tuple[str | int, ...] | None:
    if isinstance(edit, EditValue):
        return tuple(edit.pointer)
    return tuple(scope(edit)) if isinstance(edit, RemoveValue | SetValue | RestoreValue) else None


def _cause(path: str, plan: Plan) -> str:
    """The client whose config the file is, by its name and place; no client writes a startup file."""
    if any(isinstance(operation, EditLine) for operation in plan.operations):
        return ""
    from workbench.host.clients.definitions import CLIENTS

    name, folder = os.path.basename(path), os.path.dirname(path)
    for client in CLIENTS:
        for pattern in (*client.user, *client.project):
            above, _, last = pattern.rpartition("/")
            # What stands before the last folder is the platform's, or the account's: the rest tells whose file it is.
            own = _fixed(above)
            named = folder.endswith(own) if own else pattern in client.user and name.startswith(".")
            if last == name and named:
                return client.name
    return ""


def _fixed(above: str) -> str:
    steps = [step for step in above.split("/") if step and step[0] not in "~{$*"]
    return "/" + steps[-1] if steps else ""
