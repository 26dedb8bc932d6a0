"""The keys at the foot: whole at every size, in their own order whatever keys were chosen, and none scrolls away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets._footer import FooterKey

from scripts.scenes import NARROW, WALKS, Walk
from scripts.walking import keys, opened, reached
from tests.tui.driving import shown, until, wheel
from tests.tui.test_keys import driven
from workbench.tui.app import WorkbenchApp
from workbench.tui.widgets.footer import Foot, keys_of, room_for
from workbench.tui.widgets.room import LEAST

SMALLEST = (LEAST.width, LEAST.height)


@pytest.mark.parametrize(
    ("widths", "room", "shown_ones"),
    [
        ((), 60, []),
        ((9,), 4, [True]),
        ((10, 10, 10, 10), 40, [True, True, True, True]),
        ((10, 10, 10, 10), 39, [True, False, True, True]),
        ((30, 5, 10, 10), 40, [False, False, True, True]),
        ((10, 10, 10), 5, [False, True, True]),
    ],
)
def test_the_last_keys_and_the_first_that_fit(widths: tuple[int, ...], room: int, shown_ones: list[bool]) -> None:
    assert room_for(widths, room) == shown_ones


@pytest.mark.parametrize("walk", [walk for walk in WALKS if walk.name != "too-small"], ids=lambda walk: walk.name)
async def test_at_the_least_size_every_key_is_whole_and_none_of_the_last_is_left_out(walk: Walk) -> None:
    async with opened(walk, NARROW) as pilot:
        app = pilot.app
        assert isinstance(app, WorkbenchApp)
        for scene in walk.scenes:
            if NARROW not in scene.sizes:
                continue
            # What it shows may be out of view after the changes of size before it: here its keys count alone.
            await reached(pilot, replace(scene, shows=scene.shows if scene.held else ""), NARROW)
            if not app.screen.query(Foot):
                continue
            every = [each.words for each in keys(app)]
            await pilot.resize_terminal(*SMALLEST)
            # A page that is drawn anew for another size may offer other keys for an instant.
            await until(pilot, lambda: bool(keys(app)) and _are_whole(app))
            found = [each.words for each in keys(app)]
            assert found[-2:] == every[-2:] and found[:-2] == every[: len(found) - 2], (scene.name, every, found)
            await pilot.resize_terminal(*NARROW)
            await until(pilot, lambda: [each.words for each in keys(app)] == every)  # noqa: B023


def _are_whole(app: WorkbenchApp) -> bool:
    line = shown(app).split("\n")[-1]
    width = app.size.width
    foot = app.screen.query_one(Foot)
    return foot.max_scroll_x == 0 and all(
        each.left >= 0 and each.right <= width and f" {each.words}" in line for each in keys(app)
    )


async def test_the_wheel_moves_nothing_of_it() -> None:
    async with driven("", size=SMALLEST) as (app, pilot):
        await until(pilot, lambda: bool(keys(app)))
        before = shown(app).split("\n")[-1]
        assert "q Quit" in before and "? Help" in before and "h History" not in before
        await wheel(pilot, "? Help", 5)
        assert shown(app).split("\n")[-1] == before


async def test_a_key_that_was_chosen_keeps_its_place() -> None:
    words = []
    for chosen in ("", "repair: F\nfilter: ctrl+f\nhelp: f1\nhistory: H\n"):
        async with driven(chosen) as (app, pilot):
            await until(pilot, lambda: bool(keys(app)))
            assert [binding.description for binding, _ in keys_of(app.screen)][-2:] == ["Help", "Quit"]
            words.append([each.words.partition(" ")[2] for each in keys(app)])
            if chosen:
                assert "F Repair" in shown(app) and "^f Filter" in shown(app)
    assert words[0] == words[1]


async def test_keys_that_stay_the_same_are_not_made_anew() -> None:
    async with driven("") as (app, pilot):
        await until(pilot, lambda: bool(keys(app)))
        before = list(app.screen.query(FooterKey))
        app.screen.refresh_bindings()
        await pilot.pause()
        await pilot.pause()
        assert list(app.screen.query(FooterKey)) == before
        await pilot.press("7")
        await until(pilot, lambda: "h History" not in [each.words for each in keys(app)])
        await pilot.press("1")
        await until(pilot, lambda: "h History" in [each.words for each in keys(app)])
