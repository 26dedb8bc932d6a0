"""Looks again by itself when this host changes, and says what that came to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import BindingType

from workbench.model.report import Report
from workbench.tui.host_watch import TITLE, HostWatch, announced, answered_before, in_short, is_bad
from workbench.tui.keys import bound, hint
from workbench.tui.screens.acting import ActingScreen
from workbench.tui.wording import moment

if TYPE_CHECKING:
    from workbench.watching import Change

_AGAIN = 0.5


class WatchingScreen(ActingScreen):
    """Waits for changes while a live host is shown, and nothing else is under way."""

    BINDINGS: ClassVar[list[BindingType]] = [bound("watch", "watch", show=False)]

    host_watch: HostWatch

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A snapshot that is replayed does not change; that a demo does not either is said."""
        if action == "watch" and not self.host_watch.live:
            return self.workbench.is_demo
        return super().check_action(action, parameters)

    def on_unmount(self) -> None:
        """Nobody is told any more."""
        self.host_watch.stop()

    def on_resize(self) -> None:
        """Say at the border what fits there."""
        self._show_status()
        self._show_progress()

    def action_watch(self) -> None:
        """Watch this host, or stop that."""
        watch = self.host_watch
        if not watch.live:
            self.app.tell("This is a demo: its host does not exist, so there is nothing to watch.")
            return
        # Where it is on and does not wait, a look is under way; or it has failed, and is to begin again.
        watch.on = not (watch.on and (watch.waits or self.looking))
        if watch.on:
            self.app.tell("This host is watched: what changes is looked at by itself.")
            self.watch_host()
        else:
            watch.stop()
            self._show_status()
            self.app.tell(f"This host is not watched any more. Press {hint('rescan')} to look again.")

    def watch_host(self) -> None:
        """Wait for the next change, if that is wanted."""
        if self.host_watch.on:
            self._wait_for_change()

    @work(exclusive=True, group="host-watch")
    async def _wait_for_change(self) -> None:
        if self.seen is None:
            return
        stop = self.host_watch.begin()
        self._show_status()
        try:
            changes = await self.host_watch.change(self.seen.snapshot, stop)
        except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
            self.app.tell(f"This host is not watched any more. {type(error).__name__}: {error}", "error")
            changes = ()
        # Nothing that somebody is reading, deciding or repairing is to change under them.
        while changes and not self._idle:
            await asyncio.sleep(_AGAIN)
        if changes:
            self._look_at(changes)
        elif self.is_running:
            self._show_status()

    @work(exclusive=True, group="look-again")
    async def look_when_idle(self) -> None:
        """Look again, by itself, as soon as that changes nothing under somebody who reads, decides or repairs."""
        while not self._idle:
            await asyncio.sleep(_AGAIN)
        await self.look(unasked=True)

    @property
    def _idle(self) -> bool:
        flows = any(worker.group == "flow" and not worker.is_finished for worker in self.app.workers)
        return not (self.app.busy or self.looking or flows) and self.app.screen is self

    @work(exclusive=True, group="look")
    async def _look_at(self, changes: tuple[Change, ...]) -> None:
        before = self.report
        after = await self.look(unasked=True)
        if before is None or after is None:
            return
        from workbench.watching import told

        difference = told(before, after)
        self.host_watch.looked(changes, news=bool(difference))
        stale = answered_before(changes, self.looker.answers)
        words = announced(difference)
        if stale:
            as_of = moment(self.looker.answered_at).split(" ", 1)[-1]
            stands = (
                f"What only root may read was not read again: it is as of {as_of}. Press {hint('rescan')} to read it."
            )
            words = f"{words}\n{stands}" if words else stands
        if difference:
            self.host_watch.news = f"{moment(after.taken_at).split(' ', 1)[-1]}: {in_short(difference)}"
            self._show_status()
        if words:
            bad = stale or is_bad(difference)
            self.notify(words, title=TITLE, severity="warning" if bad else "information", markup=False, timeout=12)

    @property
    def looking(self) -> bool:
        """Whether a look is under way."""
        raise NotImplementedError

    @property
    def report(self) -> Report | None:
        """What the checks said of the last look."""
        raise NotImplementedError

    async def look(self, *, unasked: bool = False) -> Report | None:
        """Look again."""
        raise NotImplementedError

    def _show_status(self) -> None:
        raise NotImplementedError

    def _show_progress(self) -> None:
        raise NotImplementedError
