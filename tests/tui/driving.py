"""Drive the app as a person does, and read its screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

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
