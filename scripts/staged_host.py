"""A fictional host for screenshots and demonstrations: nobody's machine, the same every time.

The accounts ``dev`` and ``colleague`` share it. Its facts (``staged_facts``) are judged by the real checks.
"""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.staged_audit import occurred
from scripts.staged_facts import TAKEN_AT, snapshot
from scripts.staged_past import backups, lost, runs, stage_activity
from workbench.engine import Progress, Workbench
from workbench.host.audit.records import Occurrence
from workbench.host.audit.trail import Trail
from workbench.host.context import Context
from workbench.host.privileged import Privileged, Vector
from workbench.model.plan import CreateFile, EditRootFile, EditValue, Operation, Plan, Refusal, SetMode
from workbench.model.run import Change, Run, RunState
from workbench.model.snapshot import SECTIONS, Snapshot
from workbench.plugins import load
from workbench.probe.asking import PROGRAM
from workbench.probe.planned import PlannedProbe
from workbench.probe.target import Target
from workbench.repair.backups import KeptBackup
from workbench.repair.lasting import Lost
from workbench.repair.restoring import Restoring

_ETC = "/etc/sudoers"
WANTED: tuple[Vector, ...] = (
    ("/usr/bin/cvtsudoers", "-c", "/dev/null", "-e", "-f", "json", _ETC),
    ("/usr/sbin/visudo", "-c", "-f", _ETC),
    ("/usr/bin/tar", "-c", "-P", "-f", "-", "--", _ETC, f"{_ETC}.d"),
    *(
        vector
        for pid in (812, 4402)
        for vector in (
            (
                "/usr/bin/find",
                *(f"/proc/{pid}/{place}" for place in ("exe", "cwd", "root", "ns", "fd")),
                *("-maxdepth", "1", "-type", "l", "-printf", r"%p\0%l\0"),
            ),
            ("/usr/bin/base64", "-w0", "--", f"/proc/{pid}/environ"),
        )
    ),
    ("/usr/sbin/auditctl", "-s"),
    ("/usr/sbin/auditctl", "-l"),
    ("/usr/bin/tar", "-c", "-P", "-f", "-", "--", "/etc/audit"),
)
"""What would be read through sudo there."""
DOCUMENT = {
    "mcpServers": {
        "files": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "/home/dev"]},
        "github": {
            "command": "npx",
            "args": ["-y", "@modelcontextprotocol/server-github@latest"],
            "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "(a secret)"},
        },
    }
}


class StagedFollower:
    """Tells of the new events of the stage, once."""

    def __init__(self) -> None:
        self._left = occurred()

    def poll(self, now: float | None = None) -> tuple[Occurrence, ...]:
        """What is new."""
        told, self._left = self._left, ()
        return told


class StagedWorkbench(Workbench):
    """The real engine over the staged facts. A repair happens in the facts, for nothing of this host is on a disk."""

    seen: Snapshot
    runs: list[Run]

    def look(self, progress: Progress | None = None, privileged: Privileged | None = None) -> Snapshot:
        """The facts as they are now."""
        if progress is not None:
            for section in SECTIONS:
                progress(section, "started")
            for section in SECTIONS:
                progress(section, getattr(self.seen, section).state.status)
        if privileged is not None:
            privileged.wanted.update(dict.fromkeys(WANTED))
        return self.seen

    def plan_probe(self, name: str) -> PlannedProbe | Refusal:
        """What probing a socket of the stage would come to."""
        target = Target(name.encode(), name, 1000, 1000, 77, "node")
        interpreter = ("/usr/bin/python3", "-I", "-S", "-c", PROGRAM, name.encode().hex())
        stranger = ("/usr/bin/sudo", "-u", "#65534", "--", *interpreter)
        return PlannedProbe(target, (65534, 65534), ((1000, interpreter), (65534, stranger)), through_sudo=True)

    def trail(self, since: float, snapshot: Snapshot | None = None) -> Trail:
        """What the staged log holds."""
        audit = self.seen.audit
        return Trail(audit.since, audit.accounts, audit.events)

    def follow(self, trail: Trail, since: float) -> Any:
        """What tells of the events that come while somebody looks on."""
        return StagedFollower()

    def prepare(self, plan: Plan) -> Any:
        """What the plan's operations come to, from the facts and the staged document."""
        return SimpleNamespace(plan=plan, changes=tuple(_change(operation) for operation in plan.operations))

    def apply(self, prepared: Any, on_step: Callable[[str], None] | None = None, before: Any = None) -> Run:
        """Change the facts."""
        for operation, change in zip(prepared.plan.operations, prepared.changes, strict=True):
            if on_step is not None:
                on_step(change.words)
            if isinstance(operation, SetMode):
                object.__setattr__(self, "seen", with_mode(self.seen, operation.path, operation.mode))
        return self._noted(RunState.APPLIED, prepared.plan, prepared.changes)

    def undo(self, run: str, on_step: Callable[[str], None] | None = None, on_plan: Any = None) -> Run:
        """Change the facts back."""
        for place, each in enumerate(self.runs):
            if each.identity == run:
                for operation in each.plan.operations:
                    if isinstance(operation, SetMode):
                        object.__setattr__(self, "seen", with_mode(self.seen, operation.path, operation.expect_mode))
                self.runs[place] = replace(each, state=RunState.UNDONE)
                return self.runs[place]
        raise LookupError(run)

    def plan_undo(self, run: str) -> Restoring | Refusal:
        """What an undo would bring back: what the run changed, turned round."""
        (made,) = (each for each in self.runs if each.identity == run)
        back = (_turned(change) for change in reversed(made.changes))
        return Restoring(tuple(back))

    def waiting(self) -> tuple[tuple[Run, float], ...]:
        """Nothing waits on the stage: its clock stands still."""
        return ()

    def lasting(self) -> tuple[Lost, ...]:
        """What a client took back."""
        return lost()

    def backups(self) -> tuple[KeptBackup, ...]:
        """What is kept of the staged runs."""
        return backups()

    def history(self) -> tuple[Run, ...]:
        """The runs of this stage."""
        return tuple(self.runs)

    def _noted(self, state: RunState, plan: Plan, changes: tuple[Change, ...]) -> Run:
        identity = f"20260314-092{len(self.runs) + 7}"
        made = Run(
            identity, state, plan, changes, TAKEN_AT.replace("26:53", "27:10"), TAKEN_AT.replace("26:53", "27:11")
        )
        self.runs.insert(0, made)
        return made


def workbench() -> StagedWorkbench:
    """The staged host with the built-in plugins."""
    made = StagedWorkbench(Context("linux", Path("/home/dev"), 1000, {}, Path("/home/dev")), load(), Path("/nowhere"))
    object.__setattr__(made, "seen", snapshot())
    object.__setattr__(made, "runs", runs())
    stage_activity()
    return made


def with_mode(seen: Snapshot, path: str, mode: int) -> Snapshot:
    """The snapshot after a file was given a mode."""

    def moded(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(moded(each) for each in value)
        found = getattr(value, "path", None)
        if found is None or isinstance(found, str):
            return value
        if found.file.path == path:
            return replace(value, path=replace(found, file=replace(found.file, mode=mode)))
        return value

    return replace(
        seen,
        clients=replace(seen.clients, configs=moded(seen.clients.configs)),
        sockets=replace(seen.sockets, sockets=moded(seen.sockets.sockets)),
        units=replace(seen.units, units=moded(seen.units.units)),
    )


def _turned(change: Change) -> Change:
    signs = {"-": "+", "+": "-"}
    lines = change.diff.split("\n")
    body = [signs.get(line[:1], line[:1]) + line[1:] for line in lines[2:]]
    for place, (one, other) in enumerate(pairwise(body)):
        if one[:1] == "+" and other[:1] == "-":
            body[place : place + 2] = other, one
    words = f"bring back {change.path} byte for byte as it was"
    return Change(change.path, words, "\n".join([*lines[:2], *body]), change.mode_after, change.mode_before)


def _change(operation: Operation) -> Change:
    if isinstance(operation, SetMode):
        words = f"set the mode of {operation.path} to {operation.mode:04o}"
        return Change(operation.path, words, "", operation.expect_mode, operation.mode)
    if isinstance(operation, EditRootFile):
        return Change(operation.path, f"change line {operation.line}")
    if not isinstance(operation, EditValue):
        where = "" if isinstance(operation, CreateFile) else " › ".join(map(str, operation.pointer))
        return Change(operation.path, f"change {where}" if where else f"make {operation.path}")
    before = json.dumps(DOCUMENT, indent=2).splitlines()
    after = [line.replace(json.dumps(operation.expect), json.dumps(operation.value)) for line in before]
    name = operation.path.rpartition("/")[2]
    lines = difflib.unified_diff(before, after, f"a/{name}", f"b/{name}", lineterm="")
    where = " › ".join(map(str, operation.pointer))
    return Change(operation.path, f"replace one value ({where})", "\n".join(lines) + "\n")
