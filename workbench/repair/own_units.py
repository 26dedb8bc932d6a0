"""Have an account's own systemd take up a drop-in that is there, or gone again: no root is needed for that."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path

from workbench.host.command import find_program, run
from workbench.host.files import CannotLook
from workbench.host.privileged import Vector
from workbench.model.plan import OwnDropIn
from workbench.repair import unit_health, unit_proof
from workbench.repair.paths import Refused
from workbench.repair.staged import StagedFile
from workbench.text import visible

Tell = Callable[[str], None]
_PLACE = re.compile(
    r".*/\.config/systemd/user/(([A-Za-z0-9:_.\\-]+(?:@[A-Za-z0-9:_.\\-]*)?\.service)\.d/[A-Za-z0-9_-]+\.conf)"
)
_DEADLINE = 240.0  # a service that does not end when it is told to is killed by systemd after 90 s


def proven(path: str, drop_in: OwnDropIn, content: bytes) -> str:
    """What systemd says of the unit with the drop-in, and what will be run. Raises Refused."""
    found = _PLACE.fullmatch(path)
    if found is None or found[2] != drop_in.unit or not path.startswith(f"{Path.home()}/"):
        raise Refused(f"{visible(path)} is no drop-in of {visible(drop_in.unit)} in this account's own folder of units")
    restart = drop_in.restarts
    if restart is not None and (restart.unit != drop_in.unit or restart.manager != "user"):
        raise Refused("the plan restarts another unit than the one whose file it makes")
    if not Path(f"/run/user/{os.geteuid()}/systemd/private").exists():
        raise Refused(
            "the manager of your own units does not run, so nothing would be in force", "log in, and look again"
        )
    said = unit_proof.proven(drop_in.unit, found[1], content, "user")
    runs = "; ".join(shlex.join(vector) for vector in _taken_up(drop_in))
    if restart is not None:
        runs += f"; {restart.unit} must still run {restart.seconds} seconds later, or all of it is rolled back"
    return f"{said}. Then this runs: {runs}"


def known(operation: StagedFile) -> str:
    """How the unit does before anything is changed. Raises Refused where it is to be restarted and does not run."""
    return unit_health.known(operation.drop_in, operation.comes) if operation.drop_in is not None else ""


def take_up(operation: StagedFile, before: str, tell: Tell) -> None:
    """Have it taken up, or let go of. Raises Refused where the unit does not do its work any more."""
    if operation.drop_in is not None:
        _run_all(_taken_up(operation.drop_in), tell)
        unit_health.require_up(operation.drop_in, before, tell)


def restore(operation: StagedFile, tell: Tell) -> None:
    """After all is put back: have the unit run as it ran. Raises Refused where it does not."""
    drop_in = operation.drop_in
    if drop_in is None:
        return
    restart = drop_in.restarts
    vectors = [_control("daemon-reload")]
    # An undo that is put back found it at rest, unless it was that which ended it: nobody asked to have it started.
    was = unit_health.known(drop_in, False) if not operation.comes else ""
    if restart is not None and (was != unit_health.RESTS or unit_health.has_failed(restart)):
        # It may have failed so often by now that systemd would refuse to start it.
        vectors += [_control(word, "--", restart.unit) for word in ("reset-failed", "restart")]
        was = ""
    _run_all(vectors, tell)
    unit_health.require_up(drop_in, was, tell)


def _taken_up(drop_in: OwnDropIn) -> list[Vector]:
    restart = drop_in.restarts
    return [_control("daemon-reload"), *([_control("try-restart", "--", restart.unit)] if restart is not None else [])]


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
