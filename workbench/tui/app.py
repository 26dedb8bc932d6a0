"""The terminal app: wiring only. Screens show, ``flow`` tells what happens, the engine does it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, TypeVar

from textual import events
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widgets import ContentSwitcher

from workbench.engine import Workbench
from workbench.exits import complain
from workbench.model.finding import Finding
from workbench.model.run import Run
from workbench.model.snapshot import Snapshot
from workbench.tui.base_app import BaseApp
from workbench.tui.host_watch import HostWatch
from workbench.tui.keys import Keys, bound, in_force, unused, use
from workbench.tui.lasting import EVERY as LASTING_EVERY
from workbench.tui.own_keys import chosen_by, usual_file
from workbench.tui.readable import readable
from workbench.tui.remembered import EVERY as REMEMBERED_EVERY
from workbench.tui.remembered import MOST_TOLD, Memory, Remembered
from workbench.tui.replaying import invitation
from workbench.tui.screens.base import Roomy
from workbench.tui.screens.main import MainScreen
from workbench.tui.widgets.findings import FindingsList
from workbench.tui.widgets.room import classes_for

if TYPE_CHECKING:
    from workbench.repair.backups import KeptBackup
    from workbench.tui.past import Past

READING = 0.5
"""Seconds that a question is shown before a key agrees to it, as long as the second click of a double click takes."""


HELD = 1.0
"""Seconds within which an equal notice is the same one: that of a key that is held down."""

Value = TypeVar("Value")
MOST_UNSEEN = 20_000
"""Objects that may come into being before they are looked through for garbage: a few milliseconds."""


class WorkbenchApp(BaseApp):
    """The workbench of one host, or the replay of a snapshot. Its result is an exit status."""

    TITLE = "MCP hardening workbench"
    # That of the main screen is here too: a stylesheet that comes with a screen has all of them read again.
    CSS_PATH = ["app.tcss", "screens/main.tcss", "screens/dialogs.tcss"]  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (100, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (16, "-short"), (20, "-low"), (30, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
        # In a terminal this key ends a program; where text is selected, the screen copies it instead.
        Binding("ctrl+c", "quit", "Quit", show=False),
        Binding("ctrl+z", "stop", "Stop it as a job of the shell; fg brings it back", show=False),
        bound("help", "help", show=False),
        bound("palette", "command_palette", show=False),
    ]

    def __init__(
        self,
        workbench: Workbench,
        replay: Snapshot | None = None,
        *,
        watch: bool = True,
        keys: Keys | None = None,
        remembers: bool = False,
    ) -> None:
        # What is replayed or played is nobody's own host: nothing of it is to turn up there, nothing to be written.
        live = replay is None and not workbench.is_demo
        remembers = remembers and live
        memory = Memory(workbench.state if remembers else None, read_only=workbench.read_only)
        before = memory.before
        super().__init__(workbench, told=before.told, side_by_side=before.side_by_side)
        self.memory = memory
        use(keys or Keys())
        # Whoever has set it in the environment means it now.
        if before.theme in self.available_themes and not os.environ.get("TEXTUAL_THEME"):
            self.theme = before.theme
        self.main: MainScreen = MainScreen(workbench, replay, HostWatch(live=live, on=watch and before.watches))
        self.began_as = (self.theme, self.main.host_watch.on)
        self.reading = READING
        self.unsaid = ""

    def get_css_variables(self) -> dict[str, str]:
        """The theme's colours; those of words so that they can be read."""
        self.theme_variables = readable(super().get_css_variables())
        return self.theme_variables

    def get_default_screen(self) -> Screen[None]:
        """The main screen is the one below all others: an empty one below it would be laid out for nothing."""
        # Textual tells it its size only when it was laid out once, as for another one.
        classes = classes_for(self.size, self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS)
        self.main.add_class(*classes, update=False)
        return self.main

    def on_mount(self) -> None:
        """Take the keys that hold, and heed the signals that end a program."""
        self.set_keymap({act: ",".join(names) for act, names in in_force().chosen.items()})
        if self.is_headless:
            self.reading = 0.0  # a program drives it, which knows what it answers
        else:
            self._heed_signals()

    async def on_event(self, event: events.Event) -> None:
        """Drop a key that would agree to a question before it could be read: it was meant for what was there before."""
        if isinstance(event, events.Key) and not event.is_forwarded and self._agrees_unread(event.key):
            return
        await super().on_event(event)

    def _agrees_unread(self, key: str) -> bool:
        return self.reading > 0 and isinstance(self.screen, Roomy) and self.screen.agrees_unread(key, self.reading)

    def on_ready(self) -> None:
        """The first picture comes first: threads would hold it up, and so would all that it does not show."""
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        # What is loaded stays; and to look at very much for garbage at once would hold the interface up.
        gc.freeze()
        gc.set_threshold(MOST_UNSEEN)
        self.main.begin()
        self._tell_of_keys()
        if self.workbench.is_demo:
            self.tell(invitation())
        if self.main.looker.live:
            # As a function: a start that is ended at once would leave a coroutine behind, and a warning about it.
            self.run_worker(self._offer_recovery, group="flow")  # type: ignore[arg-type]
            self.set_interval(LASTING_EVERY, self._ask_what_lasts)
        if self.memory.keeps:
            self.set_interval(REMEMBERED_EVERY, lambda: self.run_worker(self._remember(), group="memory"))

    async def _offer_recovery(self) -> None:
        from workbench.tui.recovering import offer_recovery

        await offer_recovery(self, at_start=True)

    def arrange_as_before(self) -> None:
        """Arrange the main screen, which is there now, as it is remembered."""
        before = self.memory.before
        self.main.query_one(FindingsList).arrange_by(before.order, before.group)
        if before.page != "findings":
            self.main.action_page(before.page)

    def as_it_is(self) -> Remembered:
        """How it is arranged now."""
        before = self.memory.before
        try:
            pages = self.main.query_one("#pages", ContentSwitcher)
            listed = self.main.query_one(FindingsList)
        except NoMatches:
            return before  # it is not drawn yet, or not any more
        # What the environment or a caller has set was not chosen, and the choice is not to be forgotten over it.
        theme, watches = self.began_as
        return Remembered(
            page=self.main.wish or pages.current or before.page,
            order=listed.order,
            group=listed.group,
            theme=self.theme if self.theme != theme else before.theme,
            watches=self.main.host_watch.on if self.main.host_watch.on != watches else before.watches,
            side_by_side=self.side_by_side,
            told=self.deadlines.told[-MOST_TOLD:],
        )

    async def _remember(self) -> None:
        # It is looked at in turns: what is remembered is changed in many places, a key held down changes it often.
        why = await self.memory.keep(self.as_it_is())
        if why:
            self.tell(f"How the app is arranged is not remembered for the next start: {why}", "warning")

    def _tell_of_keys(self) -> None:
        title, words = unused(in_force())
        if words:
            self.notify(words, title=title, severity="warning", markup=False, timeout=30)

    def _ask_what_lasts(self) -> None:
        if not self.busy and self._lasting.watches:
            self.run_worker(self._lasting.ask(lambda words: self.tell(words, "warning")), group="lasting")
        if not self.busy and self.deadlines.watches:
            self.run_worker(self._ask_what_was_undone(), group="deadlines")

    async def _ask_what_was_undone(self) -> None:
        news = await self.deadlines.ask()
        self.tell_news(news)
        if news:
            self.main.look_when_idle()

    def _heed_signals(self) -> None:
        # Without this, a kill leaves the terminal without an echo and a repair half done until the next start.
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None:
                with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                    asyncio.get_running_loop().add_signal_handler(number, self._heed, int(number))

    def _heed(self, number: int) -> None:
        from workbench.tui.ending import end_for_certain

        end_for_certain(128 + number)
        self._end_by(number)

    def _end_by(self, number: int) -> None:
        if self.busy:
            self.set_timer(0.1, lambda: self._end_by(number))
        else:
            self.run_worker(self._leave(None, 128 + number), group="leave")

    def repair(self, finding: Finding) -> None:
        """Begin the repair of a finding."""
        from workbench.tui import flow

        snapshot, report = self.main.snapshot, self.main.report
        if snapshot is not None and report is not None:
            self.run_worker(flow.repair(self, finding, snapshot, report), group="flow", exclusive=True)

    def repair_marked(self, findings: Sequence[Finding]) -> None:
        """Begin the repair of several findings; of all that is safe where none is given."""
        from workbench.tui.batch import repair_several

        snapshot, report = self.main.snapshot, self.main.report
        if snapshot is not None and report is not None:
            self.run_worker(repair_several(self, findings, snapshot, report), group="flow", exclusive=True)

    def undo_last(self) -> None:
        """Begin to undo the last repair."""
        from workbench.tui import flow

        self.run_worker(flow.undo_last(self), group="flow", exclusive=True)

    async def review(self, past: Past, run: Run | None, backup: KeptBackup | None, wish: str) -> None:
        """Do what was asked for of the history, with a run or a backup of it; it ends when that is done."""
        from workbench.tui.reviewing import review

        await review(self, past, run, backup, wish)

    def look_with_sudo(self) -> None:
        """Ask to read as root what only root may read, and look again."""
        from workbench.tui.unlocking import look_with_sudo

        self.run_worker(look_with_sudo(self), group="flow", exclusive=True)

    def export_report(self) -> None:
        """Ask how and where to write the report, and write it."""
        from workbench.tui.exporting import export_report

        self.run_worker(export_report(self), group="flow", exclusive=True)

    def waive(self, finding: Finding) -> None:
        """Begin to accept a finding for a while."""
        from workbench.tui.waiving import waive

        if self.main.snapshot is not None:
            self.run_worker(waive(self, finding, self.main.snapshot), group="flow", exclusive=True)

    def probe(self, sockets: Sequence[str]) -> None:
        """Ask to probe one of these sockets."""
        from workbench.tui.probing import probe

        self.run_worker(probe(self, sockets), group="flow", exclusive=True)

    def show_history(self) -> None:
        """Show every repair that was made."""
        self.main.action_page("history")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No palette and no help over what is under way: its window must stay on top."""
        if action not in ("command_palette", "help") or self.screen is self.main:
            return True
        from workbench.tui.screens.applying import Applying

        return not isinstance(self.screen, Applying)

    def action_help(self) -> None:
        """Show the keys of the screen at hand."""
        from workbench.tui.screens.help import Help, keys_of

        self.push_screen(Help(keys_of(self.screen)))

    async def action_quit(self) -> None:
        """Quit, but not in the middle of a change to the machine."""
        if self.busy:
            self.tell("A change is under way. It ends in a moment; then you can quit.", "warning")
        else:
            await self._leave(0, 0)

    def action_stop(self) -> None:
        """Stop as a job of the shell, but not in the middle of a change to the machine."""
        from workbench.tui.stopping import stop

        why = "A change is under way. It ends in a moment; then you can stop the app." if self.busy else stop(self)
        if why:
            self.tell(why, "warning")

    async def _leave(self, result: int | None, code: int) -> None:
        self.unsaid = await self.memory.keep_at_the_end(self.as_it_is()) or self.unsaid
        if self.busy:  # a change was begun meanwhile
            self.set_timer(0.1, lambda: self.run_worker(self._leave(result, code), group="leave"))
        else:
            self.exit(result, code)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: Literal["information", "warning", "error"] = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a notice in the place of an equal one: a key that is held down must not pile them up."""
        for shown in list(self._notifications):
            if (shown.message, shown.title, shown.severity) == (message, title, severity):
                if time.time() - shown.raised_at < HELD:
                    return
                self._unnotify(shown, refresh=False)
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer what the keys offer in the command palette too."""
        yield from super().get_system_commands(screen)
        if screen is self.main:
            from workbench.tui.palette import commands

            yield from commands(self.main)


def run(workbench: Workbench, snapshot: Snapshot | None = None) -> int:
    """Open the app and return its exit status when it is closed. With a snapshot, that is shown instead of the host."""
    app = WorkbenchApp(workbench, snapshot, keys=chosen_by(usual_file()), remembers=True)
    app.run()
    if app.unsaid:
        complain(f"how the app was arranged is not remembered for the next start: {app.unsaid}")
    return app.return_code or 0
