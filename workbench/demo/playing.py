"""The engine over the demo's host: it judges, plans and proves as the real one does, and changes what is in memory.

Nothing of this machine is looked at or changed: no file is read or written, no command is run, sudo is never asked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.demo import HOME, demonstrated, is_demo
from workbench.engine import Progress, Workbench
from workbench.host.context import Context
from workbench.model.finding import Location
from workbench.model.plan import Plan, Refusal
from workbench.model.record import record
from workbench.model.run import Run, RunState
from workbench.model.snapshot import SECTIONS, Snapshot
from workbench.plugins import Plugins
from workbench.text import visible

# The first picture does not wait for what the stage is made of: a fifth of a second.
if TYPE_CHECKING:
    from workbench.demo.stage import Made, Stage
    from workbench.excerpt import Excerpt
    from workbench.host.audit.trail import Trail
    from workbench.host.command import Output
    from workbench.host.privileged import Privileged, Vector
    from workbench.model.waiver import WaiverFile
    from workbench.probe.planned import PlannedProbe, Probed
    from workbench.repair.backups import KeptBackup, Purged
    from workbench.repair.lasting import Lost
    from workbench.repair.prepare import Prepared
    from workbench.repair.recovering import Recovering
    from workbench.repair.restoring import Restoring
    from workbench.verifying import Before

_PAUSE = 0.25
_PAST = (
    "the demo ends here: this repair is of its past, of which no file is there to be brought back. On a real host that"
    " would be done now, and the host looked at again. What you repair in the demo yourself can be undone"
)

Tell = Callable[[str], None]


class LateStage:
    """What is played on, set up by the first who asks for it; in whatever thread that is, the others wait.

    The activity of this process is forgotten then, for that of the host.
    """

    def __init__(self, make: Callable[[], Stage]) -> None:
        self._make = make
        self._made: Stage | None = None
        self._lock = threading.Lock()

    @property
    def stage(self) -> Stage:
        """The stage itself. Raises what making it raises, each time."""
        with self._lock:
            if self._made is None:
                from workbench.demo.past import stage_activity

                made = self._make()
                stage_activity(made.began.taken_at)
                self._made = made
            return self._made


@record
class PlayedWorkbench(Workbench):
    """The workbench of a host that does not exist. ``plays_on`` is the stage; ``demonstrates`` is told beforehand."""

    plays_on: LateStage = None  # type: ignore[assignment]
    demonstrates: bool = True

    @property
    def stage(self) -> Stage:
        """What it plays on."""
        return self.plays_on.stage

    @property
    def is_demo(self) -> bool:
        """See Workbench. A host that is staged for pictures is shown as if it were a live one."""
        return self.demonstrates

    def look(self, progress: Progress | None = None, privileged: Privileged | None = None) -> Snapshot:
        """What is to be known of the host now; with the answers of sudo's commands that which root alone may know."""
        from workbench.demo.questions import WANTED

        if progress is not None:
            for section in SECTIONS:
                progress(section, "started")
        answered = privileged is not None and privileged.answers.keys() >= set(WANTED)
        seen = self.stage.seen(as_root=answered)
        if progress is not None:
            for section in SECTIONS:
                progress(section, getattr(seen, section).state.status)
        if privileged is not None:
            privileged.wanted.update(dict.fromkeys(WANTED))
        return seen

    def ask_root(self, *, interactive: bool) -> str:
        """Sudo is never asked, and never in the way."""
        return ""

    def read_as_root(
        self, wanted: Iterable[Vector], tell: Callable[[Vector], None] | None = None
    ) -> Mapping[Vector, Output]:
        """Run nothing: what the commands would tell is in the demo's facts."""
        from workbench.demo.past import note
        from workbench.host.command import Output

        answers = {}
        for vector in wanted:
            if tell is not None:
                tell(vector)
            answers[vector] = Output(0, "", "")
            note("ran as root", ("/usr/bin/sudo", "-n", "--", *vector), 0, 0.02)
            time.sleep(self.stage.pause / 2)
        return answers

    def plan_probe(self, name: str) -> PlannedProbe | Refusal:
        """What probing a socket of the host would come to."""
        from workbench.demo.questions import plan_probe

        return plan_probe(name, self.stage.began)

    def probe(self, planned: PlannedProbe) -> Probed | Refusal:
        """Connect to nothing: who is let in follows from the socket's mode, and from what its server is known to do."""
        from workbench.demo.past import note
        from workbench.demo.questions import answer

        done = answer(planned, self.stage.seen(as_root=True))
        self.stage.verdicts[planned.target.inode] = done.verdict
        note("connected", done.shown, "", 0.5)
        time.sleep(2 * self.stage.pause)
        return done

    def trail(self, since: float, snapshot: Snapshot | None = None) -> Trail:
        """What the log of the host holds."""
        from workbench.host.audit.trail import Trail

        # Of a log that nobody writes nothing new is told. That is known once sudo has told it.
        self.stage.listens = snapshot is None or snapshot.audit.running is not False
        audit = self.stage.began.audit
        return Trail(audit.since, audit.accounts, audit.events)

    def follow(self, trail: Trail, since: float) -> Any:
        """What tells of the events that come while somebody looks on."""
        from workbench.demo.trail import PlayedFollower

        return PlayedFollower(listens=self.stage.listens)

    def excerpt(self, location: Location, snapshot: Snapshot) -> Excerpt | None:
        """The lines around a place, of the demo's files."""
        from workbench.excerpt import excerpt_of
        from workbench.host.files import CannotLook

        content = self.stage.files.get(location.path)
        if location.line is None and not location.pointer:
            return None
        if content is None:
            raise CannotLook("the demo does not hold that file")
        return excerpt_of(content, location, snapshot, lambda path, taken: False)

    def prepare(self, plan: Plan) -> Prepared | Refusal:
        """What the plan comes to, in the demo's files."""
        from workbench.demo.preparing import prepare

        return prepare(plan, self.stage)

    def apply(
        self, prepared: Prepared, on_step: Callable[[str], None] | None = None, before: Before | None = None
    ) -> Run:
        """Change the demo's files and modes, and prove it as on a real host: by the same check on the facts as they are
        then. Where that still finds it, everything is put back.
        """
        if self.read_only:
            from workbench.repair.transaction import refused
            from workbench.repair.undo import READ_ONLY

            return refused(prepared.plan, prepared.changes, READ_ONLY)
        if prepared.plan.steps:
            from workbench.repair.transaction import STEPS, refused

            return refused(prepared.plan, prepared.changes, STEPS)
        return self._played(prepared, self._telling(on_step), lambda: self._still_wrong(prepared.plan, before))

    def plan_undo(self, run: str) -> Restoring | Refusal:
        """What an undo would bring back."""
        from workbench.demo.telling import turned
        from workbench.repair.restoring import Restoring

        made = self.stage.find(run)
        if made is None:
            return Restoring(tuple(turned(change) for change in reversed(self._known(run).changes)))
        prepared = self._undoing(made)
        return prepared if isinstance(prepared, Refusal) else Restoring(prepared.changes)

    def undo(
        self,
        run: str,
        on_step: Callable[[str], None] | None = None,
        on_plan: Callable[[Prepared], None] | None = None,
    ) -> Run:
        """Change the demo's files and modes back."""
        return self._undone(run, self._telling(on_step))

    def undo_batch(self, batch: str, on_progress: Callable[[int, str], None] | None = None) -> tuple[Run, ...]:
        """Undo what stands of a batch, newest first; stops at the first that is refused."""
        standing = [run for run in self.history() if run.batch == batch and run.state is RunState.APPLIED]
        again = f"batch-{self.stage.identity()}"
        done: list[Run] = []
        for number, run in enumerate(standing):

            def tell(words: str, number: int = number) -> None:
                if on_progress is not None:
                    on_progress(number, words)

            tell(run.plan.title)
            done.append(self._undone(run.identity, self._telling(tell), again))
            if done[-1].state is not RunState.UNDONE:
                break
        return tuple(done)

    def confirm(self, run: str) -> Run:
        """Nothing waits to be confirmed."""
        return replace(self._known(run), state=RunState.REFUSED, message="in the demo nothing waits to be kept")

    def waiting(self) -> tuple[tuple[Run, float], ...]:
        """Nothing waits: the clock of the demo stands still."""
        return ()

    def revert_overdue(self, on_plan: Callable[[Prepared], None] | None = None) -> tuple[Run, ...]:
        """Nothing waits."""
        return ()

    def plan_recovery(self) -> tuple[Recovering, ...]:
        """Nothing was interrupted."""
        return ()

    def recover(
        self, agreed: Sequence[Recovering] | None = None, on_plan: Callable[[Prepared], None] | None = None
    ) -> tuple[Run, ...]:
        """Nothing was interrupted."""
        return ()

    def lasting(self) -> tuple[Lost, ...]:
        """What a client took back."""
        from workbench.demo.past import lost

        return lost()

    def backups(self) -> tuple[KeptBackup, ...]:
        """What is kept of the demo's past, and of what was played."""
        from workbench.demo.past import backups
        from workbench.demo.telling import kept

        played = (backup for made in reversed(self.stage.made) for backup in kept(made))
        return tuple(each for each in (*played, *backups()) if each.run not in self.stage.purged)

    def purge(self, runs: Iterable[str] = (), *, secrets: bool = False, older_than: float | None = None) -> Purged:
        """Forget backups of the demo."""
        from workbench.repair.backups import Purged

        if self.read_only:
            return Purged(0, 0, (), (), "the workbench was started with --read-only")
        chosen = [each for each in self.backups() if each.run in set(runs)]
        self.stage.purged.update(each.run for each in chosen)
        of = tuple(dict.fromkeys(each.run for each in chosen))
        return Purged(len(chosen), sum(each.size for each in chosen), of, ())

    def history(self) -> tuple[Run, ...]:
        """The demo's past, and what was played."""
        return self.stage.history()

    def accepting(self, accepted: WaiverFile | None) -> PlayedWorkbench:
        """See Workbench."""
        return replace(self, accepted=accepted)

    def _known(self, run: str) -> Run:
        found = next((each for each in self.history() if each.identity == run), None)
        if found is None:
            raise LookupError(f"there is no run {visible(run, 100)}")
        return found

    def _undoing(self, made: Made) -> Prepared | Refusal:
        from workbench.demo.preparing import prepare_undo
        from workbench.repair.staged import StagedWrite

        name = made.run.identity
        if name in self.stage.purged and any(isinstance(each, StagedWrite) for each in made.operations):
            return Refusal(f"the backup of {name} was purged, so it cannot be undone any more")
        return prepare_undo(made, self.stage)

    def _undone(self, run: str, tell: Tell, batch: str = "") -> Run:
        from workbench.repair.transaction import refused
        from workbench.repair.undo import READ_ONLY

        made = self.stage.find(run)
        if made is None:
            past = self._known(run)
            return refused(past.plan, past.changes, _PAST)
        if self.read_only:
            return refused(made.run.plan, made.run.changes, READ_ONLY)
        prepared = self._undoing(made)
        if isinstance(prepared, Refusal):
            return refused(made.run.plan, made.run.changes, prepared.reason)
        done = self._played(replace(prepared, batch=batch), tell, lambda: "", run)
        if done.state is not RunState.APPLIED:
            return done
        shown = self._known(run)
        return replace(shown, message=f"{done.message} (the history can do it again)")

    def _still_wrong(self, plan: Plan, before: Before | None) -> str:
        from workbench.demo.questions import WANTED
        from workbench.planning import still_found
        from workbench.verifying import worsened

        known = before.report if before is not None else None
        as_root = before is not None and set(before.reads) >= set(WANTED)
        seen = self.stage.seen(as_root=as_root)
        why = still_found(plan, self.plugins, seen, known)
        return why or (worsened(plan, known, self.judge(seen)) if known is not None else "")

    def _played(self, prepared: Prepared, tell: Tell, verify: Callable[[], str], undoes: str = "") -> Run:
        from workbench.demo.past import note
        from workbench.demo.stage import Made
        from workbench.demo.telling import steps
        from workbench.repair.transaction import applied_well, refused

        stage, plan = self.stage, prepared.plan
        if any(each.before != stage.before(each.real) for each in prepared.operations):
            return refused(plan, prepared.changes, "it is not what it was when it was shown any more")
        files, modes = dict(stage.files), dict(stage.modes)
        stands = tuple(stage.files.get(each.real, b"") for each in prepared.operations)
        for step in steps(prepared):
            tell(step)
        stage.carry_out(prepared.operations, prepared.contents)
        tell("checking that it helped")
        why = verify()
        message = applied_well(plan, undoes)
        if why:
            stage.files, stage.modes = files, modes
            message = f"{visible(why)}; everything was put back as it was"
        made = Run(
            stage.identity(),
            RunState.ROLLED_BACK if why else RunState.APPLIED,
            plan,
            prepared.changes,
            stage.moment(),
            stage.moment(1),
            message,
            batch=prepared.batch,
        )
        stage.made.append(Made(made, prepared.operations, stands, undoes))
        for operation in prepared.operations:
            note("wrote", operation.real, len(stage.files.get(operation.real, b"")) or "", 1.0)
        return made

    def _telling(self, on_step: Callable[[str], None] | None) -> Tell:
        def tell(words: str) -> None:
            if on_step is not None:
                on_step(words)
                time.sleep(self.stage.pause)

        return tell


def demo(plugins: Plugins, *, read_only: bool = False, accepted: WaiverFile | None = None) -> PlayedWorkbench:
    """The workbench of the demo, at its beginning. Whoever asks for its stage hears of it where a file is damaged."""

    def make() -> Stage:
        from workbench.demo.files import files
        from workbench.demo.stage import Stage

        return Stage(demonstrated(), files(), _PAUSE)

    return _workbench(LateStage(make), Path(HOME), plugins, read_only, accepted)


def played(
    stage: Stage, plugins: Plugins, *, read_only: bool = False, accepted: WaiverFile | None = None
) -> PlayedWorkbench:
    """The workbench of a host that is played. The activity of this process is forgotten for that host's."""
    late, home = LateStage(lambda: stage), Path(stage.began.host.home)
    return _workbench(late, home, plugins, read_only, accepted, demonstrates=is_demo(late.stage.began))


def _workbench(
    late: LateStage,
    home: Path,
    plugins: Plugins,
    read_only: bool,
    accepted: WaiverFile | None,
    *,
    demonstrates: bool = True,
) -> PlayedWorkbench:
    context = Context("linux", home, 1000, {}, home)
    return PlayedWorkbench(
        context, plugins, Path("/nowhere"), read_only, accepted, plays_on=late, demonstrates=demonstrates
    )
