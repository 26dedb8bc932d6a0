"""Whatever is written on a screen can be read, in a dark theme and in a light one."""

from __future__ import annotations

import pytest
from textual.color import Color

from scripts.scenes import NARROW, WALKS, WIDE, Size, Walk
from scripts.walking import Run
from tests.tui.scenery import Taken, taken

LEAST_CONTRAST = 3.0
"""What the Web Content Accessibility Guidelines ask of large text and of signs (1.4.3, 1.4.11)."""


def contrast(run: Run) -> float:
    """How much the text of a run stands out, as WCAG counts it: from 1 to 21."""
    one, other = sorted((_luminance(run.front), _luminance(run.back)))
    return (other + 0.05) / (one + 0.05)


def _luminance(name: str) -> float:
    parts = (each / 255 for each in Color.parse(name).rgb)
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def faint(shown: Taken) -> list[tuple[float, Run]]:
    """The runs of words that are hard to read. What lies behind a window is dimmed on purpose."""
    found = []
    for number, line in enumerate(shown.colours):
        for run in line:
            # A key that does nothing now is faint on purpose, too.
            idle = number == len(shown.colours) - 1 and any(
                key.left <= run.left < key.right and not key.works for key in shown.keys
            )
            inside = shown.window.contains(run.left, number)
            if inside and not idle and any(letter.isalnum() for letter in run.text) and contrast(run) < LEAST_CONTRAST:
                found.append((round(contrast(run), 2), run))
    return found


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["dark", "light"])
@pytest.mark.parametrize(
    "walk", [pytest.param(walk, id=walk.name, marks=pytest.mark.xdist_group(walk.name)) for walk in WALKS]
)
def test_every_word_stands_out_from_what_is_behind_it(walk: Walk, size: Size) -> None:
    told = {
        scene.name: found
        for scene in walk.scenes
        if scene.name and size in scene.sizes and (found := faint(taken(walk, scene, size)))
    }
    assert not told, told
