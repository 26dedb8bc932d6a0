"""A repair that the person makes: its steps are shown, and the host is looked at again as often as one asks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from workbench.model.finding import Finding
from workbench.model.report import Report
from workbench.model.snapshot import Snapshot
from workbench.planning import still_found
from workbench.tui.base_app import BaseApp
from workbench.tui.screens.guide import Guide, Verified
from workbench.tui.under_way import tried, window

if TYPE_CHECKING:
    from workbench.repair.prepare import Prepared


async def guided(app: BaseApp, finding: Finding, prepared: Prepared, snapshot: Snapshot, before: Report) -> None:
    """Show the steps until the person goes back; each time it is asked for, say what a fresh look finds."""
    plan = prepared.plan
    warnings = await tried(app, "The plan could not be made", lambda: app.workbench.warnings(plan, snapshot))
    if warnings is None:
        return
    live, verified = app.main.replay is None, None

    def verify(after: Report) -> Verified | None:
        seen = app.main.snapshot
        if seen is None:
            return None
        return Verified(before, after, still_found(plan, app.workbench.plugins, seen, before))

    while await app.push_screen_wait(Guide(finding, prepared, warnings, verified, live=live)) == "verify":
        async with window(app, f"Verifying · {plan.title}", changes=False) as shows:
            shows.begin("looking at the host again")
            after = await app.main.look()
        # Where the look failed, the app has said so, and nothing is known anew.
        verified = None
        if after is not None:
            verified = await tried(app, "It could not be verified", partial(verify, after))
