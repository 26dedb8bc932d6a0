"""From a finding to its repair and back, by keyboard."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Literal

import pytest
from textual.widgets import Button, Checkbox, Input, Select

from tests import builders
from tests.tui import fakes
from tests.tui.driving import NARROW, TINY, WIDE, driven, flat, shown, until, until_shown
from workbench.model.finding import Finding
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.run import Run, RunState
from workbench.model.snapshot import Snapshot
from workbench.tui.app import WorkbenchApp
from workbench.tui.plain import stacked
from workbench.tui.screens.agree import Agree
from workbench.tui.screens.answers import AskAnswers
from workbench.tui.screens.applying import Applying
from workbench.tui.screens.dialogs import Choose, Notice
from workbench.tui.screens.preview import Preview, preview
from workbench.tui.screens.result import Result
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.findings import FindingsList

CONFIG_CHECK = "clients/config-writable-by-others"


async def test_scan_select_preview_cancel_changes_nothing() -> None:
    workbench = fakes.workbench()
    async with driven(workbench, NARROW) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await until_shown(
            pilot,
            "What will be done (1 step)",
            "0666 rw-rw-rw- → 0600 rw-------",
            '- "command": "npx pkg",',
            '+ "command": "npx pkg@1.2.3",',
            "What may stop working",
            "nothing has been changed yet",
        )
        focused = app.focused
        assert isinstance(focused, Button) and focused.id == "cancel"
        await pilot.press("f")  # the key that opened it does not apply it
        await pilot.press("G")
        await until_shown(pilot, "What undo brings back", "all of it is rolled back")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert workbench.script.runs == []
        assert workbench.script.looks == 1


async def test_scan_select_apply_result_undo() -> None:
    workbench = fakes.workbench()
    async with driven(workbench, WIDE) as (app, pilot):
        await pilot.press("enter")  # where the detail is shown already, this is the next step
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Result))
        await until_shown(
            pilot, "applied The change is made", "a fresh look no longer finds it", "grade F → C", "4 → 3 findings"
        )
        assert len(app.main.query_one(FindingsList).findings) == 3
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, Agree))
        await until_shown(pilot, "Undo this repair?", fakes.CONFIG)
        await pilot.press("y")
        await until_shown(pilot, "undone It was undone", "a fresh look finds it again", "grade C → F")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert [run.state for run in workbench.script.runs] == [RunState.UNDONE]
        assert len(app.main.query_one(FindingsList).findings) == 4


async def test_undo_from_the_main_screen_asks_and_enter_does_not_undo() -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(fakes.run())
    async with driven(workbench) as (app, pilot):
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, Agree))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert workbench.script.runs[0].state is RunState.APPLIED


async def test_with_nothing_to_undo_it_says_so() -> None:
    async with driven(fakes.workbench()) as (_, pilot):
        await pilot.press("u")
        await until_shown(pilot, "Nothing to undo")


async def test_undo_takes_the_last_repair_and_not_the_undo_of_another() -> None:
    workbench = fakes.workbench()
    redone = fakes.run("3", plan=fakes.titled("Undo: Make it private"))
    workbench.script.runs += [redone, fakes.run("2", RunState.UNDONE), fakes.run("1", plan=fakes.titled("The first"))]
    async with driven(workbench) as (app, pilot):
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, Agree))
        await until_shown(pilot, "The first")


async def test_a_refusal_says_why_and_what_to_do_instead() -> None:
    workbench = fakes.workbench()
    workbench.script.refuses = Refusal("the file changed since it was looked at", "press r and try again")
    async with driven(workbench) as (app, pilot):
        await pilot.press("f")
        await until_shown(pilot, "Refused: nothing was changed", "changed since it was looked at", "Instead: press r")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
async def test_a_finding_without_a_repair_shows_how_it_is_done_by_hand(size: tuple[int, int]) -> None:
    async with driven(fakes.workbench(), size) as (app, pilot):
        await until_shown(pilot, "f Repair")
        await pilot.press("j")
        await until_shown(pilot, "f By hand")
        await pilot.press("f")
        await until_shown(pilot, "No repair is on offer for this finding yet", "How to fix it by hand")
        assert app.screen is app.main and app.focused is app.main.query_one(DetailPane)
        await pilot.press("escape", "k")
        await until_shown(pilot, "f Repair")


async def test_a_finding_without_a_repair_and_without_a_lesson_says_so() -> None:
    """Of a replay whose check is not here any more nothing can be opened."""
    workbench = fakes.workbench()
    async with driven(workbench) as (_, pilot):
        await pilot.press("j")
        await until_shown(pilot, "f By hand")
        object.__setattr__(workbench, "plugins", fakes.plugins([]))
        await pilot.press("f")
        await until_shown(pilot, "No repair on offer")


async def test_a_replay_is_never_repaired_or_undone() -> None:
    workbench = fakes.workbench()
    async with driven(workbench, replay=builders.snapshot()) as (app, pilot):
        await until_shown(pilot, "replay")
        for key in ("f", "u", "h"):
            await pilot.press(key)
            await until_shown(pilot, "This is the replay of a snapshot")
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is app.main)
        assert workbench.script.looks == 0
        assert workbench.script.answers == []


async def test_read_only_is_refused_by_the_engine_and_shown() -> None:
    async with driven(fakes.workbench(read_only=True)) as (app, pilot):
        await until_shown(pilot, "read-only")
        await pilot.press("f")
        await until_shown(pilot, "read-only: applying it will be refused")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Result))
        await until_shown(pilot, "refused It was refused. Nothing was changed.", "started with --read-only")
        assert "Undo (u)" not in flat(app)


async def test_a_roll_back_that_failed_is_loud() -> None:
    workbench = fakes.workbench()
    workbench.script.ends = RunState.ROLLBACK_FAILED
    async with driven(workbench) as (_, pilot):
        await pilot.press("f")
        await until_shown(pilot, "Preview")
        await pilot.press("a")
        await until_shown(pilot, "rollback failed It could neither be finished nor be taken back")


def _in_the_window(app: WorkbenchApp) -> str:
    """What the window alone shows: that which lies behind it may be out of sight."""
    window = app.screen.query_one(".window").region
    lines = shown(app).split("\n")[window.y : window.bottom]
    return " ".join(" ".join(line[window.x : window.right] for line in lines).split())


async def test_of_several_fixes_one_is_chosen() -> None:
    usual = fakes.usual()
    other = fakes.fix(
        CONFIG_CHECK, "clients/move", title="Move it away", safety=Safety.REVIEW, reversal=Reversal.PARTIAL
    )
    workbench = fakes.workbench(fakes.plugins(usual.checks.values(), [*usual.fixes.values(), other]))
    async with driven(workbench) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await until_shown(pilot, "Take the rights of others away", "Move it away", "undo brings back a part")
        assert "✖ critical Any account on this machine" in _in_the_window(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, Preview))


class Where(Enum):
    HERE = "here"
    THERE = "there"


@dataclass(frozen=True, slots=True)
class Wanted:
    directory: str
    keep: int
    backup: bool
    where: Where
    how: Literal["quick", "thorough"]


async def test_a_fix_that_asks_gets_a_form_filled_in_as_it_suggests() -> None:
    asking = fakes.fix(
        CONFIG_CHECK,
        answers=Wanted,
        suggest=lambda finding, snapshot: Wanted("/home/dev/ws", 3, True, Where.THERE, "quick"),
    )
    workbench = fakes.workbench(fakes.plugins(fakes.usual().checks.values(), [asking]))
    async with driven(workbench) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, AskAnswers))
        assert "✖ critical Any account on this machine" in _in_the_window(app)
        directory = app.screen.query_one("#answer-directory", Input)
        assert directory.value == "/home/dev/ws"
        assert app.screen.query_one("#answer-backup", Checkbox).value is True
        assert app.screen.query_one("#answer-where", Select).value is Where.THERE
        await pilot.press("end", "q")  # a letter typed into a field is no command
        assert directory.value == "/home/dev/wsq"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        expected = {"directory": "/home/dev/wsq", "keep": 3, "backup": True, "where": Where.THERE, "how": "quick"}
        assert workbench.script.answers == [expected]


async def test_a_form_can_be_left_and_a_wrong_number_is_not_taken() -> None:
    asking = fakes.fix(CONFIG_CHECK, answers=Wanted)
    workbench = fakes.workbench(fakes.plugins(fakes.usual().checks.values(), [asking]))
    async with driven(workbench) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, AskAnswers))
        await pilot.press("enter")
        await until_shown(pilot, "A whole number is wanted here")
        assert isinstance(app.screen, AskAnswers)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        assert workbench.script.answers == []


WORK = Wanted("work", 3, True, Where.HERE, "quick")


async def test_an_answer_that_is_refused_is_asked_for_again_and_what_was_typed_is_kept() -> None:
    def plan(finding: Finding, snapshot: Snapshot, answers: Any) -> Plan | Refusal:
        directory = str(answers["directory"])  # as the fake engine hands them on: as they were given
        if not directory.startswith("/"):
            return Refusal("that is not a plain absolute path", "give an absolute path")
        return fakes.titled(f"Give it {directory}")

    asking = fakes.fix(CONFIG_CHECK, answers=Wanted, suggest=lambda *_: WORK, plan=plan)
    workbench = fakes.workbench(fakes.plugins(fakes.usual().checks.values(), [asking]))
    async with driven(workbench) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, AskAnswers))
        await pilot.press("end", *"shop", "enter")
        await until_shown(pilot, "that is not a plain absolute path", "Instead: give an absolute path")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, AskAnswers))
        assert app.screen.query_one("#answer-directory", Input).value == "workshop"
        await pilot.press("home", "/", "enter")
        await until_shown(pilot, "Preview", "Give it /workshop")


async def test_a_suggestion_that_is_a_refusal_is_shown() -> None:
    asking = fakes.fix(
        CONFIG_CHECK,
        safety=Safety.REVIEW,
        answers=Wanted,
        suggest=lambda finding, snapshot: Refusal("no version is installed"),
    )
    workbench = fakes.workbench(fakes.plugins(fakes.usual().checks.values(), [asking]))
    async with driven(workbench) as (_, pilot):
        await pilot.press("f")
        await until_shown(pilot, "Refused: nothing was changed", "no version is installed")


async def test_nobody_quits_in_the_middle_of_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    workbench = fakes.workbench()
    go_on = threading.Event()
    apply = fakes.FakeWorkbench.apply

    def slow(self: fakes.FakeWorkbench, prepared: Any, on_step: Any = None, before: Any = None) -> Run:
        on_step("holding still")
        assert go_on.wait(20)
        return apply(self, prepared, on_step)

    monkeypatch.setattr(fakes.FakeWorkbench, "apply", slow)
    async with driven(workbench) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await pilot.press("a")
        await until_shown(pilot, "holding still")
        for key in ("ctrl+q", "ctrl+c", "escape", "ctrl+p"):
            await pilot.press(key)
        assert isinstance(app.screen, Applying)
        assert not app._exit
        go_on.set()
        await until(pilot, lambda: isinstance(app.screen, Result))


async def test_an_engine_that_fails_is_said_and_the_app_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object, prepared: object, on_step: object = None, before: object = None) -> Run:
        raise OSError("no space left on [/device]")

    monkeypatch.setattr(fakes.FakeWorkbench, "apply", broken)
    async with driven(fakes.workbench()) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Notice))
        await until_shown(pilot, "It failed", "no space left on [/device]")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)


async def test_an_interrupted_run_is_offered_for_recovery_at_the_start() -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(fakes.run(state=RunState.STARTED))
    workbench.script.recovery_commands = (("/usr/bin/sudo", "-n", "--", "/usr/bin/systemctl", "daemon-reload"),)
    async with driven(workbench) as (app, pilot):
        await until_shown(pilot, "A repair was interrupted", "Make the config of Claude Desktop private")
        await until_shown(pilot, "give the old rights back", "0600", "systemctl daemon-reload")
        assert [run.state for run in workbench.script.runs] == [RunState.STARTED]
        await pilot.press("y")
        await until_shown(pilot, "Recovered")
        assert workbench.script.recovery_agreed is not None, "only what was shown is agreed to"
        assert workbench.script.runs[0].state is RunState.RECOVERED
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)


async def test_what_only_root_may_look_at_is_shown_once_sudo_lets_it_and_then_asked_about() -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(fakes.run(state=RunState.STARTED))
    workbench.script.recovery_shown = False
    async with driven(workbench) as (_, pilot):
        await until_shown(pilot, "A repair was interrupted", "Look (y)")
        await pilot.press("y")
        await until_shown(pilot, "give the old rights back", "Recover (y)")
        assert workbench.script.runs[0].state is RunState.STARTED
        await pilot.press("y")
        await until_shown(pilot, "Recovered")


async def test_recovery_can_wait_and_read_only_does_not_offer_it() -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(fakes.run(state=RunState.STARTED))
    async with driven(workbench) as (app, pilot):
        await until_shown(pilot, "A repair was interrupted")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert workbench.script.runs[0].state is RunState.STARTED
    looking = fakes.workbench(read_only=True)
    looking.script.runs.append(fakes.run(state=RunState.STARTED))
    async with driven(looking) as (_, pilot):
        await until_shown(pilot, "A repair was interrupted", "when the workbench is started without")


async def test_a_preview_in_a_terminal_made_too_small_cannot_be_applied() -> None:
    workbench = fakes.workbench()
    async with driven(workbench) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await pilot.resize_terminal(*TINY)
        await until_shown(pilot, "This terminal is 50 × 10")
        await pilot.press("a")
        await pilot.pause()
        assert isinstance(app.screen, Preview)
        assert workbench.script.runs == []


async def test_the_preview_shows_the_diff_side_by_side_where_there_is_room() -> None:
    async with driven(fakes.workbench(), WIDE) as (app, pilot):
        await pilot.press("f")
        await until_shown(pilot, "Preview", "Side by side")
        assert "│ +" not in shown(app)
        await pilot.press("d")
        beside = re.compile(r'- +"command": "npx pkg", +│ \+ +"command": "npx pkg@1')
        await until(pilot, lambda: beside.search(shown(app)) is not None)
        await pilot.resize_terminal(*NARROW)
        await until(pilot, lambda: beside.search(shown(app)) is None)
        assert "Side by side" not in flat(app)


async def test_the_preview_warns_and_names_the_commands_that_run_as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    workbench = fakes.workbench()
    commands = (("/usr/bin/install", "-m", "0440", "a b"), ("/usr/sbin/visudo", "-c"))
    monkeypatch.setattr(fakes, "CHANGES", (replace(fakes.CHANGES[0], commands=commands),))
    monkeypatch.setattr(fakes.FakeWorkbench, "warnings", lambda *_: ("Cursor is running: quit it first",))
    async with driven(workbench, (100, 40)) as (_, pilot):
        await pilot.press("f")
        await until_shown(
            pilot,
            "! Cursor is running: quit it first",
            "exactly these commands run as root",
            "# /usr/bin/install -m 0440 'a b'",
            "# /usr/sbin/visudo -c",
        )


def _waiting(monkeypatch: pytest.MonkeyPatch, seconds: int) -> fakes.FakeWorkbench:
    workbench = fakes.workbench()
    apply = fakes.FakeWorkbench.apply
    until = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="seconds")

    def waits(self: fakes.FakeWorkbench, prepared: Any, on_step: Any = None, before: Any = None) -> Run:
        made = replace(apply(self, prepared, on_step), confirm_by=until)
        self.script.runs[0] = made
        self.script.waiting[made.identity] = float(seconds)
        return made

    monkeypatch.setattr(fakes.FakeWorkbench, "apply", waits)
    return workbench


async def test_a_repair_that_waits_counts_down_in_its_result_and_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    workbench = _waiting(monkeypatch, 300)
    async with driven(workbench) as (app, pilot):
        await pilot.press("f")
        await until_shown(pilot, "Preview")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Result))
        await until_shown(pilot, "Undone by itself in 4:", "Keep it (c)")
        focused = app.focused
        assert isinstance(focused, Button) and focused.id == "done"
        await pilot.press("c")
        await until_shown(pilot, "Kept: Make the config of Claude Desktop private")
        assert workbench.script.confirmed == ["run-0"] and app.screen is app.main


async def test_a_repair_that_waits_and_is_left_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    workbench = _waiting(monkeypatch, 300)
    async with driven(workbench) as (app, pilot):
        await pilot.press("f")
        await until_shown(pilot, "Preview")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Result))
        await pilot.press("escape")
        await until_shown(pilot, "undone by itself unless you keep it", "press 7")
        assert workbench.script.confirmed == []


async def test_once_its_time_is_over_it_cannot_be_kept_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async with driven(_waiting(monkeypatch, -5)) as (app, pilot):
        await pilot.press("f")
        await until_shown(pilot, "Preview")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Result))
        await until_shown(pilot, "The time is over: it is being undone")
        await pilot.press("c")
        await pilot.pause()
        assert isinstance(app.screen, Result)


def test_a_plan_that_is_to_be_confirmed_says_so_before_it_is_applied() -> None:
    plan = replace(fakes.titled("x"), confirm=120)
    said = " ".join(stacked(preview(fakes.finding(), plan, fakes.CHANGES, 78)).plain.split())
    assert "undone by itself unless you confirm within 2:00" in said
