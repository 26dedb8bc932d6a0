"""The report is written where it was asked for, over nothing unasked, in a replay as well."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from textual.widgets import Input, Select

from tests import builders
from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, driven, flat, until, until_shown
from workbench.tui import exporting
from workbench.tui.app import WorkbenchApp


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # Clicks come faster than a hand's here: none is the second of a double click.
    monkeypatch.setattr(WorkbenchApp, "CLICK_CHAIN_TIME_THRESHOLD", 0.0)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_page_is_written_into_the_working_directory(size: tuple[int, int], tmp_path: Path) -> None:
    async with driven(fakes.workbench(), size) as (_app, pilot):
        await pilot.press("e")
        await until_shown(pilot, "Export the report", "Format", "File", "Write it")
        await pilot.press("tab", "enter")
        await until_shown(pilot, "The report was written to")
    (made,) = tmp_path.iterdir()
    assert made.name.startswith("workbench-20260102T030405")
    assert made.suffix == ".html"
    assert made.stat().st_mode & 0o777 == 0o600
    assert "critical" in made.read_text()


@pytest.mark.parametrize(("format", "ending"), [("markdown", ".md"), ("sarif", ".sarif"), ("json", ".json")])
async def test_the_name_follows_the_format(format: str, ending: str, tmp_path: Path) -> None:  # noqa: A002
    async with driven(fakes.workbench(), replay=builders.snapshot()) as (app, pilot):
        await pilot.press("e")
        await until_shown(pilot, "Export the report")
        app.screen.query_one("#asked-format", Select).value = format
        await until(pilot, lambda: app.screen.query_one("#asked-file", Input).value.endswith(ending))
        await pilot.click("#go")
        await until_shown(pilot, "The report was written to")
    (made,) = tmp_path.iterdir()
    assert made.name.endswith(ending)
    if format != "markdown":
        json.loads(made.read_text())


async def test_nothing_is_replaced_unasked(tmp_path: Path) -> None:
    old = tmp_path / "old.html"
    old.write_text("old")
    async with driven(fakes.workbench()) as (app, pilot):
        for answer, holds in (("n", True), ("y", False)):
            await pilot.press("e")
            await until_shown(pilot, "Export the report")
            app.screen.query_one("#asked-file", Input).value = "old.html"
            await pilot.click("#go")
            await until_shown(pilot, "Replace the file?", "is there already")
            await pilot.press(answer)
            await until(pilot, lambda: app.screen is app.main)
            await until_shown(pilot, "Nothing was written" if holds else "The report was written")
            assert (old.read_text() == "old") is holds


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Name the file"),
        (".", "is a folder"),
        ("missing/x.html", "There is no folder"),
        ("\x1b[red]/x", "no folder"),
    ],
)
async def test_what_cannot_be_a_file_is_said(name: str, words: str, tmp_path: Path) -> None:
    async with driven(fakes.workbench()) as (app, pilot):
        await pilot.press("e")
        await until_shown(pilot, "Export the report")
        app.screen.query_one("#asked-file", Input).value = name
        await pilot.click("#go")
        await until_shown(pilot, words)
        assert "\x1b" not in flat(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
    assert not list(tmp_path.iterdir())


async def test_a_file_that_may_not_be_replaced_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "fifo"
    os.mkfifo(other)
    async with driven(fakes.workbench()) as (app, pilot):
        await pilot.press("e")
        await until_shown(pilot, "Export the report")
        app.screen.query_one("#asked-file", Input).value = "fifo"
        await pilot.click("#go")
        await until_shown(pilot, "Replace the file?")
        await pilot.press("y")
        await until_shown(pilot, "The report was not written", "not a regular file")
    assert other.is_fifo()


async def test_where_it_fails_it_says_what_was_not_written_and_that_nothing_else_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("no room [/b]")

    monkeypatch.setattr(exporting, "export", fails)
    async with driven(fakes.workbench()) as (app, pilot):
        await pilot.press("e")
        await until_shown(pilot, "Export the report")
        app.screen.query_one("#asked-file", Input).value = "here.html"
        await pilot.click("#go")
        await until_shown(pilot, "not written, RuntimeError: no room [/b]", "Nothing was changed")
        assert "history" not in flat(app).lower().partition("not written,")[2].partition("close")[0]
    assert not list(tmp_path.iterdir())


async def test_there_is_nothing_to_export_before_the_first_report(tmp_path: Path) -> None:
    made = fakes.workbench(open_gates=False)
    async with driven(made, looked=False) as (_app, pilot):
        await pilot.press("e")
        await until_shown(pilot, "There is no report yet")
        made.script.gate.set()
        made.script.check_gate.set()
    assert not list(tmp_path.iterdir())
