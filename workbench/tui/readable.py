"""Makes the coloured words of a theme readable on what the app writes them on, whatever theme is chosen."""

from __future__ import annotations

from collections.abc import Mapping

from textual.color import Color, ColorParseError

LEAST = 3.2
"""The contrast that is wanted, as WCAG counts it: 3 is asked of signs and bold words, and blending rounds."""
_WRITTEN_ON: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("text-primary", "text-accent", "text-success", "text-warning", "text-error"),
        ("background", "surface", "primary-muted"),
    ),
    "footer-key-foreground": ("footer-background",),
}
_STEP = 0.05


def readable(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of a theme, with each colour of words moved towards black or white until it can be read.

    What is no fixed colour (one that the terminal chooses) stays as it is.
    """
    made = dict(variables)
    for name, places in _WRITTEN_ON.items():
        try:
            colour = Color.parse(variables[name])
            backs = [Color.parse(variables[place]) for place in places]
        except (KeyError, ColorParseError):
            continue
        if colour.ansi is None and all(back.ansi is None for back in backs):
            made[name] = _moved(colour, backs).hex
    return made


def _moved(colour: Color, backs: list[Color]) -> Color:
    aim = Color.parse("black" if backs[0].brightness > 0.5 else "white")
    for step in range(int(1 / _STEP) + 1):
        moved = colour.blend(aim, step * _STEP, alpha=1.0)
        if all(contrast(moved, back) >= LEAST for back in backs):
            return moved
    return aim


def contrast(one: Color, other: Color) -> float:
    """How much one colour stands out from another, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Color) -> float:
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in colour.normalized]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
