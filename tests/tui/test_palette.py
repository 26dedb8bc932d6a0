"""The command palette has every action that a key has, and does it."""

from __future__ import annotations

from tests.tui import fakes
from tests.tui.driving import NARROW, driven, until, until_shown
from workbench.tui.widgets.findings import FindingsList


async def test_every_key_of_the_help_is_in_the_palette() -> None:
    async with driven(fakes.workbench(), NARROW) as (app, _pilot):
        said = {command.help.rpartition(" (")[0] for command in app.get_system_commands(app.screen)}
        for wanted in (
            "Repair this finding; the exact change is shown first",
            "Look again by itself when this host changes, or stop that",
            "Write the report to a file: HTML, Markdown, SARIF or JSON",
            "Accept this finding for a while, with a reason",
            "Sort by the next column",
            "Group by area, server, severity",
            "Undo all that stands of this batch, after a question",
            "Copy every line that is listed",
            "Show the report card",
        ):
            assert wanted in said
        shown = {active.binding for active in app.screen.active_bindings.values()}
        from workbench.tui.palette import _LEFT_OUT
        from workbench.tui.screens.help import is_moving

        for binding in shown:
            words = binding.tooltip or binding.description
            if words and not is_moving(binding) and not binding.action.startswith(_LEFT_OUT):
                assert words in said or "quit" in binding.action or "help" in binding.action or "+" in binding.key


async def test_a_command_is_found_by_typing_and_done() -> None:
    async with driven(fakes.workbench(), NARROW) as (app, pilot):
        await pilot.press("2", "ctrl+p")
        await until(pilot, lambda: app.screen is not app.main)
        await pilot.press(*"Group by area")
        await until_shown(pilot, "Group by area, server, severity (b)")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: app.screen is app.main)
        await until(pilot, lambda: app.main.query_one(FindingsList)._group == "area")


async def test_what_cannot_be_done_now_is_said() -> None:
    async with driven(fakes.workbench(), NARROW) as (app, pilot):
        command = next(each for each in app.get_system_commands(app.screen) if each.title == "History: Undo batch")
        app.call_later(command.callback)
        await until_shown(pilot, "History: Undo batch: that")
