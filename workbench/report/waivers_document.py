"""What was accepted, for scripts: ``workbench waivers --json``."""

from __future__ import annotations

from typing import Any

from workbench import __version__
from workbench.model.record import record
from workbench.model.report import Report
from workbench.model.severity import Severity
from workbench.model.waiver import WaiverState
from workbench.report.json_text import json_text

SCHEMA_VERSION = 1


@record
class StandingDocument:
    """The finding that a waiver names, as it is now."""

    severity: Severity
    summary: str


@record
class ListedWaiver:
    """One entry of the waivers file and what became of it. ``accepted`` and ``expires`` are ISO dates, both included.

    ``severity`` is how bad the finding was when it was accepted; ``now`` is null where it is not found any more.
    ``note`` says why it is in that state, "" where there is nothing to add. ``line`` counts from 1.
    """

    finding: str
    check: str
    state: WaiverState
    note: str
    reason: str
    owner: str
    accepted: str
    expires: str
    severity: Severity
    line: int | None
    now: StandingDocument | None


@record
class WaiversListDocument:
    """Every waiver, in the order of the file. ``there`` is false where there is no such file.

    With a ``problem`` the file was not relied on, no waiver is in force and ``waivers`` is empty. ``taken_at`` is when
    the host was looked at, ISO 8601.
    """

    schema_version: int
    workbench: str
    taken_at: str
    path: str
    there: bool
    problem: str
    waivers: list[ListedWaiver]


def waivers_as_json(report: Report, path: str) -> str:
    """What a report says of the waivers, as JSON text, ASCII only. ``path`` is where their file would be."""
    file = report.waivers
    found = {finding.identity: finding for finding in report.findings()}
    listed = []
    for outcome in file.outcomes if file is not None else ():
        waiver = outcome.waiver
        finding = found.get(waiver.finding)
        listed.append(
            ListedWaiver(
                waiver.finding,
                waiver.check,
                outcome.state,
                outcome.note,
                waiver.reason,
                waiver.owner,
                waiver.accepted,
                waiver.expires,
                waiver.severity,
                waiver.line,
                StandingDocument(finding.severity, finding.summary) if finding is not None else None,
            )
        )
    made = WaiversListDocument(
        SCHEMA_VERSION,
        __version__,
        report.taken_at,
        file.path if file is not None else path,
        file is not None,
        file.problem if file is not None else "",
        listed,
    )
    return json_text(made, 2)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the document, made from the types."""
    from pydantic import TypeAdapter

    made = TypeAdapter(WaiversListDocument).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "waivers-v1.json", **made}
