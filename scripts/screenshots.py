"""Write the pictures of ``screenshots/`` from the staged host: ``python scripts/screenshots.py``.

The same code gives the same bytes: the host is staged, its clock stands still, and no font is fetched.
"""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from textual.pilot import Pilot

from scripts.staged_host import workbench
from workbench.tui.app import WorkbenchApp

FOLDER = Path(__file__).resolve().parent.parent / "screenshots"
FONTS = "'DejaVu Sans Mono', 'Menlo', 'Consolas', monospace"
NARROW, WIDE = (80, 24), (120, 36)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: the terminal's size, the keys that lead to what it shows, and the theme."""

    name: str
    size: tuple[int, int]
    keys: tuple[str, ...] = ()
    theme: str = "textual-dark"


PICTURES = (
    Picture("main-80x24", NARROW),
    Picture("main-120x36", WIDE),
    Picture("detail-80x24", NARROW, ("enter",)),
    Picture("reach-80x24", NARROW, ("3",)),
    Picture("reach-120x36", WIDE, ("3",)),
    Picture("reach-detail-80x24", NARROW, ("3", "j", "enter")),
    Picture("report-card-80x24", NARROW, ("4",)),
    Picture("not-assessed-120x36", WIDE, ("5",)),
    Picture("audit-trail-80x24", NARROW, ("6",)),
    Picture("audit-trail-120x36", WIDE, ("6", "j")),
    Picture("history-80x24", NARROW, ("7",)),
    Picture("history-120x36", WIDE, ("7", "j", "j", "j", "j")),
    Picture("undo-80x24", NARROW, ("7", "u")),
    Picture("backups-80x24", NARROW, ("7", "b")),
    Picture("activity-80x24", NARROW, ("8",)),
    Picture("activity-120x36", WIDE, ("8",)),
    Picture("sudo-120x36", WIDE, ("s",)),
    Picture("probe-80x24", NARROW, ("2", "j", "j", "j", "j", "enter", "p")),
    Picture("servers-80x24", NARROW, ("2",)),
    Picture("servers-120x36", WIDE, ("2", "j")),
    Picture("server-detail-80x24", NARROW, ("2", "j", "enter")),
    Picture("preview-80x24", NARROW, ("f",)),
    Picture("result-80x24", NARROW, ("f", "a")),
    Picture("help-80x24", NARROW, ("question_mark",)),
    Picture("light-120x36", WIDE, theme="textual-light"),
)


async def picture(wanted: Picture) -> str:
    """The picture as SVG."""
    app = WorkbenchApp(workbench())
    app.theme = wanted.theme
    app.animation_level = "none"
    async with app.run_test(size=wanted.size) as pilot:
        await settled(pilot)
        for key in wanted.keys:
            await pilot.press(key)
            await settled(pilot)
        return drawn(app.export_screenshot(title="workbench"))


async def settled(pilot: Pilot[int]) -> None:
    """Wait until nothing is being looked at or carried out any more."""
    app = pilot.app
    assert isinstance(app, WorkbenchApp)
    for _ in range(400):
        await pilot.pause(0.01)
        # New events of the audit trail come a moment after it was opened.
        quiet = not app.main.has_class("-trail") or app.main.watcher.fresh
        read = not app.main.has_class("-history") or app.main.has_class("-listed-runs")
        if app.main.report is not None and not app.busy and not app.main.looking and quiet and read:
            break
    # The footer is drawn anew a moment after the keys changed: wait for a picture that stays.
    same, last = 0, ""
    while same < 4:
        await pilot.pause(0.05)
        now = app.export_screenshot()
        same, last = (same + 1 if now == last else 0), now


def drawn(svg: str) -> str:
    """The picture with blocks drawn as blocks, and the fonts of the machine that shows it."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: Fira Code[^;]*;", f"font-family: {FONTS};", svg)
    return re.sub(_TEXT, _blocks, _without_margins(svg))


_TEXT = (
    r'<text class="(?P<style>[^"]*)" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" textLength="(?P<length>[\d.]+)"'
    r"(?P<clip>[^>]*)>(?P<text>[^<]*)</text>"
)
_CELL, _LINE = 12.2, 24.4


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
