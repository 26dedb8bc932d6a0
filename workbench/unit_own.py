"""What the fixes of units have in common where the manager is the account's own: its files, folders and times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from posixpath import basename

from workbench.model.operations import CreateFile, OwnDropIn, Restart
from workbench.model.plan import Refusal
from workbench.model.snapshot import Snapshot
from workbench.model.units import UnitFact

AT_THE_NEXT_START = "when the manager of your own units starts, which it does at your next login"
"""When a change is in force that was made while that manager did not run."""

_IMPLIED_SINCE = 254
UNIT_NAME = re.compile(r"[A-Za-z0-9:_.\\-]+@?\.service")
"""The names of services that can be written as the name of a folder of drop-ins."""

_MADE_ANEW = re.compile(r"/systemd/(?:transient|generator(?:\.early|\.late)?)/")
_DROP_IN = re.compile(r"\.d/[^/]+\.conf\Z")
_SPECIFIER = re.compile(r"%(.?)")


def own_folder(snapshot: Snapshot) -> str:
    """Where the units and drop-ins of the account lie."""
    return f"{snapshot.host.home}/.config/systemd/user"


def runtime_folder(unit: UnitFact) -> str:
    """What ``%t`` stands for in a unit, below which ``RuntimeDirectory=`` is made."""
    return f"/run/user/{unit.owner}" if unit.manager == "user" else "/run"


def not_yours(unit: UnitFact, snapshot: Snapshot, by_hand: str) -> Refusal | None:
    """Why a unit of an account's own manager is not changed. ``by_hand`` is what to do where it is another's."""
    if unit.owner != snapshot.host.uid or not snapshot.host.home.startswith("/") or not UNIT_NAME.fullmatch(unit.name):
        return Refusal(f"{unit.name} is not a unit of yours", by_hand)
    if _MADE_ANEW.search(unit.path.asked):
        return Refusal(
            f"{unit.name} is no file of yours: a generator or systemd-run makes it, each time anew",
            "set it where the unit comes from: as an option of systemd-run (-p KEY=VALUE), or in what it is made of",
        )
    return None


def rests(unit: UnitFact, snapshot: Snapshot) -> bool:
    """Whether the unit's manager is the account's own and does not run, so that nobody takes a change up now."""
    units = snapshot.units
    if unit.manager != "user" or any(each.runs for each in units.units if each.manager == "user"):
        return False
    unasked = any(gap.facet == "state" and gap.what == unit.name for gap in units.state.unread)
    # Of a template the manager tells nothing while no instance runs.
    return unasked or not unit.name.endswith("@.service")


def overruled(unit: UnitFact, name: str, keys: Sequence[str], section: str = "Service") -> Refusal | None:
    """Why a drop-in ``name`` would not count: another one, which systemd reads after it, says one of the same keys."""
    for each in unit.settings:
        later = _DROP_IN.search(each.path) and basename(each.path) > f"{name}.conf"
        if each.key in keys and each.section == section and later:
            return Refusal(
                f"{each.path} says {each.key}= too, and is read after a drop-in of this repair, so it would count",
                f"take that line out of it (line {each.line}), or change it there",
            )
    return None


def own_drop_in(
    unit: UnitFact,
    name: str,
    lines: Sequence[str],
    restarts: Restart | None,
    snapshot: Snapshot,
    *,
    of_socket: bool = False,
) -> CreateFile | Refusal:
    """A drop-in of a unit of the account's own manager, or of its socket, with these lines: a file of its own."""
    of_unit = unit.socket if of_socket else unit.name
    path = f"{own_folder(snapshot)}/{of_unit}.d/{name}.conf"
    if path in unit.drop_ins or any(path == each.asked for each in unit.files):
        return Refusal(f"{path} is there already", f"look at all that the unit says: systemctl --user cat {of_unit}")
    return CreateFile(path, "".join(f"{line}\n" for line in lines), drop_in=OwnDropIn(of_unit, restarts))


def listen_paths(unit: UnitFact, snapshot: Snapshot) -> tuple[str, ...]:
    """The paths of the Unix sockets that its socket unit says; one with a specifier that is not known is left out."""
    home = snapshot.host.home if unit.manager == "user" else "/root"
    stem = unit.socket.removesuffix(".socket").rstrip("@")
    known = {
        "t": runtime_folder(unit),
        "h": home,
        "U": str(unit.owner),
        "n": unit.socket,
        "p": stem,
        "T": "/tmp",  # noqa: S108 - what the specifier stands for
        "%": "%",
    }
    found = []
    for value in unit.values("ListenStream", "Socket"):
        if all(each in known for each in _SPECIFIER.findall(value)):
            path = _SPECIFIER.sub(lambda match: known[match[1]], value)
            found += [path] if path.startswith("/") else []
    return tuple(found)


def ends_own(unit: UnitFact, version: int) -> str:
    """Why a unit of an account's own manager would not start with settings that others start with; "" otherwise."""
    # Measured with systemd 252: what covers the log of the kernel cannot be mounted in a user namespace.
    known = unit.manager == "user" and unit.owner != 0 and 0 < version < _IMPLIED_SINCE
    if known and unit.on("PrivateUsers") and unit.on("ProtectKernelLogs"):
        return "226/NAMESPACE: ProtectKernelLogs= with PrivateUsers=yes in a unit of an account's own manager"
    return ""
