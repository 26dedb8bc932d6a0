"""The pages of the main screen, and the ways between them: keys, tabs, a step further and back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Tabs

from workbench.tui.base_app import BaseApp
from workbench.tui.screens.base import Roomy
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.findings import FindingsList
from workbench.tui.widgets.findings_page import FindingsPage
from workbench.tui.widgets.footer import Foot
from workbench.tui.widgets.grade_box import GradeBox
from workbench.tui.widgets.page_tab import PageTab
from workbench.tui.widgets.pages import PAGES
from workbench.tui.widgets.room import TooSmall, has_room

if TYPE_CHECKING:
    from workbench.model.finding import Finding
    from workbench.tui.widgets.history_keys import Asking
    from workbench.tui.widgets.reach_pane import ServerAsked
    from workbench.tui.widgets.server_pane import FindingAsked

_TEXTS = {"servers": "server-text", "reach": "reach-text", "trail": "trail-text", "history": "history-text"}
_IN_PANE = ("detail", "about", "server-text", "trail-text", "trail-ways", "history-text")
_OWN = ("servers", "reach", "card", "gaps", "trail", "history", "activity")  # pages that lay the screen out anew


class PagedScreen(Roomy, Screen[None]):
    """A page at a time; beside it, or instead of it where there is no room, the pane about what is selected there.

    At first there are only the findings: the other pages are imported and made when the first picture is shown, so that
    it need not wait for them. What belongs to them is therefore known here by its id or its message's name.
    """

    app: BaseApp

    def __init__(self, home: str) -> None:
        super().__init__()
        self._home = home
        self._came_from = ""
        self._complete = asyncio.Event()
        self.wish = ""

    @property
    def _reading(self) -> bool:
        if self.has_class("-zoomed") and self._page == "findings":
            return self.has_class("-wide")
        return self.has_class("-reading") and (self._page == "reach" or not self.has_class("-wide"))

    @property
    def _in_pane(self) -> bool:
        return self.focused is not None and self.focused.id in _IN_PANE

    @property
    def _page(self) -> str:
        return self.query_one("#pages", ContentSwitcher).current or ""

    @property
    def spoken(self) -> str:
        """How a sentence names the page that is shown."""
        return next((page.spoken for page in PAGES if page.name == self._page), "")

    @property
    def _in_view(self) -> bool:
        return self.has_class("-wide") or self._reading

    def on_resize(self) -> None:
        """Fit the tabs to the new width."""
        self.fit_tabs()

    def fit_tabs(self) -> None:
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
            yield DetailPane(self._home, id="detail")
        yield Foot()
        yield TooSmall()

    @work(group="pages")
    async def make_the_other_pages(self) -> None:
        """Make the pages that are not shown at first, one after the other, each with its pane."""
        from workbench.tui.screens.other_pages import other_pages

        pages, body = self.query_one("#pages", ContentSwitcher), self.query_one("#body", Horizontal)
        for page, pane in other_pages(self._home):
            page.display = False
            for parent, widget in ((pages, page), (body, pane)):
                # It may be asked to end meanwhile.
                if not parent.is_attached:
                    return
                if widget is not None:
                    await parent.mount(widget)
        self._complete.set()
        if self.wish:
            self.action_page(self.wish)

    def _is_there(self, name: str) -> bool:
        """Whether a page is made already. Else it is shown as soon as it is."""
        there = name == "findings" or self._complete.is_set()
        self.wish = "" if there else name
        return there

    @on(FindingsList.Pointed)
    def read(self) -> None:
        """Show the detail alone where there is no room for both."""
        if has_room(self.app.size) and (self._page == "reach" or not self.has_class("-wide")):
            self.add_class("-reading")
            self.query_one(f"#{_TEXTS.get(self._page, 'detail')}").focus()
            self.refresh_bindings()

    def on_servers_list_pointed(self) -> None:
        """Show the server that was chosen with the mouse."""
        self.read()

    def on_reach_table_opened(self) -> None:
        """Show what the server can open."""
        self.read()

    def on_trail_table_opened(self) -> None:
        """Show the detail alone where there is no room for both; where it is shown already, put the cursor there."""
        if has_room(self.app.size) and self.has_class("-wide"):
            self._focus_in_pane()
        else:
            self.read()

    def on_history_table_opened(self) -> None:
        """The same for a run."""
        self.on_trail_table_opened()

    def on_backups_table_opened(self) -> None:
        """The same for a backup."""
        self.on_trail_table_opened()

    def on_finding_asked(self, message: FindingAsked) -> None:
        """Show a finding among the findings; Escape leads back to the server."""
        if has_room(self.app.size):
            self.go_to_finding(message.finding)

    def go_to_finding(self, finding: Finding) -> None:
        """Show a finding among the findings; the way back leads to where it was asked for."""
        if not self.query_one(FindingsList).choose(finding):
            self.app.tell("The list of findings is cut, and this one is not in it.", "warning")
            return
        self._go_from(self._page, "findings")

    def on_server_asked(self, message: ServerAsked) -> None:
        """Show a server among the servers; Escape leads back to what it can open."""
        from workbench.tui.widgets.servers import ServersList

        if not has_room(self.app.size):
            return
        if not self.query_one(ServersList).choose(message.server.key):
            self.app.tell("The list of servers is cut, and this one is not in it.", "warning")
            return
        self._go_from(self._page, "servers")

    def on_asking_asked(self, message: Asking.Asked) -> None:
        """Do what was asked for with the run or the backup that is selected."""
        from workbench.tui.widgets.history_page import HistoryPage

        self.query_one(HistoryPage).do(message.wish)

    def action_page(self, name: str) -> None:
        """Show one of the pages."""
        if not self._is_there(name):
            return
        self._came_from = ""
        self.remove_class("-reading", "-zoomed")
        self._turn_to(name)
        self.query_one("#tabs", Tabs).active = f"tab-{name}"
        page = self.query_one(f"#{name}")
        if name == "history":
            from workbench.tui.widgets.history_page import HistoryPage

            self.query_one(HistoryPage).load()
        getattr(page, "focus_inside", page.focus)()

    def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        """Show the page of a tab that was chosen with the mouse or the arrows."""
        name = (event.tab.id or "").removeprefix("tab-")
        # Two keys in a row: what is told of the first must not undo the second.
        if event.tabs.active != event.tab.id or not self._is_there(name):
            return
        if name != self._page:
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
        self._focus_in_pane()

    def _focus_in_pane(self) -> None:
        from workbench.tui.widgets.history_pane import HistoryPane
        from workbench.tui.widgets.reach_pane import ReachPane
        from workbench.tui.widgets.server_pane import ServerPane
        from workbench.tui.widgets.trail_pane import TrailPane

        panes: dict[str, type[ReachPane | TrailPane | HistoryPane | ServerPane]] = {
            "reach": ReachPane,
            "trail": TrailPane,
            "history": HistoryPane,
        }
        self.query_one(panes.get(self._page, ServerPane)).focus_next()

    def _go_from(self, before: str, name: str) -> None:
        self.action_page(name)
        self._came_from = before
        self.read()
        self.refresh_bindings()

    def _turn_to(self, name: str) -> None:
        self.query_one("#pages", ContentSwitcher).current = name
        # All at once: with every change of a class each widget of the screen is styled anew.
        self.update_classes({"-turned": name != "findings"} | {f"-{own}": name == own for own in _OWN})
        self.refresh_bindings()
