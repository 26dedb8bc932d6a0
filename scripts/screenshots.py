"""Write the pictures of ``screenshots/`` from the staged host: ``python scripts/screenshots.py``.

The same code gives the same bytes: the host is staged, its clock stands still, and no font is fetched.
"""

from __future__ import annotations

import asyncio
import html
import re
import sys
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.scenes import NARROW, WIDE, Size, walk_of
from scripts.walking import walked

FOLDER = Path(__file__).resolve().parent.parent / "screenshots"
FONTS = "'DejaVu Sans Mono', 'Menlo', 'Consolas', monospace"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: the name of its file, the scene it shows, the terminal's size, and the theme."""

    name: str
    scene: str
    size: Size
    theme: str = "textual-dark"


def _of(scene: str, size: Size, name: str = "") -> Picture:
    return Picture(f"{name or scene}-{size[0]}x{size[1]}", scene, size)


PICTURES = (
    _of("main", NARROW),
    _of("main", WIDE),
    _of("guide", NARROW),
    _of("detail", NARROW),
    _of("reach", NARROW),
    _of("reach", WIDE),
    _of("reach-detail", NARROW),
    _of("report-card", NARROW),
    _of("not-assessed", WIDE),
    _of("audit-trail", NARROW),
    _of("audit-trail-second", WIDE, "audit-trail"),
    _of("history", NARROW),
    _of("history-undone", WIDE, "history"),
    _of("undo", NARROW),
    _of("backups", NARROW),
    _of("activity", NARROW),
    _of("activity", WIDE),
    _of("sudo", WIDE),
    _of("probe", NARROW),
    _of("servers", NARROW),
    _of("servers-second", WIDE, "servers"),
    _of("server-detail", NARROW),
    _of("preview", NARROW),
    _of("result", NARROW),
    _of("help", NARROW),
    Picture("light-120x36", "main", WIDE, "textual-light"),
)


async def picture(wanted: Picture) -> str:
    """The picture as SVG."""
    async with aclosing(walked(walk_of(wanted.scene), wanted.size, wanted.theme, wanted.scene)) as scenes:
        async for scene, app in scenes:
            if scene.name == wanted.scene:
                return drawn(app.export_screenshot(title="workbench"))
    raise LookupError(wanted.scene)


def drawn(svg: str) -> str:
    """The picture with blocks drawn as blocks, and the fonts of the machine that shows it."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: Fira Code[^;]*;", f"font-family: {FONTS};", svg)
    return re.sub(_TEXT, _blocks, _without_margins(svg))


_TEXT = (
    r'<text class="(?P<style>[^"]*)" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" textLength="(?P<length>[\d.]+)"'
    r"(?P<clip>[^>]*)>(?P<text>[^<]*)</text>"
)
_CELL, _LINE, _FIRST = 12.2, 24.4, 20.0


def text_of(svg: str, size: Size) -> list[str]:
    """The lines of text in a picture, without the spaces at their ends. What is drawn as a block is left out."""
    cells = [[" "] * size[0] for _ in range(size[1])]
    for found in re.finditer(_TEXT, svg):
        row, column = round((float(found["y"]) - _FIRST) / _LINE), round(float(found["x"]) / _CELL)
        text = html.unescape(found["text"]).replace("\xa0", " ")
        width = round(float(found["length"]) / _CELL)
        # A sign that is two cells wide leaves the second of them empty.
        cells[row][column : column + width] = list(text.ljust(width))[:width]
    return ["".join(row).rstrip() for row in cells]


def _without_margins(svg: str) -> str:
    """Move the spaces around a text out of it: not every renderer keeps them, and then the rest is stretched."""

    def moved(found: re.Match[str]) -> str:
        spaces = "&#160;"
        text, start, length = found["text"], float(found["x"]), float(found["length"])
        while text.startswith(spaces):
            text, start, length = text.removeprefix(spaces), start + _CELL, length - _CELL
        while text.endswith(spaces):
            text, length = text.removesuffix(spaces), length - _CELL
        if not text:
            return ""
        return (
            f'<text class="{found["style"]}" x="{start:.1f}" y="{found["y"]}"'
            f' textLength="{length:.1f}"{found["clip"]}>{text}</text>'
        )

    return re.sub(_TEXT, moved, svg)


def _blocks(found: re.Match[str]) -> str:
    text = found["text"].replace("&#160;", " ")
    if set(text) - set("█▀▄ "):
        return found[0]
    top = float(found["y"]) - 18.5
    rectangles = []
    for place, sign in enumerate(text):
        if sign == " ":
            continue
        start = float(found["x"]) + place * _CELL
        upper = top + (_LINE / 2 if sign == "▄" else 0)
        height = _LINE if sign == "█" else _LINE / 2
        rectangles.append(
            f'<rect class="{found["style"]}" x="{start:.1f}" y="{upper:.2f}" width="12.4" height="{height + 0.3:.2f}"/>'
        )
    return "".join(rectangles)


def main() -> int:
    """Write every picture, or those named on the command line."""
    FOLDER.mkdir(exist_ok=True)
    wanted = set(sys.argv[1:])
    for each in PICTURES:
        if not wanted or each.name in wanted:
            (FOLDER / f"{each.name}.svg").write_text(asyncio.run(picture(each)), encoding="utf-8")
            print(f"screenshots/{each.name}.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
