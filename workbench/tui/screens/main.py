"""The main screen: the grade, the pages, and everything about the finding or the server that is selected."""

from __future__ import annotations

import gc
from contextlib import ExitStack
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widgets import OptionList

from workbench.engine import Workbench
from workbench.model.report import Report
from workbench.model.snapshot import Snapshot
from workbench.tui.host_watch import HostWatch
from workbench.tui.keys import bound, hint
from workbench.tui.messages import CheckEnded, RepairAsked, SectionChanged
from workbench.tui.screens.showing import ShowingScreen
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.findings import FindingsList
from workbench.tui.widgets.footer import Foot
from workbench.tui.widgets.pages import PAGES
from workbench.tui.widgets.room import has_room

_NOTHING_YET = "What is found shows here as soon as a check finds it."


class MainScreen(ShowingScreen):
    """Shows the report of a look at the host, or of a replayed snapshot."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", tooltip="Back to where you came from"),
        bound("repair", "repair"),
        bound("rescan", "rescan"),
        bound("undo", "undo"),
        bound("history", "history"),
        bound("sudo", "sudo", show=False),
        bound("probe", "probe", show=False),
        bound("help", "app.help"),
        bound("quit", "app.quit"),
        *(bound(f"page.{page.name}", f"page('{page.name}')", show=False) for page in PAGES),
    ]
    AUTO_FOCUS = ""

    def __init__(self, workbench: Workbench, replay: Snapshot | None, host_watch: HostWatch) -> None:
        super().__init__(workbench, replay, host_watch)
        self._undrawn = ExitStack()

    @property
    def snapshot(self) -> Snapshot | None:
        """What the last look saw."""
        return self.seen.snapshot if self.seen is not None else None

    @property
    def report(self) -> Report | None:
        """What the checks said of it."""
        return self.seen.report if self.seen is not None else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The way back is there only where there is one; a repair where a finding is in view; a probe of a socket."""
        if action == "back" and not (self._reading or self._came_from or self._in_pane):
            return False
        if action == "repair" and self._page not in ("findings", "servers"):
            return False
        if action in ("history", "undo") and self._page == "history":
            return False  # there it is the run under the cursor that is undone
        if action == "repair" and self._selected is None:
            return None
        if action == "probe" and not self._sockets:
            return False
        return super().check_action(action, parameters)

    async def on_mount(self) -> None:
        """Say what is to come, and draw it when all of it is laid out: the first picture is whole."""
        self.query_one(DetailPane).show_nothing(_NOTHING_YET)
        self._show_progress()
        self.fit_tabs()
        await self.query_one(Foot).show_at_once()
        self._undrawn.enter_context(self.app.batch_update())

    def on_resize(self) -> None:
        """Draw: Textual lays the screen out anew after this, with the scrollbars that it needs at this size."""
        self._undrawn.close()

    def begin(self) -> None:
        """Begin the first look, and make what the first picture does not show."""
        self._undrawn.close()
        self.app.arrange_as_before()
        self.make_the_other_pages()
        self.action_rescan()

    @work(exclusive=True, group="look")
    async def action_rescan(self) -> None:
        """Look again and show what is there now."""
        await self.look()

    async def look(self, *, unasked: bool = False) -> Report | None:
        """Look at the host and judge it, both in the background; None when that failed or a later look overtook it.

        See ``Looker.look`` for one that is ``unasked``.
        """
        generation = self.looker.begin()
        gc.unfreeze()
        if self._failed:
            self._failed = False
            self._begin_anew()
        self._show_progress()
        try:
            seen = await self.looker.look(generation, self.post_message, unasked=unasked)
            await self._complete.wait()
        except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
            await self._complete.wait()
            if self.is_running:
                self._show_failure(error)
            return None
        # It may come when the app is being closed.
        if seen is None or not self.is_running:
            return None
        self.seen = seen
        self.watcher.look_ended(seen.snapshot)
        self._show_report(seen)
        # What a look has seen stays until the next. To go through it for garbage again and again, as Python does,
        # held the interface up for a tenth of a second each time where there were thousands of findings.
        gc.freeze()
        self._watch()
        self.watch_host()
        return seen.report

    async def judge_again(self) -> None:
        """Judge what was seen anew, and show that."""
        seen = await self.looker.judge_again(self.seen.snapshot) if self.seen is not None else None
        if seen is not None and self.is_running:
            self.seen = seen
            self._show_report(seen)

    def on_section_changed(self, message: SectionChanged) -> None:
        """Show which collector is at work."""
        if self.looker.awaits(message.generation):
            self.looker.sections[message.section] = message.state
            self._show_progress()

    def on_check_ended(self, message: CheckEnded) -> None:
        """Show a check's findings as soon as it has them; during a later look the old list stays until the end."""
        if not self.looker.awaits(message.generation):
            return
        self.looker.streamed.append(message.result)
        self.looker.rows += message.rows
        self._show_progress()
        if self.seen is None and message.result.findings:
            self.call_after_refresh(self._stream)

    @on(FindingsList.Moved)
    def show_finding(self) -> None:
        """Show the finding under the cursor."""
        self._show_selected()

    @on(OptionList.OptionHighlighted, "#servers-list")
    def show_server(self) -> None:
        """Show the server under the cursor."""
        self._show_server()

    def on_server_pane_marked(self) -> None:
        """Name the keys for the finding that is marked now."""
        self._refresh_keys()

    def on_reach_table_moved(self) -> None:
        """Show what the server under the cursor can open."""
        self._show_reach()

    def on_trail_table_moved(self) -> None:
        """Show the row of the audit trail under the cursor."""
        self._show_event()

    def on_screen_resume(self) -> None:
        """Follow the audit trail again where another screen was in front of it."""
        self._watch()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Go one step further: to the detail where it is not shown yet, to what can be done with it where it is."""
        if not has_room(self.app.size):
            return
        if not self.has_class("-wide"):
            self.read()
        elif event.option_list.id == "servers-list":
            self._focus_in_pane()

    @on(FindingsList.Opened)
    def open_finding(self) -> None:
        """Go one step further: to the detail where it is not shown yet, to its repair where it is."""
        if not has_room(self.app.size):
            return
        if self.has_class("-wide"):
            self.action_repair()
        else:
            self.read()

    @on(RepairAsked)
    def action_repair(self) -> None:
        """Repair the selected finding, or show how that is done by hand where no repair is on offer."""
        finding = self._selected
        if finding is None or self.seen is None:
            self.app.tell("There is nothing to repair yet.")
        elif self.by_hand:
            self.open_lesson(by_hand=True)
            self.app.tell(f"No repair is on offer for this finding yet. Fix it by hand, then press {hint('rescan')}.")
        else:
            self.app.repair(finding)

    def action_undo(self) -> None:
        """Undo the last repair."""
        self.app.undo_last()

    def action_history(self) -> None:
        """Show every repair that was made."""
        self.app.show_history()

    def action_sudo(self) -> None:
        """Look with sudo."""
        self.app.look_with_sudo()

    def action_probe(self) -> None:
        """Probe the socket in view."""
        if self._sockets:
            self.app.probe(self._sockets)
        else:
            self.app.tell("Open a server that listens on a socket, or a finding about one: that can be probed.")

    def _turn_to(self, name: str) -> None:
        before = self._page
        super()._turn_to(name)
        if name == "trail" != before:
            self.watcher.opened()
            self._show_trail()
            self._watch()

    @work(group="trail")
    async def _watch(self) -> None:
        # It is never cancelled: what a search has told once is not told again.
        await self.watcher.watch(self._shows_trail, self._show_trail)

    def _shows_trail(self) -> bool:
        return self.is_running and self.app.screen is self and self._page == "trail"
