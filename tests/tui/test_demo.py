"""The demo in the app: it says what it is, and nothing can be changed."""

from __future__ import annotations

from pathlib import Path

from tests.tui.driving import WIDE, driven, flat, until_shown
from workbench.demo import demonstrated
from workbench.engine import Workbench
from workbench.host.context import Context
from workbench.plugins import load


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
