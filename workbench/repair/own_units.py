"""Have an account's own systemd take up a file of its units that is new, changed or as it was again: without root.

Where that manager does not run, nothing is run: it reads its files when it starts.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path

from workbench.host.command import find_program, run
from workbench.host.files import CannotLook
from workbench.host.privileged import Vector
from workbench.model.operations import Operation, OwnDropIn, RepairOwnUnit
from workbench.model.run import Change
from workbench.repair import unit_health, unit_proof
from workbench.repair.fingerprint import Fingerprint
from workbench.repair.paths import Refused, Untouched
from workbench.repair.publish import sha256
from workbench.repair.staged import StagedFile, StagedWrite
from workbench.text import visible

Tell = Callable[[str], None]
OwnFile = OwnDropIn | RepairOwnUnit
_NAME = r"[A-Za-z0-9:_.\\-]+(?:@[A-Za-z0-9:_.\\-]*)?\.(?:service|socket)"
_FOLDER = r".*/\.config/systemd/user/"
_DROP_INS = re.compile(rf"{_FOLDER}(({_NAME})\.d/[A-Za-z0-9_-]+\.conf)")
# Where a name has a blank it has no colon: systemd's messages begin with the path, a colon and the line.
_DROP_IN = r"(?:[A-Za-z0-9@:_.-]+|[^/:\x00-\x1f\x7f]+)\.conf"
_FILES = re.compile(rf"{_FOLDER}(({_NAME})(?:\.d/{_DROP_IN})?)")
_LONGEST_SECONDS = 300
_DEADLINE = 240.0  # a service that does not end when it is told to is killed by systemd after 90 s


def proven(path: str, wanted: OwnFile, content: bytes) -> str:
    """What systemd says of the unit with the new file, and what will be run. Raises Refused."""
    found = (_FILES if isinstance(wanted, RepairOwnUnit) else _DROP_INS).fullmatch(path)
    if found is None or found[2] != wanted.unit or not path.startswith(f"{Path.home()}/"):
        kind = "file" if isinstance(wanted, RepairOwnUnit) else "drop-in"
        raise Refused(f"{visible(path)} is no {kind} of {visible(wanted.unit)} in this account's own folder of units")
    if os.stat(Path.home()).st_uid != os.geteuid():
        raise Refused(
            f"{visible(str(Path.home()))} is the home of another account, whose manager is not this one's",
            "run the workbench as that account",
        )
    if not sound(wanted):
        raise Refused("the plan restarts another unit than the one whose file it makes, or watches it for too long")
    restart = wanted.restarts
    if restart is not None:
        _require_manager()
    return f"{unit_proof.proven(wanted.unit, found[1], content, 'user')}. {_announced(wanted)}"


def sound(wanted: OwnFile) -> bool:
    """Whether a plan or a journal that says this can be ours: it restarts no other unit, and for no hour."""
    restart = wanted.restarts
    if restart is None:
        return True
    own = restart.unit == wanted.unit and restart.manager == "user"
    path = not restart.socket or (restart.socket.startswith("/") and "\0" not in restart.socket)
    return own and path and 0 <= restart.seconds <= _LONGEST_SECONDS


def repaired(wanted: RepairOwnUnit, real: str, before: Fingerprint, old: bytes) -> tuple[StagedWrite, Change, bytes]:
    """What restoring the lines of a file that holds ``old`` comes to. Raises Refused."""
    from workbench.repair.root_preview import difference
    from workbench.repair.unit_lines import repaired as restored

    shown = visible(wanted.path)
    if os.path.islink(wanted.path):
        raise Refused(
            f"{shown} is a link to {visible(real)}, which may be a project's or a package's", "repair it there, by hand"
        )
    content = restored(old, wanted)
    said = proven(wanted.path, wanted, content)
    staged = StagedWrite(wanted.path, real, before, sha256(content), of_unit=wanted)
    # A folder on the way may be a link, as those do who keep their configuration elsewhere.
    also = f", which is {visible(real)}" if real != wanted.path else ""
    return staged, Change(shown, f"change {shown}{also}. {said}", difference(shown, old, content)), content


def holds(operation: StagedWrite, content: bytes) -> bool:
    """Whether a file of such a unit that was changed since still has the restored lines."""
    from workbench.repair.unit_lines import hold

    return operation.of_unit is not None and not operation.brings_back and hold(content, operation.of_unit)


def taken_back(operation: StagedWrite, there: bytes, backup: Callable[[], bytes]) -> bytes:
    """The bytes of a file that was changed since with the old lines in it again. Raises Refused."""
    from workbench.repair.unit_lines import taken_back as without

    if operation.of_unit is None or operation.brings_back:
        raise Refused(f"{visible(operation.real)} is not as the undo left it")
    return without(there, operation.of_unit, backup())


def undoing(operation: StagedFile | StagedWrite) -> str:
    """What runs besides when the file is as it was again, in words; "" for a file of no unit. Raises Refused."""
    wanted = _wanted(operation)
    return f". {_announced(wanted)}" if wanted is not None else ""


def written_back(
    operation: StagedWrite, real: str, now: Fingerprint, there: bytes, after: bytes
) -> tuple[StagedWrite, Change, bytes, tuple[Operation, ...]]:
    """What undoes ``repaired``, or undoes that: the bytes before come back, and the manager is told. Raises Refused."""
    from workbench.repair.root_preview import difference

    wanted, shown = operation.of_unit, visible(real)
    staged = StagedWrite(
        operation.path, real, now, sha256(after), of_unit=wanted, brings_back=not operation.brings_back
    )
    said = f"bring back {shown} byte for byte as it was"
    if now.sha256 != operation.after:
        said = f"take back what was restored in {shown} and keep everything that was changed since"
    said += undoing(operation)
    return staged, Change(shown, said, difference(shown, there, after)), after, (wanted,) if wanted is not None else ()


def known(operation: StagedFile | StagedWrite) -> str:
    """How the unit does before anything is changed. Raises Untouched where it is to be restarted and does not run."""
    wanted = _wanted(operation)
    if wanted is None:
        return ""
    try:
        return unit_health.known(wanted, _comes(operation))
    except Refused as why:
        raise Untouched(why.reason, why.instead) from why


def take_up(operation: StagedFile | StagedWrite, before: str, tell: Tell) -> None:
    """Have it taken up, or let go of. Raises Refused where the unit does not do its work any more."""
    wanted = _wanted(operation)
    if wanted is None:
        return
    if not _manager_runs():
        if wanted.restarts is not None and _comes(operation):
            _require_manager()
        tell("the manager of your own units does not run: it reads this when it starts")
        return
    _run_all(_taken_up(wanted), tell)
    unit_health.require_up(wanted, before, tell)


def restore(operation: StagedFile | StagedWrite, tell: Tell) -> None:
    """After all is put back: have the unit run as it ran. Raises Refused where it does not."""
    wanted = _wanted(operation)
    if wanted is None:
        return
    if not _manager_runs():
        # With it all of its units have ended; what it starts next is as it was.
        tell("the manager of your own units does not run: nothing of them has to be told")
        return
    restart = wanted.restarts
    vectors = [_control("daemon-reload")]
    was = ""
    if restart is not None and "@." not in restart.unit:
        # An undo that is put back found it at rest, unless it was that which ended it: nobody asked to have it started.
        was = unit_health.known(wanted, False) if not _comes(operation) else ""
        if was != unit_health.RESTS or unit_health.has_failed(restart):
            # It may have failed so often by now that systemd would refuse to start it.
            vectors += [_control(word, "--", restart.unit) for word in ("reset-failed", "restart")]
            was = ""
    _run_all(vectors, tell)
    unit_health.require_up(wanted, was, tell)


def restoring(operation: StagedFile | StagedWrite) -> str:
    """What ``restore`` runs, in words; "" for a file of no unit. Raises Refused."""
    wanted = _wanted(operation)
    if wanted is None:
        return ""
    said = shlex.join(_control("daemon-reload"))
    restart = wanted.restarts
    if restart is not None and "@." not in restart.unit:
        again = "; ".join(shlex.join(_control(word, "--", restart.unit)) for word in ("reset-failed", "restart"))
        said += f"; {again}{'' if _comes(operation) else ' (the last two where it ran, or has failed)'}"
    return f". Then this runs, where the manager of your own units does: {said}"


def _wanted(operation: StagedFile | StagedWrite) -> OwnFile | None:
    return operation.drop_in if isinstance(operation, StagedFile) else operation.of_unit


def _comes(operation: StagedFile | StagedWrite) -> bool:
    """Whether it repairs, rather than undoes."""
    return operation.comes if isinstance(operation, StagedFile) else not operation.brings_back


def _manager_runs() -> bool:
    return Path(f"/run/user/{os.geteuid()}/systemd/private").exists()


def _require_manager() -> None:
    if not _manager_runs():
        raise Refused(
            "the manager of your own units does not run, so nothing would be in force", "log in, and look again"
        )


def _announced(wanted: OwnFile) -> str:
    vectors = "; ".join(shlex.join(vector) for vector in _taken_up(wanted))
    if not _manager_runs():
        said = "The manager of your own units does not run, and reads this when it starts"
        return f"{said}; should it run by then, this runs: {vectors}"
    restart = wanted.restarts
    if restart is None:
        return f"Then this runs: {vectors}"
    if "@." in restart.unit:
        after = f"a first request on {visible(restart.socket)} must be answered if it is now"
    else:
        after = f"{restart.unit} must still run {restart.seconds} seconds later"
        after += f" and answer on {visible(restart.socket)} if it does now" if restart.socket else ""
    return f"Then this runs: {vectors}; {after}, or all of it is rolled back"


def _taken_up(wanted: OwnFile) -> list[Vector]:
    restart = wanted.restarts
    reload = _control("daemon-reload")
    # Of a template nothing runs: its socket starts an instance for each connection, with the settings of that moment.
    if restart is None or "@." in restart.unit:
        return [reload]
    return [reload, _control("try-restart", "--", restart.unit)]


def _control(*words: str) -> Vector:
    try:
        return (*unit_health.asking("user"), find_program("systemctl"), "--user", *words)
    except CannotLook as why:
        raise Refused(why.why, why.unlock) from why


def _run_all(vectors: list[Vector], tell: Tell) -> None:
    for vector in vectors:
        try:
            answer = run(vector, _DEADLINE)
        except CannotLook as why:
            raise Refused(why.why, why.unlock) from why
        # Of a start that failed more is known by looking at the unit.
        if answer.status != 0 and "try-restart" not in vector:
            raise Refused(f"systemctl ended with status {answer.status}: {visible(' '.join(vector[3:]))}")
        tell(f"ran {visible(shlex.join(vector))}")
