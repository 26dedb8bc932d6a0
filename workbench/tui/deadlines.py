"""Tell the person when a repair that nobody confirmed in time was undone by itself: now, or while nobody looked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from workbench.engine import Workbench
from workbench.model.record import record
from workbench.model.run import NOT_REVERTED, UNCONFIRMED, Run, RunState
from workbench.tui.background import in_background
from workbench.tui.keys import hint
from workbench.tui.wording import counted

SHOWN = 60.0
"""Seconds that it is shown: who tries whether everything still works is not looking."""

_RECENT = timedelta(days=7)  # what is older is no news to anybody; the history has it


@record
class News:
    """What is told: of runs that were undone by themselves, or could not be, which is ``bad``."""

    words: str
    bad: bool


class Deadlines:
    """The runs that wait to be confirmed; ``told`` are those whose end was told, now or by an earlier start."""

    def __init__(self, workbench: Workbench, told: Iterable[str] = ()) -> None:
        self._workbench = workbench
        self._told = list(told)
        self._waiting: set[str] = set()
        self._asking = False

    @property
    def told(self) -> tuple[str, ...]:
        """Those whose end was told, the latest last."""
        return tuple(self._told)

    @property
    def watches(self) -> bool:
        """Whether there is anything to ask about."""
        return bool(self._waiting) and not self._asking

    def wait_for(self, runs: Iterable[str]) -> None:
        """Ask about these too from now on."""
        self._waiting.update(runs)

    async def at_start(self, runs: Sequence[Run]) -> tuple[News, ...]:
        """What is to be told of the history as it is at the start, and wait for what waits now."""
        try:
            self.wait_for(run.identity for run, _ in await in_background(self._workbench.waiting))
        except Exception:  # noqa: BLE001, RUF100 - the history page says what fails; here nobody has asked
            self._waiting.clear()
        return self._news([run for run in runs if _is_recent(run)])

    async def ask(self) -> tuple[News, ...]:
        """What is to be told of the runs that waited and do not any more; of each once."""
        self._asking, asked = True, set(self._waiting)
        try:
            now = {run.identity for run, _ in await in_background(self._workbench.waiting)}
            ended = asked - now
            runs = await in_background(self._workbench.history) if ended else ()
        except Exception:  # noqa: BLE001, RUF100 - it is asked again in a moment
            return ()
        finally:
            self._asking = False
        self._waiting = (self._waiting - ended) | now
        return self._news([run for run in runs if run.identity in ended])

    def heard(self, runs: Iterable[Run]) -> None:
        """The person was told of these."""
        self._told += [run.identity for run in runs if run.identity not in self._told]

    def _news(self, runs: Sequence[Run]) -> tuple[News, ...]:
        new = [run for run in runs if run.identity not in self._told]
        undone = [run for run in new if run.state is RunState.UNDONE and UNCONFIRMED in run.message]
        stay = [run for run in new if run.state is RunState.APPLIED and NOT_REVERTED in run.message]
        self.heard([*undone, *stay])
        news = [News(_undone(undone), False)] if undone else []
        return (*news, *(News(f"{run.plan.title}: {run.message}", True) for run in stay))


def _undone(runs: Sequence[Run]) -> str:
    titles = "; ".join(run.plan.title for run in runs[:3]) + ("; …" if len(runs) > 3 else "")
    several = f"{counted(len(runs), 'repair')} were undone by themselves"
    what = "A repair was undone by itself" if len(runs) == 1 else several
    return f"{what}, for nobody confirmed it in time: {titles}. Press {hint('page.history')} for the history."


def _is_recent(run: Run) -> bool:
    try:
        return datetime.now(UTC) - datetime.fromisoformat(run.started_at) < _RECENT
    except (ValueError, TypeError):
        return False
