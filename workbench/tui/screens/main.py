"""The main screen: the grade, the pages, and everything about the finding or the server that is selected."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widgets import OptionList, Tab

from workbench.engine import Workbench
from workbench.first_run import first_run
from workbench.model.report import Report
from workbench.model.servers import Server
from workbench.model.snapshot import Snapshot
from workbench.text import visible
from workbench.tui.finding_rows import Listed
from workbench.tui.following import Watcher
from workbench.tui.host_watch import HostWatch
from workbench.tui.keys import bound, hint
from workbench.tui.looking import Looker, Seen
from workbench.tui.messages import CheckEnded, RepairAsked, SectionChanged
from workbench.tui.replaying import mark
from workbench.tui.screens.watching import WatchingScreen
from workbench.tui.sockets import socket_of, sockets_of
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.findings import FindingsList
from workbench.tui.widgets.findings_page import FindingsPage, in_place_of_a_finding, nothing_found, tab_label
from workbench.tui.widgets.grade_box import GradeBox, marks_of
from workbench.tui.widgets.pages import PAGES, Page, ReportPage, card_page, gaps, gaps_page
from workbench.tui.widgets.progress import in_words
from workbench.tui.widgets.room import has_room

_OF_A_LOOK = "#servers-said, #reach-said, #card, #gaps, #trail-said"
_NOTHING_YET = "What is found shows here as soon as a check finds it."


class MainScreen(WatchingScreen):
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
        super().__init__(replay.host.home if replay is not None else visible(str(workbench.context.home)))
        self.host_watch = host_watch
        self.workbench = workbench
        self.looker = Looker(workbench, replay, self._home)
        self.watcher = Watcher(workbench, live=replay is None)
        self.seen: Seen | None = None
        self._keys_for: tuple[str, bool, bool] | None = None
        self._failed = False

    @property
    def replay(self) -> Snapshot | None:
        """The snapshot that is shown instead of this host."""
        return self.looker.replay

    @property
    def looking(self) -> bool:
        """Whether a look is under way."""
        return self.looker.looking

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

    @property
    def _sockets(self) -> tuple[str, ...]:
        """The sockets that the server or the finding in view is about."""
        if self.seen is None or not self._in_view:
            return ()
        if self._page == "servers":
            from workbench.tui.widgets.servers import ServersList

            row = self.query_one(ServersList).selected
            return sockets_of(row, self.seen.snapshot.sockets.sockets) if isinstance(row, Server) else ()
        finding = self.query_one(FindingsList).selected if self._page == "findings" else None
        return socket_of(finding, self.seen.snapshot) if finding is not None else ()

    def on_mount(self) -> None:
        """Say what is to come."""
        self.query_one(DetailPane).show_nothing(_NOTHING_YET)
        self._show_progress()

    def begin(self) -> None:
        """Begin the first look, and make what the first picture does not show."""
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
        """Repair the selected finding."""
        finding = self._selected
        if finding is None or self.seen is None:
            self.app.tell("There is nothing to repair yet.")
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

    def _stream(self) -> None:
        if self.seen is not None:
            return
        self._show_findings(sorted(self.looker.rows, key=_worst_first))

    def _show_findings(self, rows: Sequence[Listed]) -> None:
        page = self.query_one(FindingsPage)
        areas = dict.fromkeys(identity.partition("/")[0] for identity in self.workbench.plugins.checks)
        page.show(rows, areas, stay_first=self.seen is None)
        if self.focused is None:
            page.focus_inside()
        self._label("findings", tab_label(sum(not row.finding.waived for row in rows)))

    def _show_report(self, seen: Seen) -> None:
        from workbench.tui.widgets.reach_page import ReachPage
        from workbench.tui.widgets.servers import ServersPage
        from workbench.tui.widgets.trail_pane import TrailPane

        report = seen.report
        wanted = len(self.looker.wanted)
        self.query_one(GradeBox).show(report, sudo=bool(wanted))
        self.query_one("#card", Page).write(card_page(report, wanted))
        self.query_one("#gaps", Page).write(gaps_page(report, wanted))
        for page in self.query(ReportPage):
            page.offer(sudo=bool(wanted))
        unseen = len(gaps(report)) + len(report.broken_plugins)
        self._label("gaps", f"Not assessed {unseen}")
        self._show_findings(seen.rows)
        self._label("servers", f"Servers {len(seen.snapshot.servers.servers)}")
        self.query_one(ServersPage).show(seen.inventory)
        self._show_server()
        self.query_one(ReachPage).show(seen.matrix)
        self._show_reach()
        self.query_one(TrailPane).forget()
        self._show_trail()
        self.query_one(FindingsPage).welcome(first_run(seen.snapshot, report))
        if seen.rows:
            self._show_selected()
        else:
            self._say(nothing_found(report, unseen))
        self._show_status()

    def _show_server(self) -> None:
        from workbench.tui.widgets.server_pane import ServerPane
        from workbench.tui.widgets.servers import ServersList

        listed = self.query_one(ServersList)
        row = listed.selected
        if row is None or self.seen is None:
            self.query_one(ServerPane).show_nothing()
        else:
            self.query_one(ServerPane).show(row, self.seen.inventory, f"{listed.position} of {len(listed.rows)}")
        self._refresh_keys()

    def _show_reach(self) -> None:
        from workbench.tui.widgets.reach_pane import ReachPane
        from workbench.tui.widgets.reach_table import ReachTable

        table = self.query_one(ReachTable)
        if table.selected is not None and self.seen is not None:
            seen = self.seen
            self.query_one(ReachPane).show(table.selected, seen.matrix, seen.inventory, table.position)

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

    def _show_trail(self) -> None:
        if self.seen is None or not self.is_running:
            return
        from workbench.tui.widgets.trail_page import TrailPage

        self.set_class(bool(self.watcher.rows), "-listed")
        self.query_one(TrailPage).show(self.watcher, self.seen.snapshot, sudo=bool(self.looker.wanted))
        self._show_event()

    def _show_event(self) -> None:
        from workbench.tui.widgets.trail_pane import TrailPane
        from workbench.tui.widgets.trail_table import TrailTable

        table, seen = self.query_one(TrailTable), self.seen
        row = table.selected
        if row is not None and seen is not None:
            account = next((each for each in self.watcher.accounts if each.uid == row.uid), None)
            self.query_one(TrailPane).show(row, account, seen.snapshot, seen.report, table.position)

    def _label(self, name: str, words: str) -> None:
        self.query_one(f"#tab-{name}", Tab).label = words

    def _show_selected(self) -> None:
        shown = self.query_one(FindingsList)
        finding = shown.selected
        if finding is None:
            if shown.total:
                self.query_one(DetailPane).show_nothing(in_place_of_a_finding(shown.row))
            self._refresh_keys()
            return
        check = self.workbench.plugins.checks.get(finding.check)
        socket = self.seen is not None and bool(socket_of(finding, self.seen.snapshot))
        self.query_one(DetailPane).show(
            finding, check, self.workbench.fixes_for(finding), shown.position, probes=socket
        )
        self._refresh_keys()
        self._read_lines()

    def _refresh_keys(self) -> None:
        # A footer is drawn anew from nothing, and Textual keeps the old one: not for every row that the cursor passes.
        keys = (self._page, self._selected is None, bool(self._sockets))
        if keys != self._keys_for:
            self._keys_for = keys
            self.refresh_bindings()

    def _show_progress(self) -> None:
        if not self.looking and self.seen is not None:
            return
        plugins, sections, streamed = self.workbench.plugins, self.looker.sections, self.looker.streamed
        checks = len(plugins.checks) if plugins.ready else 0
        self.query_one(GradeBox).status(in_words(sections, len(streamed), checks))
        if self.seen is None:
            last = streamed[-1].check if streamed else ""
            self.query_one(FindingsPage).show_progress(sections, len(streamed), checks, last)

    def _show_status(self) -> None:
        if self.seen is not None:
            replayed, read_only = mark(self.replay, demo=self.workbench.is_demo), self.workbench.read_only
            self.query_one(GradeBox).status(
                marks_of(
                    self.seen.report,
                    replayed,
                    read_only,
                    self.looker.answered_at if self.looker.answers else "",
                    self.host_watch.mark,
                    self.app.size.width - 6,
                )
            )

    def _show_failure(self, error: Exception) -> None:
        words = f"{type(error).__name__}: {error}"
        if self.seen is None:
            self._failed = True
            self.query_one(GradeBox).failed()
            self.query_one(GradeBox).status("failed")
            self._label("findings", "Findings")
            again = f"Press {hint('rescan')} to try again."
            self._say(f"The look failed: {words}\n\nNothing is known of this host, good or bad. {again}")
            for page in self.query(_OF_A_LOOK).results(Page):
                page.say(f"? The look failed, so this is not known: {words}. {again}")
        else:
            self._show_status()
            self.app.tell(f"The new look failed, so this is still the last report. {words}", "error")

    def _begin_anew(self) -> None:
        """Say no longer that the look failed: the next is under way."""
        self.query_one(GradeBox).waiting("Looking at this host")
        for page in self.query(_OF_A_LOOK).results(Page):
            page.wait()

    def _say(self, words: str) -> None:
        self.query_one(FindingsPage).say(words)
        self.query_one(DetailPane).show_nothing("There is no finding to show.")


def _worst_first(row: Listed) -> tuple[int, str, str, str]:
    finding = row.finding
    return (-finding.severity.rank, finding.check, finding.subject.label, row.identity)
