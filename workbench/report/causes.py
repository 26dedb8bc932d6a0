"""What could not be looked at, told once for all the checks that it stops."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.model.record import record
from workbench.model.report import CheckResult, Status


@record
class Cause:
    """Why something was not looked at, what would unlock it ("" when nothing is known), and the checks it stops."""

    what: str
    why: str
    unlock: str
    checks: tuple[str, ...]


def not_seen(results: Iterable[CheckResult]) -> list[CheckResult]:
    """The results of the checks that could not look at everything, or failed."""
    return [result for result in results if result.not_assessed or result.status is Status.ERROR]


def causes(results: Iterable[CheckResult]) -> list[Cause]:
    """The causes in the order of the results. A check that failed is its own cause."""
    stopped: dict[tuple[str, str, str], list[str]] = {}
    for result in results:
        if result.status is Status.ERROR:
            stopped.setdefault((result.check, result.reason, "report it to the plugin's author"), [])
        for gap in result.not_assessed:
            stopped.setdefault((gap.what, gap.why, gap.unlock), []).append(result.check)
    return [Cause(*told, tuple(checks)) for told, checks in stopped.items()]
