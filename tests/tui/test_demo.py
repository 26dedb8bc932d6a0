"""The demo in the app: all of it can be played, it says what it is, and nothing of this machine is touched."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Input

from tests import builders
from tests.tui.driving import NARROW, WIDE, driven, flat, until, until_shown
from workbench import activity
from workbench.demo import demonstrated
from workbench.demo.playing import PlayedWorkbench, demo
from workbench.engine import Workbench
from workbench.host.context import Context
from workbench.model.run import RunState
from workbench.model.session import SessionFacts
from workbench.plugins import load
from workbench.tui.app import WorkbenchApp
from workbench.tui.widgets.findings import FindingsList

ROOT = Path(__file__).parents[2]
CONFIG = "/home/dev/.config/Claude/claude_desktop_config.json"


@pytest.fixture
def engine() -> Iterator[PlayedWorkbench]:
    made = demo(load())
    made.stage.pause = 0.0
    yield made
    activity.forget()


def told(app: WorkbenchApp) -> list[str]:
    return [each.message for each in app._notifications]


def choose(app: WorkbenchApp, check: str) -> None:
    """Put the cursor on what a check found."""
    table = app.main.query_one(FindingsList)
    assert table.choose(next(each for each in table.findings if each.check == check))


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_it_says_at_once_that_nothing_is_real(size: tuple[int, int], engine: PlayedWorkbench) -> None:
    async with driven(engine, size) as (app, pilot):
        await until_shown(pilot, "demo: nothing here is real")
        assert any("a host that does not exist" in words for words in told(app))
        assert "replay" not in flat(app)
        assert "watching" not in flat(app)
        await pilot.press("w")
        await until(pilot, lambda: any("there is nothing to watch" in words for words in told(app)))


async def test_a_repair_is_shown_applied_undone_and_made_again(engine: PlayedWorkbench) -> None:
    async with driven(engine, WIDE) as (app, pilot):
        before = app.main.report
        assert before is not None
        await pilot.press("f")
        await until_shown(
            pilot, "set the mode of", "from 0666 to 0600", "What may stop working", "What undo brings back"
        )
        await pilot.press("a")
        await until_shown(pilot, "a fresh look no longer finds it", "142 → 140 findings")
        assert engine.stage.modes == {CONFIG: 0o600}
        await pilot.press("u")
        await until_shown(pilot, "Undo this repair?", "back from 0600 to 0666")
        await pilot.press("y")
        await until_shown(pilot, "140 → 142 findings")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main and app.main.report is not None and not app.main.looking)
        assert app.main.report is not None
        assert list(app.main.report.findings()) == list(before.findings())
        await pilot.press("7")
        await until_shown(pilot, "8 repairs", "2026-03-14 09:27", "2026-03-13 17:20")
        await pilot.press("j", "U")
        await until_shown(pilot, "Make this repair again?", "back from 0666 to 0600")
        await pilot.press("y")
        await until_shown(pilot, "142 → 140 findings")


async def test_the_diff_of_a_document_is_what_the_editor_makes_of_it(engine: PlayedWorkbench) -> None:
    async with driven(engine, WIDE) as (app, pilot):
        choose(app, "clients/auto-approve")
        await pilot.press("f")
        await until_shown(pilot, "+++ /home/dev/.claude/settings.json", '- "defaultMode": "bypassPermissions",')
        await pilot.press("a")
        await until_shown(pilot, "a fresh look no longer finds it")
    assert b"bypassPermissions" not in engine.stage.files["/home/dev/.claude/settings.json"]


async def test_the_past_is_shown_and_says_where_the_demo_ends(engine: PlayedWorkbench) -> None:
    async with driven(engine, WIDE) as (_, pilot):
        await pilot.press("7")
        await until_shown(pilot, "6 repairs", "1 not in place", "1 rolled back")
        await pilot.press("u")
        await until_shown(pilot, "Undo this repair?")
        await pilot.press("y")
        await until_shown(pilot, "refused", "the demo ends here", "On a real host")
        await pilot.press("escape", "b")
        await until_shown(pilot, "holds", "1.2 KiB")
        await pilot.press("x")
        await until_shown(pilot, "Purge the backups of this repair?")
        await pilot.press("y")
        await until_shown(pilot, "1 backup purged")


async def test_a_batch_is_played_and_undone(engine: PlayedWorkbench) -> None:
    async with driven(engine, WIDE) as (_, pilot):
        await pilot.press("R")
        await until_shown(pilot, "/tmp/mcp-files.sock", "/home/dev/.cursor/mcp.json")
        await pilot.press("a")
        await until_shown(pilot, "3 of 3 repairs applied", "142 → 138 findings")
        await pilot.press("u")
        await until_shown(pilot, "Undo")
        await pilot.press("y")
        await until_shown(pilot, "138 → 142 findings")
    assert engine.stage.seen(as_root=True) == engine.stage.began


async def test_sudo_is_never_asked_and_its_answers_are_played(engine: PlayedWorkbench) -> None:
    async with driven(engine, WIDE) as (app, pilot):
        assert "audit/rules-stopped" not in {each.check for each in app.main.query_one(FindingsList).findings}
        await pilot.press("s")
        await until_shown(pilot, "In the demo none of these commands is run", "/usr/sbin/auditctl -s")
        await pilot.press("y")
        await until_shown(pilot, "Findings 149", "93 of 93 checks assessed")
        await pilot.press("r")
        await until(pilot, lambda: not app.main.looking)
        assert "Findings 149" in flat(app)


async def test_a_probe_connects_to_nothing_and_is_judged(engine: PlayedWorkbench) -> None:
    async with driven(engine, WIDE) as (app, pilot):
        await pilot.press("slash", *"connectable-by-others", "enter")
        table = app.main.query_one(FindingsList)
        await until(pilot, lambda: table.selected is not None and table.selected.check.startswith("sockets/"))
        await pilot.press("p")
        await until_shown(pilot, "In the demo nothing is connected to", "Two real connections")
        await pilot.press("y")
        await until_shown(pilot, "open", "answers a stranger as it answers its owner")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main and not app.main.looking)
    assert list(engine.stage.verdicts.values()) == ["open"]


async def test_what_is_accepted_is_kept_in_memory_only(
    engine: PlayedWorkbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    async with driven(engine, WIDE) as (app, pilot):
        for count in (141, 140):
            await pilot.press("home", "W")
            await until_shown(pilot, "Accept this finding for a while")
            app.screen.query_one("#asked-reason", Input).value = "only to try it"
            await pilot.press("enter")
            await until_shown(pilot, f"Findings {count}")
            assert any("your own waivers are untouched" in words for words in told(app))
    assert not list(tmp_path.iterdir())


async def test_the_trail_and_the_activity_are_the_demo_s(engine: PlayedWorkbench) -> None:
    async with driven(engine, WIDE) as (_, pilot):
        await pilot.press("6")
        await until_shown(pilot, "● live", "3 new since you opened this", "/var/lib/docker/volumes")
        await pilot.press("8")
        await until_shown(pilot, "made up, as all of the demo", "9 read, 2 ran", "/usr/sbin/auditctl -s")


async def test_the_lines_of_a_file_are_the_demo_s(engine: PlayedWorkbench) -> None:
    async with driven(engine, (120, 60)) as (app, pilot):
        choose(app, "secrets/in-shell-startup")
        await pilot.press("z")
        await until_shown(pilot, "export OPENAI_API_KEY=<secret: llm-key, 51 characters>", "EDITOR=vim")


async def test_read_only_holds_in_the_demo_too() -> None:
    async with driven(demo(load(), read_only=True), WIDE) as (_, pilot):
        await until_shown(pilot, "demo: nothing here is real · read-only")
        await pilot.press("f")
        await until_shown(pilot, "read-only: applying it will be refused")
        await pilot.press("a")
        await until_shown(pilot, "refused", "--read-only")
    activity.forget()


def test_nothing_of_this_machine_is_looked_at_or_changed(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
    done = subprocess.run(
        [sys.executable, "-B", "-m", "tests.tui.demo_tour", str(tmp_path / "report.html")],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines() == ["toured"]
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


async def test_a_snapshot_of_the_demo_that_is_replayed_changes_nothing(tmp_path: Path) -> None:
    workbench = Workbench(Context("linux", Path("/nowhere"), 1000, {}, Path("/nowhere")), load(), tmp_path)
    async with driven(workbench, WIDE, replay=demonstrated()) as (app, pilot):
        assert "demo" in flat(app)
        assert "replay" not in flat(app)
        for key, words in (
            ("f", "This is a demo: a host that does not exist, so nothing can be repaired"),
            ("s", "This is a demo: a host that does not exist, so there is nothing"),
        ):
            await pilot.press(key)
            await until_shown(pilot, words)
            await pilot.press("escape")
        await pilot.press("7")
        await until_shown(pilot, "This is a demo", "nothing was repaired or can be undone")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("umask", [0o022, 0o077], ids=["a-finding", "no-finding"])
async def test_a_newcomer_is_told_how_to_go_on(umask: int, tmp_path: Path) -> None:
    workbench = Workbench(Context("linux", Path("/nowhere"), 1000, {}, Path("/nowhere")), load(), tmp_path)
    empty = builders.snapshot(session=SessionFacts(builders.COMPLETE, umask))
    async with driven(workbench, replay=empty) as (app, pilot):
        await until_shown(pilot, "No MCP client and no MCP server was found here", "workbench --demo", "README.md")
        assert bool(app.main.query_one(FindingsList).findings) == (umask == 0o022)


async def test_nobody_with_a_server_is_a_newcomer(engine: PlayedWorkbench) -> None:
    async with driven(engine) as (app, _pilot):
        assert "No MCP client" not in flat(app)
        assert not app.main.query_one("#first-run").display


async def test_history_is_the_past_s_first(engine: PlayedWorkbench) -> None:
    states = [run.state for run in engine.history()]
    assert states.count(RunState.APPLIED) == 4
    assert engine.recover() == ()
