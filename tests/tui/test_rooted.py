"""A repair that needs root: every command is shown before, and sudo asks for itself when it has to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from textual.app import SuspendNotSupported

from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, driven, until, until_shown
from workbench.model.plan import Plan
from workbench.model.run import Run, RunState
from workbench.repair.paths import Refused
from workbench.repair.root_commands import asked_again
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.preview import Preview
from workbench.tui.screens.result import Result
from workbench.verifying import Before

COMMANDS = (
    ("/usr/bin/sudo", "-n", "--", "/usr/bin/cp", "--archive", "--", "/etc/sudoers.d/mcp", "/var/lib/x"),
    ("/usr/bin/sudo", "-n", "--", "/usr/bin/dd", "of=/etc/sudoers.d/.mcp x", "status=none"),
)


@pytest.fixture
def lent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A terminal that can be given away, and what happened to it."""
    told: list[str] = []

    @contextmanager
    def suspend(app: WorkbenchApp) -> Iterator[None]:
        told.append("given")
        yield
        told.append("taken back")

    monkeypatch.setattr(WorkbenchApp, "suspend", suspend)
    return told


def _of_root(monkeypatch: pytest.MonkeyPatch, said: list[Any]) -> fakes.FakeWorkbench:
    """A workbench whose repairs run commands of root's, for which sudo asks in between."""

    def prepare(self: fakes.FakeWorkbench, plan: Plan) -> Any:
        changes = tuple(replace(change, commands=COMMANDS) for change in fakes.CHANGES)
        return SimpleNamespace(plan=plan, changes=changes)

    def apply(
        self: fakes.FakeWorkbench,
        prepared: Any,
        on_step: Callable[[str], None] | None = None,
        before: Before | None = None,
    ) -> Run:
        assert before is not None
        try:
            asked_again()
            said.append("went on")
            state = RunState.APPLIED
            self.script.repaired.add(prepared.plan.finding)
        except Refused as why:
            said.append(why.reason)
            state = RunState.ROLLED_BACK
        said.append(before.reads)
        return fakes.run("run-0", state, plan=prepared.plan)

    monkeypatch.setattr(fakes.FakeWorkbench, "prepare", prepare)
    monkeypatch.setattr(fakes.FakeWorkbench, "apply", apply)
    return fakes.workbench()


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)
async def test_every_command_is_shown_before_anything_is_done(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = _of_root(monkeypatch, [])
    async with driven(workbench, size) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await pilot.press("pagedown")
        await until_shown(pilot, "exactly these commands run as root", "/usr/bin/sudo -n -- /usr/bin/cp --archive")
        await until_shown(pilot, "'of=/etc/sudoers.d/.mcp x'")
        assert workbench.script.asked_root == []


@pytest.mark.parametrize(("says", "told"), [("", "went on"), ("sudo did not agree", "sudo did not agree")])
async def test_sudo_asks_on_the_terminal_while_it_is_applied(
    says: str, told: str, lent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []
    workbench = _of_root(monkeypatch, said)
    workbench.script.sudo_says = says
    async with driven(workbench, WIDE) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Result))
        assert lent == ["given", "taken back"] and workbench.script.asked_root == [True]
        assert told in said[0] and said[1] == ()


async def test_a_terminal_that_cannot_be_lent_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def suspend(app: WorkbenchApp) -> Iterator[None]:
        raise SuspendNotSupported
        yield

    monkeypatch.setattr(WorkbenchApp, "suspend", suspend)
    said: list[Any] = []
    async with driven(_of_root(monkeypatch, said), WIDE) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Result))
        assert "cannot be given to sudo" in said[0]
