"""What is beside the list is what is under its cursor: a repair asked for there must be that of what is read."""

from __future__ import annotations

from tests.tui import fakes
from tests.tui.driving import WIDE, driven, until, until_shown
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.findings import FindingsList


async def test_a_filter_that_takes_the_finding_away_shows_the_next_one_beside_the_list() -> None:
    async with driven(fakes.workbench(), WIDE) as (app, pilot):
        await pilot.press("slash", *"area:sockets")
        table, detail = app.main.query_one(FindingsList), app.main.query_one(DetailPane)
        await until(pilot, lambda: len(table.findings) == 1)
        await until(pilot, lambda: str(detail.border_title).strip() == "sockets/connectable-by-others")
        await pilot.press("escape")
        await until_shown(pilot, "Findings 4")
        await until(
            pilot, lambda: table.selected is not None and str(detail.border_title).strip() == table.selected.check
        )
