"""Confine the unit with every setting that this server survives, restart it, and prove that it still does its work.

A drop-in of its own, ``/etc/systemd/system/UNIT.d/95-workbench-hardening.conf``, adds what the unit does not say: a
read-only system with only the server's own folders to write, no homes, devices, capabilities, namespaces and new
privileges, a filter of system calls that answers with an error instead of killing, a network only where you say so. The
unit's own file stays as it is, and an update of its package changes nothing of this. For a unit of your own manager the
drop-in is a file of yours, below ``~/.config/systemd/user``, and no root is needed. It has only what works there: the
filters of devices and addresses, a /proc of its own and ``RemoveIPC=`` do nothing in such a unit, though
``systemd-analyze`` counts them, and ``ProtectKernelLogs=`` ends it. Where that manager does not run, the file is made
and in force when it starts.

Not every server survives everything. ``MemoryDenyWriteExecute=`` ends Node, whose compiler needs such memory, so only
Python gets it. A workspace in a home is bound into an empty one, for ``ReadWritePaths=`` does not open what
``ProtectHome=yes`` hides. Where the server starts no other programs, nothing but its interpreter can be executed, and
nothing that lies in a folder it can write. What you set yourself for capabilities, limits and the umask is kept.

Before, systemd itself reckons what the exposure will be, and its parser must take every line. Then the unit is
restarted and watched: it has to run on, and to answer the first request of MCP on its Unix socket where it did before.
If it does not, or if the measured exposure is not below 2.0 afterwards, the drop-in goes again, the unit is restarted
as it was, and you are told why. Where nothing of it runs, that cannot be proven, and the plan says so.

Not everything shows at the start. A server that later needs another folder, a program or the network gets an error
then: ``workbench undo`` brings the unit back, or answer more and apply again.

To do it by hand: ``systemd-analyze security UNIT``, then ``sudo systemctl edit UNIT`` with the lines that the plan
shows. See systemd.exec(5), systemd-analyze(1) and systemd.resource-control(5).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from workbench.api import (
    AT_THE_NEXT_START,
    Finding,
    HardenedNeeds,
    Plan,
    Refusal,
    Restart,
    Reversal,
    Safety,
    Snapshot,
    UnitFact,
    changeable,
    drop_in,
    fix,
    folders_answered,
    folders_of,
    hands_over,
    hardened_lines,
    in_shared_folders,
    listed,
    listens_in_session,
    listens_on,
    own_drop_in,
    restart_of,
    rests,
    running,
    runs_alone,
    unit_of,
)

_NAME = "95-workbench-hardening"
_ALONE = ("filesystem", "server-memory", "sequential-thinking", "mcp-server-time", "server-everything")
_BY_HAND = (
    "write the drop-in by hand: systemctl --user edit UNIT, with PrivateUsers=yes, without which most have no effect"
)


@dataclass(frozen=True, slots=True)
class HardenUnit:
    """What the fix asks of the server."""

    profile: Literal["node", "python", "other"] = dataclasses.field(
        metadata={"label": "It is run by", "help": "node: its compiler needs memory that can be written and executed."}
    )
    folders: str = dataclasses.field(
        metadata={
            "label": "It may write",
            "help": "absolute paths with a colon between two; it reads the rest, but no home.",
        }
    )
    network: Literal["no", "yes"] = dataclasses.field(
        metadata={"label": "It uses the network", "help": "no: not even this host's own ports, only Unix sockets."}
    )
    programs: Literal["no", "yes"] = dataclasses.field(
        metadata={"label": "It starts other programs", "help": "no: nothing but its interpreter can be executed."}
    )


def _suggest(finding: Finding, snapshot: Snapshot) -> HardenUnit | Refusal:
    """What is known of the server; where nothing is, it keeps the network and its programs."""
    unit = unit_of(finding, snapshot)
    if isinstance(unit, Refusal):
        return unit
    profile: Literal["node", "python", "other"] = "other"
    if unit.runtime in ("node", "python"):
        profile = "node" if unit.runtime == "node" else "python"
    alone = any(name in word for word in unit.command for name in _ALONE)
    return HardenUnit(
        profile,
        ":".join(folders_of(unit, snapshot)),
        "no" if alone and not _ports(unit, snapshot) else "yes",
        "no" if alone and runs_alone(unit) else "yes",
    )


@fix(
    title="Confine the unit with every setting that its server survives",
    repairs=("systemd/exposure",),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
    answers=HardenUnit,
    suggest=_suggest,
)
def plan(finding: Finding, snapshot: Snapshot, answers: HardenUnit) -> Plan | Refusal:
    """One drop-in, and a restart that has to go well."""
    unit = unit_of(finding, snapshot)
    if isinstance(unit, Refusal):
        return unit
    refusal = changeable(unit, snapshot, _BY_HAND) or _of_another(unit) or _in_session(unit, snapshot)
    if refusal is not None:
        return refusal
    folders = folders_answered(answers.folders)
    if isinstance(folders, Refusal):
        return folders
    if answers.network == "no" and _ports(unit, snapshot):
        return Refusal(
            f"{unit.name} listens on the network itself, which it could not without one", "answer network=yes"
        )
    wanted = HardenedNeeds(answers.profile, folders, answers.network == "yes", answers.programs == "yes")
    lines = hardened_lines(unit, wanted)
    restarts = restart_of(unit, snapshot)
    if isinstance(lines, Refusal):
        return lines
    if isinstance(restarts, Refusal):
        return restarts
    head = ("# Confines this server. Remove the file, then: systemctl daemon-reload, systemctl restart.", "[Service]")
    operation = (
        drop_in(unit, _NAME, (*head, *lines), restarts)
        if unit.manager == "system"
        else own_drop_in(unit, _NAME, (*head, *lines), restarts, snapshot)
    )
    if isinstance(operation, Refusal):
        return operation
    return Plan(
        fix="systemd/harden-unit",
        check=finding.check,
        finding=finding.identity,
        title=f"Confine {unit.name}",
        safety=Safety.REVIEW,
        reversal=Reversal.FULL,
        operations=(operation,),
        consequences=_consequences(unit, wanted, restarts, snapshot),
        later=AT_THE_NEXT_START if rests(unit, snapshot) else "",
    )


def _in_session(unit: UnitFact, snapshot: Snapshot) -> Refusal | None:
    if not listens_in_session(unit, snapshot):
        return None
    return Refusal(
        f"{unit.name} listens right in /run/user/UID, which it would lose: there is the way to the account's manager",
        "give it a folder, RuntimeDirectory=NAME, and let it listen in %t/NAME; then look again",
    )


def _of_another(unit: UnitFact) -> Refusal | None:
    """Why the settings would confine something else than the server."""
    if unit.launch is not None and (unit.launch.image is not None or unit.launch.container is not None):
        return Refusal(
            f"{unit.name} starts a container, which the settings of the unit do not reach",
            "harden the container: its options are what counts",
        )
    if "+" in unit.prefix:
        return Refusal(
            f"ExecStart= of {unit.name} begins with +, which goes without all of this", "take the + away first"
        )
    wrappers = set(unit.launch.wrappers) if unit.launch is not None else set()
    through = next((name for name in ("sudo", "su", "bwrap", "firejail", "unshare") if name in wrappers), "")
    if through:
        return Refusal(
            f"{unit.name} starts its server through {through}, which needs the very rights that this takes away",
            "let the unit start the server itself, with User= for the account",
        )
    return None


def _ports(unit: UnitFact, snapshot: Snapshot) -> bool:
    """Whether its own processes listen on the network."""
    names = {unit.name, *running(unit)}
    mains = {run.main_pid for run in unit.runs if run.main_pid}
    servers = {each.key for each in snapshot.processes.servers if each.unit in names or mains & {each.pid, *each.chain}}
    return any(port.server in servers for port in snapshot.sockets.ports)


def _consequences(unit: UnitFact, wanted: HardenedNeeds, restarts: Restart | None, snapshot: Snapshot) -> str:
    writes = listed(["what systemd makes for it", *wanted.folders])
    said = [f"it may write {writes}, and nothing else; of homes it sees only what is named here"]
    if not wanted.network:
        said.append("it has no network, not even this host's own ports")
    if not wanted.programs and runs_alone(unit):
        said.append("it can start no other program")
    if unit.value("User") in ("", "root", "0") and not unit.on("DynamicUser"):
        said.append(
            "it stays root without root's rights: it opens files of other accounts only where their mode lets it"
        )
    if listens_on(unit, snapshot) and unit.setting("UMask") is None:
        said.append("sockets that it makes itself are for its account alone")
    if in_shared_folders(unit, wanted):
        said.append("it has something in /tmp, so it gets no /tmp of its own")
    if hands_over(unit):
        said.append("connections that are open keep the old settings, each new one has the new")
    elif rests(unit, snapshot):
        said.append("your own manager does not run, so nothing proves that it starts with it: look when it does")
    elif restarts is None:
        said.append(f"{unit.name} does not run, so nothing proves that it starts: start it and look")
    else:
        said.append(f"{restarts.unit} is restarted: what it is doing at that moment is lost")
    return ". ".join(said)
