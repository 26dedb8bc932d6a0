"""``workbench compare``: what is new, gone, changed, the same, or no longer looked at between two reports.

What the newer look could not look at is not gone. The published schema (``schema/compare-v1.json``) is made from these
types; a test holds the two together.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.exits import Exit
from workbench.model.record import record
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.waiver import EXPIRED
from workbench.options import put
from workbench.remainders import remainders
from workbench.report.document import CheckDocument, FindingDocument, GradeDocument, ReportDocument
from workbench.report.json_text import json_text
from workbench.report.lines import wrapped
from workbench.text import visible
from workbench.waivers.applying import lasting

SCHEMA_VERSION = 1
_ORDER = "ABCDEFU"
_LOOKED = (Status.FOUND, Status.PASSED, Status.NOT_APPLICABLE)


@record
class SideDocument:
    """One of the two reports: of which host, when, and its grade."""

    workbench: str
    taken_at: str
    platform: str
    user: str
    grade: GradeDocument


@record
class ChangeDocument:
    """A finding that both have, and how it differs: severity, summary, or whether it is waived. ``worse``: it counts
    for more than before.

    ``identity`` is that of the newer one. The older one has another where only a part is left of what it was about.
    """

    identity: str
    check: str
    before: FindingDocument
    after: FindingDocument
    worse: bool


@record
class UnseenDocument:
    """A check that looked then and could not look now, or not at everything, why, and what would unlock it.

    ``findings`` are those of the old report that are not in the new one for it: nobody knows whether they are gone.
    """

    check: str
    why: str
    unlock: str
    findings: list[FindingDocument]


@record
class CompareDocument:
    """What became of one host from an older to a newer report. ``notes`` say what makes the two hard to compare."""

    schema_version: int
    workbench: str
    old: SideDocument
    new: SideDocument
    notes: list[str]
    appeared: list[FindingDocument]
    gone: list[FindingDocument]
    changed: list[ChangeDocument]
    unseen: list[UnseenDocument]
    same: int


def compare(options: argparse.Namespace) -> int:
    """Print how two reports differ. Exits with 1 where something new or worse is at the threshold, else with 3 where
    something is no longer looked at.
    """
    made = compared(_side(options.old, options), _side(options.new, options))
    if options.json:
        print(json_text(made, 2))
    else:
        put("\n".join(visible(line) for line in _lines(made)) + "\n")
    threshold = options.fail_on
    if threshold == "never":
        return Exit.CLEAN
    worse = [*made.appeared, *(each.after for each in made.changed if each.worse)]
    if any(not _waived(each) and each.severity.at_least(Severity(threshold)) for each in worse):
        return Exit.FINDINGS
    return Exit.COVERAGE if made.unseen else Exit.CLEAN


def compared(old: ReportDocument, new: ReportDocument) -> CompareDocument:
    """Set a newer report against an older one."""
    before = {finding.identity: finding for finding in old.findings}
    after = {finding.identity: finding for finding in new.findings}
    blind = dict(_blind(old, new))
    left = {identity: was for identity, was in remainders(old.findings, new.findings).items() if was.check not in blind}
    kept = {was.identity for was in left.values()}
    missing = [finding for identity, finding in before.items() if identity not in after and identity not in kept]
    lost: dict[str, list[FindingDocument]] = {}
    for finding in missing:
        lost.setdefault(finding.check, []).append(finding)
    known = before | left
    changed = [_change(known[identity], finding) for identity, finding in after.items() if identity in known]
    return CompareDocument(
        schema_version=SCHEMA_VERSION,
        workbench=__version__,
        old=_side_document(old),
        new=_side_document(new),
        notes=list(_notes(old, new)),
        appeared=[finding for identity, finding in after.items() if identity not in known],
        gone=[finding for finding in missing if finding.check not in blind],
        changed=[change for change in changed if change is not None],
        unseen=[UnseenDocument(check, why, unlock, lost.get(check, [])) for check, (why, unlock) in blind.items()],
        same=sum(change is None for change in changed),
    )


def baseline_states(old: ReportDocument, new: ReportDocument) -> dict[str, str]:
    """SARIF's word for each finding, and for each check that found nothing, of the newer report."""
    made = compared(old, new)
    states = {finding.identity: "unchanged" for finding in new.findings}
    states |= {finding.identity: "new" for finding in made.appeared}
    states |= {change.identity: "updated" for change in made.changed}
    statuses = {check.check: check.status for check in old.checks}
    for check in new.checks:
        known = statuses.get(check.check)
        states[check.check] = "new" if known is None else "unchanged" if known is check.status else "updated"
    return states


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the document, made from the types."""
    from pydantic import TypeAdapter

    made = TypeAdapter(CompareDocument).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "compare-v1.json", **made}


def _side(path: Path, options: argparse.Namespace) -> ReportDocument:
    """The report in a file, or that on the snapshot in it."""
    from workbench.report.report_file import from_data, load

    data = load(path)
    if not (isinstance(data, dict) and "version" in data and "schema_version" not in data):
        return from_data(data, visible(str(path)))
    from workbench.commands import accepted_by, plugins_of
    from workbench.report.document import document
    from workbench.report.snapshot_file import read
    from workbench.scan import scan

    options.replay = path
    return document(scan(read(path), plugins_of(options), None, accepted_by(options)))


def _side_document(report: ReportDocument) -> SideDocument:
    return SideDocument(report.workbench, report.taken_at, report.platform, report.user, report.grade)


def _notes(old: ReportDocument, new: ReportDocument) -> Iterator[str]:
    if (old.platform, old.user) != (new.platform, new.user):
        yield f"they are not of the same account: {old.user} on {old.platform}, and {new.user} on {new.platform}"
    if old.workbench != new.workbench:
        yield f"they were made by different versions, {old.workbench} and {new.workbench}: checks may judge otherwise"
    if old.taken_at > new.taken_at:
        yield "the first one is the newer one"
    added = sorted({check.check for check in new.checks} - {check.check for check in old.checks} - {EXPIRED})
    if added:
        yield f"these checks are new, so what they find may be old: {', '.join(added)}"


def _blind(old: ReportDocument, new: ReportDocument) -> Iterator[tuple[str, tuple[str, str]]]:
    """The checks that could look then and cannot now, or not at something that was no gap then; and why."""
    now = {check.check: check for check in new.checks}
    for check in old.checks:
        if check.check == EXPIRED:
            continue  # it is there only where a waiver has expired
        after = now.get(check.check)
        looked = check.status in _LOOKED or bool(check.passed or check.findings)
        if after is None:
            if looked:
                yield check.check, ("there is no such check in the newer report", "")
        elif after.status is Status.ERROR and check.status is not Status.ERROR:
            yield check.check, (after.reason, "")
        elif (fresh := _fresh_gaps(check, after)) and looked:
            yield check.check, fresh


def _fresh_gaps(before: CheckDocument, after: CheckDocument) -> tuple[str, str] | None:
    known = {lasting(f"{gap.what}: {gap.why}") for gap in before.not_assessed}
    fresh = [gap for gap in after.not_assessed if lasting(f"{gap.what}: {gap.why}") not in known]
    if not fresh:
        return None
    more = f" (and {len(fresh) - 1} more)" if len(fresh) > 1 else ""
    return f"{fresh[0].what}: {fresh[0].why}{more}", fresh[0].unlock


def _change(before: FindingDocument, after: FindingDocument) -> ChangeDocument | None:
    same = (before.severity, before.summary, _waived(before)) == (after.severity, after.summary, _waived(after))
    if same:
        return None
    worse = after.severity.rank > before.severity.rank or (_waived(before) and not _waived(after))
    return ChangeDocument(after.identity, after.check, before, after, worse)


def _waived(finding: FindingDocument) -> bool:
    return finding.waiver is not None and not finding.waiver.lapsed


def _lines(made: CompareDocument) -> Iterator[str]:
    old, new = made.old.grade, made.new.grade
    word = "same" if old.letter == new.letter else _direction(old.letter, new.letter)
    yield f"Grade {old.letter} -> {new.letter} ({word}): {new.rule}"
    yield f"{made.old.taken_at} -> {made.new.taken_at}, assessed {old.coverage:.0%} -> {new.coverage:.0%}"
    for note in made.notes:
        yield from wrapped(note, "Note: ", "      ")
    yield from _listed("New", made.appeared)
    yield from _listed("Gone", made.gone)
    yield ""
    yield f"Changed ({len(made.changed)})" if made.changed else "Changed: none"
    for change in made.changed:
        yield from wrapped(f"{_word(change.before)} -> {_word(change.after)} {change.after.summary}", "  ", "    ")
        yield f"    {change.check}   {change.identity}"
    if made.unseen:
        yield ""
        yield f"Could not look any more ({len(made.unseen)}): nobody knows what is gone here"
    for unseen in made.unseen:
        yield from wrapped(f"{unseen.check}: {unseen.why}", "  ", "    ")
        yield from wrapped(unseen.unlock, "    to unlock ", "              ") if unseen.unlock else ()
        for finding in unseen.findings:
            yield from wrapped(f"{_word(finding)} {finding.summary}", "    then      ", "              ")
    yield ""
    yield f"Same: {made.same}"


def _direction(old: str, new: str) -> str:
    if "U" in (old, new):
        return "not to be compared"
    return "better" if _ORDER.find(new) < _ORDER.find(old) else "worse"


def _listed(title: str, findings: list[FindingDocument]) -> Iterator[str]:
    yield ""
    yield f"{title} ({len(findings)})" if findings else f"{title}: none"
    for finding in findings:
        yield from wrapped(f"{_word(finding)} {finding.summary}", "  ", "    ")
        yield f"    {finding.check}   {finding.identity}"


def _word(finding: FindingDocument) -> str:
    return f"{finding.severity.upper()}{' (waived)' if _waived(finding) else ''}"
