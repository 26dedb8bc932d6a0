"""One look after the other: gather, judge and count in the background, and keep what sudo has read for the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from textual.message import Message

from workbench.engine import Workbench
from workbench.model.record import record
from workbench.model.report import CheckResult, Report
from workbench.model.snapshot import Snapshot
from workbench.tui.background import in_background
from workbench.tui.finding_rows import Listed, judge, listed
from workbench.tui.messages import CheckEnded, SectionChanged

if TYPE_CHECKING:
    from workbench.host.command import Output
    from workbench.host.privileged import Vector
    from workbench.tui.inventory import Inventory
    from workbench.tui.reach import Matrix


@record
class Seen:
    """What one look came to. ``rows`` are the findings of the report in its order, ready to be listed."""

    snapshot: Snapshot
    report: Report
    inventory: Inventory
    matrix: Matrix
    rows: tuple[Listed, ...]


class Looker:
    """Looks at the host, or judges the snapshot that is replayed. Only the latest look counts.

    ``answers`` are the commands that were run through sudo in this session and what they said, as of ``answered_at``;
    ``wanted`` are those that would show more and were not run. ``sections`` and ``streamed`` tell how far a look is,
    and ``rows`` are the findings so far. Findings are listed with ``~`` for ``home``.
    """

    def __init__(self, workbench: Workbench, replay: Snapshot | None, home: str) -> None:
        self.workbench = workbench
        self.replay = replay
        self._home = home
        self.looking = False
        self.sections: dict[str, str] = {}
        self.streamed: list[CheckResult] = []
        self.rows: list[Listed] = []
        self.answers: Mapping[Vector, Output] = {}
        self.answered_at = ""
        self.wanted: tuple[Vector, ...] = ()
        self._fresh = False
        self._generation = 0

    @property
    def live(self) -> bool:
        """Whether it is this host that is looked at."""
        return self.replay is None

    @property
    def is_root(self) -> bool:
        """Whether everything is read already, as far as anybody may."""
        return self.workbench.context.uid == 0

    def learn(self, answers: Mapping[Vector, Output]) -> None:
        """Keep what was read through sudo just now."""
        self.answers, self.answered_at, self._fresh = {**self.answers, **answers}, _now(), True

    def awaits(self, generation: int) -> bool:
        """Whether what is told of that look still matters: it may be heard after its report, or after a later look."""
        return self.looking and generation == self._generation

    def begin(self) -> int:
        """Begin a look, and give its number: what it tells carries that."""
        self._generation += 1
        self.sections, self.streamed, self.rows, self.looking = {}, [], [], True
        return self._generation

    async def look(self, generation: int, post: Callable[[Message], object], *, unasked: bool = False) -> Seen | None:
        """Look and judge; None when a later look overtook this one. Raises what the look raised.

        A look that nobody asked for runs nothing through sudo: what was read so stands, as of when it was.
        """

        def section_changed(section: str, state: str) -> None:
            post(SectionChanged(generation, section, state))

        def check_ended(result: CheckResult) -> None:
            rows = listed(judge(result.findings, self.workbench.fixes_for, {}), self._home)
            post(CheckEnded(generation, result, rows))

        fresh, self._fresh = self._fresh, False
        answers, answered_at = self.answers, self.answered_at

        def look_and_judge() -> tuple[Seen, Mapping[Vector, Output], str, tuple[Vector, ...]]:
            known, known_at = answers, answered_at
            if self.live and known and not fresh and not unasked:
                known, known_at = self._read_again(known, known_at)
            self.workbench.plugins.checks  # noqa: B018 - they are loaded first: it is told how many have ended, of them all
            seen, wanted = self._snapshot(section_changed, known)
            report = self.workbench.judge(seen, check_ended)
            return self._counted(seen, report), known, known_at, wanted

        try:
            made, known, known_at, wanted = await in_background(look_and_judge)
        except Exception:
            if not self.awaits(generation):
                return None
            self.looking = False
            raise
        if not self.awaits(generation):
            return None
        self.looking = False
        self.answers, self.answered_at, self.wanted = known, known_at, wanted
        return made

    async def judge_again(self, snapshot: Snapshot) -> Seen | None:
        """What a look has seen already, judged anew; None when a later look began meanwhile."""
        generation = self._generation

        made = await in_background(lambda: self._counted(snapshot, self.workbench.judge(snapshot)))
        return made if generation == self._generation else None

    def _counted(self, snapshot: Snapshot, report: Report) -> Seen:
        # A moment where there are thousands: not in the thread that draws.
        from workbench.tui.inventory import inventory
        from workbench.tui.reach import matrix

        findings = list(report.findings())
        made = inventory(snapshot, findings, report.results)
        rows = listed(judge(findings, self.workbench.fixes_for, made.servers_about()), self._home)
        return Seen(snapshot, report, made, matrix(snapshot), rows)

    def _snapshot(
        self, tell: Callable[[str, str], None], known: Mapping[Vector, Output]
    ) -> tuple[Snapshot, tuple[Vector, ...]]:
        if self.replay is not None:
            return self.replay, ()
        if self.is_root:
            return self.workbench.look(tell), ()
        from workbench.asking_root import unanswered
        from workbench.host.privileged import Privileged

        privileged = Privileged(known)
        return self.workbench.look(tell, privileged), unanswered(privileged.wanted, known)

    def _read_again(self, known: Mapping[Vector, Output], known_at: str) -> tuple[Mapping[Vector, Output], str]:
        # The same commands were agreed to for this session. Where sudo would ask again, what it said before stands,
        # and the border says as of when: a look must never stop for a password.
        if self.workbench.ask_root(interactive=False):
            return known, known_at
        return {**known, **self.workbench.read_as_root(known)}, _now()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
