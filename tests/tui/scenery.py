"""What the walks show, taken once for all the tests that look at it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cache

from textual.geometry import Region

from scripts.scenes import WALKS, WIDE, Scene, Size, Walk
from scripts.snapshots import places
from scripts.walking import Key, Run, coloured, keys, shown, walked

THEMES = {WIDE: "textual-light"}
"""The theme of each size that is not shown in the usual one. The text is the same in any."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one scene showed: its text, the keys of its footer, its colours, and the place of the window on top."""

    text: str
    keys: tuple[Key, ...]
    colours: list[list[Run]]
    window: Region


def every() -> list[tuple[Walk, Scene, Size]]:
    """Every scene that has a name, at every size that it has."""
    return [
        (walk, scene, size) for walk, size in places() for scene in walk.scenes if scene.name and size in scene.sizes
    ]


def taken(walk: Walk, scene: Scene, size: Size) -> Taken:
    """What the scene shows. Raises AssertionError where the walk does not come to it."""
    found, failure = _walked(walk.name, size)
    if scene.name not in found:
        raise AssertionError(failure)
    return found[scene.name]


@cache
def _walked(name: str, size: Size) -> tuple[dict[str, Taken], str]:
    walk = next(each for each in WALKS if each.name == name)
    found: dict[str, Taken] = {}

    async def walk_through() -> None:
        async for scene, app in walked(walk, size, THEMES.get(size, "textual-dark")):
            windows = list(app.screen.query(".window, CommandPalette > Vertical"))
            window = windows[0].region if windows else app.screen.region
            found[scene.name] = Taken(shown(app), tuple(keys(app)), coloured(app), window)

    try:
        asyncio.run(walk_through())
    except (AssertionError, TimeoutError) as failure:
        return found, f"the walk “{walk.name}” was not walked to its end: {failure}"
    return found, ""
