"""A workbench without a host: checks that say what a test wants, and repairs that only happen in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests import builders
from workbench.engine import Progress, Workbench
from workbench.host.audit.records import Occurrence
from workbench.host.audit.trail import Trail
from workbench.host.command import Output
from workbench.host.context import Context
from workbench.host.privileged import Privileged, Vector
from workbench.model.check import Check, Fix
from workbench.model.finding import Evidence, Finding, Location, NotAssessed, Passed, Subject, Verdict
from workbench.model.operations import SetMode
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.probe import PeerVerdict
from workbench.model.report import BrokenPlugin, CheckResult, Report
from workbench.model.run import Change, Run, RunState
from workbench.model.severity import Severity
from workbench.model.snapshot import SECTIONS, Snapshot
from workbench.model.waiver import WaiverFile
from workbench.plugins import Plugins
from workbench.probe.asking import Answer
from workbench.probe.planned import PlannedProbe, Probed
from workbench.probe.target import Target
from workbench.repair.backups import KeptBackup, Purged
from workbench.repair.guides import steps_told
from workbench.repair.lasting import Lost
from workbench.repair.recovering import Recovering
from workbench.repair.restoring import Restoring

CONFIG = "/home/dev/.config/Claude/claude_desktop_config.json"
LESSON = """Another account can write the file

What it looks at
----------------
The mode and the list of every client's config, and each directory above it. Whoever can
write one of them decides what ``npx`` starts.

Why it matters
--------------
A config names programs that run as you.

How an attacker uses it
-----------------------
1. They add a server.
2. You open your client, and
   the server runs as you.

How to fix it by hand
---------------------
Take the right away:

    chmod 600 ~/.config/Claude/claude_desktop_config.json

References
----------
- CWE-732
"""
DIFF = """--- a/claude_desktop_config.json
+++ b/claude_desktop_config.json
@@ -3,3 +3,3 @@
     "files": {
-      "command": "npx pkg",
+      "command": "npx pkg@1.2.3",
     }
"""


def finding(
    summary: str = "Any account on this machine can write the config of Claude Desktop",
    severity: Severity = Severity.CRITICAL,
    key: str = "config",
    label: str = "claude_desktop_config.json",
    **more: Any,
) -> Finding:
    """A finding with one piece of evidence."""
    evidence = (Evidence("mode 0600", "mode 0666", ("stat", "-c", "%a %n", CONFIG)),)
    made = Finding(Subject("config", key, label), severity, summary, evidence, Location(CONFIG, 3, 5))
    return replace(made, **more)


def check(identity: str, *verdicts: Verdict, worst: Severity = Severity.CRITICAL, lesson: str = LESSON) -> Check:
    """A check that always says the same."""
    every = tuple(severity for severity in Severity if severity.rank <= worst.rank)
    title = lesson.splitlines()[0]
    return Check(title, every, ("clients",), lambda snapshot: verdicts, id=identity, lesson=lesson)


def fix(repairs: str, identity: str = "files/restrict-mode", **more: Any) -> Fix:
    """A fix that sets a mode."""
    made = Fix("Take the rights of others away", (repairs,), Safety.SAFE, Reversal.FULL, _plan, id=identity)
    return replace(made, **more)


def plugins(checks: Iterable[Check], fixes: Iterable[Fix] = (), broken: tuple[BrokenPlugin, ...] = ()) -> Plugins:
    """What a loader would have found."""
    return Plugins({each.id: each for each in checks}, {each.id: each for each in fixes}, broken)


def run(identity: str = "20260102-030405-ab", state: RunState = RunState.APPLIED, **more: Any) -> Run:
    """A run of the history."""
    plan = _plan(finding(), builders.snapshot(), None)
    made = Run(identity, state, plan, CHANGES, "2026-01-02T03:04:05+00:00", "2026-01-02T03:04:06+00:00")
    return replace(made, **more)


CHANGES = (Change(CONFIG, "take the rights of group and others away", DIFF, 0o666, 0o600),)


def _plan(finding: Finding, snapshot: Snapshot, answers: Any) -> Plan:
    operation = SetMode(CONFIG, 0o600, 0o666, 1, 2)
    return Plan(
        "files/restrict-mode",
        finding.check,
        finding.identity,
        "Make the config of Claude Desktop private",
        Safety.SAFE,
        Reversal.FULL,
        (operation,),
        "Another account that edits this file for you cannot any more.",
    )


@dataclass
class Script:
    """What the fake does, changed by a test as it goes. ``gate`` holds every look back until it is set."""

    snapshot: Snapshot = field(default_factory=builders.snapshot)
    runs: list[Run] = field(default_factory=list)
    repaired: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    fails: Exception | None = None
    refuses: Refusal | None = None
    ends: RunState = RunState.APPLIED
    gate: threading.Event = field(default_factory=threading.Event)
    check_gate: threading.Event = field(default_factory=threading.Event)
    answers: list[Mapping[str, Any] | None] = field(default_factory=list)
    looks: int = 0
    wanted: list[Vector] = field(default_factory=list)
    sudo_says: str = ""
    asked_root: list[bool] = field(default_factory=list)
    read: list[Vector] = field(default_factory=list)
    verdict: PeerVerdict = "open"
    through_sudo: bool = False
    probe_refused: Refusal | None = None
    probed: list[str] = field(default_factory=list)
    trail: Trail | Exception | None = None
    trails: int = 0
    occurred: list[tuple[Occurrence, ...] | Exception] = field(default_factory=list)
    polls: int = 0
    undone: list[str] = field(default_factory=list)
    undo_refused: Refusal | None = None
    undo_note: str = ""
    recovery_shown: bool = True
    recovery_commands: tuple[tuple[str, ...], ...] = ()
    recovery_agreed: object = None
    confirmed: list[str] = field(default_factory=list)
    confirm_refused: str = ""
    waiting: dict[str, float] = field(default_factory=dict)
    lost: tuple[Lost, ...] | Exception = ()
    asked_lasting: int = 0
    backups: list[KeptBackup] = field(default_factory=list)
    purge_refused: str = ""
    history_fails: Exception | None = None
    history_gate: threading.Event = field(default_factory=threading.Event)


class FakeFollower:
    """Tells what the script says has occurred, a batch a poll."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def poll(self, now: float | None = None) -> tuple[Occurrence, ...]:
        self._script.polls += 1
        batch = self._script.occurred.pop(0) if self._script.occurred else ()
        if isinstance(batch, Exception):
            raise batch
        return batch


class FakeWorkbench(Workbench):
    """The engine's face over a Script. What it judges is judged by the real scan."""

    script: Script

    def accepting(self, accepted: WaiverFile | None) -> FakeWorkbench:
        made = replace(self, accepted=accepted)
        object.__setattr__(made, "script", self.script)
        return made

    def look(self, progress: Progress | None = None, privileged: Privileged | None = None) -> Snapshot:
        for section in SECTIONS:
            if progress is not None:
                progress(section, "started")
        assert self.script.gate.wait(20)
        self.script.looks += 1
        if self.script.fails is not None:
            raise self.script.fails
        for vector in self.script.wanted if privileged is not None else ():
            assert privileged is not None
            if vector not in privileged.answers:
                privileged.wanted[vector] = None
        for section in SECTIONS:
            if progress is not None:
                progress(section, "complete")
        return self.script.snapshot

    def ask_root(self, *, interactive: bool) -> str:
        self.script.asked_root.append(interactive)
        return self.script.sudo_says

    def read_as_root(
        self, wanted: Iterable[Vector], tell: Callable[[Vector], None] | None = None
    ) -> Mapping[Vector, Output]:
        for vector in wanted:
            if tell is not None:
                tell(vector)
            self.script.read.append(vector)
        return {vector: Output(0, "read", "") for vector in wanted}

    def plan_probe(self, name: str) -> PlannedProbe | Refusal:
        if self.script.probe_refused is not None:
            return self.script.probe_refused
        target = Target(name.encode("utf-8", "surrogateescape"), name, 1000, 1000, 77, "node")
        commands = tuple((uid, ("/usr/bin/python3", "-I", "-c", "…", "2f746d70")) for uid in (1000, 65534))
        return PlannedProbe(target, (65534, 65534), commands, self.script.through_sudo)

    def probe(self, planned: PlannedProbe) -> Probed | Refusal:
        self.script.probed.append(planned.target.shown)
        answer = Answer(after="reply")
        return Probed(planned.target.shown, self.script.verdict, answer, answer)

    def trail(self, since: float, snapshot: Snapshot | None = None) -> Trail:
        self.script.trails += 1
        if isinstance(self.script.trail, Exception):
            raise self.script.trail
        audit = self.script.snapshot.audit
        return self.script.trail or Trail(since, audit.accounts, audit.events)

    def follow(self, trail: Trail, since: float) -> Any:
        return FakeFollower(self.script)

    def judge(self, snapshot: Snapshot, on_result: Callable[[CheckResult], None] | None = None) -> Report:
        from workbench.scan import scan

        gone = self.script.repaired | self.script.hidden
        checks = {identity: _without(made, gone) for identity, made in self.plugins.checks.items()}

        def told(result: CheckResult) -> None:
            if on_result is not None:
                on_result(result)
            assert self.script.check_gate.wait(20)

        return scan(snapshot, Plugins(checks, self.plugins.fixes, self.plugins.broken), told, self.accepted)

    def plan(
        self, fix: Fix, finding: Finding, snapshot: Snapshot, answers: Mapping[str, Any] | None = None
    ) -> Plan | Refusal:
        self.script.answers.append(answers)
        if self.script.refuses is not None:
            return self.script.refuses
        return fix.plan(finding, snapshot, answers)

    def prepare(self, plan: Plan) -> Any:
        return SimpleNamespace(plan=plan, changes=steps_told(plan) if plan.steps else CHANGES)

    def apply(self, prepared: Any, on_step: Callable[[str], None] | None = None, before: Any = None) -> Run:
        state = RunState.REFUSED if self.read_only else self.script.ends
        message = "the workbench was started with --read-only" if self.read_only else ""
        if on_step is not None:
            on_step("taking the rights of group and others away")
        if state is RunState.APPLIED:
            self.script.repaired.add(prepared.plan.finding)
        made = run(f"run-{len(self.script.runs)}", state, plan=prepared.plan, message=message)
        self.script.runs.insert(0, made)
        return made

    def plan_undo(self, run: str) -> Restoring | Refusal:
        if self.script.undo_refused is not None:
            return self.script.undo_refused
        return Restoring((Change(CONFIG, "give the old rights back", DIFF, 0o600, 0o666),), self.script.undo_note)

    def undo(self, run: str, on_step: Callable[[str], None] | None = None, on_plan: Any = None) -> Run:
        if on_step is not None:
            on_step("giving the old rights back")
        for place, each in enumerate(self.script.runs):
            if each.identity == run:
                self.script.repaired.discard(each.plan.finding)
                self.script.undone.append(run)
                self.script.runs[place] = replace(each, state=RunState.UNDONE, undone_by=f"undo-of-{run}")
                return self.script.runs[place]
        raise LookupError(run)

    def confirm(self, run: str) -> Run:
        self.script.confirmed.append(run)
        made = next(each for each in self.script.runs if each.identity == run)
        if self.script.confirm_refused:
            return replace(made, state=RunState.REFUSED, message=self.script.confirm_refused)
        self.script.waiting.pop(run, None)
        return replace(made, confirm_by="")

    def waiting(self) -> tuple[tuple[Run, float], ...]:
        return tuple((each, self.script.waiting[each.identity]) for each in self.script.runs if self._waits(each))

    def lasting(self) -> tuple[Lost, ...]:
        self.script.asked_lasting += 1
        if isinstance(self.script.lost, Exception):
            raise self.script.lost
        return self.script.lost

    def backups(self) -> tuple[KeptBackup, ...]:
        return tuple(self.script.backups)

    def purge(self, runs: Iterable[str] = (), *, secrets: bool = False, older_than: float | None = None) -> Purged:
        chosen = [each for each in self.script.backups if each.run in set(runs)]
        if self.script.purge_refused:
            return Purged(0, 0, (), (), self.script.purge_refused)
        self.script.backups = [each for each in self.script.backups if each not in chosen]
        return Purged(len(chosen), sum(each.size for each in chosen), tuple(runs), ())

    def _waits(self, run: Run) -> bool:
        return run.identity in self.script.waiting

    def history(self) -> tuple[Run, ...]:
        if self.script.history_fails is not None:
            raise self.script.history_fails
        assert self.script.history_gate.wait(20)
        return tuple(self.script.runs)

    def plan_recovery(self) -> tuple[Recovering, ...] | Refusal:
        told = Change(CONFIG, "give the old rights back", DIFF, 0o600, 0o666, self.script.recovery_commands)
        needs = "" if self.script.recovery_shown else "sudo asks for a password"
        self.script.recovery_shown = True
        runs = [each for each in self.script.runs if each.state is RunState.STARTED]
        return tuple(Recovering(each, () if needs else (told,), unseen=needs, as_root=bool(needs)) for each in runs)

    def recover(self, agreed: Any = None, on_plan: Any = None) -> tuple[Run, ...]:
        self.script.recovery_agreed = agreed
        for place, each in enumerate(self.script.runs):
            if each.state is RunState.STARTED:
                self.script.runs[place] = replace(each, state=RunState.RECOVERED)
        return tuple(each for each in self.script.runs if each.state is RunState.RECOVERED)


def workbench(made: Plugins | None = None, *, read_only: bool = False, open_gates: bool = True) -> FakeWorkbench:
    """A fake over ``usual()``, or over the plugins given. Its script can be changed while it is used."""
    context = Context("linux", Path("/home/dev"), 1000, {}, Path("/"))
    fake = FakeWorkbench(context, made or usual(), Path("/nowhere"), read_only)
    object.__setattr__(fake, "script", Script())
    fake.script.history_gate.set()
    if open_gates:
        fake.script.gate.set()
        fake.script.check_gate.set()
    return fake


def usual() -> Plugins:
    """Three checks that find something, one that passes, one that could not look, and two fixes."""
    also = (Subject("config", "cursor", "~/.cursor/mcp.json"),)
    return plugins(
        [
            check("clients/config-writable-by-others", finding(also=also)),
            check(
                "clients/unpinned-package",
                finding("The server “files” runs whatever version is newest", Severity.MEDIUM, "files", "files"),
                finding("The server “git” runs whatever version is newest", Severity.MEDIUM, "git", "git"),
                worst=Severity.MEDIUM,
            ),
            check("processes/runs-as-root", Passed(Subject("process", "x", "x"))),
            check(
                "secrets/in-process-environment",
                NotAssessed("the environment of server-git", "permission denied", "run: sudo workbench snapshot"),
                worst=Severity.HIGH,
            ),
            check(
                "sockets/connectable-by-others",
                finding(
                    "Any account can connect to the socket of “files”", Severity.HIGH, "/tmp/a.sock", "/tmp/a.sock"
                ),
                worst=Severity.HIGH,
            ),
        ],
        [fix("clients/config-writable-by-others"), fix("clients/unpinned-package", "clients/pin-version")],
    )


def _without(made: Check, gone: set[str]) -> Check:
    def still_said(snapshot: Snapshot) -> list[Verdict]:
        said = list(made.run(snapshot))
        signed = [v.of_check(made.id, ()).identity if isinstance(v, Finding) else "" for v in said]
        left: list[Verdict] = [v for v, identity in zip(said, signed, strict=True) if identity not in gone]
        return left or [Passed(Subject("x", "x", "x"))]

    return replace(made, run=still_said)


def titled(title: str) -> Plan:
    """A plan of that title."""
    return replace(_plan(finding(), builders.snapshot(), None), title=title)
