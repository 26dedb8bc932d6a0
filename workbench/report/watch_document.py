"""The lines that ``workbench --headless --watch --json`` prints: one JSON document each, the first the whole report."""

from __future__ import annotations

from typing import Any

from workbench.model.record import record
from workbench.model.report import Report
from workbench.report.document import FindingDocument, ReportDocument, document, finding_document
from workbench.report.json_text import json_text
from workbench.watching import Change, Difference

SCHEMA_VERSION = 1


@record
class ReportLine:
    """The first line: the report as it is at the beginning. ``event`` is ``report``."""

    schema_version: int
    event: str
    report: ReportDocument


@record
class ChangeDocument:
    """What was noticed before the look: ``kind`` is file, process or socket; ``words`` is a sentence."""

    kind: str
    name: str
    words: str


@record
class MovedDocument:
    """A finding whose severity changed, or of which only a part is left: what it was, and the finding as it is now."""

    was: str
    finding: FindingDocument


@record
class ChangedLine:
    """A further line: what a later look says otherwise. ``event`` is ``changed``.

    ``unseen`` findings are not there any more, but their check could not be assessed as before: they may still stand.
    ``changes`` are what made the workbench look, ``words`` what the text shows of all this.
    """

    schema_version: int
    event: str
    taken_at: str
    changes: list[ChangeDocument]
    new: list[FindingDocument]
    gone: list[FindingDocument]
    worse: list[MovedDocument]
    better: list[MovedDocument]
    unseen: list[FindingDocument]
    grade_before: str
    grade: str
    words: list[str]


def report_line(report: Report) -> str:
    """The first line."""
    return _line(ReportLine(SCHEMA_VERSION, "report", document(report)))


def changed_line(changes: tuple[Change, ...], difference: Difference, report: Report) -> str:
    """The line of one look that says something otherwise."""
    made = ChangedLine(
        SCHEMA_VERSION,
        "changed",
        report.taken_at,
        [ChangeDocument(change.kind, change.name, change.words) for change in changes],
        [finding_document(finding) for finding in difference.new],
        [finding_document(finding) for finding in difference.gone],
        [MovedDocument(before.severity, finding_document(now)) for before, now in difference.worse],
        [MovedDocument(before.severity, finding_document(now)) for before, now in difference.better],
        [finding_document(finding) for finding in difference.unseen],
        *difference.grade,
        list(difference.words),
    )
    return _line(made)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a line, made from the types."""
    from pydantic import TypeAdapter

    made = TypeAdapter(ReportLine | ChangedLine).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "watch-v1.json", **made}


def _line(made: ReportLine | ChangedLine) -> str:
    # A line break inside of a text is written as an escape, so those of the layout are the only ones.
    return " ".join(part.lstrip() for part in json_text(made, 0).split("\n"))
