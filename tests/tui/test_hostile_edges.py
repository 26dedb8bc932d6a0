"""Hostile text at the edges: the head and its border, the tabs, the first-run page, the palette, storms of marks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.command import CommandPalette

from tests.tui import fakes, inventories
from tests.tui.driving import NARROW, WIDE, driven, flat, until
from tests.tui.test_hostile import HOSTILE, _hostile_finding, _hostile_workbench, assert_harmless
from workbench.model.finding import Subject
from workbench.text import visible
from workbench.tui.app import WorkbenchApp

MORE = {
    **HOSTILE,
    "storm": "e" + "\u0301" * 100_000,
    "many marks": "Z\u0351\u036b\u0343\u036a\u0302" * 20_000,
    "link": "\x1b]8;;https://evil.example/x\x1b\\click me\x1b]8;;\x1b\\",
    "link of c1": "\x9d8;;https://evil.example/x\x9cclick me\x9d8;;\x9c",
    "markup link": "[link=https://evil.example]click me[/link]",
}
more = pytest.mark.parametrize("text", MORE.values(), ids=MORE)


def assert_still(app: WorkbenchApp) -> None:
    """The screen is as ``assert_harmless`` wants it, leads nowhere, and keeps its shape."""
    assert_harmless(app)
    for strip in app.screen._compositor.render_strips():
        assert strip.cell_length == app.size.width
        for segment in strip:
            assert segment.style is None or segment.style.link is None, segment.text
            assert len(segment.text) < 25_000  # a terminal draws every mark, and takes its time


@more
async def test_in_the_head_its_border_and_the_tabs(text: str) -> None:
    workbench = _hostile_workbench(text)
    snapshot = workbench.script.snapshot
    host = replace(snapshot.host, user=text, platform=text, home=text)
    workbench.script.snapshot = replace(snapshot, host=host)
    async with driven(workbench, NARROW) as (app, pilot):
        assert_still(app)
        assert "Findings 1" in flat(app)
        for key in ("2", "3", "4", "5", "6", "7", "8", "1"):
            await pilot.press(key)
            await pilot.pause()
            assert_still(app)


@more
async def test_on_the_page_of_a_newcomer(text: str) -> None:
    workbench = fakes.workbench(fakes.plugins([fakes.check("clients/a")]))
    snapshot = inventories.host()
    host = replace(snapshot.host, user=text, platform=text, home=text)
    workbench.script.snapshot = replace(snapshot, host=host, taken_at=text)
    async with driven(workbench, WIDE) as (app, pilot):
        for key in ("1", "2", "3", "6", "7"):
            await pilot.press(key)
            await pilot.pause()
            assert_still(app)


@more
async def test_in_the_command_palette_there_is_no_name_of_anything_on_the_host(text: str) -> None:
    workbench = _hostile_workbench(f"Qqq{text}")
    workbench.script.snapshot = replace(inventories.everything(f"Qqq{text}"), host=workbench.script.snapshot.host)
    async with driven(workbench, NARROW) as (app, pilot):
        said = [f"{each.title} {each.help}" for each in app.get_system_commands(app.screen)]
        assert said and not any("Qqq" in each for each in said)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"Qqq")
        await pilot.pause()
        assert_still(app)
        # Its search goes on in the background, and fails where the app ends under it.
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)


@more
async def test_in_a_finding_and_its_detail(text: str) -> None:
    workbench = fakes.workbench(
        fakes.plugins([fakes.check("clients/a", _hostile_finding(text), lesson=f"T\n\n{text}")])
    )
    async with driven(workbench, WIDE) as (app, pilot):
        assert_still(app)
        await pilot.press("tab")
        for _ in range(3):
            await pilot.pause()
            assert_still(app)
            await pilot.press("pagedown")


async def test_a_link_of_a_terminal_is_spelled_out_where_it_stands() -> None:
    subject = Subject("config", "x", "x")
    finding = replace(fakes.finding(), subject=subject, summary=MORE["link"])
    async with driven(fakes.workbench(fakes.plugins([fakes.check("clients/a", finding)])), WIDE) as (app, _):
        assert "click me" in flat(app) and visible(MORE["link"])[:8] in flat(app)
        assert_still(app)
