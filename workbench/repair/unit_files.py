"""Drop-ins and units of the system: accepted by systemd's own parser, taken up by its manager, watched afterwards."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TypeGuard

from workbench.host.privileged import Vector
from workbench.model.operations import RepairUnit, Restart, RootFile
from workbench.repair import root_commands as commands
from workbench.repair import unit_health, unit_proof
from workbench.repair.consumer import Consumer
from workbench.repair.paths import Refused
from workbench.text import visible

_NAME = r"[A-Za-z0-9:_.\\-]+(?:@[A-Za-z0-9:_.\\-]*)?\.(?:service|socket)"
_DROP_INS = re.compile(rf"/etc/systemd/system/({_NAME})\.d/[0-9]{{2}}-workbench-[a-z-]{{1,60}}\.conf")
_UNITS = re.compile(rf"/etc/systemd/system/({_NAME})(?:\.d/[A-Za-z0-9@:_.-]+\.conf)?")
_LONGEST_SECONDS = 300


def unit_of(wanted: RootFile) -> str:
    """The name of the unit whose file it is. Raises Refused."""
    found = (_UNITS if isinstance(wanted, RepairUnit) else _DROP_INS).fullmatch(wanted.path)
    if found is None:
        raise Refused(f"{visible(wanted.path)} is no file of a unit of the system's administrator")
    return found[1]


def _restarts_own(wanted: RootFile) -> bool:
    restart = wanted.restarts
    if restart is None:
        return True
    bounded = restart.manager == "system" and 0 < restart.seconds <= _LONGEST_SECONDS
    return bounded and _belongs(restart.unit, unit_of(wanted))


def _belongs(restarted: str, name: str) -> bool:
    """Whether a unit is the one of that name, an instance of it, or the service of a socket of that name."""
    stem, _, kind = name.rpartition(".")
    if not re.fullmatch(_NAME, restarted):
        return False
    if stem.endswith("@") and kind == "service":
        return restarted.startswith(stem) and restarted.endswith(".service")
    return restarted == name or (kind == "socket" and restarted == f"{stem}.service")


def proven(wanted: RootFile, content: bytes) -> str:
    """Have systemd's parser read the unit with the new file, and say how exposed it is by that. Raises Refused."""
    return unit_proof.proven(unit_of(wanted), wanted.path.removeprefix("/etc/systemd/system/"), content, "system")


def _reload(_: RootFile) -> tuple[Vector, ...]:
    return ((commands.program("systemctl"), "daemon-reload"),)


def _is_restarted(restart: Restart | None) -> TypeGuard[Restart]:
    # Of a template nothing runs: its socket starts an instance for each connection, with the settings of that moment.
    return restart is not None and "@." not in restart.unit


def _taken_up(wanted: RootFile) -> tuple[Vector, ...]:
    if not _is_restarted(wanted.restarts):
        return _reload(wanted)
    # A unit that does not run is not started: nobody asked for that.
    return (*_reload(wanted), (commands.program("systemctl"), "try-restart", "--", wanted.restarts.unit))


def _rolled_back(wanted: RootFile) -> tuple[Vector, ...]:
    if not _is_restarted(wanted.restarts):
        return _reload(wanted)
    # It ran, and may have failed so often by now that systemd would refuse to start it.
    control, unit = commands.program("systemctl"), wanted.restarts.unit
    return (*_reload(wanted), (control, "reset-failed", "--", unit), (control, "restart", "--", unit))


def _has_failed(wanted: RootFile) -> bool:
    return _is_restarted(wanted.restarts) and unit_health.has_failed(wanted.restarts)


UNIT = Consumer(
    name="systemd",
    places=_UNITS,
    activates=_taken_up,
    deactivates=_taken_up,
    rolls_back=_rolled_back,
    restarts_own=_restarts_own,
    has_failed=_has_failed,
    proves=proven,
    known=unit_health.known,
    comes_up=unit_health.require_up,
)
UNIT_DROP_IN = replace(UNIT, places=_DROP_INS, makes_folder=True)
