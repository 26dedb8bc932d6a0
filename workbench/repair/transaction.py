"""Carry out what was prepared, as one: everything it says, verified, or everything as it was before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from workbench.model.plan import Plan
from workbench.model.run import Change, Run, RunState
from workbench.repair import operations, rooted
from workbench.repair.arming import arm
from workbench.repair.folder import Busy, locked
from workbench.repair.history import history
from workbench.repair.journal import LONGEST_CONFIRM, Broken, Entry, Writer, begin, entries, new_identity, now
from workbench.repair.paths import Refused, Untouched, words
from workbench.repair.prepare import Prepared
from workbench.repair.staged import Intent, Staged, StagedContainer, StagedRootFile
from workbench.text import visible

Tell = Callable[[str], None]
NOT_RECORDED = "-"
"""The identity of a run that was refused before it began: it is in no journal, because nothing happened."""
STEPS = "these are steps for you to take, which nobody else does"
"""Why a guide is not applied."""


def apply(
    prepared: Prepared,
    state: Path,
    still_found: Callable[[], str],
    on_step: Callable[[str], None] | None = None,
) -> Run:
    """Apply a prepared plan and verify it.

    ``state`` is the folder of the journal. ``still_found`` looks at the host again and returns "" when the finding is
    gone, or why that is not so; then, and when it fails, everything is put back. ``on_step`` is told what happens.
    """
    if prepared.plan.steps:
        return refused(prepared.plan, prepared.changes, STEPS)
    return perform(prepared, state, still_found, on_step or _silent)


def refused(plan: Plan, changes: tuple[Change, ...], why: str) -> Run:
    """A run that was refused. Nothing was touched, so nothing is recorded."""
    at = now()
    return Run(NOT_RECORDED, RunState.REFUSED, plan, changes, at, at, f"{why}; nothing was changed")


def perform(
    prepared: Prepared,
    state: Path,
    verify: Callable[[], str],
    tell: Tell,
    undoes: Callable[[tuple[Entry | Broken, ...]], str] | None = None,
    *,
    patience: float = 0.0,
    because: str = "",
) -> Run:
    """Carry out a prepared plan under the lock.

    ``undoes`` is for an undo: asked under the lock for the identity of the run that is undone, it may raise Refused.
    ``because`` is why, where nobody asked for it. With ``patience`` another repair is waited for so many seconds, and
    Busy is raised when they are over.
    """
    try:
        with locked(state, patience) as real:
            known = entries(real)
            interrupted = [entry for entry in known if isinstance(entry, Entry) and entry.state is RunState.STARTED]
            if interrupted:
                name = interrupted[0].planned.identity
                raise Refused(f"the repair {name} was interrupted; bring it back first with: workbench recover")
            if not 0 <= prepared.plan.confirm <= LONGEST_CONFIRM:
                raise Refused(f"at most {LONGEST_CONFIRM} seconds can be given to confirm it")
            undone = undoes(known) if undoes is not None else ""
            run = _under_lock(prepared, real, new_identity(known), verify, tell, undone, because)
            run = replace(run, batch=prepared.batch)
            standing = run.state is RunState.APPLIED and prepared.plan.confirm
            return next(each for each in history(real) if each.identity == run.identity) if standing else run
    except Refused as why:
        if patience and isinstance(why, Busy):
            raise
        reason = f"{why.reason} ({why.instead})" if why.instead else why.reason
        return refused(prepared.plan, prepared.changes, reason)


def _under_lock(
    prepared: Prepared, state: Path, identity: str, verify: Callable[[], str], tell: Tell, undoes: str, because: str
) -> Run:
    before = [operations.ready(operation) for operation in prepared.operations]
    try:
        writer = begin(state, identity, prepared.plan, prepared.changes, prepared.operations, undoes, prepared.batch)
    except OSError as error:
        raise Refused(f"the journal cannot be written: {words(error)}") from error
    begun: list[Intent] = []
    try:
        tell("wrote the plan to the journal")
        why = _back_up(prepared, writer, before, tell) or _carry_out(prepared, writer, verify, tell, begun)
    except BaseException:
        # Ctrl+C, or the interface gave up: the machine is put in order first.
        roll_back(writer, tuple(begun), "it was broken off", _silent)
        raise
    if why:
        return roll_back(writer, tuple(begun), why, tell)
    return _end(writer, RunState.APPLIED, f"{because}; " * bool(because) + applied_well(prepared.plan, undoes))


def _back_up(prepared: Prepared, writer: Writer, before: list[bytes], tell: Tell) -> str:
    """Keep the bytes of every file that will be written. Returns "" or why that is not possible."""
    try:
        for number, operation in enumerate(prepared.operations):
            if operation.before.sha256 and not isinstance(operation, StagedRootFile):
                writer.back_up(number, before[number])
                tell(f"backed up {visible(operation.real)}")
        writer.note("started")
    except OSError as error:
        return f"the backup cannot be written: {words(error)}"
    tell("everything that will change is backed up")
    return ""


def _carry_out(prepared: Prepared, writer: Writer, verify: Callable[[], str], tell: Tell, begun: list[Intent]) -> str:
    """Do and verify everything. Returns "" or why it must be put back."""
    try:
        for number, operation in enumerate(prepared.operations):
            operations.carry_out(number, operation, prepared.contents[number], _remembering(writer, begun), tell)
            writer.note("done", operation=number)
        tell("checking that it helped")
        why = verify()
        why = why or next(filter(None, map(operations.in_place, prepared.operations)), "")
        # Before it stands: what nobody confirms must not stay because this process is killed in the next moment.
        why = why or arm(writer)
        if not why:
            rooted.settle(prepared.operations)
            writer.note("verified")
        return visible(why)
    except Untouched as refusal:
        if not any([_tidied(writer.planned.operations[each.operation], each) for each in begun[-1:]]):
            del begun[-1:]  # nothing of ours is there, so what somebody else put there is none of our business
        return refusal.reason
    except Refused as refusal:
        return refusal.reason
    except OSError as error:
        return f"the system refused: {words(error)}"
    except Exception as error:  # noqa: BLE001, RUF100 - whatever goes wrong, what was begun must be put back
        return f"it failed: {type(error).__name__}"


def roll_back(writer: Writer, begun: tuple[Intent, ...], why: str, tell: Tell, *, recovering: bool = False) -> Run:
    """Put back every operation that was begun, last first, tidy up, and end the run.

    ``recovering`` is for a run that was interrupted: then it ends as recovered, whatever was still to be put back.
    """
    told = _never_failing(tell)
    restored = False
    failures: list[str] = []
    for number in sorted({intent.operation for intent in begun}, reverse=True):
        operation = writer.planned.operations[number]
        failures += filter(None, [_tidied(operation, each) for each in begun if each.operation == number])
        again: list[Intent] = []
        try:
            note = _remembering(writer, again)
            back = operations.put_back(number, operation, partial(writer.backup, number), note, told)
            restored = back or restored
        except Refused as refusal:
            failures.append(refusal.reason)
        except Exception as error:  # noqa: BLE001, RUF100 - the other operations must be put back all the same
            failures.append(f"{visible(operation.real)}: {_why(error)}")
        failures += filter(None, [_tidied(operation, each) for each in again])
    if failures:
        kept_in = visible(str(writer.folder))
        message = f"{why}. NOT everything could be put back: {'; '.join(failures)}. The backups are in {kept_in}"
        if any(isinstance(operation, StagedContainer) for operation in writer.planned.operations):
            # Of a container nothing is in there, but what is left of it can be brought back as long as it is there.
            message += f". To try again, once the engine answers: workbench undo {writer.planned.identity}"
        return _end(writer, RunState.ROLLBACK_FAILED, message)
    if recovering:
        ending = "; everything was put back as it was" if begun else " before anything was changed"
        return _end(writer, RunState.RECOVERED, why + ending)
    if restored:
        return _end(writer, RunState.ROLLED_BACK, f"{why}; everything was put back as it was")
    return _end(writer, RunState.REFUSED, why if "nothing was changed" in why else f"{why}; nothing was changed")


def _tidied(operation: Staged, intent: Intent) -> str:
    try:
        return operations.clear_away(operation, intent)
    except Refused as why:
        return why.reason
    except OSError as error:
        return f"{visible(operation.real)}: {words(error)}"


def _why(error: Exception) -> str:
    return words(error) if isinstance(error, OSError) else type(error).__name__


def _remembering(writer: Writer, begun: list[Intent]) -> Callable[[Intent], None]:
    def note(intent: Intent) -> None:
        begun.append(intent)
        try:
            writer.note("intent", **asdict(intent))
        except OSError:
            if not intent.back:
                raise
            # A journal on a full disk must not keep anything from being put back.

    return note


def _end(writer: Writer, state: RunState, message: str) -> Run:
    at = now()
    planned = writer.planned
    try:
        writer.note("ended", at=at, state=state.value, message=message)
    except OSError as error:
        message = f"{message}. The journal could not be closed ({words(error)}): run workbench recover when it can"
    return Run(planned.identity, state, planned.plan, planned.changes, planned.at, at, message)


def applied_well(plan: Plan, undoes: str) -> str:
    """What is said of a run that went well; ``undoes`` is the identity of the run that it undid, "" for none."""
    if undoes:
        return "everything is as it was before" if not plan.keeps else f"undone, except: {plan.keeps}"
    done = f"applied; it takes effect {plan.later}, and the check finds it until then" if plan.later else ""
    return (done or "applied and verified") + (f"; note: {plan.consequences}" if plan.consequences else "")


def _never_failing(tell: Tell) -> Tell:
    def told(step: str) -> None:
        try:
            tell(step)
        except Exception:  # noqa: BLE001, RUF100, S110 - an interface that fails must not stop what is put back
            pass

    return told


def _silent(_: str) -> None:
    return None
