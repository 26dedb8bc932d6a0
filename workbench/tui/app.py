"""The terminal app: wiring only. Screens show, ``flow`` tells what happens, the engine does it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from workbench.engine import Workbench
from workbench.model.finding import Finding
from workbench.model.run import Run
from workbench.model.snapshot import Snapshot
from workbench.model.waiver import WaiverFile
from workbench.text import visible
from workbench.tui.host_watch import HostWatch
from workbench.tui.lasting import EVERY as LASTING_EVERY
from workbench.tui.lasting import Lasting
from workbench.tui.replaying import INVITATION
from workbench.tui.screens.applying import Applying
from workbench.tui.screens.main import MainScreen


class WorkbenchApp(App[int]):
    """The workbench of one host, or the replay of a snapshot. Its result is an exit status."""

    TITLE = "MCP hardening workbench"
    CSS_PATH = ["app.tcss", "screens/dialogs.tcss"]  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (100, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (16, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
        # In a terminal this key ends a program; where text is selected, the screen copies it instead.
        Binding("ctrl+c", "quit", "Quit", show=False),
        Binding("question_mark", "help", "Help", show=False),
    ]

    def __init__(self, workbench: Workbench, replay: Snapshot | None = None, *, watch: bool = True) -> None:
        super().__init__()
        self.workbench = workbench
        self.main = MainScreen(workbench, replay, HostWatch(live=replay is None and not workbench.is_demo, on=watch))
        self.busy = False
        self._lasting = Lasting(workbench)

    def on_mount(self) -> None:
        """Show the main screen, and look for a repair that was interrupted."""
        self.push_screen(self.main)
        if not self.is_headless:
            self._heed_signals()
        if self.workbench.is_demo:
            self.tell(INVITATION)
        if self.main.replay is None:
            from workbench.tui import flow

            self.run_worker(flow.offer_recovery(self), group="flow")
            self.set_interval(LASTING_EVERY, self._ask_what_lasts)

    def _ask_what_lasts(self) -> None:
        if not self.busy and self._lasting.watches:
            self.run_worker(self._lasting.ask(lambda words: self.tell(words, "warning")), group="lasting")

    def _heed_signals(self) -> None:
        # Without this, a kill leaves the terminal without an echo and a repair half done until the next start.
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None:
                with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                    asyncio.get_running_loop().add_signal_handler(number, self._end_by, int(number))

    def _end_by(self, number: int) -> None:
        if self.busy:
            self.set_timer(0.1, lambda: self._end_by(number))
        else:
            self.exit(return_code=128 + number)

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

    def accept(self, accepted: WaiverFile | None) -> None:
        """Judge with these waivers from now on."""
        self.workbench = self.workbench.accepting(accepted)
        self.main.workbench = self.main.looker.workbench = self.workbench

    def probe(self, sockets: Sequence[str]) -> None:
        """Ask to probe one of these sockets."""
        from workbench.tui.probing import probe

        self.run_worker(probe(self, sockets), group="flow", exclusive=True)

    def show_history(self) -> None:
        """Show every repair that was made."""
        self.main.action_page("history")

    def watch_over(self, run: Run) -> None:
        """Tell of it when another program takes back what this run changed."""
        self._lasting.watch_over(run)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No palette and no help over what is under way: its window must stay on top."""
        return action not in ("command_palette", "help") or not isinstance(self.screen, Applying)

    def action_help(self) -> None:
        """Show the keys of the screen at hand."""
        from workbench.tui.screens.help import Help, keys_of

        self.push_screen(Help(keys_of(self.screen)))

    async def action_quit(self) -> None:
        """Quit, but not in the middle of a change to the machine."""
        if self.busy:
            self.tell("A change is under way. It ends in a moment; then you can quit.", "warning")
        else:
            self.exit(0)

    def tell(self, words: str, severity: Literal["information", "warning", "error"] = "information") -> None:
        """Show a short message that goes away by itself."""
        self.notify(visible(words, 300), severity=severity, markup=False)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer what the keys offer in the command palette too."""
        yield from super().get_system_commands(screen)
        if screen is self.main:
            from workbench.tui.palette import commands

            yield from commands(self.main)


def run(workbench: Workbench, snapshot: Snapshot | None = None) -> int:
    """Open the app and return its exit status when it is closed. With a snapshot, that is shown instead of the host."""
    app = WorkbenchApp(workbench, snapshot)
    app.run()
    return app.return_code or 0
