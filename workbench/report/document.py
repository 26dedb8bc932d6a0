"""The JSON document that scripts read: its types, and how a Report becomes one.

The published schema (``schema/report-v1.json``) is made from these types; a test holds the two together.
"""

from __future__ import annotations

import shlex
from dataclasses import asdict
from typing import Any

from workbench.model.finding import Finding
from workbench.model.record import record
from workbench.model.report import CheckResult, Report, Status
from workbench.model.severity import Severity
from workbench.model.waiver import Waivers, WaiverState
from workbench.report.json_text import json_text

SCHEMA_VERSION = 1


@record
class SubjectDocument:
    """What is judged: a word for its kind, a key that is stable over rescans, and what a person reads."""

    kind: str
    key: str
    label: str


@record
class EvidenceDocument:
    """Expected, actual, and a read-only command (quoted for a POSIX shell) that shows it again ("" for none)."""

    expected: str
    actual: str
    command: str


@record
class LocationDocument:
    """A place in a file. Lines and columns count from 1; ``pointer`` walks the parsed document."""

    path: str
    line: int | None
    column: int | None
    pointer: list[str | int]


@record
class AcceptedDocument:
    """The waiver that names a finding: why, by whom, from and to which day. ``lapsed`` says why it does not hold now.

    While ``lapsed`` is "" the finding is waived: it stands and is shown, but costs nothing and fails no build.
    """

    reason: str
    owner: str
    accepted: str
    expires: str
    lapsed: str


@record
class FindingDocument:
    """One finding. ``identity`` stays the same over rescans of the same host. ``waiver`` is null for most.

    ``repair_refused`` is why none of the fixes for such findings can repair this one ("" where one can).
    """

    identity: str
    check: str
    severity: Severity
    summary: str
    subject: SubjectDocument
    also: list[SubjectDocument]
    evidence: list[EvidenceDocument]
    location: LocationDocument | None
    repairs: list[str]
    waiver: AcceptedDocument | None = None
    repair_refused: str = ""


@record
class GapDocument:
    """Something that could not be looked at: what, why, and what would unlock it ("" when nothing is known)."""

    what: str
    why: str
    unlock: str


@record
class CheckDocument:
    """The outcome of one check. ``findings`` are identities; ``passed`` counts the subjects in order."""

    check: str
    area: str
    title: str
    status: Status
    worst: Severity
    passed: int
    findings: list[str]
    not_assessed: list[GapDocument]
    reason: str


@record
class GradeDocument:
    """A letter A to F or U (ungraded), the one rule that caps it, 0 to 100 points, and the assessed share (0 to 1)."""

    letter: str
    rule: str
    score: float
    coverage: float
    at_worst: str


@record
class AreaDocument:
    """The grade of one area and how many of its checks ended in each status."""

    area: str
    grade: GradeDocument
    counts: dict[Status, int]


@record
class SectionDocument:
    """How the gathering of one kind of fact went."""

    section: str
    status: str
    reason: str
    unlock: str
    seconds: float
    unread: list[GapDocument]


@record
class BrokenPluginDocument:
    """A plugin that was not loaded, and why."""

    file: str
    reason: str


@record
class WaiverDocument:
    """One entry of the waivers file, and what became of it in this scan. ``line`` counts from 1."""

    check: str
    finding: str
    reason: str
    owner: str
    accepted: str
    expires: str
    severity: Severity
    state: WaiverState
    note: str
    line: int | None


@record
class WaiversDocument:
    """The waivers file that was applied. With a ``problem`` it was ignored, and ``waivers`` is empty."""

    path: str
    problem: str
    waivers: list[WaiverDocument]


@record
class ReportDocument:
    """Everything one scan says. ``waivers`` is null where there is no waivers file."""

    schema_version: int
    workbench: str
    taken_at: str
    platform: str
    user: str
    grade: GradeDocument
    next_step: str
    areas: list[AreaDocument]
    checks: list[CheckDocument]
    findings: list[FindingDocument]
    sections: list[SectionDocument]
    broken_plugins: list[BrokenPluginDocument]
    waivers: WaiversDocument | None = None


def document(report: Report) -> ReportDocument:
    """The Report as the document that scripts read."""
    return ReportDocument(
        schema_version=SCHEMA_VERSION,
        workbench=report.workbench,
        taken_at=report.taken_at,
        platform=report.platform,
        user=report.user,
        grade=GradeDocument(**asdict(report.grade)),
        next_step=report.next_step,
        areas=[
            AreaDocument(
                area.area,
                GradeDocument(**asdict(area.grade)),
                {Status(name): count for name, count in area.counts.items()},
            )
            for area in report.areas
        ],
        checks=[_check(result) for result in report.results],
        findings=[finding_document(finding) for finding in report.findings()],
        sections=[
            SectionDocument(
                section,
                state.status,
                state.reason,
                state.unlock,
                state.seconds,
                [GapDocument(unread.what, unread.why, unread.unlock) for unread in state.unread],
            )
            for section, state in sorted(report.sections.items())
        ],
        broken_plugins=[BrokenPluginDocument(broken.file, broken.reason) for broken in report.broken_plugins],
        waivers=_waivers(report.waivers),
    )


def as_json(report: Report) -> str:
    """The document as JSON text, ASCII only, so that no terminal or code page can mangle it."""
    return json_text(document(report), 2)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the document, made from the types."""
    from pydantic import TypeAdapter

    made = TypeAdapter(ReportDocument).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "report-v1.json", **made}


def _check(result: CheckResult) -> CheckDocument:
    return CheckDocument(
        check=result.check,
        area=result.area,
        title=result.title,
        status=result.status,
        worst=result.worst,
        passed=result.passed,
        findings=[finding.identity for finding in result.findings],
        not_assessed=[GapDocument(gap.what, gap.why, gap.unlock) for gap in result.not_assessed],
        reason=result.reason,
    )


def finding_document(finding: Finding) -> FindingDocument:
    """One finding as scripts read it."""
    place, waiver = finding.location, finding.waiver
    return FindingDocument(
        identity=finding.identity,
        check=finding.check,
        severity=finding.severity,
        summary=finding.summary,
        subject=SubjectDocument(finding.subject.kind, finding.subject.key, finding.subject.label),
        also=[SubjectDocument(subject.kind, subject.key, subject.label) for subject in finding.also],
        evidence=[EvidenceDocument(each.expected, each.actual, shlex.join(each.command)) for each in finding.evidence],
        location=LocationDocument(place.path, place.line, place.column, list(place.pointer)) if place else None,
        repairs=list(finding.repairs),
        waiver=AcceptedDocument(waiver.reason, waiver.owner, waiver.accepted, waiver.expires, finding.lapsed)
        if waiver
        else None,
        repair_refused=finding.refused,
    )


def _waivers(made: Waivers | None) -> WaiversDocument | None:
    if made is None:
        return None
    entries = [
        WaiverDocument(
            each.waiver.check,
            each.waiver.finding,
            each.waiver.reason,
            each.waiver.owner,
            each.waiver.accepted,
            each.waiver.expires,
            each.waiver.severity,
            each.state,
            each.note,
            each.waiver.line,
        )
        for each in made.outcomes
    ]
    return WaiversDocument(made.path, made.problem, entries)
