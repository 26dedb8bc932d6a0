"""What the keyboard alone must do on every screen: reach everything with Tab, see where it is, and always find back."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.containers import VerticalScroll
from textual.widgets import Button, Input

from tests.tui import fakes, inventories
from tests.tui.driving import NARROW, WIDE, driven, flat, until, until_shown
from tests.tui.test_history import _backup, _run
from workbench.model.plan import Plan
from workbench.tui.plain import plain
from workbench.tui.screens.answers import AskAnswers
from workbench.tui.screens.dialogs import Choose, Confirm, Notice
from workbench.tui.screens.form import Form
from workbench.tui.screens.help import Help
from workbench.tui.screens.preview import Preview

BOTH = pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)
LONG = "\n".join(f"line {number}" for number in range(60))


@BOTH
@pytest.mark.parametrize(
    "keys", [(), ("2",), ("3",), ("4",), ("7",), ("8",), ("f",), ("W",), ("e",), ("question_mark",)]
)
async def test_tab_reaches_everything_and_where_it_is_is_seen(size: tuple[int, int], keys: tuple[str, ...]) -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(_run(1))
    workbench.script.snapshot = inventories.radius()
    async with driven(workbench, size) as (app, pilot):
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.1)
        if keys == ("f",):
            await until(pilot, lambda: app.screen is not app.main)
        there = [widget for widget in app.screen.focus_chain if widget.display]
        seen, pictures = set(), set()
        for _ in there:
            seen.add(app.focused)
            pictures.add(app.export_screenshot())
            assert app.focused is not None and app.focused.region.overlaps(app.screen.region)
            await pilot.press("tab")
        assert seen == set(there)
        assert len(pictures) == len(there)


@BOTH
async def test_escape_leads_from_everywhere_to_the_list(size: tuple[int, int]) -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(_run(1))
    workbench.script.backups.append(_backup())
    workbench.script.snapshot = inventories.radius()
    async with driven(workbench, size) as (app, pilot):
        for keys in (
            ("enter",),
            ("f",),
            ("c",),
            ("e",),
            ("W",),
            ("question_mark",),
            ("2", "enter"),
            ("3", "enter", "enter"),
        ):
            for key in keys:
                await pilot.press(key)
                await pilot.pause(0.05)
            for _ in range(4):
                await pilot.press("escape")
            await until(pilot, lambda: app.screen is app.main)
            assert not app.main.has_class("-reading") and app.focused is not None
            await pilot.press("1")
        assert workbench.script.answers == [None] * len(workbench.script.answers) and len(workbench.script.runs) == 1


@pytest.mark.parametrize("over", ["question_mark", "ctrl+p"])
async def test_in_a_burst_of_keys_no_dialog_opens_over_help(over: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare, worked_out = fakes.FakeWorkbench.prepare, threading.Event()

    def slowly(self: fakes.FakeWorkbench, plan: Plan) -> Any:
        assert worked_out.wait(20)
        return prepare(self, plan)

    monkeypatch.setattr(fakes.FakeWorkbench, "prepare", slowly)
    async with driven(fakes.workbench()) as (app, pilot):
        await pilot.press("f", over)
        await until(pilot, lambda: isinstance(app.screen, Help | CommandPalette))
        worked_out.set()
        for _ in range(20):
            await pilot.pause(0.02)
            assert isinstance(app.screen, Help | CommandPalette)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Preview))


async def test_a_reason_that_was_typed_is_not_dropped_without_a_word() -> None:
    async with driven(fakes.workbench(), NARROW) as (app, pilot):
        await pilot.press("W")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await pilot.press(*"only", "escape")
        await until_shown(pilot, "Escape once more drops what you typed")
        assert app.screen.query_one("#asked-reason", Input).value == "only"
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)


@dataclass(frozen=True, slots=True)
class Wanted:
    first: str
    second: str
    third: int
    fourth: bool
    fifth: str
    sixth: str


async def test_a_long_form_keeps_its_buttons_in_view_and_is_not_dropped_without_a_word() -> None:
    asking = fakes.fix("clients/config-writable-by-others", answers=Wanted)
    workbench = fakes.workbench(fakes.plugins(fakes.usual().checks.values(), [asking]))
    async with driven(workbench, (60, 16)) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, AskAnswers))
        for _ in range(7):
            await until_shown(pilot, "Cancel", "Show the plan")
            await pilot.press("tab")
        assert isinstance(app.focused, Button)
        await pilot.press("tab", *"typed", "escape")
        await until_shown(pilot, "Escape once more drops what you typed")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)


@pytest.mark.parametrize("size", [(60, 16), NARROW, WIDE], ids=str)
async def test_a_long_window_keeps_its_buttons_in_view_and_scrolls_to_its_end(size: tuple[int, int]) -> None:
    async with driven(fakes.workbench(), size) as (app, pilot):
        for window in (Notice("T", LONG), Confirm("T", plain(" ".join(LONG.split("\n") * 9)), "Do it")):
            app.push_screen(window)
            await until(pilot, lambda: app.screen is not app.main)
            await until_shown(pilot, "Close" if isinstance(window, Notice) else "Do it (y)")
            assert "line 0" in flat(app)
            await pilot.press("G")
            await until_shown(pilot, "line 59")
            text = window.query_one(".text", VerticalScroll)
            assert text.scroll_y == text.max_scroll_y
            await pilot.press("g", "down")
            await until(pilot, lambda: app.screen.query_one(".text").scroll_y == 1)
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is app.main)
        app.push_screen(Choose("T", [plain(f"choice {number}") for number in range(60)]))
        await until_shown(pilot, "choice 0", "Cancel")
        await pilot.press("G")
        await until_shown(pilot, "choice 59", "Cancel")


async def test_every_choice_of_a_field_can_be_seen_while_one_is_chosen() -> None:
    async with driven(fakes.workbench(), NARROW) as (_app, pilot):
        await pilot.press("e")
        await until_shown(pilot, "Export the report")
        await pilot.press("enter")
        await until_shown(pilot, "html", "markdown", "sarif", "json")
