"""What nobody confirmed in time was undone by itself: the person is told, at once or at the next start."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.repair.test_confirming import over, risky
from tests.repair.test_confirming import told as run_of
from tests.tui import fakes
from tests.tui.driving import NARROW, driven, until
from tests.tui.test_remembered import at, said
from workbench.model.run import NOT_REVERTED, UNCONFIRMED, Run, RunState
from workbench.repair import arming
from workbench.repair.confirming import confirm, revert, waiting
from workbench.repair.history import history
from workbench.repair.watched import WATCHED
from workbench.tui import app as app_module
from workbench.tui.deadlines import Deadlines
from workbench.tui.screens.result import waits
from workbench.tui.widgets.history_page import HistoryPage

JUST_NOW = datetime.now(UTC).isoformat(timespec="seconds")
UNDONE = f"undone by run-9: {UNCONFIRMED}; applied"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "LASTING_EVERY", 0.05)
    monkeypatch.setattr(app_module, "REMEMBERED_EVERY", 0.05)


def made(number: int = 1, state: RunState = RunState.APPLIED, message: str = "", **more: Any) -> Run:
    more = {"started_at": JUST_NOW, **more}
    return fakes.run(f"run-{number}", state, plan=fakes.titled(f"Repair {number}"), message=message, **more)


def ended(workbench: fakes.FakeWorkbench, run: Run, **fields: Any) -> None:
    """The run does not wait any more, and this is what became of it."""
    place = next(place for place, each in enumerate(workbench.script.runs) if each.identity == run.identity)
    workbench.script.runs[place] = replace(run, **fields)
    del workbench.script.waiting[run.identity]


async def test_it_is_told_and_looked_at_again_while_the_app_is_open() -> None:
    workbench = fakes.workbench()
    run = made()
    workbench.script.runs.append(run)
    workbench.script.waiting["run-1"] = 1.0
    async with driven(workbench, NARROW) as (app, pilot):
        await until(pilot, lambda: app.deadlines.watches)
        looks = workbench.script.looks
        ended(workbench, run, state=RunState.UNDONE, message=UNDONE)
        await until(pilot, lambda: workbench.script.looks == looks + 1 and not app.main.looking)
        assert "A repair was undone by itself, for nobody confirmed it in time: Repair 1. Press 7" in said(app)
        await pilot.pause(0.3)
        assert said(app).count("undone by itself") == 1 and workbench.script.looks == looks + 1
        assert not app.deadlines.watches  # nothing waits, so nothing is asked


async def test_nobody_who_reads_is_interrupted_by_the_new_look() -> None:
    workbench = fakes.workbench()
    run = made()
    workbench.script.runs.append(run)
    workbench.script.waiting["run-1"] = 1.0
    async with driven(workbench, NARROW) as (app, pilot):
        await until(pilot, lambda: app.deadlines.watches)
        await pilot.press("f")
        await until(pilot, lambda: app.screen is not app.main)
        looks = workbench.script.looks
        ended(workbench, run, state=RunState.UNDONE, message=UNDONE)
        await until(pilot, lambda: "undone by itself" in said(app))
        await pilot.pause(0.2)
        assert workbench.script.looks == looks
        await pilot.press("escape")
        await until(pilot, lambda: workbench.script.looks == looks + 1)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"message": "confirmed"}, ""),
        ({"state": RunState.UNDONE, "message": "undone by run-9: applied", "undone_by": "run-9"}, ""),
        ({"message": f"{NOT_REVERTED}: the file was changed"}, f"Repair 1: {NOT_REVERTED}: the file was changed"),
    ],
    ids=["kept", "undone by hand", "could not be undone"],
)
async def test_what_ended_otherwise_is_told_only_where_it_is_news(fields: dict[str, Any], words: str) -> None:
    workbench = fakes.workbench()
    run = made()
    workbench.script.runs.append(run)
    workbench.script.waiting["run-1"] = 1.0
    async with driven(workbench, NARROW) as (app, pilot):
        await until(pilot, lambda: app.deadlines.watches)
        looks = workbench.script.looks
        ended(workbench, run, **fields)
        await until(pilot, lambda: not app.deadlines.watches and not app.deadlines._asking)
        await pilot.pause(0.2)
        assert said(app) == words and app.main.report is not None
        assert workbench.script.looks == looks + bool(words)


async def test_a_repair_of_this_session_is_waited_for() -> None:
    workbench = fakes.workbench()
    async with driven(workbench, NARROW) as (app, pilot):
        until_then = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
        run = made(confirm_by=until_then)
        workbench.script.runs.append(run)
        workbench.script.waiting["run-1"] = 60.0
        app.watch_over(run)
        await until(pilot, lambda: app.deadlines.watches)
        assert said(app) == ""
        ended(workbench, run, state=RunState.UNDONE, message=UNDONE)
        await until(pilot, lambda: "Repair 1" in said(app))


async def test_one_that_the_history_page_shows_is_waited_for_too() -> None:
    workbench = fakes.workbench()
    async with driven(workbench, NARROW) as (app, pilot):
        run = made()
        workbench.script.runs.append(run)
        workbench.script.waiting["run-1"] = 60.0
        await pilot.press("7")
        await until(pilot, lambda: app.main.query_one(HistoryPage).past is not None and app.deadlines.watches)
        ended(workbench, run, state=RunState.UNDONE, message=UNDONE)
        await until(pilot, lambda: "Repair 1" in said(app))


async def test_what_was_undone_while_the_app_was_closed_is_told_at_the_start_and_once(tmp_path: Path) -> None:
    state = tmp_path / "state"
    workbench = at(state)
    workbench.script.runs += [
        made(4, RunState.UNDONE, UNDONE),
        made(3, RunState.UNDONE, f"undone by root's timer: {UNCONFIRMED}"),
        made(2, RunState.UNDONE, "undone by run-8: applied"),
        made(1, RunState.UNDONE, UNDONE, started_at="2026-01-02T03:04:05+00:00"),  # no news any more
    ]
    async with driven(workbench, NARROW, remembers=True) as (app, pilot):
        await until(pilot, lambda: "Repair 4" in said(app))
        assert "2 repairs were undone by themselves" in said(app) and "Repair 4; Repair 3." in said(app)
        await pilot.press("q")
        await until(pilot, lambda: app._exit)
    later = at(state)
    later.script.runs = [made(5, RunState.UNDONE, UNDONE), *workbench.script.runs]
    async with driven(later, NARROW, remembers=True) as (app, pilot):
        await until(pilot, lambda: "Repair 5" in said(app))
        assert "Repair 4" not in said(app)


async def test_a_history_that_cannot_be_read_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    workbench = fakes.workbench()
    run = made()
    workbench.script.runs.append(run)
    workbench.script.waiting["run-1"] = 1.0
    async with driven(workbench, NARROW) as (app, pilot):
        await until(pilot, lambda: app.deadlines.watches)
        workbench.script.history_fails = OSError("gone")
        ended(workbench, run, state=RunState.UNDONE, message=UNDONE)
        await pilot.pause(0.2)
        assert said(app) == "" and app.screen is app.main
        workbench.script.history_fails = None
        await until(pilot, lambda: "Repair 1" in said(app))


async def test_a_result_whose_time_is_over_is_not_said_to_wait() -> None:
    past = (datetime.now(UTC) - timedelta(seconds=5)).isoformat()
    soon = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    assert [waits(made(confirm_by=by)) for by in ("", past, soon)] == [False, False, True]
    assert not waits(made(state=RunState.UNDONE, confirm_by=soon))


@pytest.mark.skipif(sys.platform != "linux" or not hasattr(os, "fork"), reason="repairs are made on Linux only")
async def test_it_is_so_of_a_real_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, state = tmp_path / "home", tmp_path / "state"
    home.mkdir(mode=0o700)
    monkeypatch.setattr(arming, "arming", lambda operations: _leave)
    engine: Any = SimpleNamespace(waiting=lambda: waiting(state), history=lambda: history(state))
    one = risky(state, home)
    deadlines = Deadlines(engine)
    assert await deadlines.at_start(history(state)) == () and deadlines.watches
    assert await deadlines.ask() == ()
    over(state, one)
    assert await deadlines.ask() == ()  # it is about to be undone
    assert revert(state, one.identity) is not None
    (news,) = await deadlines.ask()
    assert one.plan.title in news.words and not news.bad
    assert deadlines.told == (one.identity,) and not deadlines.watches
    assert await Deadlines(engine, deadlines.told).at_start(history(state)) == ()
    (again,) = await Deadlines(engine).at_start(history(state))
    assert again == news
    two = risky(state, home)
    deadlines.wait_for([two.identity])
    confirm(state, two.identity)
    assert await deadlines.ask() == () and not deadlines.watches
    assert run_of(state, two).state is RunState.APPLIED


def _leave(writer: Any) -> str:
    """As after a restart of the machine: the file is there, and no process."""
    (writer.folder / WATCHED).touch(0o600)
    return ""
