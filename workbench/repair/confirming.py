"""Confirm or revert: what was applied is undone by itself unless the person confirms it in time.

Whether a run is confirmed, reverted or still waits is decided under the one lock and by the clock alone: before the
deadline it can be confirmed, after it only undone. So of the two exactly one happens, whoever comes first.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.model.plan import Plan
from workbench.model.run import Change, Run, RunState
from workbench.repair import root_waiting
from workbench.repair.folder import locked
from workbench.repair.history import as_run, find, undoers, unread_plan
from workbench.repair.journal import LONGEST_CONFIRM, Broken, Entry, Writer, entries, reopen
from workbench.repair.paths import Refused, words
from workbench.repair.staged import Staged
from workbench.repair.watched import WATCHED, any_watched
from workbench.text import visible

if TYPE_CHECKING:
    from workbench.repair.prepare import Prepared

_PATIENCE = 10.0  # seconds that another repair is waited for
_TRIES, _PAUSE = 4, 0.3  # of undoing it, and seconds between them
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment: ``by`` in Unix seconds, and ``running`` in seconds since the machine was started as ``boot`` names it.

    While that machine runs, ``running`` counts, which no change of the clock moves and which goes on in suspend.
    """

    by: float
    boot: str
    running: float


Arm = Callable[[Writer], str]
"""Has something undo the run at its deadline, whatever becomes of this process. Gives "" or why that cannot be."""


def arming(operations: tuple[Staged, ...]) -> Arm:
    """What undoes runs of these operations at their deadline: a process of this account, or, where only root can, one
    of root's, for no process can be asked for a password.
    """
    from workbench.repair import root_timer, watching

    return root_timer.start if root_timer.covers(operations) else watching.start


def arm(writer: Writer) -> str:
    """Note until when the run is to be confirmed, and have something wait for that. Gives "" or why it cannot be."""
    planned = writer.planned
    if not planned.plan.confirm:
        return ""
    writer.note("confirm-by", **asdict(deadline_in(planned.plan.confirm)))
    why = arming(planned.operations)(writer)
    return f"nothing could be set up that undoes it unless you confirm it: {why}" if why else ""


def deadline_in(seconds: float) -> Deadline:
    """The moment in so many seconds."""
    return Deadline(time.time() + seconds, _boot(), _running() + seconds)


def seconds_left(entry: Entry) -> float:
    """How many seconds are left to confirm the run; 0 where none is, or where what its journal says cannot be."""
    told, most = entry.deadline or {}, entry.planned.plan.confirm
    same_boot = told.get("boot") == _boot()
    left = _number(told.get("running")) - _running() if same_boot else _number(told.get("by")) - time.time()
    # A deadline further away than it was set is none: the clock was set back, or somebody wrote it.
    return left if 0 < left <= most + 1 else 0.0


def is_waiting(entry: Entry | Broken, undone: Collection[str] = ()) -> bool:
    """Whether the run stands and is neither confirmed nor undone. ``undone`` holds the identities of what is."""
    return (
        isinstance(entry, Entry)
        and bool(entry.planned.plan.confirm)
        and entry.state is RunState.APPLIED
        and not entry.settled
        and not entry.reverted
        and entry.planned.identity not in undone
    )


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
    from workbench.repair.undo import recover, undo

    def overdue(entry: Entry, known: tuple[Entry | Broken, ...]) -> None:
        if not is_waiting(entry, undoers(known)) or seconds_left(entry):
            raise Refused("it does not wait to be undone any more")

    # Whoever holds the lock is still at what he began; who began something and holds no lock was killed.
    with locked(state, patience) as real:
        interrupted = any(isinstance(each, Entry) and each.state is RunState.STARTED for each in entries(real))
    if interrupted:
        recover(state, patience=patience)
    known = entries(state)
    entry = find(run, known)
    done = None
    if is_waiting(entry, undoers(known)):
        if seconds_left(entry) or not root_waiting.is_left_to_us(entry):
            return None
        for _ in range(_TRIES):
            because = "nobody confirmed it in time"
            done = undo(state, run, require=overdue, patience=patience, because=because, on_plan=on_plan)
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


def is_watched(folder: Path) -> bool:
    """Whether some process waits for the deadline of the run of this folder. Raises OSError."""
    import fcntl

    handle = os.open(folder / WATCHED, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _wait_again(state: Path, run: str) -> None:
    entry = find(run, entries(state))
    try:
        if is_watched(entry.folder):
            return
    except FileNotFoundError:
        return  # it was confirmed or undone this very moment
    if not root_waiting.sees_to(entry):
        arming(entry.planned.operations)(entry.writer)


def told_of_confirming(run: Run, entry: Entry) -> Run:
    """A run that stands and had to be confirmed, with what became of that."""
    if entry.not_reverted:
        said = f"NOBODY CONFIRMED IT in time, and it could not be undone: {entry.not_reverted}"
    elif entry.settled:
        said = "confirmed" if entry.settled == "confirmed" else "done again"
    else:
        return waits(run, entry)
    return replace(run, message=f"{run.message}; {said}" if run.message else said)


def waits(run: Run, entry: Entry) -> Run:
    """A run that waits to be confirmed, and says so."""
    when = until(entry)
    by = f"before {when} " if when else ""
    said = f"confirm it {by}with: workbench confirm {run.identity}; otherwise it is undone by itself"
    return replace(run, message=f"{run.message}; {said}" if run.message else said, confirm_by=when)


def _state(told: Run, entry: Entry) -> str:
    if told.state is not RunState.APPLIED:
        return told.state.value
    if entry.not_reverted:
        return "applied, for it could not be undone when its time was over"
    return "confirmed already" if entry.settled == "confirmed" else "applied for good"


def until(entry: Entry) -> str:
    """The deadline as the clock of this machine has it, ISO 8601 in UTC; "" where it cannot be told."""
    left = seconds_left(entry)
    if left:
        return datetime.fromtimestamp(time.time() + left, UTC).isoformat(timespec="seconds")
    by = _number((entry.deadline or {}).get("by"))
    if not 0 < by <= time.time() + LONGEST_CONFIRM:
        return ""
    return datetime.fromtimestamp(by, UTC).isoformat(timespec="seconds")


def _number(told: Any) -> float:
    if isinstance(told, bool) or not isinstance(told, int | float):
        return 0.0
    try:
        number = float(told)
    except OverflowError:
        return 0.0
    return number if math.isfinite(number) else 0.0


def _running() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _boot() -> str:
    try:
        return _BOOT.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
