"""A Report as plain lines, for a terminal, a pipe or a screen reader. No colour, no drawing characters."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from workbench.model.finding import Finding
from workbench.model.report import CheckResult, Report, Status
from workbench.model.waiver import WaiverState
from workbench.report.causes import causes, not_seen
from workbench.report.lines import wrapped
from workbench.text import visible

IDLE = (WaiverState.STALE, WaiverState.NOT_SEEN)


def as_text(report: Report) -> str:
    """The whole report, most important first."""
    return "\n".join(visible(line) for line in _lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"MCP hardening workbench {report.workbench}  {report.taken_at}  {report.platform}  as {report.user}"
    yield ""
    yield from headline(report)
    yield ""
    yield "Report card"
    for area in report.areas:
        counts = ", ".join(f"{count} {status}" for status, count in area.counts.items() if count)
        yield f"  {area.area:<10} {area.grade.letter}  {counts}"
    findings = list(report.standing())
    yield ""
    yield f"Findings ({len(findings)})" if findings else "Findings: none"
    for finding in findings:
        yield ""
        yield from _finding(finding)
    yield from _waived(report)
    unseen = not_seen(report.results)
    if unseen:
        yield ""
        yield f"Not assessed ({len(unseen)} checks, whole or in part)"
        yield from _gaps(unseen)
    inapplicable = [result for result in report.results if result.status is Status.NOT_APPLICABLE]
    if inapplicable:
        yield ""
        yield "Not applicable"
        for result in inapplicable:
            yield from wrapped(f"{result.check}: {result.reason}", "  ", "    ")
    if report.broken_plugins:
        yield ""
        yield "Plugins that were not loaded"
        for broken in report.broken_plugins:
            yield from wrapped(f"{broken.file}: {broken.reason}", "  ", "    ")


def headline(report: Report) -> Iterator[str]:
    """The grade, the rule that caps it, how sure it is, and the price of the next letter."""
    grade = report.grade
    assessed = sum(result.status in (Status.FOUND, Status.PASSED) for result in report.results)
    applicable = sum(result.status is not Status.NOT_APPLICABLE for result in report.results)
    yield f"Grade {grade.letter}: {grade.rule}"
    in_part = sum(result.status is Status.FOUND and bool(result.not_assessed) for result in report.results)
    part = f", {in_part} in part" if in_part else ""
    sure = f"{assessed} of {applicable} checks assessed{part} ({grade.coverage:.0%} by weight)"
    if grade.at_worst != grade.letter:
        sure += f"; if everything not assessed were bad: {grade.at_worst}"
    yield sure
    if report.next_step:
        yield f"Next: {report.next_step}"


def _finding(finding: Finding) -> Iterator[str]:
    yield from wrapped(f"{finding.severity.upper()} {finding.summary}", "  ", "    ")
    yield f"    check     {finding.check}   identity {finding.identity}"
    yield from wrapped(f"{finding.subject.kind} {finding.subject.label}", "    subject   ", "              ")
    if finding.also:
        labels = ", ".join(subject.label for subject in finding.also)
        yield from wrapped(labels, "    also      ", "              ")
    if finding.location is not None:
        line = f":{finding.location.line}" if finding.location.line else ""
        yield f"    where     {finding.location.path}{line}"
    for evidence in finding.evidence:
        yield from wrapped(evidence.expected, "    expected  ", "              ")
        yield from wrapped(evidence.actual, "    actual    ", "              ")
        if evidence.command:
            yield f"    see it    {shlex.join(evidence.command)}"
    if finding.waiver is not None:
        waiver = finding.waiver
        held = f"but {finding.lapsed}; " if finding.lapsed else ""
        said = f"{held}accepted by {waiver.owner} until {waiver.expires}: {waiver.reason}"
        yield from wrapped(said, "    waiver    ", "              ")
    if finding.repairs:
        yield f"    repair    {', '.join(finding.repairs)}"
    if finding.refused:
        yield from wrapped(f"none can be made here: {finding.refused}", "    repair    ", "              ")


def _waived(report: Report) -> Iterator[str]:
    if report.waivers is not None and report.waivers.problem:
        yield ""
        yield "THE WAIVERS FILE WAS IGNORED"
        yield from wrapped(report.waivers.problem, "  ", "    ")
    waived = [finding for finding in report.findings() if finding.waived]
    if waived:
        yield ""
        yield f"Waived ({len(waived)}): they stand, and somebody accepted them"
    for finding in waived:
        yield ""
        yield from _finding(finding)
    idle = [each for each in report.waivers.outcomes if each.state in IDLE] if report.waivers is not None else []
    if idle:
        yield ""
        yield "Waivers of nothing that was found"
        for outcome in idle:
            said = f"{outcome.waiver.check} {outcome.waiver.finding}: {outcome.state.value}; {outcome.note}"
            yield from wrapped(said, "  ", "    ")


def _gaps(results: list[CheckResult]) -> Iterator[str]:
    for cause in causes(results):
        yield from wrapped(f"{cause.what}: {cause.why}", "  ", "    ")
        if cause.unlock:
            yield from wrapped(cause.unlock, "    to unlock ", "              ")
        if cause.checks:
            yield from wrapped(", ".join(cause.checks), "    stops     ", "              ")
