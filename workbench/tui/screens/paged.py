"""The pages of the main screen, and the ways between them: keys, tabs, a step further and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Footer, Tabs

from workbench.tui.screens.base import Roomy
from workbench.tui.widgets.activity_page import ActivityPage
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.findings import FindingsList
from workbench.tui.widgets.findings_page import FindingsPage
from workbench.tui.widgets.grade_box import GradeBox
from workbench.tui.widgets.history_keys import Asking
from workbench.tui.widgets.history_page import HistoryPage
from workbench.tui.widgets.history_pane import HistoryPane, HistoryText
from workbench.tui.widgets.history_table import BackupsTable, HistoryTable
from workbench.tui.widgets.page_tab import PageTab
from workbench.tui.widgets.pages import PAGES, Page
from workbench.tui.widgets.reach_page import ReachPage
from workbench.tui.widgets.reach_pane import ReachPane, ReachText, ServerAsked
from workbench.tui.widgets.reach_table import ReachTable
from workbench.tui.widgets.room import TooSmall, has_room
from workbench.tui.widgets.server_pane import AboutList, FindingAsked, ServerPane, ServerText
from workbench.tui.widgets.servers import ServersList, ServersPage
from workbench.tui.widgets.trail_page import TrailPage
from workbench.tui.widgets.trail_pane import TrailPane, TrailText, TrailWays
from workbench.tui.widgets.trail_table import TrailTable

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp


class PagedScreen(Roomy, Screen[None]):
    """A page at a time; beside it, or instead of it where there is no room, the pane about what is selected there."""

    app: WorkbenchApp

    def __init__(self, home: str) -> None:
        super().__init__()
        self._home = home
        self._came_from = ""

    @property
    def _reading(self) -> bool:
        if self.has_class("-zoomed") and self._page == "findings":
            return self.has_class("-wide")
        return self.has_class("-reading") and (self._page == "reach" or not self.has_class("-wide"))

    @property
    def _in_pane(self) -> bool:
        return isinstance(self.focused, AboutList | ServerText | TrailText | TrailWays | HistoryText)

    @property
    def _page(self) -> str:
        return self.query_one("#pages", ContentSwitcher).current or ""

    @property
    def _in_view(self) -> bool:
        return self.has_class("-wide") or self._reading

    def on_resize(self) -> None:
        """Where room is short, so are the titles of the pages."""
        for tab in self.query(PageTab):
            tab.fit()

    def compose(self) -> ComposeResult:
        """The head, the pages on the left, the detail on the right."""
        yield GradeBox(id="grade")
        yield Tabs(*(PageTab(page) for page in PAGES), id="tabs")
        with Horizontal(id="body"):
            with ContentSwitcher(initial="findings", id="pages"):
                yield FindingsPage(self._home, id="findings")
                yield ServersPage(id="servers")
                yield ReachPage(id="reach")
                yield Page("The report card comes when every check has spoken.", id="card")
                yield Page("What could not be looked at shows here when every check has spoken.", id="gaps")
                yield TrailPage(self._home, id="trail")
                yield HistoryPage(self._home, id="history")
                yield ActivityPage(id="activity")
            yield DetailPane(self._home, id="detail")
            yield ServerPane(id="server")
            yield ReachPane(id="reach-of")
            yield TrailPane(self._home, id="trail-of")
            yield HistoryPane(id="history-of")
        yield Footer(show_command_palette=False)
        yield TooSmall()

    @on(FindingsList.Pointed)
    @on(ServersList.Pointed)
    @on(ReachTable.Opened)
    def read(self) -> None:
        """Show the detail alone where there is no room for both."""
        panes = {"servers": ServerText, "reach": ReachText, "trail": TrailText, "history": HistoryText}
        if has_room(self.app.size) and (self._page == "reach" or not self.has_class("-wide")):
            self.add_class("-reading")
            self.query_one(panes.get(self._page, DetailPane)).focus()
            self.refresh_bindings()

    @on(TrailTable.Opened)
    @on(HistoryTable.Opened)
    @on(BackupsTable.Opened)
    def read_event(self) -> None:
        """Show the detail alone where there is no room for both; where it is shown already, put the cursor there."""
        if has_room(self.app.size) and self.has_class("-wide"):
            of_run = self._page == "history"
            (self.query_one(HistoryPane) if of_run else self.query_one(TrailPane)).focus_next()
        else:
            self.read()

    @on(FindingAsked)
    def go_to_finding(self, message: FindingAsked) -> None:
        """Show a finding among the findings; Escape leads back to the server."""
        if not has_room(self.app.size):
            return
        if not self.query_one(FindingsList).choose(message.finding):
            self.app.tell("The list of findings is cut, and this one is not in it.", "warning")
            return
        self._go_from(self._page, "findings")

    @on(ServerAsked)
    def go_to_server(self, message: ServerAsked) -> None:
        """Show a server among the servers; Escape leads back to what it can open."""
        if not has_room(self.app.size):
            return
        if not self.query_one(ServersList).choose(message.server.key):
            self.app.tell("The list of servers is cut, and this one is not in it.", "warning")
            return
        self._go_from(self._page, "servers")

    @on(Asking.Asked)
    def do_with_run(self, message: Asking.Asked) -> None:
        """Do what was asked for with the run or the backup that is selected."""
        self.query_one(HistoryPage).do(message.wish)

    def action_page(self, name: str) -> None:
        """Show one of the pages."""
        self._came_from = ""
        self.remove_class("-reading", "-zoomed")
        self._turn_to(name)
        self.query_one("#tabs", Tabs).active = f"tab-{name}"
        page = self.query_one(f"#{name}")
        if isinstance(page, HistoryPage):
            page.load()
        if isinstance(page, FindingsPage | ServersPage | ReachPage | TrailPage | HistoryPage | ActivityPage):
            page.focus_inside()
        else:
            page.focus()

    def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        """Show the page of a tab that was chosen with the mouse or the arrows."""
        name = (event.tab.id or "").removeprefix("tab-")
        # Two keys in a row: what is told of the first must not undo the second.
        if name != self._page and event.tabs.active == event.tab.id:
            self._came_from = ""
            self.remove_class("-reading", "-zoomed")
            self._turn_to(name)

    def action_back(self) -> None:
        """Return from the detail to the list, or to the page that led to it."""
        if not self._came_from:
            self.action_page(self._page)
            return
        self.action_page(self._came_from)
        self.read()
        panes: dict[str, type[ReachPane | TrailPane | ServerPane]] = {"reach": ReachPane, "trail": TrailPane}
        self.query_one(panes.get(self._page, ServerPane)).focus_next()

    def _go_from(self, before: str, name: str) -> None:
        self.action_page(name)
        self._came_from = before
        self.read()
        self.refresh_bindings()

    def _turn_to(self, name: str) -> None:
        self.query_one("#pages", ContentSwitcher).current = name
        self.set_class(name == "servers", "-servers")
        self.set_class(name == "reach", "-reach")
        for own in ("card", "gaps", "trail", "history", "activity"):
            self.set_class(name == own, f"-{own}")
        self.refresh_bindings()
