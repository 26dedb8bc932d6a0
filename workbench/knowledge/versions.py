"""Compare versions as npm and PyPI order them, and say whether one lies in the ranges of an advisory.

Some packages changed from ``0.6.2`` to ``2025.7.1`` and back to ``2.0.1``. Compared as numbers, the last would be older
than the second. So a version is only ever compared with those of its own scheme: calendar, or plain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal

from workbench.expressions import expression

Scheme = Literal["calendar", "plain"]
Answer = Literal["affected", "not affected", "unknown"]
Key = tuple[Any, ...]

_LONGEST = 100
_SEMVER = expression(r"[=v]*(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?\Z", re.ASCII)
_PEP440 = expression(
    r"v?(?:(\d+)!)?(\d+(?:\.\d+)*)"
    r"(?:[._-]?(alpha|a|beta|b|preview|pre|c|rc)[._-]?(\d*))?"
    r"(?:-(\d+)|[._-]?(post|rev|r)[._-]?(\d*))?"
    r"(?:[._-]?(dev)[._-]?(\d*))?"
    r"(?:\+[a-z0-9]+(?:[._-][a-z0-9]+)*)?\Z",
    re.ASCII,
)
_PHASES = {"alpha": 0, "a": 0, "beta": 1, "b": 1, "preview": 2, "pre": 2, "c": 2, "rc": 2}
_DEVELOPMENT, _FINAL = -1, 3
_COMPARATOR = expression(r"(<=|>=|<|>|=)\s*(\S+)\Z")
_FIRST_YEAR, _LAST_YEAR = 2000, 2999


def normalised(ecosystem: str, name: str) -> str:
    """The name of a package as its registry compares it."""
    if ecosystem == "pypi":
        return re.sub(r"[-_.]+", "-", name).lower()
    return name.removeprefix("docker.io/").removeprefix("library/") if ecosystem == "image" else name


def key(ecosystem: str, version: str) -> Key | None:
    """What a version sorts by in its ecosystem; None for what is no version. Build metadata makes no difference."""
    if len(version) > _LONGEST:
        return None
    return _npm_key(version.strip()) if ecosystem == "npm" else _pypi_key(version.strip().lower())


def scheme(ecosystem: str, version: str) -> Scheme | None:
    """Whether a version begins with a year; None for what is no version."""
    sorted_by = key(ecosystem, version)
    if sorted_by is None:
        return None
    release = sorted_by[0] if ecosystem == "npm" else sorted_by[1]
    return "calendar" if release and _FIRST_YEAR <= release[0] <= _LAST_YEAR else "plain"


def judge(ecosystem: str, version: str, affected: Iterable[str], fixed: Iterable[str]) -> Answer:
    """Whether a version lies in one of the ranges (``>=1.2,<1.5``, ``*`` for every version).

    ``unknown`` for what is no version, for a scheme that no range and no fixed version has, and for a version
    between the last that is known to be affected and the first that is known to be fixed.
    """
    own, own_scheme = key(ecosystem, version), scheme(ecosystem, version)
    ranges = list(affected)
    if own is None:
        return "affected" if "*" in ranges else "unknown"
    if any(contains(ecosystem, version, text) for text in ranges):
        return "affected"
    bounds = [bound for text in ranges for bound in comparators(text) if scheme(ecosystem, bound[1]) == own_scheme]
    mended = [_sure(ecosystem, each) for each in fixed if scheme(ecosystem, each) == own_scheme]
    if any(own >= each for each in mended):
        return "not affected"
    if not bounds:
        return "unknown"
    return "unknown" if mended and all(own >= _sure(ecosystem, bound) for _, bound in bounds) else "not affected"


def contains(ecosystem: str, version: str, text: str) -> bool:
    """Whether a version is of the scheme of a range and lies in it."""
    own, own_scheme = key(ecosystem, version), scheme(ecosystem, version)
    return own is not None and all(
        scheme(ecosystem, bound) == own_scheme and _holds(own, sign, _sure(ecosystem, bound))
        for sign, bound in comparators(text)
    )


def comparators(text: str) -> tuple[tuple[str, str], ...]:
    """The parts of a range: (sign, version). Raises ValueError for what is none."""
    if text == "*":
        return ()
    parts = [_COMPARATOR.match(part.strip()) for part in text.split(",")]
    if not all(parts):
        raise ValueError(f"{text!r} is no range of versions")
    return tuple((part[1], part[2]) for part in parts if part is not None)


def _holds(own: Key, sign: str, bound: Key) -> bool:
    return {"<": own < bound, "<=": own <= bound, ">": own > bound, ">=": own >= bound, "=": own == bound}[sign]


def _sure(ecosystem: str, version: str) -> Key:
    found = key(ecosystem, version)
    if found is None:
        raise ValueError(f"{version!r} is no version of {ecosystem}")
    return found


def _npm_key(text: str) -> Key | None:
    match = _SEMVER.match(text)
    if match is None:
        return None
    release = tuple(map(int, match.groups()[:3]))
    if match[4] is None:
        return release, (1,)
    # A pre-release sorts before its release; of its parts, numbers sort before words.
    parts = ((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in match[4].split("."))
    return release, (0, *parts)


def _pypi_key(text: str) -> Key | None:
    match = _PEP440.match(text)
    if match is None:
        return None
    epoch, release, phase, phase_number, bare_post, post, post_number, development, development_number = match.groups()
    numbers = tuple(map(int, release.split(".")))
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers = numbers[:-1]
    is_post = bare_post is not None or post is not None
    if phase is not None:
        before = (_PHASES[phase], int(phase_number or 0))
    else:
        before = (_DEVELOPMENT if development and not is_post else _FINAL, 0)
    after = int(bare_post or post_number or 0) if is_post else -1
    unfinished = (0, int(development_number or 0)) if development else (1, 0)
    return int(epoch or 0), numbers, before, after, unfinished
