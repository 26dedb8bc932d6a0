"""The demo in the app: it says what it is, and nothing can be changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import builders
from tests.tui.driving import WIDE, driven, flat, until_shown
from workbench.demo import demonstrated
from workbench.engine import Workbench
from workbench.host.context import Context
from workbench.model.session import SessionFacts
from workbench.plugins import load
from workbench.tui.widgets.findings import FindingsList


async def test_it_says_that_it_is_a_demo_and_changes_nothing(tmp_path: Path) -> None:
    workbench = Workbench(Context("linux", Path("/nowhere"), 1000, {}, Path("/nowhere")), load(), tmp_path)
    async with driven(workbench, WIDE, replay=demonstrated()) as (app, pilot):
        assert "demo" in flat(app)
        assert "replay" not in flat(app)
        for key, words in (
            ("f", "This is a demo: a host that does not exist, so nothing can be repaired"),
            ("u", "start workbench without --demo on the host itself"),
            ("s", "This is a demo: a host that does not exist, so there is nothing"),
        ):
            await pilot.press(key)
            await until_shown(pilot, words)
            await pilot.press("escape")
        await pilot.press("6")
        await until_shown(pilot, "none is followed")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("umask", [0o022, 0o077], ids=["a-finding", "no-finding"])
async def test_a_newcomer_is_told_how_to_go_on(umask: int, tmp_path: Path) -> None:
    workbench = Workbench(Context("linux", Path("/nowhere"), 1000, {}, Path("/nowhere")), load(), tmp_path)
    empty = builders.snapshot(session=SessionFacts(builders.COMPLETE, umask))
    async with driven(workbench, replay=empty) as (app, pilot):
        await until_shown(pilot, "No MCP client and no MCP server was found here", "workbench --demo", "README.md")
        assert bool(app.main.query_one(FindingsList).findings) == (umask == 0o022)


async def test_nobody_with_a_server_is_a_newcomer(tmp_path: Path) -> None:
    workbench = Workbench(Context("linux", Path("/nowhere"), 1000, {}, Path("/nowhere")), load(), tmp_path)
    async with driven(workbench, replay=demonstrated()) as (app, _pilot):
        assert "No MCP client" not in flat(app)
        assert not app.main.query_one("#first-run").display


async def test_the_history_of_the_demo_says_that_it_is_one(tmp_path: Path) -> None:
    workbench = Workbench(Context("linux", Path("/nowhere"), 1000, {}, Path("/nowhere")), load(), tmp_path)
    async with driven(workbench, replay=demonstrated()) as (_, pilot):
        await pilot.press("7")
        await until_shown(pilot, "This is a demo", "nothing was repaired or can be undone")
