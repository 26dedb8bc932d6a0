"""How much of a host was assessed, area by area, and how much more a look with sudo would."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from workbench.model.report import AreaGrade, CheckResult, Report, Status

ROOTS = re.compile(r"\broot\b|\bsudo\b")
"""Finds, in what unlocks a gap, that root may look."""

_WORST_FIRST = "FEDCUBA"
"""What nothing could be said of is not good news."""


def badness(letter: str) -> int:
    """Where a letter stands among those that are read from the worst to the best; "" is for ungraded."""
    return _WORST_FIRST.find(letter or "U")


def worst_first(areas: Iterable[AreaGrade]) -> list[AreaGrade]:
    """The areas with what is worst in front."""
    return sorted(areas, key=lambda area: (badness(area.grade.letter), area.area))


def assessed(results: Iterable[CheckResult]) -> tuple[int, int]:
    """How many of these checks were assessed, and how many apply."""
    applicable = [result for result in results if result.status is not Status.NOT_APPLICABLE]
    return sum(result.status in (Status.FOUND, Status.PASSED) for result in applicable), len(applicable)


def sudo_unlocks(report: Report) -> Counter[str]:
    """How many checks of each area have a gap that root could close."""
    unlocked = (
        result.area
        for result in report.results
        if result.status is not Status.NOT_APPLICABLE and any(ROOTS.search(gap.unlock) for gap in result.not_assessed)
    )
    return Counter(unlocked)
