"""The pages that are not shown at first, each with the pane about what is selected there."""

from __future__ import annotations

from collections.abc import Iterator

from textual.widget import Widget

from workbench.tui.widgets.activity_page import ActivityPage
from workbench.tui.widgets.history_page import HistoryPage
from workbench.tui.widgets.history_pane import HistoryPane
from workbench.tui.widgets.pages import ReportPage
from workbench.tui.widgets.reach_page import ReachPage
from workbench.tui.widgets.reach_pane import ReachPane
from workbench.tui.widgets.server_pane import ServerPane
from workbench.tui.widgets.servers import ServersPage
from workbench.tui.widgets.trail_page import TrailPage
from workbench.tui.widgets.trail_pane import TrailPane


def other_pages(home: str) -> Iterator[tuple[Widget, Widget | None]]:
    """All but the findings, in the order of their keys; each is made when it is asked for."""
    yield ServersPage(id="servers"), ServerPane(id="server")
    yield ReachPage(id="reach"), ReachPane(id="reach-of")
    yield ReportPage("The report card comes when every check has spoken.", id="card"), None
    yield ReportPage("What could not be looked at shows here when every check has spoken.", id="gaps"), None
    yield TrailPage(home, id="trail"), TrailPane(home, id="trail-of")
    yield HistoryPage(home, id="history"), HistoryPane(id="history-of")
    yield ActivityPage(id="activity"), None
