"""A Report: what a scan of one Snapshot says."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from workbench.model.facts import SectionState
from workbench.model.finding import Finding, NotAssessed
from workbench.model.record import record
from workbench.model.severity import Severity
from workbench.model.waiver import Waivers

REPORT_VERSION = 1


class Status(StrEnum):
    """The outcome of one check."""

    FOUND = "found"
    PASSED = "passed"
    NOT_APPLICABLE = "not applicable"
    NOT_ASSESSED = "not assessed"
    ERROR = "error"


@record
class CheckResult:
    """What one check said.

    ``passed`` counts the subjects in order; ``reason`` is set when not applicable or in error.
    """

    check: str
    title: str
    worst: Severity
    status: Status
    findings: tuple[Finding, ...] = ()
    passed: int = 0
    not_assessed: tuple[NotAssessed, ...] = ()
    reason: str = ""

    @property
    def area(self) -> str:
        """The first part of the check's id."""
        return self.check.partition("/")[0]


@record
class Grade:
    """A letter A to F, or U for ungraded, the one rule that caps it, and how sure it is.

    ``score`` is 0 to 100 before the cap; ``coverage`` is the assessed share of what applies, 0 to 1;
    ``at_worst`` is the letter if everything that could not be assessed were as bad as it can be.
    """

    letter: str
    rule: str
    score: float
    coverage: float
    at_worst: str


@record
class AreaGrade:
    """The grade of one area and the count of its checks by status."""

    area: str
    grade: Grade
    counts: dict[str, int]


@record
class BrokenPlugin:
    """A plugin that could not be loaded, and why."""

    file: str
    reason: str


@record
class Report:
    """What a scan says of one host. The same Snapshot gives the same Report, byte for byte.

    ``next_step`` is the price of the next letter in words ("" when there is none). ``waivers`` is None where there is
    no waivers file.
    """

    version: int
    workbench: str
    taken_at: str
    platform: str
    user: str
    grade: Grade
    next_step: str
    areas: tuple[AreaGrade, ...]
    results: tuple[CheckResult, ...]
    sections: dict[str, SectionState]
    broken_plugins: tuple[BrokenPlugin, ...] = ()
    waivers: Waivers | None = None

    def findings(self) -> Iterator[Finding]:
        """Every finding, waived ones too, worst first, then by check and subject."""
        every = (finding for result in self.results for finding in result.findings)
        yield from sorted(every, key=lambda f: (-f.severity.rank, f.check, f.subject.label, f.identity))

    def standing(self) -> Iterator[Finding]:
        """Every finding that nobody accepted, in the same order."""
        yield from (finding for finding in self.findings() if not finding.waived)
