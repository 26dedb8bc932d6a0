"""Write the text of every screen into ``tests/tui/snapshots``: ``python scripts/snapshots.py``, or some walks by name.

A snapshot is the lines of the screen, without the spaces at their ends. That of colours names, for each run of text of
a line, what is drawn on what.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.scenes import NARROW, TINY, WALKS, WIDE, Size, Walk, walk_of
from scripts.walking import Run, coloured, shown, walked

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "tui" / "snapshots"
SIZES: tuple[Size, ...] = (NARROW, WIDE, TINY)
LIGHT = ("main", "marked", "preview")
"""The scenes of which the colours in a light theme are kept, at the wide size."""


def places() -> Iterator[tuple[Walk, Size]]:
    """Every walk at every size that it has a scene for."""
    for walk in WALKS:
        for size in SIZES:
            if any(size in scene.sizes for scene in walk.scenes):
                yield walk, size


def name(scene: str, size: Size, of: str = "") -> str:
    """The name of a snapshot's file."""
    return f"{scene}-{size[0]}x{size[1]}{of}.txt"


def names() -> set[str]:
    """Every file that there is to be."""
    texts = {
        name(scene.name, size) for walk, size in places() for scene in walk.scenes if scene.name and size in scene.sizes
    }
    return texts | {name(scene, WIDE, "-light") for scene in LIGHT}


async def texts(walk: Walk, size: Size) -> dict[str, str]:
    """The files of a walk at one size, by name."""
    made = {}
    async for scene, app in walked(walk, size):
        made[name(scene.name, size)] = shown(app)
    return made


async def light(walk: Walk, wanted: str) -> dict[str, str]:
    """The colours of one of its scenes in the light theme."""
    async with aclosing(walked(walk, WIDE, "textual-light", wanted)) as scenes:
        async for scene, app in scenes:
            if scene.name == wanted:
                return {name(wanted, WIDE, "-light"): in_words(coloured(app))}
    return {}


def in_words(lines: list[list[Run]]) -> str:
    """The colours of a screen as lines of text."""
    told = [
        f"{number:>3}  {each.front} on {each.back}  {each.text.strip()}"
        for number, line in enumerate(lines, 1)
        for each in line
        if each.text.strip()
    ]
    return "\n".join(told) + "\n"


def main() -> int:
    """Write every snapshot, or those of the walks named; remove what no scene has any more."""
    FOLDER.mkdir(exist_ok=True)
    wanted = set(sys.argv[1:])
    for walk, size in places():
        if not wanted or walk.name in wanted:
            for file, text in asyncio.run(texts(walk, size)).items():
                _write(FOLDER / file, text)
    for scene in LIGHT:
        walk = walk_of(scene)
        if not wanted or walk.name in wanted:
            for file, text in asyncio.run(light(walk, scene)).items():
                _write(FOLDER / file, text)
    for path in FOLDER.iterdir():
        if path.name not in names():
            path.unlink()
            print(f"removed {path.name}")
    return 0


def _write(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(FOLDER.parents[2]))


if __name__ == "__main__":
    sys.exit(main())
