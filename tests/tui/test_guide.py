"""A repair that is steps for the person: they are read, copied and taken, and then the host is looked at again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, click_on, driven, flat, until, until_shown
from workbench.model.finding import Finding, NotAssessed, Passed, Subject, Verdict
from workbench.model.plan import Plan, Refusal, Reversal, Safety, Step
from workbench.model.snapshot import Snapshot
from workbench.plugins import Plugins
from workbench.tui.screens.guide import Guide

CHECK = "clients/config-writable-by-others"
PASSED = Passed(Subject("config", "x", "x"))
STEPS = (
    Step("/home/dev/mcp.json", "Put these two entries in the place of “files”.", '{\n  "files-read": {}\n}'),
    Step("/home/dev/mcp.json", "Quit Claude Desktop and start it again."),
)


def _planned(steps: tuple[Step, ...] = STEPS, **more: Any) -> Any:
    def plan(finding: Finding, snapshot: Snapshot, answers: Any) -> Plan:
        made = Plan("clients/split", finding.check, finding.identity, "Split it", Safety.GUIDE, Reversal.NONE, ())
        return replace(made, steps=steps, **more)

    return plan


def _workbench(*, read_only: bool = False, plan: Any = None) -> fakes.FakeWorkbench:
    fix = fakes.fix(CHECK, "clients/split", safety=Safety.GUIDE, reversal=Reversal.NONE, plan=plan or _planned())
    return fakes.workbench(fakes.plugins(fakes.usual().checks.values(), [fix]), read_only=read_only)


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
async def test_the_steps_are_shown_and_nothing_offers_to_apply_them(size: tuple[int, int]) -> None:
    workbench = _workbench()
    async with driven(workbench, size) as (app, pilot):
        await until_shown(pilot, "f Steps", "guide")
        await pilot.press("f")
        await until_shown(
            pilot, "What you do (2 steps)", "1 Put these two entries", '"files-read": {}', "2 Quit Claude"
        )
        await until_shown(pilot, "nothing is changed from here", "v Verify", "y Copy")
        assert "Apply" not in flat(app)
        assert app.focused is app.screen.query_one("#done")
        await pilot.press("a", "enter")
        await until(pilot, lambda: app.screen is app.main)
        assert workbench.script.looks == 1 and not app.busy


async def test_what_is_to_be_written_is_copied_and_not_the_words() -> None:
    async with driven(_workbench()) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Guide))
        await pilot.press("y")
        await until_shown(pilot, "clipboard of your terminal")
        assert app.clipboard == '{\n  "files-read": {}\n}\n'


async def test_where_there_is_nothing_to_copy_nothing_offers_it() -> None:
    async with driven(_workbench(plan=_planned((Step("", "Ask the author."),)))) as (app, pilot):
        await pilot.press("f")
        await until_shown(pilot, "What you do (1 step)", "v Verify")
        assert "Copy" not in flat(app)


async def test_a_look_says_whether_it_is_still_there_and_then_that_it_is_gone() -> None:
    workbench = _workbench()
    async with driven(workbench, WIDE) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Guide))
        await pilot.press("v")
        await until_shown(pilot, f"verified ! a fresh look still finds it ({CHECK})", "What you do (2 steps)")
        object.__setattr__(workbench, "plugins", _repaired(workbench))
        await click_on(pilot, "Verify (v)")
        await until_shown(pilot, f"verified ✓ a fresh look no longer finds it ({CHECK})", "grade F → C")
        assert workbench.script.looks == 3
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)


def _repaired(workbench: fakes.FakeWorkbench, said: Verdict = PASSED) -> Plugins:
    checks = dict(workbench.plugins.checks) | {CHECK: fakes.check(CHECK, said)}
    return fakes.plugins(checks.values(), workbench.plugins.fixes.values())


async def test_what_could_not_be_looked_at_is_not_called_repaired() -> None:
    workbench = _workbench()
    async with driven(workbench, WIDE) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Guide))
        unread = NotAssessed("the config", "permission denied", "run as root")
        object.__setattr__(workbench, "plugins", _repaired(workbench, unread))
        await pilot.press("v")
        await until_shown(pilot, "verified ? it could not be verified: the config: permission denied")
        assert "no longer finds it" not in flat(app)


async def test_a_look_that_fails_says_so_and_the_steps_stay() -> None:
    workbench = _workbench()
    async with driven(workbench) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Guide))
        workbench.script.fails = OSError("no more files")
        await pilot.press("v")
        await until_shown(pilot, "The new look failed", "What you do (2 steps)")
        assert "verified" not in flat(app)


async def test_a_replay_and_read_only_show_the_steps_too_and_a_replay_cannot_verify() -> None:
    async with driven(_workbench(), replay=builders.snapshot()) as (app, pilot):
        await pilot.press("f")
        await until_shown(pilot, "What you do (2 steps)")
        assert "Verify" not in flat(app)
        await pilot.press("v")
        assert isinstance(app.screen, Guide)
    async with driven(_workbench(read_only=True)) as (app, pilot):
        await pilot.press("f")
        await until_shown(pilot, "What you do (2 steps)", "v Verify")


async def test_a_refusal_of_the_guide_is_told_as_any_other() -> None:
    refuses = _workbench(plan=lambda *_: Refusal("it has one tool only", "leave it as it is"))
    async with driven(refuses) as (_, pilot):
        await pilot.press("f")
        await until_shown(pilot, "Refused: nothing was changed", "it has one tool only", "leave it as it is")


async def test_hostile_words_in_a_step_do_nothing() -> None:
    hostile = (Step("[b]/x[/]", "[@click=app.quit]x[/]", "[bold]y[/bold]\n" + "z" * 3000),)
    async with driven(_workbench(plan=_planned(hostile))) as (app, pilot):
        await pilot.press("f")
        await until_shown(pilot, "[@click=app.quit]x[/]", "[bold]y[/bold]")
        await click_on(pilot, "app.quit")
        assert app.is_running and isinstance(app.screen, Guide)
