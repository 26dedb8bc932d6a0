"""What the fixes of systemd units have in common: which unit is meant, where a drop-in goes, what is restarted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.model.finding import Finding
from workbench.model.operations import CreateFile, CreateRootFile, Restart
from workbench.model.plan import Refusal
from workbench.model.processes import ServerProcess
from workbench.model.snapshot import Snapshot
from workbench.model.units import UnitFact
from workbench.subjects import unit_subject
from workbench.unit_own import UNIT_NAME, listen_paths, not_yours, overruled, own_drop_in

ADMINISTRATORS = "/etc/systemd/system"
"""Where the units and drop-ins of the system's administrator lie: no package writes there."""

_INSTANCE = re.compile(r"@.*(?=\.service\Z)")


def unit_of(finding: Finding, snapshot: Snapshot) -> UnitFact | Refusal:
    """The unit that a finding is about."""
    found = [unit for unit in snapshot.units.units if unit_subject(unit) == finding.subject]
    if len(found) != 1:
        return Refusal("the unit of this finding is not there any more", "look again")
    return found[0]


def changeable(unit: UnitFact, snapshot: Snapshot, by_hand: str) -> Refusal | None:
    """Why the unit gets no drop-in: one of another account's manager. ``by_hand`` is what to do then."""
    if unit.manager == "system":
        return of_system(unit, by_hand)
    refusal = not_yours(unit, snapshot, by_hand)
    if refusal is not None:
        return refusal
    if unit.name.endswith("@.service") and not hands_over(unit):
        return Refusal(f"{unit.name} is a template of your own manager, of which nothing can be watched", by_hand)
    return None


def of_system(unit: UnitFact, by_hand: str) -> Refusal | None:
    """Why a unit is not changed as root: one of an account's own manager. ``by_hand`` is what to do then."""
    if unit.manager == "user":
        return Refusal(f"{unit.name} is a unit of your own manager, which this repair does not change", by_hand)
    if not UNIT_NAME.fullmatch(unit.name):
        return Refusal(f"the name of {unit.name} cannot be written as the name of a folder of drop-ins", by_hand)
    return None


def running(unit: UnitFact) -> tuple[str, ...]:
    """The names under which the unit runs now: its own, or those of its instances."""
    return tuple(run.name for run in unit.runs if run.state == "active" and run.main_pid)


def hands_over(unit: UnitFact) -> bool:
    """Whether its socket starts one instance for each connection, so that each new one has the new settings."""
    return unit.on("Accept", "Socket") and unit.name.endswith("@.service")


def listens_on(unit: UnitFact, snapshot: Snapshot) -> tuple[str, ...]:
    """The paths of the Unix sockets of its socket unit, and of those that its own processes listen on."""
    names = {unit.name, *running(unit)}
    mains = {run.main_pid for run in unit.runs if run.main_pid}
    servers = {
        each.key
        for each in snapshot.processes.servers
        if not each.container and (each.unit in names or mains & {each.pid, *each.chain})
    }
    own = [each.path.asked for each in snapshot.sockets.sockets if each.path is not None and each.server in servers]
    return tuple(dict.fromkeys([*listen_paths(unit, snapshot), *own]))


def unit_of_process(server: ServerProcess, snapshot: Snapshot) -> UnitFact | None:
    """The unit that started a server: its own, or the template of its instance."""
    if not server.unit or server.container:
        return None
    names = {server.unit, _INSTANCE.sub("@", server.unit)}
    found = [unit for unit in snapshot.units.units if unit.name in names or server.unit in running(unit)]
    return found[0] if len(found) == 1 else None


def unit_of_socket(path: str, snapshot: Snapshot) -> UnitFact | None:
    """The unit whose socket unit listens on a path, so that systemd itself makes what lies there."""
    found = [unit for unit in snapshot.units.units if unit.socket and path in listen_paths(unit, snapshot)]
    return found[0] if len(found) == 1 else None


def restart_of_socket(unit: UnitFact) -> Restart | Refusal:
    """What has the socket of a unit made anew. A service that has taken its socket over would not let go of it."""
    if running(unit) and not unit.on("Accept", "Socket"):
        return Refusal(
            f"{unit.name} runs and holds what {unit.socket} listens on, which cannot be made anew under it",
            f"stop it first: {'systemctl --user' if unit.manager == 'user' else 'sudo systemctl'} stop {unit.name};"
            " then look again",
        )
    return Restart(unit.socket, seconds=3, manager=unit.manager)


def restart_of(unit: UnitFact, snapshot: Snapshot) -> Restart | Refusal | None:
    """What to restart so that the settings are in force, and how it is known to work; None where nothing runs."""
    socket = next(iter(listens_on(unit, snapshot)), "")
    if hands_over(unit):
        # Each connection starts an instance of its own, so that nothing is restarted and one connection proves it.
        return Restart(unit.name, socket=socket, manager=unit.manager) if socket else None
    names = running(unit)
    if len(names) > 1:
        return Refusal(
            f"{len(names)} instances of {unit.name} run, and one repair watches only one",
            "stop all but one and look again",
        )
    return Restart(names[0], socket=socket, manager=unit.manager) if names else None


def new_drop_in(
    unit: UnitFact,
    name: str,
    lines: Sequence[str],
    restarts: Restart | None,
    snapshot: Snapshot,
    *,
    of_socket: bool = False,
) -> CreateRootFile | CreateFile | Refusal:
    """A drop-in of this unit, or of its socket, that must be heard: root's, or the account's own of its own manager.

    Refused where another one, which is read after it, says one of its settings too.
    """
    keys = [line.partition("=")[0] for line in lines if "=" in line]
    refusal = overruled(unit, name, keys, "Socket" if of_socket else "Service")
    if refusal is not None:
        return refusal
    if unit.manager == "user":
        return own_drop_in(unit, name, lines, restarts, snapshot, of_socket=of_socket)
    return drop_in(unit, name, lines, restarts, of_socket=of_socket)


def drop_in(
    unit: UnitFact, name: str, lines: Sequence[str], restarts: Restart | None, *, of_socket: bool = False
) -> CreateRootFile | Refusal:
    """A drop-in of this unit, or of its socket, with these lines: headings, settings and comments."""
    path = f"{ADMINISTRATORS}/{unit.socket if of_socket else unit.name}.d/{name}.conf"
    if path in unit.drop_ins or any(path == each.asked for each in unit.files):
        return Refusal(f"{path} is there already", f"look at all that the unit says: systemctl cat {unit.name}")
    return CreateRootFile(path, "".join(f"{line}\n" for line in lines), "unit-drop-in", restarts)
