"""The app looks again by itself when this host changes, says what that came to, and leaves a person in peace."""

from __future__ import annotations

import dataclasses
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import builders
from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, driven, flat, until, until_shown
from tests.tui.fakes import finding
from workbench.host.command import Output
from workbench.model.clients import ClientFacts
from workbench.model.finding import Finding
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.tui.host_watch import HostWatch, announced, answered_before, in_short
from workbench.tui.widgets.findings import FindingsList
from workbench.watching import Change, Difference

WRITABLE = "Any account on this machine can write the config"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.watching.EVERY", 0.05)
    monkeypatch.setattr("workbench.watching._SETTLE", 0.02)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    made = tmp_path / "config.json"
    made.write_text("{}")
    return made


def watched(config: Path) -> fakes.FakeWorkbench:
    made = fakes.workbench()
    made.script.snapshot = seen(config)
    return made


def seen(config: Path) -> Snapshot:
    """A look at a host of which one file can be watched, begun now."""
    facts = ClientFacts(builders.COMPLETE, looked_at=(str(config),))
    # The processes and sockets of the machine that runs the test are others every moment.
    host = dataclasses.replace(builders.snapshot().host, platform="darwin", home=str(config.parent))
    return dataclasses.replace(builders.snapshot(clients=facts, host=host), taken_at=datetime.now(UTC).isoformat())


def touched(made: fakes.FakeWorkbench, config: Path) -> None:
    """Change the file; the next look is begun after it."""
    config.write_text(config.read_text() + " ")
    made.script.snapshot = dataclasses.replace(
        made.script.snapshot, taken_at=datetime.fromtimestamp(config.stat().st_mtime + 1, UTC).isoformat()
    )


async def test_what_went_and_what_appeared_is_said_and_listed(config: Path) -> None:
    made = watched(config)
    made.script.hidden.add(identity_of(made, "git"))
    async with driven(made, WIDE, watch=True) as (app, pilot):
        await until_shown(pilot, "· watching")
        assert app.main.report is not None
        gone = next(each for each in app.main.report.findings() if each.summary.startswith(WRITABLE))
        made.script.hidden.clear()
        made.script.hidden.add(gone.identity)
        touched(made, config)
        await until_shown(pilot, "This host changed", "new: medium The server “git” runs", "gone: critical", "1 gone)")
        assert {each.summary.split()[0] for each in app.main.query_one(FindingsList).findings} == {"Any", "The"}
        assert made.script.looks == 2


def identity_of(made: fakes.FakeWorkbench, key: str) -> str:
    return next(each for each in made.judge(made.script.snapshot).findings() if each.subject.key == key).identity


async def test_it_is_switched_off_and_on_with_a_key(config: Path) -> None:
    made = watched(config)
    async with driven(made, NARROW, watch=True) as (app, pilot):
        await until_shown(pilot, "· watching")
        await pilot.press("w")
        await until_shown(pilot, "not watching", "Press r to look again")
        touched(made, config)
        await pilot.pause(0.4)
        assert made.script.looks == 1
        await pilot.press("w")
        await until(pilot, lambda: made.script.looks == 2)
        await until(pilot, lambda: app.main.host_watch.waits)


async def test_nobody_who_reads_or_decides_is_interrupted(config: Path) -> None:
    made = watched(config)
    async with driven(made, WIDE, watch=True) as (app, pilot):
        await until_shown(pilot, "· watching")
        await pilot.press("f")
        await until_shown(pilot, "Apply (a)")
        touched(made, config)
        await until(pilot, lambda: not app.main.host_watch.waits)
        await pilot.pause(0.3)
        assert made.script.looks == 1
        await pilot.press("escape")
        await until(pilot, lambda: made.script.looks == 2)


async def test_a_look_that_finds_nothing_else_is_silent(config: Path) -> None:
    made = watched(config)
    async with driven(made, WIDE, watch=True) as (_app, pilot):
        await until_shown(pilot, "· watching")
        touched(made, config)
        await until(pilot, lambda: made.script.looks == 2)
        await until_shown(pilot, "· watching")
        assert "This host changed" not in flat(pilot.app)


async def test_sudo_is_not_asked_by_a_look_that_nobody_asked_for(config: Path) -> None:
    made = watched(config)
    vector = ("/usr/bin/cat", "--", str(config))
    made.script.wanted = [vector]
    async with driven(made, WIDE, watch=True) as (app, pilot):
        app.main.looker.learn({vector: Output(0, "read", "")})
        app.main.looker.answered_at = "2026-01-02T03:04:05+00:00"
        await pilot.press("r")
        await until(pilot, lambda: made.script.looks == 2 and not app.main.looking)
        read, asked = list(made.script.read), list(made.script.asked_root)
        touched(made, config)
        await until_shown(pilot, "What only root may read", "read with sudo 03:04")
        assert made.script.looks == 3
        assert (made.script.read, made.script.asked_root) == (read, asked)
        assert app.main.looker.answers


async def test_a_look_that_fails_is_said_and_ends_the_watching(config: Path) -> None:
    made = watched(config)
    async with driven(made, WIDE, watch=True) as (_app, pilot):
        await until_shown(pilot, "· watching")
        made.script.fails = OSError("no more processes")
        touched(made, config)
        await until_shown(pilot, "no more processes", "not watching")
        made.script.fails = None
        await pilot.press("r")
        await until_shown(pilot, "· watching")


async def test_what_cannot_be_watched_is_said(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise PermissionError("[red]not /proc")

    monkeypatch.setattr("workbench.watching.Watched.of", fails)
    async with driven(watched(config), WIDE, watch=True) as (_app, pilot):
        await until_shown(pilot, "not watched any more", "[red]not /proc", "not watching")


async def test_a_replay_is_not_watched(config: Path) -> None:
    async with driven(watched(config), WIDE, replay=seen(config), watch=True) as (app, pilot):
        await pilot.press("w")
        assert "watching" not in flat(app)
        assert not app.main.host_watch.waits
        await pilot.press("question_mark")
        await until_shown(pilot, "Keys here")
        assert "Look again by itself" not in flat(app)


async def test_the_thread_ends_with_the_app(config: Path) -> None:
    async with driven(watched(config), NARROW, watch=True) as (app, pilot):
        await until_shown(pilot, "· watching")
        stop = app.main.host_watch._stop
        assert not stop.is_set()
    assert stop.is_set()


async def test_what_stopped_does_not_tell(config: Path) -> None:
    watch = HostWatch(live=True, on=True, every=0.01)
    stop = watch.begin()
    watch.stop()
    assert await watch.change(seen(config), stop) == ()
    assert isinstance(stop, threading.Event)
    assert watch.mark == "not watching"


def test_hostile_and_many_findings_are_told_in_a_few_plain_lines() -> None:
    every = tuple(hostile(number) for number in range(9))
    said = announced(Difference(new=every))
    assert said.splitlines()[-1] == "and 6 more"
    assert len(said.splitlines()) == 4
    assert "\x1b" not in said
    assert len(said) < 1000
    assert in_short(Difference(new=every, gone=every[:2])) == "9 new, 2 gone"
    assert in_short(Difference(grade=("B", "A"))) == "grade A"


def hostile(number: int) -> Finding:
    return finding("\x1b[2J[@click=app.quit]x[/]\n" * 40, Severity.HIGH, str(number))


def test_only_what_root_had_read_makes_its_answers_stale() -> None:
    answers = [("/usr/bin/cat", "--", "/etc/sudoers")]
    assert answered_before([Change("file", "/etc/sudoers", "changed")], answers)
    assert not answered_before([Change("file", "/etc/sudoers.d", "changed")], answers)


async def test_watching_is_switched_off_before_the_first_look_has_ended(config: Path) -> None:
    made = watched(config)
    made.script.gate.clear()
    async with driven(made, WIDE, looked=False, watch=True) as (app, pilot):
        await until(pilot, lambda: app.main.looking)
        await pilot.press("w")
        await until_shown(pilot, "This host is not watched any more")
        made.script.gate.set()
        await until_shown(pilot, "· not watching")
        assert not app.main.host_watch.on
