"""One workbench: look at a host, judge it, repair it. The TUI and the command line both drive this and nothing below.

Every method blocks; a user interface calls them from a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.host.context import Context
from workbench.model.check import Fix
from workbench.model.finding import Finding, Location
from workbench.model.plan import Plan, Refusal
from workbench.model.record import record
from workbench.model.report import CheckResult, Report
from workbench.model.run import Run, RunState
from workbench.model.snapshot import Snapshot
from workbench.model.waiver import WaiverFile
from workbench.plugins import Plugins

if TYPE_CHECKING:
    from workbench.excerpt import Excerpt
    from workbench.host.audit.trail import Follower, Trail
    from workbench.host.command import Output
    from workbench.host.privileged import Privileged, Vector
    from workbench.model.batch import Batch
    from workbench.probe.planned import PlannedProbe, Probed
    from workbench.repair.backups import KeptBackup, Purged
    from workbench.repair.lasting import Lost
    from workbench.repair.prepare import Prepared
    from workbench.repair.recovering import Recovering
    from workbench.repair.restoring import Restoring
    from workbench.verifying import Before

Progress = Callable[[str, str], None]
"""Called with a section's name and ``started``, or the status it ended with."""


@record
class Workbench:
    """The workbench for one host. ``state`` is the folder (0700) that holds the journal and the backups.

    With ``read_only`` nothing is ever applied or undone: the engine refuses, whatever the interface asks. ``accepted``
    are the waivers that every judgement is made with.
    """

    context: Context
    plugins: Plugins
    state: Path
    read_only: bool = False
    accepted: WaiverFile | None = None

    def accepting(self, accepted: WaiverFile | None) -> Workbench:
        """The same workbench, that judges with these waivers."""
        return replace(self, accepted=accepted)

    @property
    def is_demo(self) -> bool:
        """Whether its host does not exist: nothing of this one is looked at or changed, whatever is asked."""
        return False

    def look(self, progress: Progress | None = None, privileged: Privileged | None = None) -> Snapshot:
        """Gather the Snapshot of the live host.

        With ``privileged`` what only root may read is taken from its answers, or kept in what it wants.
        """
        from workbench.host.gather import gather
        from workbench.probe.memory import remembered

        return gather(replace(self.context, probes=remembered(self.state), privileged=privileged), progress)

    def ask_root(self, *, interactive: bool) -> str:
        """Let sudo ask for the password on this terminal, or only hear whether it would not. "" when it may go on."""
        from workbench.elevation import prompt

        return prompt(interactive)

    def read_as_root(
        self, wanted: Iterable[Vector], tell: Callable[[Vector], None] | None = None
    ) -> Mapping[Vector, Output]:
        """Run commands that only read through sudo, which must have agreed (``ask_root``), and give their answers.

        It changes nothing, so ``read_only`` has no say in it. Raises CannotLook where there is no sudo.
        """
        from workbench.elevation import run_all

        return run_all(wanted, tell)

    def plan_probe(self, name: str) -> PlannedProbe | Refusal:
        """What probing a socket comes to: a path, or an abstract name written ``@name``. Connects to nothing."""
        from workbench.exits import Unusable
        from workbench.probe.planned import plan

        try:
            return plan(name)
        except Unusable as why:
            return Refusal(str(why))

    def probe(self, planned: PlannedProbe) -> Probed | Refusal:
        """Connect to a socket as its owner and as a stranger, and keep the verdict for the next look.

        It changes nothing of this machine, so ``read_only`` has no say in it; only the verdict is noted in ``state``.
        Where ``planned.through_sudo`` sudo may ask for a password on the terminal.
        """
        from workbench.exits import Unusable
        from workbench.probe.planned import carry_out

        try:
            return carry_out(planned, self.state)
        except Unusable as why:
            return Refusal(str(why))

    def trail(self, since: float, snapshot: Snapshot | None = None) -> Trail:
        """What servers' accounts were denied and started since that moment (Unix seconds), read from the log now.

        Which accounts these are is taken from ``snapshot``, a recent look; without one it is looked up first.
        """
        from workbench.host.audit.trail import recent

        known = {"clients": snapshot.clients, "processes": snapshot.processes} if snapshot is not None else {}
        return recent(replace(self.context, found=known), since)

    def follow(self, trail: Trail, since: float) -> Follower:
        """What tells of the new events of the trail's accounts since that moment (Unix seconds), each time asked."""
        from workbench.host.audit.trail import Follower

        return Follower(trail.accounts, since)

    def judge(self, snapshot: Snapshot, on_result: Callable[[CheckResult], None] | None = None) -> Report:
        """Run every check on a Snapshot and grade it."""
        from workbench.scan import scan

        return scan(snapshot, self.plugins, on_result, self.accepted)

    def excerpt(self, location: Location, snapshot: Snapshot) -> Excerpt | None:
        """The lines around a place in a file, as they are now. None where it tells of none. Raises CannotLook."""
        from workbench.excerpt import excerpt

        return excerpt(location, snapshot)

    def fixes_for(self, finding: Finding) -> tuple[Fix, ...]:
        """The fixes on offer for a finding, safest first."""
        return tuple(self.plugins.fixes[identity] for identity in finding.repairs if identity in self.plugins.fixes)

    def plan(
        self, fix: Fix, finding: Finding, snapshot: Snapshot, answers: Mapping[str, Any] | None = None
    ) -> Plan | Refusal:
        """What the fix would do for the finding. ``answers`` by field name; what is left out is as suggested."""
        from workbench.planning import plan

        return plan(fix, finding, snapshot, answers or {})

    def answered(self, fix: Fix, finding: Finding, snapshot: Snapshot, given: Mapping[str, Any]) -> Any | Refusal:
        """All that the fix asks, in its own type: as given, else as it suggests. None where it asks nothing."""
        from workbench.planning import answered

        return answered(fix, finding, snapshot, given)

    def prepare(self, plan: Plan) -> Prepared | Refusal:
        """Work the plan out against the files as they are now: exact bytes and modes. Writes nothing."""
        from workbench.repair.prepare import prepare

        return prepare(plan)

    def plan_safe(self, snapshot: Snapshot, report: Report) -> Batch:
        """Every repair that is safe, can be undone in full and asks nothing, as one list. Writes nothing."""
        from workbench.batching import plan_safe

        return plan_safe(self, snapshot, report.standing())

    def warnings(self, plan: Plan, snapshot: Snapshot) -> tuple[str, ...]:
        """A sentence for each running client that may write over what the plan does, and what to do about it."""
        from workbench.rewriting import warnings

        return warnings(plan, snapshot)

    def apply_batch(
        self, batch: Batch, on_progress: Callable[[int, str], None] | None = None, before: Before | None = None
    ) -> tuple[Run, ...]:
        """Apply the steps one after the other, each a run of its own, and stop at the first that is not applied.

        That one is the last run given and says what stays. ``on_progress`` is told the step's number and what happens.
        ``before`` is as for ``apply``.
        """
        from workbench.batching import apply_batch

        return apply_batch(self, batch, on_progress, before)

    def undo_batch(self, batch: str, on_progress: Callable[[int, str], None] | None = None) -> tuple[Run, ...]:
        """Undo what stands of a batch, newest first; stops at the first that is refused. Raises LookupError."""
        from workbench.batching import undo_batch

        return undo_batch(self.state, batch, read_only=self.read_only, on_progress=on_progress)

    def apply(
        self, prepared: Prepared, on_step: Callable[[str], None] | None = None, before: Before | None = None
    ) -> Run:
        """Carry out what was prepared, verify it by the same check on a fresh look, roll back if it did not help.

        With what was known ``before``, the fresh look reads as root what was read then, and where anything that has to
        do with the plan got worse, it is rolled back too.
        """
        from workbench.repair.transaction import apply, refused
        from workbench.repair.undo import READ_ONLY

        if self.read_only:
            return refused(prepared.plan, prepared.changes, READ_ONLY)
        return apply(prepared, self.state, lambda: self._verified(prepared.plan, before), on_step)

    def _verified(self, plan: Plan, before: Before | None) -> str:
        from workbench.planning import still_found
        from workbench.verifying import worsened

        privileged = None
        if before is not None and before.reads:
            from workbench.host.privileged import Privileged

            privileged = Privileged(self.read_as_root(before.reads))
        snapshot = self.look(privileged=privileged)
        why = still_found(plan, self.plugins, snapshot, before.report if before is not None else None)
        if why or before is None or before.report is None:
            return why
        return worsened(plan, before.report, self.judge(snapshot))

    def plan_undo(self, run: str) -> Restoring | Refusal:
        """What undoing a run would restore, worked out against the files as they are now. Writes nothing."""
        from workbench.repair.restoring import restoring

        return restoring(self.state, run)

    def undo(
        self,
        run: str,
        on_step: Callable[[str], None] | None = None,
        on_plan: Callable[[Prepared], None] | None = None,
    ) -> Run:
        """Bring back what a run replaced. Raises LookupError when there is no such run.

        ``on_step`` is told what happens; ``on_plan`` is shown what will be done before it is.
        """
        from workbench.repair.undo import undo

        return undo(self.state, run, read_only=self.read_only, on_step=on_step, on_plan=on_plan)

    def confirm(self, run: str) -> Run:
        """Keep a run that would be undone by itself otherwise. Raises LookupError when there is no such run."""
        from workbench.repair.confirming import confirm

        return confirm(self.state, run, read_only=self.read_only)

    def waiting(self) -> tuple[tuple[Run, float], ...]:
        """Every run that waits to be confirmed, with the seconds left (0.0: it is about to be undone)."""
        from workbench.repair.confirming import waiting

        return waiting(self.state)

    def revert_overdue(self, on_plan: Callable[[Prepared], None] | None = None) -> tuple[Run, ...]:
        """Undo every run that nobody confirmed in time. For the start: what waited is gone with the machine's last.

        ``on_plan`` is shown what will be done before it is.
        """
        from workbench.repair.confirming import revert_overdue

        return revert_overdue(self.state, read_only=self.read_only, on_plan=on_plan)

    def lasting(self) -> tuple[Lost, ...]:
        """Every run that stands and whose effect another program has taken away. Reads only."""
        from workbench.repair.lasting import lasting

        return lasting(self.state)

    def backups(self) -> tuple[KeptBackup, ...]:
        """Every backup that is kept, newest first, and whether it holds something that looks like a secret."""
        from workbench.repair.backups import backups

        return backups(self.state)

    def purge(self, runs: Iterable[str] = (), *, secrets: bool = False, older_than: float | None = None) -> Purged:
        """Delete backups: of these runs, or all with secrets, or older than so many days. Raises LookupError."""
        from workbench.repair.backups import purge

        return purge(self.state, tuple(runs), secrets=secrets, older_than=older_than, read_only=self.read_only)

    def history(self) -> tuple[Run, ...]:
        """Every run, newest first."""
        from workbench.repair.history import history

        return history(self.state)

    def plan_recovery(self) -> tuple[Recovering, ...] | Refusal:
        """What recovering would do to every interrupted run, worked out against the files as they are now."""
        from workbench.repair.recovering import recovering

        return recovering(self.state)

    def recover(
        self, agreed: Sequence[Recovering] | None = None, on_plan: Callable[[Prepared], None] | None = None
    ) -> tuple[Run, ...]:
        """Bring every interrupted run back to the state before it, and undo those that nobody confirmed in time.

        With ``agreed``, from ``plan_recovery``, only what was shown so is done, and what would be something else by now
        is refused. ``on_plan`` is shown what else will be done before it is.
        """
        from workbench.repair.confirming import revert_overdue
        from workbench.repair.recovering import recover

        recovered = recover(self.state, read_only=self.read_only, agreed=agreed)
        if agreed is not None and any(run.state is RunState.REFUSED for run in recovered):
            return recovered  # what is still interrupted would be brought back before anything is undone, unasked
        return (*recovered, *revert_overdue(self.state, read_only=self.read_only, on_plan=on_plan))
