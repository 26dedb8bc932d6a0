"""The repairs of a live host as SARIF fixes: which lines of which file would be replaced by what.

Only what a plan's own preview shows word for word is said again: a line that holds a secret is not, it is masked there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.documents.decoding import decode
from workbench.documents.model import Malformed
from workbench.engine import Workbench
from workbench.host.files import CannotLook, read_bounded
from workbench.model.acts import Act
from workbench.model.finding import Finding
from workbench.model.operations import EditRootFile, RootFile
from workbench.model.plan import Plan, Refusal, Safety
from workbench.model.report import Report
from workbench.model.run import Change
from workbench.model.snapshot import Snapshot
from workbench.repair.prepare import Prepared
from workbench.repair.publish import sha256
from workbench.repair.staged import StagedWrite
from workbench.report.uris import uri_of
from workbench.text import visible

Json = dict[str, Any]
_WORKED_OUT = 200
"""Findings whose repairs are worked out against the files: each takes milliseconds."""


def fixes_of(workbench: Workbench, report: Report, snapshot: Snapshot) -> Mapping[str, list[Json]]:
    """The fixes of the findings, by identity. Nothing is written; a repair that is refused or asks is left out."""
    made: dict[str, list[Json]] = {}
    for finding in [each for each in report.findings() if each.repairs][:_WORKED_OUT]:
        found = [fix for plan in _plans(workbench, finding, snapshot) for fix in _fix(workbench, plan)]
        if found:
            made[finding.identity] = found
    return made


def _plans(workbench: Workbench, finding: Finding, snapshot: Snapshot) -> list[Plan]:
    offered = [fix for fix in workbench.fixes_for(finding) if fix.safety is not Safety.GUIDE]
    plans = [workbench.plan(fix, finding, snapshot) for fix in offered]
    return [plan for plan in plans if not isinstance(plan, Refusal)]


def _fix(workbench: Workbench, plan: Plan) -> list[Json]:
    if any(isinstance(each, EditRootFile | RootFile | Act) for each in plan.operations):
        return []  # what takes root is no edit of a file that could be said here, and no report ever runs sudo
    prepared = workbench.prepare(plan)
    if isinstance(prepared, Refusal):
        return []
    changes = _changes(prepared)
    if changes is None:
        return []
    description = visible(f"{plan.title} ({plan.safety.value}; {plan.fix})")
    return [{"description": {"text": description}, "artifactChanges": changes}]


def _changes(prepared: Prepared) -> list[Json] | None:
    """What is replaced in each file; None where any part of the plan cannot be said so."""
    made = []
    for staged, change, after in zip(prepared.operations, prepared.changes, prepared.contents, strict=True):
        if not isinstance(staged, StagedWrite):
            return None
        replacement = _replacement(staged, change, after)
        if replacement is None:
            return None
        made.append({"artifactLocation": {"uri": uri_of(staged.path)}, "replacements": [replacement]})
    return made or None


def _replacement(staged: StagedWrite, change: Change, after: bytes) -> Json | None:
    try:
        before = read_bounded(staged.real)
        if sha256(before) != staged.before.sha256:
            return None
        old, new = _lines(decode(before)[0]), _lines(decode(after)[0])
    except (CannotLook, Malformed):
        return None
    first = next(
        (at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), min(len(old), len(new))
    )
    most = min(len(old), len(new)) - first
    last = next((at for at in range(most) if old[-1 - at] != new[-1 - at]), most)
    inserted = new[first : len(new) - last]
    shown = {line[1:] for line in change.diff.split("\n")[2:] if line[:1] in ("+", " ")}
    if not all(line.rstrip("\r\n") in shown for line in inserted):
        return None
    region = _region(old, first, len(old) - last)
    return {"deletedRegion": region, "insertedContent": {"text": "".join(inserted)}}


def _region(lines: list[str], first: int, end: int) -> Json:
    """Whole lines, from one number to another, counted from 0, the second not included."""
    if end < len(lines) or first == end:
        return {"startLine": first + 1, "startColumn": 1, "endLine": end + 1, "endColumn": 1}
    return {"startLine": first + 1, "startColumn": 1, "endLine": end, "endColumn": len(lines[end - 1]) + 1}


def _lines(text: str) -> list[str]:
    # As SARIF counts them; the last one has no end, and is empty where the text ends with one.
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + [parts[-1]]
