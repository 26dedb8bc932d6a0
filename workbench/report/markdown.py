"""A Report as GitHub-flavoured Markdown. No text of the host is ever read as Markdown, HTML, a link or a mention.

A word of plain letters or plain digits stays as it is; any other word goes into a code span, in which a renderer
interprets nothing: escaping with backslashes alone would not keep an address or an ``@name`` from becoming a link.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from workbench.model.finding import Finding
from workbench.model.report import Report, Status
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.plugins import Plugins
from workbench.report.causes import causes, not_seen
from workbench.report.servers import document
from workbench.report.servers_text import headline as servers_headline
from workbench.report.servers_text import opened_by, rows, urgency
from workbench.report.text import IDLE, headline
from workbench.text import visible

_PLAIN = re.compile(r"\(?(?:[^\W\d_]+(?:['’-][^\W\d_]+)*[,;:.!?)]{0,2}|\d{1,6}%?[,;:]?)")
_HEX = re.compile(r"[0-9a-f]{7,}", re.IGNORECASE)


def as_markdown(report: Report, snapshot: Snapshot, plugins: Plugins) -> str:
    """The whole report."""
    return "\n".join(_lines(report, snapshot, plugins)) + "\n"


def prose(text: str) -> str:
    """Host text among our own words: plain words as they are, everything else in code spans."""
    words = visible(text).split()
    made: list[str] = []
    run: list[str] = []
    for word in words:
        if _PLAIN.fullmatch(word) and not _HEX.fullmatch(word.strip("(),;:.!?")):
            if run:
                made.append(code(" ".join(run)))
                run = []
            made.append(word)
        else:
            run.append(word)
    if run:
        made.append(code(" ".join(run)))
    return " ".join(made)


def code(text: str) -> str:
    """Host text as a code span, whatever backticks and bars are in it."""
    shown = visible(text)
    if not shown.strip():
        return "(empty)"
    fence = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    blank = " " if len(fence) > 1 or shown[0] == " " or shown[-1] == " " else ""
    return f"{fence}{blank}{shown}{blank}{fence}"


def _lines(report: Report, snapshot: Snapshot, plugins: Plugins) -> Iterator[str]:
    _, sure, *price = headline(report)
    yield f"# MCP hardening report: grade {report.grade.letter}"
    yield ""
    yield f"**{prose(report.grade.rule)}**"
    yield ""
    yield prose(sure)
    yield from ("", *(f"**{prose(line)}**" for line in price))
    yield ""
    yield f"{code(report.platform)}, as {code(report.user)}, {code(report.taken_at)}, by {code(report.workbench)}"
    yield from ("", "## Report card", "", "| area | grade | assessed | checks |", "|---|---|---|---|")
    for area in report.areas:
        counts = ", ".join(f"{count} {status}" for status, count in area.counts.items() if count)
        yield f"| {_cell(area.area)} | {area.grade.letter} | {area.grade.coverage:.0%} | {counts} |"
    standing = list(report.standing())
    yield from ("", f"## Findings ({len(standing)})")
    if standing:
        counted = {each: sum(finding.severity is each for finding in standing) for each in Severity}
        yield from ("", ", ".join(f"{count} {each.value}" for each, count in counted.items() if count))
    for finding in standing:
        yield from _finding(finding, plugins)
    yield from _waived(report, plugins)
    yield from _servers(snapshot)
    yield from _unseen(report)


def _finding(finding: Finding, plugins: Plugins) -> Iterator[str]:
    yield from ("", f"### {finding.severity.symbol} {finding.severity.upper()}: {prose(finding.summary)}", "")
    if finding.waiver is not None:
        waiver = finding.waiver
        lapsed = f"**no longer: {prose(finding.lapsed)}**; " if finding.lapsed else ""
        yield f"- waiver: {lapsed}{prose(waiver.owner)} until {code(waiver.expires)}: {prose(waiver.reason)}"
    yield f"- {prose(finding.subject.kind)}: {code(finding.subject.label)}"
    if finding.also:
        yield f"- also: {', '.join(code(each.label) for each in finding.also)}"
    if finding.location is not None:
        line = f":{finding.location.line}" if finding.location.line else ""
        yield f"- where: {code(finding.location.path + line)}"
    for evidence in finding.evidence:
        yield f"- expected: {prose(evidence.expected)}"
        yield f"- actual: {prose(evidence.actual)}"
        if evidence.command:
            yield f"- see it: {code(shlex.join(evidence.command))}"
    for identity in finding.repairs:
        fix = plugins.fixes.get(identity)
        said = f" {prose(fix.title)} ({fix.safety.value}; undo: {fix.reversal.value})" if fix else ""
        yield f"- repair: {code(identity)}{said}"
    if finding.refused:
        yield f"- repair: none can be made here: {prose(finding.refused)}"
    yield f"- check: {code(finding.check)}, identity {code(finding.identity)}"
    yield f"- lesson: {code(f'workbench explain {finding.check}')}"


def _waived(report: Report, plugins: Plugins) -> Iterator[str]:
    made = report.waivers
    waived = [finding for finding in report.findings() if finding.waived]
    if made is None:
        return
    yield from ("", f"## Waived ({len(waived)})", "")
    if made.problem:
        yield f"**The waivers file was ignored:** {prose(made.problem)}"
    yield "These still stand; somebody accepted them for a while." if waived else "Nothing is waived."
    for finding in waived:
        yield from _finding(finding, plugins)
    idle = [outcome for outcome in made.outcomes if outcome.state in IDLE]
    if idle:
        yield ""
    for outcome in idle:
        waiver = outcome.waiver
        yield f"- {code(waiver.check)} {code(waiver.finding)}: {outcome.state.value}; {prose(outcome.note)}"


def _servers(snapshot: Snapshot) -> Iterator[str]:
    shown, opened, home = document(snapshot), opened_by(snapshot), snapshot.host.home
    yield from ("", "## Servers", "", prose(servers_headline(snapshot.servers.servers)))
    for server in sorted(shown.servers, key=urgency):
        mark = "" if server.configured else ", in no config"
        yield from ("", f"### {code(server.name)}: {server.presence}{mark}", "")
        for word, text in (
            *rows(server, home),
            *([("could open", opened[server.key])] if server.key in opened else []),
        ):
            yield f"- {word}: {code(text)}"
    if shown.problems:
        yield from ("", "### Could not be read or understood", "")
        for problem in shown.problems:
            place = f" line {problem.line}" if problem.line else ""
            yield f"- {code(problem.what + place) if problem.what else ''} {prose(problem.why)}"


def _unseen(report: Report) -> Iterator[str]:
    unseen = causes(not_seen(report.results))
    yield from ("", f"## Not assessed ({len(unseen)})", "")
    yield "Nothing here counts as fine." if unseen else "Everything that applies was looked at."
    yield ""
    for cause in unseen:
        unlock = f"; to unlock: {prose(cause.unlock)}" if cause.unlock else ""
        stops = f"; stops {', '.join(code(check) for check in cause.checks)}" if cause.checks else ""
        yield f"- {prose(cause.what)}: {prose(cause.why)}{unlock}{stops}"
    away = [result for result in report.results if result.status is Status.NOT_APPLICABLE]
    if away:
        yield from ("", "## Not applicable", "")
        yield from (f"- {code(result.check)}: {prose(result.reason)}" for result in away)
    if report.broken_plugins:
        yield from ("", "## Plugins that were not loaded", "")
        yield from (f"- {code(broken.file)}: {prose(broken.reason)}" for broken in report.broken_plugins)


def _cell(text: str) -> str:
    return code(text).replace("|", "\\|")
