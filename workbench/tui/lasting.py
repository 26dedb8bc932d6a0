"""Tell the person when another program takes back a repair of this session: clients write their config from memory."""

from __future__ import annotations

from collections.abc import Callable

from workbench.engine import Workbench
from workbench.model.run import Run, RunState
from workbench.tui.background import in_background
from workbench.tui.keys import hint

EVERY = 5.0
"""Seconds from one question to the next. Where no repair of this session stands, nothing is asked."""


class Lasting:
    """The runs of this session that stand, and those of them of which it was told that they are gone."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self._runs: set[str] = set()
        self._told: set[str] = set()
        self._asking = False

    @property
    def watches(self) -> bool:
        """Whether there is anything to ask about."""
        return bool(self._runs - self._told) and not self._asking

    def watch_over(self, run: Run) -> None:
        """Ask about a run from now on, or no more where it does not stand."""
        if run.state is RunState.APPLIED:
            self._runs.add(run.identity)
        else:
            self._runs.discard(run.identity)

    async def ask(self, tell: Callable[[str], None]) -> None:
        """Ask once, in the background, and tell of each run once."""
        self._asking = True
        try:
            lost = await in_background(self._workbench.lasting)
        except Exception:  # noqa: BLE001, RUF100 - it is asked again in a moment, and the history page says what failed
            return
        finally:
            self._asking = False
        from workbench.repair.lasting import said

        for each in lost:
            identity = each.run.identity
            if each.seen and identity in self._runs - self._told:
                self._told.add(identity)
                tell(f"{each.run.plan.title}: {said(each)}. Press {hint('page.history')} for the history.")
