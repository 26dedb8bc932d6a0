"""The app as its pages, screens and flows know it: what they may ask of it, and nothing of how that is done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from textual.app import App
from textual.command import CommandPalette
from textual.screen import Screen

from workbench.engine import Workbench
from workbench.model.finding import Finding
from workbench.model.report import Report
from workbench.model.run import Run, RunState
from workbench.model.snapshot import Snapshot
from workbench.model.waiver import WaiverFile
from workbench.text import visible
from workbench.tui.deadlines import SHOWN, Deadlines, News
from workbench.tui.lasting import Lasting
from workbench.tui.looking import Looker, Seen

if TYPE_CHECKING:
    from workbench.repair.backups import KeptBackup
    from workbench.tui.past import Past

IN_FRONT = 0.05
"""Seconds from one look whether help is still in front to the next."""
Value = TypeVar("Value")


class MainView(Protocol):
    """The main screen as all others know it: what it shows of which host, and how to have it look again."""

    workbench: Workbench
    looker: Looker
    seen: Seen | None

    @property
    def replay(self) -> Snapshot | None:
        """The snapshot that is shown instead of this host."""

    @property
    def snapshot(self) -> Snapshot | None:
        """What the last look saw."""

    @property
    def report(self) -> Report | None:
        """What the checks said of it."""

    @property
    def spoken(self) -> str:
        """How a sentence names the page that is shown."""

    async def look(self) -> Report | None:
        """Look at the host and judge it; None when that failed or a later look overtook it."""

    async def judge_again(self) -> None:
        """Judge what was seen anew, and show that."""


class BaseApp(App[int]):
    """The engine and what the person is told, which is here; and what is begun when asked for: the whole app does that.

    While it is ``busy`` the machine is being changed, and it does not end. ``side_by_side`` is whether diffs stand in
    two columns. ``told`` are the runs of which it was told that nobody confirmed them in time.
    """

    main: MainView

    def __init__(self, workbench: Workbench, *, told: Sequence[str] = (), side_by_side: bool = False) -> None:
        super().__init__()
        self.workbench = workbench
        self.side_by_side = side_by_side
        self.busy = False
        self.deadlines = Deadlines(workbench, told)
        self._lasting = Lasting(workbench)

    def accept(self, accepted: WaiverFile | None) -> None:
        """Judge with these waivers from now on."""
        self.workbench = self.workbench.accepting(accepted)
        self.main.workbench = self.main.looker.workbench = self.workbench

    def watch_over(self, run: Run) -> None:
        """Tell of it when another program takes back what this run changed."""
        self._lasting.watch_over(run)
        if run.confirm_by and run.state is RunState.APPLIED:
            self.deadlines.wait_for((run.identity,))

    def tell(self, words: str, severity: Literal["information", "warning", "error"] = "information") -> None:
        """Show a short message that goes away by itself."""
        self.notify(visible(words, 300), severity=severity, markup=False)

    def tell_news(self, news: Sequence[News]) -> None:
        """Tell of what was undone by itself, for long enough that it is seen."""
        for each in news:
            severity: Literal["error", "warning"] = "error" if each.bad else "warning"
            self.notify(visible(each.words, 400), severity=severity, markup=False, timeout=SHOWN)

    async def push_screen_wait(  # type: ignore[override]
        self, screen: Screen[Value], *, mode: str | None = None
    ) -> Value:
        """Show a screen and wait for its result; where help is read, or a command looked for, that ends first."""
        await self.unobstructed()
        return await super().push_screen_wait(screen, mode=mode)

    async def unobstructed(self) -> None:
        """Wait until no help and no palette is in front: what was begun before it was opened must not lie over it."""
        while isinstance(self.screen, CommandPalette) or getattr(self.screen, "HOLDS_OFF", False):
            await asyncio.sleep(IN_FRONT)

    def arrange_as_before(self) -> None:
        """Arrange the main screen, which is there now, as it is remembered."""
        raise NotImplementedError

    def show_history(self) -> None:
        """Show every repair that was made."""
        raise NotImplementedError

    def repair(self, finding: Finding) -> None:
        """Begin the repair of a finding."""
        raise NotImplementedError

    def repair_marked(self, findings: Sequence[Finding]) -> None:
        """Begin the repair of several findings; of all that is safe where none is given."""
        raise NotImplementedError

    def undo_last(self) -> None:
        """Begin to undo the last repair."""
        raise NotImplementedError

    async def review(self, past: Past, run: Run | None, backup: KeptBackup | None, wish: str) -> None:
        """Do what was asked for of the history, with a run or a backup of it; it ends when that is done."""
        raise NotImplementedError

    def waive(self, finding: Finding) -> None:
        """Begin to accept a finding for a while."""
        raise NotImplementedError

    def probe(self, sockets: Sequence[str]) -> None:
        """Ask to probe one of these sockets."""
        raise NotImplementedError

    def look_with_sudo(self) -> None:
        """Ask to read as root what only root may read, and look again."""
        raise NotImplementedError

    def export_report(self) -> None:
        """Ask how and where to write the report, and write it."""
        raise NotImplementedError
