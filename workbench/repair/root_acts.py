"""What comes to be on the system by exact commands of root's and is no file: rules, an account, a directory, a trial.

Each kind has a module of its own that says which parts of it are missing, by which command each is made, and by which
it is taken away again. Here is what they share: nothing is made that is there, nothing is taken that was not made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from workbench.host.privileged import Vector
from workbench.model.acts import Act, CreateAccount, LoadAuditRules, MakeRootDirectory, TrialAsAccount
from workbench.model.run import Change
from workbench.repair import root_commands as commands
from workbench.repair.creating import ABSENT
from workbench.repair.paths import Refused
from workbench.repair.staged import Intent, StagedAct
from workbench.text import visible

Tell = Callable[[str], None]
Note = Callable[[Intent], None]


def prepared(wanted: Act) -> tuple[StagedAct, Change, bytes]:
    """Work an act out against the system as it is now. Reads as root where that takes root. Raises Refused."""
    staged = StagedAct(wanted.path, wanted.path, ABSENT, wanted, _kind(wanted).parts(wanted))
    return staged, _change(staged), b""


def taken_back(operation: StagedAct, gone: list[str]) -> tuple[StagedAct, Change] | None:
    """What takes away again what an act made, or makes it again; None where there is nothing of it. Raises Refused."""
    kind, wanted = _kind(operation.wanted), operation.wanted
    now = kind.there(wanted, operation.parts)
    parts = now if operation.comes else tuple(part for part in operation.parts if part not in now)
    if operation.comes and operation.parts and not parts:
        gone.append(f"what was done by {wanted.operation} is not there any more")
    if operation.comes and isinstance(wanted, MakeRootDirectory) and wanted.path in parts:
        if kind.is_filled(wanted):
            gone.append(f"{visible(wanted.path)} is not empty, so it stays")
            return None
        parts = kind.removable(wanted, parts)
    if operation.comes and isinstance(wanted, CreateAccount) and parts:
        kind.require_idle(wanted)
    if not parts:
        return None
    staged = StagedAct(operation.path, operation.real, ABSENT, wanted, parts, not operation.comes)
    return staged, _change(staged)


def ready(operation: StagedAct) -> None:
    """Refuse where any of it is there already, or is gone already."""
    now = _kind(operation.wanted).there(operation.wanted, operation.parts)
    if tuple(now) != (() if operation.comes else operation.parts):
        said = "some of it is there by now" if operation.comes else "some of it is gone by now"
        raise Refused(f"the system changed since the plan was shown: {said}", "look at the plan again")


def carry_out(number: int, operation: StagedAct, note: Note, tell: Tell) -> None:
    """Do it, one command after the other. Raises Refused."""
    note(Intent(number, ""))
    if isinstance(operation.wanted, TrialAsAccount):
        _kind(operation.wanted).start(operation.wanted, tell)
    for part in _in_order(operation):
        _one(operation.wanted, part, comes=operation.comes)
    tell(f"done: {_words(operation)}")


def in_place(operation: StagedAct) -> str:
    """Why the effect is not there now ("" when it is)."""
    now = _kind(operation.wanted).there(operation.wanted, operation.parts)
    there = tuple(now) == (operation.parts if operation.comes else ())
    return "" if there else f"what was done by {operation.wanted.operation} was changed by another program meanwhile"


def put_back(number: int, operation: StagedAct, note: Note, tell: Tell) -> bool:
    """Take away what is there of it, or make again what is gone; False where nothing is to be done. Raises Refused."""
    parts = _to_put_back(operation)
    if not parts:
        return False
    note(Intent(number, "", back=True))
    for part in parts:
        _one(operation.wanted, part, comes=not operation.comes)
    tell(f"took back: {_words(operation)}")
    return True


def putting_back(operation: StagedAct) -> tuple[str, tuple[Vector, ...]]:
    """What ``put_back`` would do now, in words, and by which commands. Raises Refused where that cannot be told."""
    kind, wanted = _kind(operation.wanted), operation.wanted
    looks = kind.before(wanted, operation.parts, comes=True)
    parts = _to_put_back(operation)
    if not parts:
        return f"nothing is left to be put back of what was done by {wanted.operation}", looks
    vectors = tuple((kind.taking if operation.comes else kind.making)(wanted, part) for part in parts)
    said = kind.said(wanted, _outermost_first(operation, parts), comes=not operation.comes)
    return visible(said, 2000), (*looks, *vectors)


def _to_put_back(operation: StagedAct) -> tuple[str, ...]:
    """The parts that are there and have to go, or are gone and have to come, in the order they do. Raises Refused."""
    now = _kind(operation.wanted).there(operation.wanted, operation.parts)
    back = StagedAct(operation.path, operation.real, ABSENT, operation.wanted, operation.parts, not operation.comes)
    parts = tuple(part for part in _in_order(back) if (part in now) is operation.comes)
    if operation.comes and isinstance(operation.wanted, MakeRootDirectory) and parts:
        left = _kind(operation.wanted).removable(operation.wanted, tuple(reversed(parts)))
        parts = tuple(part for part in parts if part in left)
    return parts


def require_root(operations: Sequence[object]) -> None:
    """Refuse where such an act is among them and sudo does not let us act now."""
    if any(isinstance(operation, StagedAct) and operation.parts for operation in operations):
        commands.done((commands.program("true"),))


def sound(operation: StagedAct) -> bool:
    """Whether a journal that says this can be ours: nothing else is ever done as root, whoever wrote it."""
    wanted = operation.wanted
    return operation.real == wanted.path and bool(_kind(wanted).sound(wanted, operation.parts))


def listed(operation: StagedAct) -> tuple[Vector, ...]:
    """Every command that carries it out, in order and as it is run."""
    kind, wanted = _kind(operation.wanted), operation.wanted
    if isinstance(wanted, TrialAsAccount):
        return ()
    asked = kind.before(wanted, operation.parts, comes=operation.comes)
    make = kind.making if operation.comes else kind.taking
    done = tuple(make(wanted, part) for part in _in_order(operation))
    after = asked if isinstance(wanted, LoadAuditRules) else ()
    return tuple(map(commands.as_run, (*asked, *done, *after))) if operation.parts else ()


def _in_order(operation: StagedAct) -> tuple[str, ...]:
    return operation.parts if operation.comes else tuple(reversed(operation.parts))


def _outermost_first(operation: StagedAct, parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part for part in operation.parts if part in parts)


def _one(wanted: Act, part: str, *, comes: bool) -> None:
    kind = _kind(wanted)
    answer = commands.run(kind.making(wanted, part) if comes else kind.taking(wanted, part))
    if answer.status != 0:
        raise Refused(kind.failed(wanted, part))


def _words(operation: StagedAct) -> str:
    said = _kind(operation.wanted).said(operation.wanted, operation.parts, comes=operation.comes)
    return visible(said, 2000)


def _change(operation: StagedAct) -> Change:
    kind, wanted = _kind(operation.wanted), operation.wanted
    sign = "+" if operation.comes else "-"
    lines = [visible(f"{sign}{line}") for line in kind.shown(wanted, operation.parts)]
    return Change(visible(wanted.path), _words(operation), "\n".join(lines), commands=listed(operation))


def _kind(wanted: Act) -> Any:
    """The module that knows this kind of act."""
    from workbench.repair import root_account, root_audit, root_folder, trial_as

    modules = {
        LoadAuditRules: root_audit,
        CreateAccount: root_account,
        MakeRootDirectory: root_folder,
        TrialAsAccount: trial_as,
    }
    return modules[type(wanted)]
