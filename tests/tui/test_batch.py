"""From the marks to the list of repairs, to the result and back, by keyboard and by mouse."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

import pytest
from textual.widgets import Button

from tests import builders
from tests.tui import fakes
from tests.tui.driving import NARROW, TINY, WIDE, driven, flat, until, until_shown
from workbench.engine import Workbench
from workbench.model.finding import Finding
from workbench.model.plan import Plan
from workbench.model.record import record
from workbench.model.report import Report
from workbench.model.run import Change, Run, RunState
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.tui.screens.applying import Applying
from workbench.tui.screens.batch import BatchReview
from workbench.tui.screens.batch_result import BatchResult
from workbench.tui.screens.dialogs import Confirm, Notice
from workbench.tui.widgets.findings import FindingsList

BOTH = pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)


@record
class BatchRun(Run):
    """A run that knows its batch."""

    batch: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    finding: Finding
    plan: Plan
    changes: tuple[Change, ...] = fakes.CHANGES
    resolves: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Left:
    finding: Finding
    why: str


@dataclass(frozen=True, slots=True)
class Batch:
    steps: tuple[Step, ...]
    left_out: tuple[Left, ...]


class BatchWorkbench(fakes.FakeWorkbench):
    """Plans what has a fix, leaves out the rest, and stops at the step that is to fail."""

    stops_at = 99
    gate: threading.Event | None = None
    planned: tuple[str, ...] = ()
    warned = ""

    def plan_safe(self, snapshot: Snapshot, report: Report) -> Any:
        findings = list(report.findings())
        object.__setattr__(self, "planned", tuple(finding.subject.key for finding in findings))
        fixed = [finding for finding in findings if self.fixes_for(finding)]
        steps = tuple(
            Step(each, replace(fakes.titled(f"Repair {each.subject.key}"), check=each.check, finding=each.identity))
            for each in fixed
        )
        if steps and self.warned:
            steps = (replace(steps[0], warnings=(self.warned,), resolves=(findings[-1],)), *steps[1:])
        return Batch(steps, tuple(Left(each, "no repair of it is on offer") for each in findings if each not in fixed))

    def apply_batch(self, batch: Any, on_progress: Any = None, before: Any = None) -> tuple[Run, ...]:
        runs: list[Run] = []
        for number, step in enumerate(batch.steps):
            on_progress(number, step.plan.title)
            if self.gate is not None:
                assert self.gate.wait(20)
            bad = RunState.REFUSED if self.read_only else RunState.ROLLED_BACK
            state = bad if self.read_only or number == self.stops_at else RunState.APPLIED
            if state is RunState.APPLIED:
                self.script.repaired.add(step.finding.identity)
            message = "" if state is RunState.APPLIED else "the check still says so; 1 more were not begun"
            made = BatchRun(
                f"r{number}", state, step.plan, step.changes, "2026-01-02T03:04:05+00:00", "", message, batch="b"
            )
            runs.append(made)
            self.script.runs.insert(0, made)
            if state is not RunState.APPLIED:
                break
        return tuple(runs)

    def undo_batch(self, batch: str, on_progress: Any = None) -> tuple[Run, ...]:
        assert batch == "b"
        standing = [run for run in self.script.runs if run.state is RunState.APPLIED]
        for number, run in enumerate(standing):
            on_progress(number, run.plan.title)
            self.script.repaired.discard(run.plan.finding)
        return tuple(replace(run, state=RunState.UNDONE) for run in standing)


def _workbench(*, read_only: bool = False) -> BatchWorkbench:
    checks = [
        fakes.check("clients/a", *(_of(name, Severity.HIGH) for name in ("one", "two", "three"))),
        fakes.check("sockets/b", _of("four", Severity.MEDIUM), worst=Severity.HIGH),
    ]
    usual = fakes.workbench(fakes.plugins(checks, [fakes.fix("clients/a")]), read_only=read_only)
    made = BatchWorkbench(usual.context, usual.plugins, usual.state, read_only)
    object.__setattr__(made, "script", usual.script)
    return made


def _of(name: str, severity: Severity) -> Finding:
    return fakes.finding(f"the trouble with {name}", severity, name, name)


def _set(workbench: Workbench, **more: object) -> None:
    for name, value in more.items():
        object.__setattr__(workbench, name, value)


@BOTH
async def test_mark_review_cancel_changes_nothing(size: tuple[int, int]) -> None:
    workbench = _workbench()
    async with driven(workbench, size) as (app, pilot):
        await pilot.press("space", "G", "space", "R")
        await until(pilot, lambda: isinstance(app.screen, BatchReview))
        await until_shown(pilot, "Repair what is marked", "nothing has been changed yet", "1. Repair one")
        assert workbench.planned == ("one", "four")
        focused = app.focused
        assert isinstance(focused, Button) and focused.id == "cancel"
        await pilot.press("R")  # the key that opened it does not apply it
        await pilot.press("G")
        await until_shown(pilot, "Left as it is (1)", "the trouble with four", "no repair of it is on offer")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert workbench.script.runs == []
        assert len(app.main.query_one(FindingsList).marked) == 2


async def test_the_list_shows_the_exact_change_its_class_and_what_to_heed() -> None:
    workbench = _workbench()
    _set(workbench, warned="Claude Desktop is running and may write it again")
    async with driven(workbench, (120, 60)) as (_, pilot):
        await pilot.press("R")
        await until_shown(
            pilot,
            "Repair everything that is safe",
            "3 repairs of 4 findings, in this order",
            "▲ high the trouble with one",
            "as well the trouble with four",
            "safety safe: changes nothing that a server needs; undo brings back everything",
            "! Claude Desktop is running and may write it again",
            "0666 rw-rw-rw- → 0600 rw-------",
            '+ "command": "npx pkg@1.2.3",',
        )


@BOTH
async def test_apply_all_result_and_one_undo(size: tuple[int, int]) -> None:
    workbench = _workbench()
    async with driven(workbench, size) as (app, pilot):
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, BatchReview))
        assert workbench.planned == ("one", "three", "two", "four")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, BatchResult))
        await until_shown(pilot, "3 of 3 repairs applied", "grade C → B", "4 → 1 finding", "applied Repair three")
        assert len(app.main.query_one(FindingsList).findings) == 1
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await until_shown(pilot, "Undo 3 repairs?", "Repair two")
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, BatchResult))
        await until_shown(pilot, "3 of 3 repairs undone", "grade B → C")
        assert "Undo all" not in flat(app)
        await pilot.press("u")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert len(app.main.query_one(FindingsList).findings) == 4


async def test_by_mouse() -> None:
    workbench = _workbench()
    async with driven(workbench, NARROW) as (app, pilot):
        app.main.query_one(FindingsList).focus()
        await pilot.press("space", "R")
        await until(pilot, lambda: isinstance(app.screen, BatchReview))
        await until_shown(pilot, "Apply 1 repair (a)")
        await pilot.click("#apply")
        await until(pilot, lambda: isinstance(app.screen, BatchResult))
        await until_shown(pilot, "1 of 1 repair applied")
        await pilot.click("#done")
        await until(pilot, lambda: app.screen is app.main)
        assert app.main.query_one(FindingsList).marked == ()  # what is repaired is marked no more


async def test_it_says_where_it_stopped_and_offers_to_undo_what_stands() -> None:
    workbench = _workbench()
    _set(workbench, stops_at=1)
    async with driven(workbench, WIDE) as (app, pilot):
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, BatchReview))
        await pilot.press("a")
        await until_shown(
            pilot,
            "1 of 3 repairs applied",
            "rolled back Repair three",
            "the check still says so; 1 more were not begun",
            "not begun 1 further repair",
            "Undo all (u)",
        )


async def test_the_steps_are_told_as_they_come_and_nobody_quits_meanwhile() -> None:
    workbench = _workbench()
    gate = threading.Event()
    _set(workbench, gate=gate)
    async with driven(workbench) as (app, pilot):
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, BatchReview))
        await pilot.press("a")
        await until_shown(pilot, "1 of 3 Repair one")
        for key in ("ctrl+q", "ctrl+c", "escape", "q"):
            await pilot.press(key)
        assert isinstance(app.screen, Applying)
        assert not app._exit
        gate.set()
        await until(pilot, lambda: isinstance(app.screen, BatchResult))


async def test_where_nothing_can_be_repaired_there_is_nothing_to_agree_to() -> None:
    workbench = _workbench()
    async with driven(workbench) as (app, pilot):
        await pilot.press("G", "space", "R")
        await until_shown(pilot, "Nothing here can be repaired in one go", "Left as it is (1)")
        assert "Apply" not in flat(app)
        await pilot.press("a")
        await pilot.pause()
        assert isinstance(app.screen, BatchReview)


async def test_read_only_and_a_replay_are_refused() -> None:
    looking = _workbench(read_only=True)
    async with driven(looking) as (app, pilot):
        await pilot.press("R")
        await until_shown(pilot, "read-only: applying it will be refused")
        await pilot.press("a")
        await until_shown(pilot, "0 of 3 repairs applied", "refused")
        assert "Undo all" not in flat(app)
    async with driven(_workbench(), replay=builders.snapshot()) as (app, pilot):
        await pilot.press("R")
        await until_shown(pilot, "This is the replay of a snapshot")


async def test_an_engine_that_fails_is_said_and_what_is_there_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    workbench = _workbench()

    def broken(self: object, batch: object, on_progress: object = None, before: object = None) -> tuple[Run, ...]:
        raise OSError("no space left on [/device]")

    monkeypatch.setattr(BatchWorkbench, "apply_batch", broken)
    async with driven(workbench) as (app, pilot):
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, BatchReview))
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Notice))
        await until_shown(pilot, "It failed", "no space left on [/device]")
        assert workbench.script.looks == 2
        assert not app.busy


async def test_in_a_terminal_made_too_small_nothing_is_applied() -> None:
    workbench = _workbench()
    async with driven(workbench) as (app, pilot):
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, BatchReview))
        await pilot.resize_terminal(*TINY)
        await until_shown(pilot, "This terminal is")
        await pilot.press("a")
        await pilot.pause()
        assert workbench.script.runs == []
