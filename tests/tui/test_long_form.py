"""A repair that asks more than a screen holds: its first question and its buttons are in sight, the rest scrolls."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tests.plugins.loading import get_fix
from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, driven, shown, until
from workbench.tui.screens.answers import AskAnswers

FIX = get_fix("clients/sandbox-launcher")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_first_question_and_the_buttons_are_in_sight(size: tuple[int, int]) -> None:
    assert FIX.answers is not None
    suggested = FIX.answers("/home/dev/work", "read and write", "yes", "no", "/opt/tools", "/home/dev/kept")
    async with driven(fakes.workbench(), size) as (app, pilot):
        given: list[object] = []
        app.push_screen(AskAnswers(FIX, suggested), given.append)
        await until(pilot, lambda: isinstance(app.focused, Input))
        lines = shown(app)
        assert "Folders it may use" in lines and "/home/dev/work" in lines
        assert "Cancel" in lines and "Show the plan" in lines
        await pilot.press(*["tab"] * 5)
        await until(pilot, lambda: "/home/dev/kept" in shown(app))
        assert "Show the plan" in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert given == [
            {
                "folders": "/home/dev/work",
                "access": "read and write",
                "network": "yes",
                "filter": "no",
                "programs": "/opt/tools",
                "own_home": "/home/dev/kept",
            }
        ]
