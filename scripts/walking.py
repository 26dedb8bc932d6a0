"""Walk an app through its scenes and take what each shows: the text, the keys of the footer, the colours."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rich.cells import cell_len
from rich.color import Color as RichColor
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Footer, Input
from textual.widgets._footer import FooterKey

from scripts.scenes import Scene, Size, Walk
from scripts.stages import apart, release
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.applying import Applying
from workbench.tui.widgets.footer import keys_of

PATIENCE = 60.0
"""Seconds after which a scene does not come any more."""
_STILL = 3
_LASTING = {"host-watch", "trail"}
"""Workers that go on as long as the app does."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a footer, and the columns it takes."""

    words: str
    left: int
    right: int
    works: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Some text in one colour on another, both as ``#rrggbb``, or the name of a colour that the terminal chooses.

    ``left`` is the column of its first cell.
    """

    left: int
    text: str
    front: str
    back: str


@asynccontextmanager
async def opened(walk: Walk, size: Size, theme: str = "textual-dark") -> AsyncIterator[Pilot[int]]:
    """The app of a walk, apart from this machine."""
    with apart(), walk.stage() as app:
        app.animation_level = "none"
        app.theme = theme
        async with app.run_test(size=size, notifications=True) as pilot:
            try:
                yield pilot
            finally:
                # What is held in the middle comes to its end before the app does.
                release(app.workbench)
                await _until(pilot, lambda: not (app.busy or app.main.looking))


async def walked(
    walk: Walk, size: Size, theme: str = "textual-dark", last: str = ""
) -> AsyncGenerator[tuple[Scene, WorkbenchApp], None]:
    """Every scene of the walk that there is at that size, up to the ``last``, while the app shows it."""
    async with opened(walk, size, theme) as pilot:
        for scene in walk.scenes:
            if size in scene.sizes:
                await reached(pilot, scene, size)
                if scene.name:
                    yield scene, _app(pilot)
                if last and scene.name == last:
                    return


async def reached(pilot: Pilot[int], scene: Scene, size: Size) -> None:
    """Press the keys, and wait until the scene is there and nothing moves any more."""
    await _until(pilot, lambda: _ready(pilot, scene))
    await pilot.press(*scene.pressed(size))
    try:
        await _until(pilot, lambda: _ready(pilot, scene) and scene.shows in _flat(pilot))
    except TimeoutError:
        raise AssertionError(
            f"the scene “{scene.name}” does not come to “{scene.shows}”; it shows:\n{shown(_app(pilot))}"
        ) from None
    for each in pilot.app.screen.query(Input):
        each.cursor_blink = False
    same, last = 0, ""
    while same < _STILL:
        await pilot.pause(0.01)
        now = shown(_app(pilot))
        same, last = (same + 1 if now == last and _ready(pilot, scene) else 0), now


def shown(app: WorkbenchApp) -> str:
    """The screen as lines of text, without the spaces at their ends."""
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips(app)) + "\n"


def strips(app: WorkbenchApp) -> list[Strip]:
    """The screen as lines of coloured text."""
    return list(app.screen._compositor.render_strips())


def coloured(app: WorkbenchApp) -> list[list[Run]]:
    """The runs of each line, with the colours that they are drawn in: neighbours of the same colours are one."""
    lines = []
    for strip in strips(app):
        runs: list[Run] = []
        left = 0
        for text, style, _ in strip:
            front, back = (_named(style.color if style else None), _named(style.bgcolor if style else None))
            if style is not None and style.reverse:
                front, back = back, front
            if runs and (runs[-1].front, runs[-1].back) == (front, back):
                runs[-1] = Run(runs[-1].left, runs[-1].text + text, front, back)
            else:
                runs.append(Run(left, text, front, back))
            left += cell_len(text)
        lines.append(runs)
    return lines


def _named(colour: RichColor | None) -> str:
    if colour is None or colour.is_default:
        return "default"
    return colour.triplet.hex if colour.triplet is not None else colour.name


def keys(app: WorkbenchApp) -> list[Key]:
    """The keys of the footer that is on top; none where that screen has no footer."""
    found = list(app.screen.query(Footer))
    if not found:
        return []
    return [
        Key(f"{each.key_display} {each.description}", each.region.x, each.region.right, not each.has_class("-disabled"))
        for each in found[0].query(FooterKey)
        if each.display
    ]


def _ready(pilot: Pilot[int], scene: Scene) -> bool:
    """Whether nothing is under way that changes what is shown."""
    app = _app(pilot)
    main = app.main
    if not main.is_mounted or not app.screen.is_mounted:
        return False
    if scene.held:
        return _footed(app)
    # New events of the audit trail come a moment after it was opened.
    followed = not main.has_class("-trail") or not main.has_class("-listed") or main.watcher.fresh
    if main.report is None or main.looking or app.busy or isinstance(app.screen, Applying):
        return False
    unfinished = {worker.group for worker in app.workers if not worker.is_finished}
    asks = app.screen is not main
    return bool(followed or main.replay) and not unfinished - _LASTING - ({"flow"} if asks else set()) and _footed(app)


def _footed(app: WorkbenchApp) -> bool:
    """Whether the footer is that of the keys that work: it is drawn anew a moment after they changed."""
    for footer in app.screen.query(Footer):
        wanted = [(binding.action, enabled) for binding, enabled in keys_of(app.screen)]
        if [(each.action, not each.has_class("-disabled")) for each in footer.query(FooterKey)] != wanted:
            return False
    return True


async def _until(pilot: Pilot[int], true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    await pilot.pause()
    while not true():
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(0.005)
        await pilot.pause()


def _flat(pilot: Pilot[int]) -> str:
    return " ".join(shown(_app(pilot)).replace("│", " ").split())


def _app(pilot: Pilot[int]) -> WorkbenchApp:
    app = pilot.app
    assert isinstance(app, WorkbenchApp)
    return app
