"""Drop-ins and units of the system: accepted by systemd's own parser, taken up by its manager, watched afterwards."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.host.command import Output, find_program, run
from workbench.host.files import CannotLook
from workbench.host.privileged import Vector
from workbench.model.plan import RepairUnit, RootFile
from workbench.repair import root_commands as commands
from workbench.repair import unit_health
from workbench.repair.paths import Refused
from workbench.repair.root_consumers import Consumer
from workbench.text import visible

FOLDERS = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system")
"""Where the manager of the system finds units: what lies in one goes before what has its name in the next."""

_NAME = r"[A-Za-z0-9:_.\\-]+(?:@[A-Za-z0-9:_.\\-]*)?\.(?:service|socket)"
_DROP_INS = re.compile(rf"/etc/systemd/system/({_NAME})\.d/[A-Za-z0-9_-]+\.conf")
_UNITS = re.compile(rf"/etc/systemd/system/({_NAME})")
_DEADLINE = 10.0
_MESSAGE = re.compile(r"^(.+?):(\d+): (.*)$")
_OVERALL = re.compile(r"Overall exposure level for \S+: (\d+(?:\.\d+)?)")
_FATAL = re.compile(r"Unit configuration has fatal error|has a bad unit file setting|failed to load properly")
_FAILED = re.compile(r"^(?:Failed to (?:initialize|lookup|set ?up|start|prepare)|systemd-analyze: )", re.MULTILINE)


def unit_of(wanted: RootFile) -> str:
    """The name of the unit whose file it is. Raises Refused."""
    found = (_UNITS if isinstance(wanted, RepairUnit) else _DROP_INS).fullmatch(wanted.path)
    if found is None:
        raise Refused(f"{visible(wanted.path)} is no file of a unit of the system's administrator")
    if wanted.restarts is not None and wanted.restarts.unit != found[1]:
        stem, _, kind = found[1].rpartition(".")
        if kind != "socket" or not wanted.restarts.unit.startswith(f"{stem}."):
            raise Refused("the plan restarts another unit than the one whose file it changes")
    return found[1]


def proven(wanted: RootFile, content: bytes) -> str:
    """Have systemd's parser read the unit with the new file, and say how exposed it is by that. Raises Refused."""
    name = unit_of(wanted)
    file = _unit_file(name)
    with _copy(wanted, name, content) as (folder, copy):
        of_unit = copy if isinstance(wanted, RepairUnit) else file
        said = _analyze(folder, "verify", "--man=no", "--recursive-errors=no", of_unit)
        before = _analyze("", "verify", "--man=no", "--recursive-errors=no", file)
        if _FAILED.search(said.err):
            raise Refused("systemd-analyze could not read the unit, so nothing is proven of the file")
        dropped = [match for line in said.err.splitlines() if (match := _MESSAGE.match(line)) and match[1] == copy]
        if dropped:
            lines = ", ".join(dict.fromkeys(match[2] for match in dropped))
            raise Refused(f"systemd would not take all of {visible(wanted.path)} as it is meant (line {lines})")
        if _FATAL.search(said.err) and not _FATAL.search(before.err):
            raise Refused(f"systemd would not load {visible(name)} with that file; nothing was changed")
        told = f"systemd's parser takes every line of it for {name}"
        if not name.endswith(".service"):
            return told
        exposed = [_exposure(_analyze(*each)) for each in (("", *_SECURITY, file), (folder, *_SECURITY, of_unit))]
    if None in exposed:
        return told
    return f"{told}, and says of the exposure of that unit: {exposed[0]:.1f} now, {exposed[1]:.1f} with it (of 10.0)"


_SECURITY = ("security", "--offline=true", "--no-pager")


def _exposure(said: Output) -> float | None:
    found = _OVERALL.search(said.out)
    return float(found[1]) if found else None


def _analyze(folder: str, *arguments: str) -> Output:
    try:
        program = (find_program("systemd-analyze"), *arguments)
        # What lies in this folder counts as well, and goes before what the manager itself would find.
        return run((find_program("env"), f"SYSTEMD_UNIT_PATH={folder}:", *program) if folder else program, _DEADLINE)
    except CannotLook as why:
        raise Refused(why.why, why.unlock) from why


def _unit_file(name: str) -> str:
    for folder in FOLDERS:
        if os.path.isfile(f"{folder}/{name}"):
            return f"{folder}/{name}"
    raise Refused(f"the file of {visible(name)} is not found", "look with: systemctl cat UNIT")


@contextmanager
def _copy(wanted: RootFile, name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """A folder of units that has the new file, and its path there."""
    with tempfile.TemporaryDirectory(prefix="workbench-unit-") as folder:
        of_drop_ins = Path(folder) / f"{name}.d"
        place = Path(folder) / name if isinstance(wanted, RepairUnit) else of_drop_ins / os.path.basename(wanted.path)
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(content)
        yield folder, str(place)


def _reload(_: RootFile) -> tuple[Vector, ...]:
    return ((commands.program("systemctl"), "daemon-reload"),)


def _taken_up(wanted: RootFile) -> tuple[Vector, ...]:
    if wanted.restarts is None:
        return _reload(wanted)
    # A unit that does not run is not started: nobody asked for that.
    return (*_reload(wanted), (commands.program("systemctl"), "try-restart", "--", wanted.restarts.unit))


def _rolled_back(wanted: RootFile) -> tuple[Vector, ...]:
    if wanted.restarts is None:
        return _reload(wanted)
    # It ran, and may have failed so often by now that systemd would refuse to start it.
    control, unit = commands.program("systemctl"), wanted.restarts.unit
    return (*_reload(wanted), (control, "reset-failed", "--", unit), (control, "restart", "--", unit))


UNIT_DROP_IN = Consumer(
    name="systemd",
    places=_DROP_INS,
    activates=_taken_up,
    deactivates=_taken_up,
    rolls_back=_rolled_back,
    makes_folder=True,
    proves=proven,
    known=unit_health.known,
    comes_up=unit_health.require_up,
)
UNIT = Consumer(
    name="systemd",
    places=_UNITS,
    activates=_taken_up,
    deactivates=_taken_up,
    rolls_back=_rolled_back,
    proves=proven,
    known=unit_health.known,
    comes_up=unit_health.require_up,
)
