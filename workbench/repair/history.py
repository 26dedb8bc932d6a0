"""Every run as a person is told of it.

Whether a run is undone is nowhere written down: it follows from the runs after it, so that nothing can disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.model.plan import Plan, Reversal, Safety
from workbench.model.run import UNCONFIRMED, Run, RunState
from workbench.repair.deadline import told_of_confirming
from workbench.repair.journal import Broken, Entry, entries
from workbench.repair.paths import Refused
from workbench.text import visible

_INTERRUPTED = "it was interrupted, or is still going on; bring everything back with: workbench recover"


def history(state: Path) -> tuple[Run, ...]:
    """Every run, newest first. A journal that cannot be read is a run that says so; it never raises."""
    try:
        found = entries(state)
    except Refused as why:
        return (_unreadable(state, f"{why.reason} ({why.instead})" if why.instead else why.reason),)
    except OSError as error:
        return (_unreadable(state, visible(error.strerror or type(error).__name__)),)
    undone = undoers(found)
    return tuple(as_run(entry, undone) for entry in reversed(found))


def as_run(entry: Entry | Broken, undone: Mapping[str, Entry]) -> Run:
    """The run of an entry, in the light of the others: ``undone`` is what ``undoers`` says of them."""
    if isinstance(entry, Broken):
        return _unreadable(entry.folder, entry.why)
    planned = entry.planned
    state, ended_at, message = entry.state, entry.ended_at, entry.message
    by = undone.get(planned.identity)
    if entry.reverted:
        state, ended_at = RunState.UNDONE, entry.reverted
        message = f"undone by root's timer: {UNCONFIRMED}"
    elif by is not None:
        state, ended_at = RunState.UNDONE, by.ended_at
        message = f"undone by {by.planned.identity}: {by.message}"
    elif state is RunState.STARTED:
        message = _INTERRUPTED
    shown = Run(
        identity=planned.identity,
        state=state,
        plan=planned.plan,
        changes=planned.changes,
        started_at=planned.at,
        ended_at=ended_at,
        message=message,
        batch=planned.batch,
        undone_by=by.planned.identity if by is not None else "",
    )
    if planned.plan.confirm and state is RunState.APPLIED:
        return told_of_confirming(shown, entry)
    return shown


def undoers(known: Sequence[Entry | Broken]) -> dict[str, Entry]:
    """Of every run that is undone now, the run that undid it: itself, where root's timer did.

    ``known`` is every run, oldest first.
    """
    undone = {entry.planned.identity: entry for entry in known if isinstance(entry, Entry) and entry.reverted}
    standing = (RunState.APPLIED, RunState.ROLLBACK_FAILED)
    by_identity = {entry.planned.identity: entry for entry in known if isinstance(entry, Entry)}
    # Newest first: whether an undo was undone itself is known before it counts.
    for identity, entry in reversed(by_identity.items()):
        target = by_identity.get(entry.planned.undoes)
        if entry.state is not RunState.APPLIED or identity in undone or target is None:
            continue
        if target.state in standing and target.planned.identity < identity:
            undone.setdefault(target.planned.identity, entry)
    return undone


def find(identity: str, among: Sequence[Entry | Broken]) -> Entry:
    """The run of that identity, or of the one identity that begins so. Raises LookupError, and Refused if broken."""
    matching = [entry for entry in among if _name(entry).startswith(identity)] if identity else []
    exact = [entry for entry in matching if _name(entry) == identity]
    if len(exact or matching) != 1:
        shown = visible(identity, 100)
        if matching:
            raise LookupError(
                f"more than one run begins with {shown}: " + ", ".join(_name(entry) for entry in matching)
            )
        raise LookupError(f"there is no run {shown}; see: workbench history")
    entry = (exact or matching)[0]
    if isinstance(entry, Broken):
        raise Refused(f"the run {_name(entry)} cannot be undone: {entry.why}", f"its backups lie in {entry.folder}")
    return entry


def unread_plan() -> Plan:
    """A plan that stands for one that cannot be read."""
    return Plan("", "", "", "a repair whose journal cannot be read", Safety.GUIDE, Reversal.NONE, ())


def _name(entry: Entry | Broken) -> str:
    return entry.planned.identity if isinstance(entry, Entry) else visible(entry.folder.name)


def _unreadable(folder: Path, why: str) -> Run:
    where = visible(str(folder))
    message = f"{why}; what it replaced, if anything, is kept in {where}"
    return Run(visible(folder.name), RunState.ROLLBACK_FAILED, unread_plan(), (), "", "", message)
