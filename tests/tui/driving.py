"""Drive the app as a person does, and read its screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from rich.cells import cell_len
from textual import events
from textual.pilot import Pilot

from workbench.engine import Workbench
from workbench.model.snapshot import Snapshot
from workbench.tui.app import WorkbenchApp

NARROW, WIDE, TINY = (80, 24), (120, 36), (50, 10)


@asynccontextmanager
async def driven(
    workbench: Workbench,
    size: tuple[int, int] = NARROW,
    replay: Snapshot | None = None,
    theme: str = "textual-dark",
    looked: bool = True,
    watch: bool = False,
    remembers: bool = False,
) -> AsyncIterator[tuple[WorkbenchApp, Pilot[int]]]:
    """A running app; the first look is over, unless ``looked`` is false. Only with ``watch`` it looks by itself.

    Only with ``remembers`` it is arranged as the last one was, and in the theme of that.
    """
    app = WorkbenchApp(workbench, replay, watch=watch, remembers=remembers)
    app.animation_level = "none"
    if not remembers:
        app.theme = theme
    async with app.run_test(size=size, notifications=True) as pilot:
        if looked:
            await until(pilot, lambda: app.main.report is not None and not app.main.looking)
        yield app, pilot


async def until(pilot: Pilot[int], true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for something that the app comes to by itself."""
    for _ in range(int(seconds / 0.02)):
        await pilot.pause()
        if true():
            await pilot.pause()
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"it did not come to that; the screen shows:\n{shown(pilot.app)}")


async def until_shown(pilot: Pilot[int], *texts: str) -> None:
    """Wait until the screen shows every one of these texts."""
    await until(pilot, lambda: all(text in flat(pilot.app) for text in texts))


def shown(app: object) -> str:
    """The screen as lines of text."""
    assert isinstance(app, WorkbenchApp)
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def flat(app: object) -> str:
    """The screen as one line: breaks, frames and runs of spaces taken as one space."""
    return " ".join(shown(app).replace("│", " ").split())


def place_of(app: object, text: str, nth: int = 0) -> tuple[int, int]:
    """Where a text stands on the screen: the cell in its middle and the row, of the ``nth`` that is there from 0."""
    places = []
    for row, line in enumerate(shown(app).split("\n")):
        at = line.find(text)
        while at >= 0:
            places.append((cell_len(line[:at]) + cell_len(text) // 2, row))
            at = line.find(text, at + 1)
    assert len(places) > nth, f"{text!r} is not on the screen:\n{shown(app)}"
    return places[nth]


async def click_on(pilot: Pilot[int], text: str, nth: int = 0, double: bool = False) -> None:
    """Click on what a person sees, once it is there: nothing but what is on the screen is known of it."""
    await until(pilot, lambda: shown(pilot.app).count(text) > nth)
    await pilot.click(offset=place_of(pilot.app, text, nth), times=2 if double else 1)


async def wheel(pilot: Pilot[int], text: str, lines: int = 3) -> None:
    """Turn the wheel over what a person sees, down or, where ``lines`` is negative, up."""
    x, y = place_of(pilot.app, text)
    kind = events.MouseScrollDown if lines > 0 else events.MouseScrollUp
    for _ in range(abs(lines)):
        pilot.app.screen._forward_event(kind(None, x, y, 0, 0, 0, False, False, False, x, y))
        await pilot.pause()
