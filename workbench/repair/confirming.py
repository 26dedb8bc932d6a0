"""Confirm or revert: what was applied is undone by itself unless the person confirms it in time.

Whether a run is confirmed, reverted or still waits is decided under the one lock and by the clock alone: before the
deadline it can be confirmed, after it only undone. So of the two exactly one happens, whoever comes first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.model.plan import Plan
from workbench.model.run import UNCONFIRMED, Change, Run, RunState
from workbench.repair import root_waiting
from workbench.repair.arming import arming
from workbench.repair.deadline import is_waiting, is_watched, seconds_left
from workbench.repair.folder import locked
from workbench.repair.history import as_run, find, undoers, unread_plan
from workbench.repair.journal import Broken, Entry, entries, reopen
from workbench.repair.paths import Refused, words
from workbench.repair.watched import WATCHED, any_watched
from workbench.text import visible

if TYPE_CHECKING:
    from workbench.repair.prepare import Prepared

_PATIENCE = 10.0  # seconds that another repair is waited for
_TRIES, _PAUSE = 4, 0.3  # of undoing it, and seconds between them


def waiting(state: Path) -> tuple[tuple[Run, float], ...]:
    """Every run that waits to be confirmed, and for how many seconds still (0: it is about to be undone)."""
    if not any_watched(state):
        return ()
    try:
        known = entries(state)
    except (Refused, OSError):
        return ()
    undone = undoers(known)
    return tuple(
        (as_run(entry, undone), seconds_left(entry))
        for entry in reversed(known)
        if isinstance(entry, Entry) and is_waiting(entry, undone)
    )


def confirm(state: Path, run: str, *, read_only: bool = False) -> Run:
    """Keep a run that waits to be confirmed. Raises LookupError where there is none of that name.

    Gives the run as it is now; where it cannot be confirmed, a refused one that says why.
    """
    from workbench.repair.transaction import refused

    plan: Plan = unread_plan()
    changes: tuple[Change, ...] = ()
    try:
        find(run, entries(state))
        if read_only:
            raise Refused("the workbench was started with --read-only")
        with locked(state, _PATIENCE) as real:
            known = entries(real)
            entry = find(run, known)
            undone = undoers(known)
            name = entry.planned.identity
            told = as_run(entry, undone)
            plan, changes = told.plan, told.changes
            if not is_waiting(entry, undone):
                raise Refused(f"{name} does not wait to be confirmed: it is {_state(told, entry)}")
            if not seconds_left(entry):
                raise Refused(f"the time to confirm {name} is over: it is being undone", "see: workbench history")
            root_waiting.cancel(entry)
            reopen(entry).note("confirmed")
            (entry.folder / WATCHED).unlink(missing_ok=True)
            return as_run(find(name, entries(real)), undone)
    except Refused as why:
        return refused(plan, changes, f"{why.reason} ({why.instead})" if why.instead else why.reason)
    except OSError as error:
        return refused(plan, changes, f"the journal cannot be written: {words(error)}")


def revert(
    state: Path, run: str, patience: float = _PATIENCE, on_plan: Callable[[Prepared], None] | None = None
) -> Run | None:
    """Undo a run whose deadline has passed; None where it does not wait for that (any more).

    ``patience`` is how many seconds another repair is waited for; Busy is raised when it is over. Where the run cannot
    be undone for another reason it stands, and its journal says so.
    """
    from workbench.repair.recovering import recover
    from workbench.repair.undo import undo

    def overdue(entry: Entry, known: tuple[Entry | Broken, ...]) -> None:
        if not is_waiting(entry, undoers(known)) or seconds_left(entry):
            raise Refused("it does not wait to be undone any more")

    # Whoever holds the lock is still at what he began; who began something and holds no lock was killed.
    with locked(state, patience) as real:
        interrupted = any(isinstance(each, Entry) and each.state is RunState.STARTED for each in entries(real))
    if interrupted:
        recover(state, patience=patience, on_plan=on_plan)
    known = entries(state)
    entry = find(run, known)
    done = None
    if is_waiting(entry, undoers(known)):
        if seconds_left(entry) or not root_waiting.is_left_to_us(entry):
            return None
        for _ in range(_TRIES):
            done = undo(state, run, require=overdue, patience=patience, because=UNCONFIRMED, on_plan=on_plan)
            if done.state is not RunState.REFUSED:
                break
            known = entries(state)
            if not is_waiting(find(run, known), undoers(known)):
                return None  # it was confirmed, or undone, at the same moment
            time.sleep(_PAUSE)  # a client may be writing the file this very moment
    with locked(state, patience) as real:
        known = entries(real)
        entry = find(run, known)
        if done is not None and is_waiting(entry, undoers(known)):
            reopen(entry).note("not-reverted", why=visible(done.message))
        (entry.folder / WATCHED).unlink(missing_ok=True)
    return done


def revert_overdue(
    state: Path, *, read_only: bool = False, on_plan: Callable[[Prepared], None] | None = None
) -> tuple[Run, ...]:
    """Undo every run whose deadline has passed, newest first, and have those that still wait be waited for.

    For the start of a workbench: whatever waited is gone when the machine was restarted. Where that takes root, sudo
    may ask; ``on_plan`` is shown what will be done before it is.
    """
    from workbench.repair.transaction import refused

    done: list[Run] = []
    if not read_only:
        root_waiting.write_down(state)
    for run, left in waiting(state):
        if read_only:
            continue
        try:
            if left:
                _wait_again(state, run.identity)
                continue
            done += filter(None, [revert(state, run.identity, on_plan=on_plan)])
        except Refused as why:
            instead = f" ({why.instead})" if why.instead else ""
            done.append(replace(refused(run.plan, run.changes, why.reason + instead), identity=run.identity))
        except (OSError, LookupError) as error:
            said = words(error) if isinstance(error, OSError) else "its journal is gone"
            done.append(refused(run.plan, run.changes, f"it could not be undone: {said}"))
    return tuple(done)


def _wait_again(state: Path, run: str) -> None:
    entry = find(run, entries(state))
    try:
        if is_watched(entry.folder):
            return
    except FileNotFoundError:
        return  # it was confirmed or undone this very moment
    if not root_waiting.sees_to(entry):
        arming(entry.planned.operations)(entry.writer)


def _state(told: Run, entry: Entry) -> str:
    if told.state is not RunState.APPLIED:
        return told.state.value
    if entry.not_reverted:
        return "applied, for it could not be undone when its time was over"
    return "confirmed already" if entry.settled == "confirmed" else "applied for good"
