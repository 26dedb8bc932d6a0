"""What was repaired, as it stands now: every run with what became of it, what waits, what is lost, what is kept."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from workbench.model.run import Run, RunState

if TYPE_CHECKING:
    from workbench.engine import Workbench
    from workbench.repair.backups import KeptBackup

Act = Literal["undo", "undo batch", "redo", "confirm", "recover"]
Standing = Literal[
    "applied",
    "waits",
    "not in place",
    "undone",
    "refused",
    "rolled back",
    "rollback failed",
    "recovered",
    "interrupted",
]
"""How a run stands now. An applied one may wait to be confirmed, and another program may have taken it back."""

_STANDINGS: dict[RunState, Standing] = {
    RunState.STARTED: "interrupted",
    RunState.APPLIED: "applied",
    RunState.REFUSED: "refused",
    RunState.ROLLED_BACK: "rolled back",
    RunState.ROLLBACK_FAILED: "rollback failed",
    RunState.UNDONE: "undone",
    RunState.RECOVERED: "recovered",
}


@dataclass(frozen=True, slots=True)
class Past:
    """Every run, newest first. ``lost`` says by identity what is not in place any more, or could not be looked at, in
    words; ``gone`` are the identities of the former.

    ``deadlines`` says by identity until when a run is to be confirmed, on the clock of ``time.monotonic``. ``problem``
    is why the backups or what is lost could not be told, "" where they could.
    """

    runs: tuple[Run, ...] = ()
    lost: Mapping[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    deadlines: Mapping[str, float] = field(default_factory=dict)
    backups: tuple[KeptBackup, ...] = ()
    problem: str = ""

    def standing(self, run: Run) -> Standing:
        """How the run stands."""
        if run.state is RunState.APPLIED:
            if run.identity in self.deadlines:
                return "waits"
            if run.identity in self.gone:
                return "not in place"
        return _STANDINGS[run.state]

    def left(self, run: Run) -> int:
        """How many seconds are left to confirm it; 0 where none is."""
        return max(round(self.deadlines.get(run.identity, 0.0) - time.monotonic()), 0)

    def allows(self, run: Run, act: Act) -> bool:
        """Whether this can be asked for of the run."""
        standing = self.standing(run)
        if act == "undo":
            return standing in ("applied", "waits", "not in place") or (
                standing == "rollback failed" and bool(run.changes)
            )
        if act == "undo batch":
            return len(self.standing_of_batch(run)) > 1
        if act == "redo":
            return standing == "undone" and bool(run.undone_by)
        return standing == ("waits" if act == "confirm" else "interrupted")

    def of_batch(self, run: Run) -> Sequence[Run]:
        """Every run of the batch that this one is of, newest first; none where it is of none."""
        return tuple(each for each in self.runs if run.batch and each.batch == run.batch)

    def standing_of_batch(self, run: Run) -> Sequence[Run]:
        """Those of its batch that can be undone, newest first."""
        return tuple(each for each in self.of_batch(run) if each.state is RunState.APPLIED)


def purgeable(backups: Sequence[KeptBackup]) -> dict[str, list[KeptBackup]]:
    """By run all that is kept of it, where any of that holds a secret, or may, and nothing says it is still needed."""
    of_runs: dict[str, list[KeptBackup]] = {}
    for each in backups:
        of_runs.setdefault(each.run, []).append(each)
    return {
        run: mine
        for run, mine in of_runs.items()
        if any(each.secret is not False for each in mine) and not any(each.needed for each in mine)
    }


def read(workbench: Workbench) -> Past:
    """Read all of it. It blocks; a journal that cannot be read is a run that says so."""
    runs = workbench.history()
    now = time.monotonic()
    deadlines = {run.identity: now + left for run, left in workbench.waiting()}
    problem = ""
    lost: dict[str, str] = {}
    gone: frozenset[str] = frozenset()
    backups: tuple[KeptBackup, ...] = ()
    try:
        from workbench.repair.lasting import said

        found = workbench.lasting()
        lost = {each.run.identity: said(each) for each in found}
        gone = frozenset(each.run.identity for each in found if each.seen)
        backups = workbench.backups()
    except Exception as error:  # noqa: BLE001, RUF100 - the runs are shown all the same, and the gap is said
        problem = f"{type(error).__name__}: {error}"
    return Past(runs, lost, gone, deadlines, backups, problem)
