"""The page of every repair that was made, newest first, and of the backups that are kept of them."""

from __future__ import annotations

import time
from collections import Counter

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import ContentSwitcher, Static

from workbench.model.run import Run
from workbench.tui.background import in_background
from workbench.tui.base_app import BaseApp
from workbench.tui.keys import hint
from workbench.tui.past import Past, Standing, purgeable, read
from workbench.tui.plain import hanging, plain, stacked, together
from workbench.tui.replaying import nothing_live
from workbench.tui.widgets.history_keys import Allowing, Wish
from workbench.tui.widgets.history_pane import HistoryPane
from workbench.tui.widgets.history_table import BackupsTable, HistoryTable, size
from workbench.tui.widgets.pages import Page
from workbench.tui.wording import ATTENTION, MUTED, counted

_LOUD: tuple[Standing, ...] = ("rollback failed", "interrupted", "waits", "not in place")
_READING = "Reading the history."


class HistoryPage(Allowing):
    """The sum, and the runs or the backups; words where there is none. It reads them whenever it is shown."""

    app: BaseApp

    def __init__(self, home: str, **more: str) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self._home = home
        self.past: Past | None = None
        self._problem = ""
        self._of_backups = False
        self._reading = False
        self._again = False

    def compose(self) -> ComposeResult:
        """The sum of it, and a table or words."""
        yield Static(id="history-sum")
        with ContentSwitcher(initial="history-said", id="history-shown"):
            yield Page(_READING, id="history-said")
            yield HistoryTable(self._home, id="history-table")
            yield BackupsTable(self._home, id="backups-table")

    def on_mount(self) -> None:
        """A run that waits to be confirmed counts down while somebody looks on."""
        self.query_one("#history-sum").display = False
        self.set_interval(1.0, self._count_down)

    def on_show(self) -> None:
        """Read what is there now."""
        self.load()

    @work(group="history")
    async def load(self) -> None:
        """Read the history, in the background; where that is under way, once more after it."""
        if self._reading:
            self._again = True
            return
        self._reading = True
        try:
            await self._read()
            while self._again:
                self._again = False
                await self._read()
        finally:
            self._reading = False

    async def _read(self) -> None:
        if self.app.main.replay is not None:
            self.show_past()
            return
        workbench = self.app.workbench
        try:
            self.past, self._problem = await in_background(lambda: read(workbench)), ""
            self.app.deadlines.wait_for(self.past.deadlines)  # one may have been begun on the command line
        except Exception as error:  # noqa: BLE001, RUF100 - a broken journal is said, not thrown
            self._problem = f"{type(error).__name__}: {error}"
        if self.is_attached:
            self.show_past()

    def show_past(self) -> None:
        """Show what was read."""
        past = self.past or Past()
        self.query_one(HistoryTable).show(past)
        self.query_one(BackupsTable).show(past.backups)
        listed = past.backups if self._of_backups else past.runs
        shown = self.query_one("#history-shown", ContentSwitcher)
        pane, focused = self.screen.query_one(HistoryPane), self.screen.focused
        held = focused is not None and focused is shown.visible_content
        if not listed and focused is not None and pane in focused.ancestors:
            # What it was about is gone, and the pane with it: a cursor in there would hear no key of this page.
            held = True
            self.screen.remove_class("-reading")
        table = "backups-table" if self._of_backups else "history-table"
        shown.current = table if listed else "history-said"
        if held:
            self.focus_inside()
        self.screen.set_class(bool(listed), "-listed-runs")
        total = self.query_one("#history-sum", Static)
        total.display = bool(listed) or bool(self._problem)
        total.update(stacked((_backups_sum(past) if self._of_backups else _sum(past), self._standing(past))))
        if not listed:
            said, style = self._nothing()
            self.query_one("#history-said", Page).write(lambda width: hanging(Content(""), plain(said, style), width))
        self.show_selected()

    @on(HistoryTable.Moved)
    @on(BackupsTable.Moved)
    def show_selected(self) -> None:
        """Show what is under the cursor."""
        pane = self.screen.query_one(HistoryPane)
        runs, backups = self.query_one(HistoryTable), self.query_one(BackupsTable)
        if self._of_backups and backups.selected is not None:
            pane.show_backup(backups.selected, backups.position)
        elif not self._of_backups and runs.selected is not None and self.past is not None:
            pane.show_run(runs.selected, self.past, runs.position)
        self.refresh_bindings()

    @property
    def selected(self) -> Run | None:
        """The run under the cursor, None while the backups are shown."""
        return None if self._of_backups else self.query_one(HistoryTable).selected

    def allows(self, wish: str) -> bool:
        """Whether that can be asked for now."""
        if self.app.main.replay is not None:
            return False
        if wish == "backups":
            return self.past is not None and bool(self._of_backups or self.past.backups)
        if wish == "purge secrets":
            return self._of_backups and self.past is not None and bool(purgeable(self.past.backups))
        if wish == "purge":
            return self._of_backups and self.query_one(BackupsTable).selected is not None
        run = self.selected
        return run is not None and self.past is not None and self.past.allows(run, wish)  # type: ignore[arg-type]

    def focus_inside(self) -> None:
        """Put the cursor into what is shown."""
        shown = self.query_one("#history-shown", ContentSwitcher).visible_content
        if shown is not None:
            shown.focus()

    def do(self, wish: Wish) -> None:
        """Begin what was asked for."""
        if not self.allows(wish):
            return
        if wish == "backups":
            self._of_backups = not self._of_backups
            self.show_past()
            self.focus_inside()
            return
        self._begin(wish)

    @work(exclusive=True, group="flow")
    async def _begin(self, wish: Wish) -> None:
        if self.past is not None:
            await self.app.review(self.past, self.selected, self.query_one(BackupsTable).selected, wish)
        self.load()

    def _count_down(self) -> None:
        if self.past is None or not self.past.deadlines or not self.display or not self.screen.is_current:
            return
        if min(self.past.deadlines.values()) < time.monotonic():
            self.load()
        self.query_one(HistoryTable).refresh()
        self.show_selected()

    def _nothing(self) -> tuple[str, str]:
        if self.app.main.replay is not None:
            return nothing_live(self.app.main.replay, "nothing was repaired or can be undone"), MUTED
        if self._problem:
            words = f"The history could not be read: {self._problem}. Press {hint('page.history')} to try again."
            return words, "$text-error"
        if self.past is None:
            return _READING, MUTED
        if self.past.problem and self._of_backups:
            again = f"Press {hint('page.history')} to try again, {hint('history.backups')} to go back."
            return f"The backups could not be read: {self.past.problem}. {again}", "$text-error"
        return (_no_backup() if self._of_backups else _no_repair()), MUTED

    def _standing(self, past: Past) -> Content:
        if self._problem:
            return plain(f"? as it was read before; now it could not be read: {self._problem}", ATTENTION)
        if self.app.workbench.read_only:
            words = "read-only: nothing is undone, kept or purged; start the workbench without --read-only for that"
            return plain(words, ATTENTION)
        if past.problem:
            return plain(f"? not all could be looked at: {past.problem}", ATTENTION)
        if self._of_backups:
            return plain(
                f"what files held before a repair, to undo it; {hint('history.backups')} goes back to the repairs",
                MUTED,
            )
        return plain("newest first", MUTED)


def _no_repair() -> str:
    return (
        f"No repair was made yet. Choose a finding, press {hint('repair')}, and look at the exact change before it is"
        " made. Every repair made here is listed, and can be undone."
    )


def _no_backup() -> str:
    back = f"Press {hint('history.backups')} to go back."
    return f"No backup is kept: no repair has written a file yet, or every backup was purged. {back}"


def _sum(past: Past) -> Content:
    stands = Counter(past.standing(run) for run in past.runs)
    loud = [plain(f"{stands.pop(each)} {each}", ATTENTION) for each in _LOUD if each in stands]
    rest = [plain(f"{count} {each}", "bold") for each, count in stands.items()]
    first = plain(f"{counted(len(past.runs), 'repair')}: ", "bold")
    return first + plain(", ", "bold").join([*loud, *rest])


def _backups_sum(past: Past) -> Content:
    held = sum(backup.secret is True for backup in past.backups)
    total = size(sum(backup.size for backup in past.backups))
    secret = (f"{counted(held, 'holds', 'hold')} a secret in plain text", ATTENTION if held else "bold")
    return together((f"{counted(len(past.backups), 'backup')}, {total}; ", "bold"), secret)
