"""Shows what a look has seen: on every page, in the pane beside it, at the border, and while it is still under way."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widgets import Tab

from workbench.engine import Workbench
from workbench.first_run import first_run
from workbench.model.report import BrokenPlugin
from workbench.model.servers import Server
from workbench.model.snapshot import Snapshot
from workbench.text import visible
from workbench.tui.finding_rows import Listed
from workbench.tui.following import Watcher
from workbench.tui.host_watch import HostWatch
from workbench.tui.keys import MOST_TOLD, hint
from workbench.tui.looking import Looker, Seen
from workbench.tui.replaying import mark
from workbench.tui.screens.watching import WatchingScreen
from workbench.tui.sockets import socket_of, sockets_of
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.findings import FindingsList
from workbench.tui.widgets.findings_page import FindingsPage, in_place_of_a_finding, nothing_found, tab_label
from workbench.tui.widgets.grade_box import GradeBox, marks_of
from workbench.tui.widgets.pages import Page, ReportPage, card_page, gaps, gaps_page
from workbench.tui.widgets.progress import in_words
from workbench.tui.wording import counted

_OF_A_LOOK = "#servers-said, #reach-said, #card, #gaps, #trail-said"


class ShowingScreen(WatchingScreen):
    """Knows the last look and the one that is under way, and writes them where they are read."""

    def __init__(self, workbench: Workbench, replay: Snapshot | None, host_watch: HostWatch) -> None:
        super().__init__(replay.host.home if replay is not None else visible(str(workbench.context.home)))
        self.host_watch = host_watch
        self.workbench = workbench
        self.looker = Looker(workbench, replay, self._home)
        self.watcher = Watcher(workbench, live=replay is None)
        self.seen: Seen | None = None
        self._keys_for: tuple[str, bool, bool, str] | None = None
        self._failed = False
        self._told_broken: frozenset[BrokenPlugin] = frozenset()

    @property
    def replay(self) -> Snapshot | None:
        """The snapshot that is shown instead of this host."""
        return self.looker.replay

    @property
    def looking(self) -> bool:
        """Whether a look is under way."""
        return self.looker.looking

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
        self._tell_of_broken(report.broken_plugins)

    def _tell_of_broken(self, broken: Sequence[BrokenPlugin]) -> None:
        """Say once of each plugin that it was not loaded: what it looks for is not looked for."""
        new = [each for each in broken if each not in self._told_broken]
        if not new:
            return
        self._told_broken |= frozenset(new)
        left = len(new) - MOST_TOLD
        lines = [f"{visible(each.file, 100)}: {visible(each.reason, 200)}" for each in new[:MOST_TOLD]]
        lines += [f"and {left} more"] if left > 0 else []
        title = counted(len(new), "plugin was not loaded", "plugins were not loaded")
        words = "\n".join([*lines, f"Press {hint('page.gaps')} for all that was not looked at."])
        self.app.notify(words, title=title, severity="warning", markup=False, timeout=20)

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
        keys = (self._page, self._selected is None, bool(self._sockets), self.worded("repair"))
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
