"""The start of the app: the first picture waits for nothing that it does not show."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from textual.geometry import Size
from textual.widgets import Tabs
from textual.widgets._footer import FooterKey

from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, driven, until, until_shown
from workbench import plugins
from workbench.demo import demonstrated, playing
from workbench.model.snapshot import Snapshot
from workbench.plugins import LatePlugins, Plugins
from workbench.tui.app import MOST_UNSEEN, WorkbenchApp
from workbench.tui.screens.main import MainScreen
from workbench.tui.widgets.page_tab import PageTab
from workbench.tui.widgets.room import classes_for

ROOT = Path(__file__).parents[2]
LATER = (
    "pydantic",
    "workbench.checks",
    "workbench.host.gather",
    "workbench.host.processes",
    "workbench.repair",
    "workbench.tui.attack",
    "workbench.tui.evidence",
    "workbench.tui.flow",
    "workbench.tui.lesson",
    "workbench.tui.screens.applying",
    "workbench.tui.screens.other_pages",
    "workbench.tui.screens.preview",
    "workbench.tui.widgets.activity_page",
    "workbench.tui.widgets.history_page",
    "workbench.tui.widgets.reach_page",
    "workbench.tui.widgets.servers",
    "workbench.tui.widgets.trail_page",
    "workbench.watching",
    "yaml",
)


def test_what_the_first_picture_does_not_show_is_not_imported_before_it() -> None:
    code = "import sys, workbench.cli, workbench.commands, workbench.tui.app; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "workbench.tui.widgets.findings\n" in loaded
    assert [name for name in LATER if name in loaded.split()] == []


@pytest.mark.parametrize("size", [NARROW, WIDE, (60, 16)])
async def test_the_first_picture_is_whole(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    first: list[tuple[list[str], list[str], list[str]]] = []

    def seen(screen: MainScreen) -> tuple[list[str], list[str], list[str]]:
        keys = [key.description for key in screen.query(FooterKey) if key.display]
        titles = [str(tab.render()) for tab in screen.query(PageTab)]
        return sorted(screen.classes), keys, titles

    def resumed(screen: MainScreen) -> None:  # Textual lays it out for the first time after this
        first.append(seen(screen))
        resume(screen)

    resume = MainScreen.on_screen_resume
    monkeypatch.setattr(MainScreen, "on_screen_resume", resumed)
    monkeypatch.setattr(MainScreen, "begin", lambda screen: None)  # nothing is looked at: nothing else comes into it
    async with driven(fakes.workbench(), size, looked=False) as (app, pilot):
        await until(pilot, lambda: bool(first))
        for _ in range(5):
            await pilot.pause()
        assert first == [seen(app.main)]
        classes, keys, titles = first[0]
        assert set(classes) == set(classes_for(app.size, app.HORIZONTAL_BREAKPOINTS, app.VERTICAL_BREAKPOINTS))
        assert keys[-2:] == ["Help", "Quit"]
        assert ("Report card" in titles) is (size == WIDE)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((0, 0), ["-tiny", "-flat"]),
        ((59, 15), ["-tiny", "-flat"]),
        ((60, 16), ["-narrow", "-short"]),
        ((99, 19), ["-narrow", "-short"]),
        ((100, 20), ["-wide", "-low"]),
        ((500, 500), ["-wide", "-tall"]),
    ],
)
def test_the_classes_of_a_size(size: tuple[int, int], expected: list[str]) -> None:
    assert classes_for(Size(*size), WorkbenchApp.HORIZONTAL_BREAKPOINTS, WorkbenchApp.VERTICAL_BREAKPOINTS) == expected


async def test_it_draws_and_looks_for_garbage_once_it_is_there() -> None:
    before = gc.get_threshold()
    try:
        gc.set_threshold(200_000)
        async with driven(fakes.workbench()) as (app, _):
            assert app._batch_count == 0
            assert gc.isenabled() and gc.get_threshold()[0] == MOST_UNSEEN
    finally:
        gc.set_threshold(*before)


async def test_no_plugin_is_loaded_by_the_thread_that_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def load() -> Plugins:
        threads.append(threading.current_thread())
        return fakes.usual()

    monkeypatch.setattr(plugins, "load", load)
    workbench = fakes.workbench(LatePlugins())
    assert not workbench.plugins.ready
    async with driven(workbench) as (app, _):
        assert app.main.report is not None
        assert len(threads) == 1 and threads[0] is not threading.main_thread()


async def test_a_snapshot_is_not_read_by_the_thread_that_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    snapshot = demonstrated()

    def read() -> Snapshot:
        threads.append(threading.current_thread())
        return snapshot

    monkeypatch.setattr(playing, "demonstrated", read)
    app = WorkbenchApp(playing.demo(fakes.usual()))
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.main.report is not None)
        assert len(threads) == 1 and threads[0] is not threading.main_thread()
        assert app.main.snapshot is not None and app.main.snapshot.clients == snapshot.clients


@pytest.mark.parametrize(("key", "name"), [("2", "servers"), ("8", "activity")])
async def test_a_page_that_is_asked_for_before_it_is_made_is_shown_when_it_is(
    key: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = MainScreen.make_the_other_pages
    monkeypatch.setattr(MainScreen, "make_the_other_pages", lambda screen: None)
    async with driven(fakes.workbench(), looked=False) as (app, pilot):
        await pilot.press(key)
        await until(pilot, lambda: not app.main.looking)
        # The look is over, and nothing of it is shown before there is a place for all of it.
        assert app.main._page == "findings" and app.main.report is None
        make(app.main)
        await until(pilot, lambda: app.main._page == name and app.main.report is not None)


async def test_who_goes_back_to_the_findings_before_the_other_page_is_made_stays_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make = MainScreen.make_the_other_pages
    monkeypatch.setattr(MainScreen, "make_the_other_pages", lambda screen: None)
    async with driven(fakes.workbench(), looked=False) as (app, pilot):
        tabs = app.main.query_one("#tabs", Tabs)
        tabs.active = "tab-servers"
        await until(pilot, lambda: app.main.wish == "servers")
        tabs.active = "tab-findings"
        await until(pilot, lambda: app.main.wish == "")
        make(app.main)
        await until(pilot, lambda: app.main.report is not None)
        assert app.main._page == "findings"


async def test_what_is_seen_before_every_page_is_made_is_on_all_of_them() -> None:
    async with driven(fakes.workbench()) as (_, pilot):
        await until_shown(pilot, "Servers", "Any account on this machine can write")
        for key, text in (("4", "assessed"), ("5", "the environment of server-git"), ("1", "finding")):
            await pilot.press(key)
            await until_shown(pilot, text)
