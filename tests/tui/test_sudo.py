"""Looking with sudo: every command is shown and agreed to, sudo asks for itself, and what it said is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Footer

from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, driven, flat, until, until_shown
from workbench.host.command import Output
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.agree import Agree
from workbench.tui.screens.dialogs import Notice

BOTH = pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)
SUDOERS = ("/usr/bin/base64", "-w0", "--", "/etc/sudoers")
ENVIRON = ("/usr/bin/base64", "-w0", "--", "/proc/812/environ")


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


def _workbench(*wanted: tuple[str, ...]) -> fakes.FakeWorkbench:
    made = fakes.workbench()
    made.script.wanted = list(wanted)
    return made


async def _asked(app: WorkbenchApp, pilot: Pilot[int]) -> None:
    await pilot.press("s")
    await until(pilot, lambda: isinstance(app.screen, Agree))


@BOTH
async def test_the_exact_commands_are_shown_and_cancel_is_under_the_cursor(size: tuple[int, int]) -> None:
    workbench = _workbench(SUDOERS, ENVIRON)
    async with driven(workbench, size, theme="textual-light") as (app, pilot):
        await _asked(app, pilot)
        await until_shown(
            pilot,
            "2 commands will run through sudo. They read and change nothing.",
            "sudo -n -- /usr/bin/base64 -w0 -- /etc/sudoers",
            "sudo -n -- /usr/bin/base64 -w0 -- /proc/812/environ",
        )
        assert isinstance(app.focused, Button) and app.focused.id == "leave"
        footer = app.screen.query_one(Footer)
        await until(pilot, lambda: len(footer.children) > 0)
        assert len(footer.children) <= 7 and max(child.region.right for child in footer.children) <= size[0]
        await pilot.press("s")  # the key that opened it does not agree
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert workbench.script.asked_root == [] and workbench.script.read == []


@pytest.mark.parametrize("by", ["key", "mouse"])
async def test_what_was_agreed_to_is_read_and_the_host_is_looked_at_again(by: str, lent: list[str]) -> None:
    workbench = _workbench(SUDOERS, ENVIRON)
    async with driven(workbench) as (app, pilot):
        await _asked(app, pilot)
        await (pilot.press("y") if by == "key" else pilot.click("#agree"))
        await until(pilot, lambda: app.screen is app.main and workbench.script.looks == 2 and not app.main.looking)
        assert lent == ["given", "taken back"]
        assert workbench.script.asked_root == [True]
        assert workbench.script.read == [SUDOERS, ENVIRON]
        assert app.main.looker.wanted == ()
        await until_shown(pilot, "2 commands read as root", "read with sudo")


async def test_what_an_answer_leads_to_is_offered_and_asked_for_anew(
    lent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = _workbench(SUDOERS)
    read = fakes.FakeWorkbench.read_as_root

    def leads_on(self: fakes.FakeWorkbench, *given: object) -> object:
        workbench.script.wanted = [SUDOERS, ENVIRON]
        return read(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(fakes.FakeWorkbench, "read_as_root", leads_on)
    async with driven(workbench) as (app, pilot):
        await _asked(app, pilot)
        await pilot.press("y")
        await until_shown(pilot, "1 more command would show more: press s")
        assert workbench.script.read == [SUDOERS] and app.screen is app.main
        await _asked(app, pilot)
        await until_shown(pilot, "There is more now that only root may read", "/proc/812/environ", "1 command will run")
        await pilot.press("y")
        await until(pilot, lambda: app.screen is app.main and workbench.script.read == [SUDOERS, ENVIRON])


async def test_later_looks_read_the_same_again_and_new_commands_are_asked_for(lent: list[str]) -> None:
    workbench = _workbench(SUDOERS)
    async with driven(workbench) as (app, pilot):
        await _asked(app, pilot)
        await pilot.press("y")
        await until(pilot, lambda: app.screen is app.main and workbench.script.looks == 2 and not app.main.looking)
        workbench.script.wanted = [SUDOERS, ENVIRON]
        await pilot.press("r")
        await until(pilot, lambda: workbench.script.looks == 3 and not app.main.looking)
        assert workbench.script.read == [SUDOERS, SUDOERS]  # read again, never the new one unasked
        assert workbench.script.asked_root == [True, False]  # and sudo was not let ask
        assert app.main.looker.wanted == (ENVIRON,)
        await _asked(app, pilot)
        await until_shown(pilot, "1 command will run", "/proc/812/environ")


async def test_where_sudo_would_ask_again_its_answers_stand_with_their_time(
    lent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter(["2026-01-02T03:04:05+00:00", "2026-01-02T09:09:05+00:00"])
    monkeypatch.setattr("workbench.tui.looking._now", lambda: next(moments))
    workbench = _workbench(SUDOERS)
    async with driven(workbench) as (app, pilot):
        await _asked(app, pilot)
        await pilot.press("y")
        await until(pilot, lambda: app.screen is app.main and workbench.script.looks == 2 and not app.main.looking)
        workbench.script.sudo_says = "sudo did not agree"
        await pilot.press("r")
        await until(pilot, lambda: workbench.script.looks == 3 and not app.main.looking)
        assert workbench.script.read == [SUDOERS] and app.main.looker.wanted == ()
        await until_shown(pilot, "read with sudo 03:04 UTC")


async def test_a_refusal_of_sudo_is_said_and_nothing_is_read(lent: list[str]) -> None:
    workbench = _workbench(SUDOERS)
    workbench.script.sudo_says = "sudo did not agree"
    async with driven(workbench) as (app, pilot):
        await _asked(app, pilot)
        await pilot.press("y")
        await until_shown(pilot, "Sudo did not agree.", "stays not assessed")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert workbench.script.read == [] and workbench.script.looks == 1
        assert "read with sudo" not in flat(app)


async def test_where_the_terminal_cannot_be_given_away_the_command_is_shown() -> None:
    workbench = _workbench(SUDOERS)
    async with driven(workbench) as (app, pilot):
        await _asked(app, pilot)
        await pilot.press("y")
        await until_shown(pilot, "cannot be given to sudo", "workbench --headless --sudo")
        assert workbench.script.asked_root == []


async def test_what_fails_on_the_way_is_said(lent: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("gone")

    monkeypatch.setattr(fakes.FakeWorkbench, "read_as_root", broken)
    workbench = _workbench(SUDOERS)
    async with driven(workbench) as (app, pilot):
        await _asked(app, pilot)
        await pilot.press("y")
        await until_shown(pilot, "It could not be read as root", "OSError: gone")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)


async def test_commands_that_all_failed_are_no_answers(lent: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: fakes.FakeWorkbench, wanted: tuple[tuple[str, ...], ...], tell: object = None) -> object:
        return {vector: Output(1, "", "sudo: a password is required\n") for vector in wanted}

    monkeypatch.setattr(fakes.FakeWorkbench, "read_as_root", failing)
    workbench = _workbench(SUDOERS)
    async with driven(workbench) as (app, pilot):
        await _asked(app, pilot)
        await pilot.press("y")
        await until_shown(pilot, "No command could be run: sudo: a password is required")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert app.main.looker.wanted == (SUDOERS,) and not app.main.looker.answers
        await _asked(app, pilot)  # it is offered again


async def test_where_nothing_is_kept_from_this_account_it_says_so() -> None:
    async with driven(_workbench()) as (app, pilot):
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, Notice))
        await until_shown(pilot, "there is nothing to ask sudo for")


async def test_root_is_told_that_everything_was_read() -> None:
    workbench = _workbench(SUDOERS)
    object.__setattr__(workbench, "context", replace(workbench.context, uid=0))
    async with driven(workbench) as (_, pilot):
        await pilot.press("s")
        await until_shown(pilot, "You are root")


async def test_a_replay_offers_nothing() -> None:
    workbench = _workbench(SUDOERS)
    async with driven(workbench, replay=workbench.script.snapshot) as (app, pilot):
        await pilot.press("5")
        assert "Press s" not in flat(app)
        await pilot.press("s")
        await until_shown(pilot, "replay of a snapshot")


async def test_while_the_host_is_looked_at_nothing_is_known_yet() -> None:
    workbench = fakes.workbench(open_gates=False)
    async with driven(workbench, looked=False) as (_, pilot):
        await pilot.press("s")
        await until_shown(pilot, "is being looked at")
        workbench.script.gate.set()
        workbench.script.check_gate.set()


async def test_read_only_allows_it_and_says_so(lent: list[str]) -> None:
    workbench = fakes.workbench(read_only=True)
    workbench.script.wanted = [SUDOERS]
    async with driven(workbench) as (app, pilot):
        await _asked(app, pilot)
        await until_shown(pilot, "--read-only: that allows this")
        await pilot.press("y")
        await until(pilot, lambda: workbench.script.read == [SUDOERS])


async def test_what_was_not_assessed_offers_it_in_words() -> None:
    async with driven(_workbench(SUDOERS, ENVIRON)) as (app, pilot):
        await pilot.press("5")
        await until_shown(pilot, "1 of these asks for root. Press s to look with sudo", "2 commands that only read")
        workbench = app.workbench
        assert isinstance(workbench, fakes.FakeWorkbench)
        workbench.script.wanted = []
        await pilot.press("r")
        await until(pilot, lambda: workbench.script.looks == 2 and not app.main.looking)
        assert "Press s" not in flat(app)
