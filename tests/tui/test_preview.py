"""What is seen of a repair: what undo brings back at its head, and each operation while it is carried out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, driven, flat, until, until_shown
from workbench.model.run import Change, Run
from workbench.tui.screens.applying import Applying, State, told
from workbench.tui.screens.preview import Preview
from workbench.tui.screens.result import Result
from workbench.tui.widgets.changes import in_short

MODE = Change("/a", "set the mode of /a to 0600", mode_before=0o666, mode_after=0o600)
EDIT = Change("/a", "pin the version in /a", "--- a\n+++ b\n@@ -1 +1,2 @@\n-x\n+y\n+z\n")
OTHER = Change("/a b", "make /a b", "--- a\n+++ b\n@@ -0,0 +1 @@\n+-- x\n", mode_after=0o600)
CHANGES = (MODE, EDIT, OTHER)


@pytest.mark.parametrize(
    ("before", "words", "expected"),
    [
        ({}, "set the mode of /a to 0600", {0: "done"}),
        ({0: "done"}, "published /a", {1: "done"}),
        ({}, "published /a b", {2: "done"}),
        ({}, "published /a/b", {}),
        ({}, "backed up /a", {}),
        ({}, "staged the new /a beside it", {}),
        ({0: "done"}, "set the mode of /a back to 0666", {0: "taken back"}),
        ({1: "done"}, "published /a", {1: "taken back"}),
        ({2: "done"}, "removed /a b", {2: "taken back"}),
        ({}, "checking that it helped", {0: "done", 1: "done", 2: "done"}),
        ({}, "looking at the host again", {}),
    ],
)
def test_what_a_step_says_of_the_operations(before: dict[int, State], words: str, expected: dict[int, State]) -> None:
    assert told(CHANGES, before, words) == expected


def test_what_is_before_and_after_an_operation_in_short() -> None:
    assert [in_short(change).plain for change in CHANGES] == ["0666 → 0600", "+2 -1", "none → 0600  +1 -0"]
    assert in_short(Change("/a", "x")).plain == ""


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)
async def test_each_operation_is_told_as_it_is_carried_out(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[Callable[[str], None]] = []
    gate = threading.Event()
    usual = fakes.FakeWorkbench.apply

    def applied(self: fakes.FakeWorkbench, prepared: Any, on_step: Any = None, before: Any = None) -> Run:
        steps.append(on_step)
        assert gate.wait(20)
        return usual(self, prepared, on_step, before)

    monkeypatch.setattr(fakes, "CHANGES", CHANGES)
    monkeypatch.setattr(fakes.FakeWorkbench, "apply", applied)
    async with driven(fakes.workbench(), size) as (app, pilot):
        await pilot.press("f")
        await until_shown(pilot, "undo brings back everything")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Applying) and bool(steps))
        await until_shown(pilot, "0 of 3 done", "· set the mode of /a to 0600 0666 → 0600", "· make /a b")
        steps[0]("set the mode of /a to 0600")
        await until_shown(
            pilot, "1 of 3 done", "✓ set the mode of /a to 0600 0666 → 0600", "· pin the version in /a +2 -1"
        )
        steps[0]("published /a")
        steps[0]("checking that it helped")
        await until_shown(pilot, "3 of 3 done", "✓ make /a b", "› checking that it helped")
        steps[0]("removed /a b")
        await until_shown(pilot, "2 of 3 done, 1 taken back", "↶ make /a b")
        gate.set()
        await until(pilot, lambda: isinstance(app.screen, Result))
        await until_shown(pilot, "grade F →", "Undo (u)")


async def test_of_many_operations_those_around_the_next_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = tuple(Change(f"/{n}", f"make /{n}", "+x") for n in range(40))
    async with driven(fakes.workbench()) as (app, pilot):
        shows = Applying("Applying", changes)
        await app.push_screen(shows)
        await until_shown(pilot, "0 of 40 done", "· make /7", "1 to 8 of 40 shown")
        for number in range(20):
            shows.begin(f"made /{number}")
        await until_shown(pilot, "20 of 40 done", "✓ make /19", "· make /20", "20 to 27 of 40 shown")
        assert "make /18 " not in flat(app).split("›")[0].split("✓ made")[0]
        await app.pop_screen()


async def test_the_preview_begins_on_cancel_and_its_own_key_applies() -> None:
    async with driven(fakes.workbench()) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        assert app.focused is not None and app.focused.id == "cancel"
        await pilot.press("f")
        await pilot.pause()
        assert isinstance(app.screen, Preview)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
