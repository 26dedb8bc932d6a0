"""A Report as plain lines, for a terminal, a pipe or a screen reader. No colour, no drawing characters."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from workbench.model.finding import Finding
from workbench.model.report import CheckResult, Report, Status
from workbench.report.lines import wrapped
from workbench.text import visible


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
    findings = list(report.findings())
    yield ""
    yield f"Findings ({len(findings)})" if findings else "Findings: none"
    for finding in findings:
        yield ""
        yield from _finding(finding)
    unseen = [result for result in report.results if result.not_assessed or result.status is Status.ERROR]
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
    if finding.repairs:
        yield f"    repair    {', '.join(finding.repairs)}"


def _gaps(results: list[CheckResult]) -> Iterator[str]:
    # One cause often stops many checks: say it once, with the checks it stops.
    causes: dict[tuple[str, str, str], list[str]] = {}
    for result in results:
        if result.status is Status.ERROR:
            causes.setdefault((result.check, result.reason, "report it to the plugin's author"), [])
        for gap in result.not_assessed:
            causes.setdefault((gap.what, gap.why, gap.unlock), []).append(result.check)
    for (what, why, unlock), checks in causes.items():
        yield from wrapped(f"{what}: {why}", "  ", "    ")
        if unlock:
            yield from wrapped(unlock, "    to unlock ", "              ")
        if checks:
            yield from wrapped(", ".join(checks), "    stops     ", "              ")
