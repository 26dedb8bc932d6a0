"""A Report as one page that stands alone: no script, nothing loaded from anywhere, readable on a phone and on paper.

Every text passes ``_text`` or ``_code``, which make it visible and escape it: a server's name is not to become a tag.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from html import escape

from workbench.model.finding import Evidence, Finding, Location, Subject
from workbench.model.report import AreaGrade, Report, Status
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.plugins import Plugins
from workbench.report.causes import Cause, causes, not_seen
from workbench.report.html_lesson import lesson_html
from workbench.report.html_style import STYLE
from workbench.report.lessons import known_checks
from workbench.report.servers import ServerDocument, document
from workbench.report.servers_text import headline as servers_headline
from workbench.report.servers_text import opened_by, rows, urgency
from workbench.report.text import IDLE, headline
from workbench.text import visible

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_CODE_ROWS = {"command", "url", "configured", "socket", "listens on"}


def as_html(report: Report, snapshot: Snapshot, plugins: Plugins) -> str:
    """The whole page."""
    return "\n".join(_page(report, snapshot, plugins)) + "\n"


def _page(report: Report, snapshot: Snapshot, plugins: Plugins) -> Iterator[str]:
    grade = _text(report.grade.letter)
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">'
    yield f"<title>MCP hardening report: grade {grade}</title>\n<style>{STYLE}</style>\n</head>\n<body>"
    yield from _top(report)
    yield "<main>"
    yield from _card(report)
    yield from _findings(report, plugins)
    yield from _waived(report, plugins)
    yield from _servers(snapshot)
    yield from _not_assessed(report)
    yield from _rest(report)
    yield "</main>"
    yield f'<footer class="quiet small"><p>Made by the MCP hardening workbench {_text(report.workbench)}. This page'
    yield "says how this machine can be attacked: keep it as you would keep a key.</p></footer>\n</body>\n</html>"


def _top(report: Report) -> Iterator[str]:
    _, sure, *price = headline(report)
    letter = report.grade.letter if report.grade.letter in "ABCDEF" else "U"
    yield "<header>"
    yield f'<div class="top"><div class="letter grade-{letter}" role="img" aria-label="grade {letter}">{letter}</div>'
    yield f'<div class="why"><h1>MCP hardening report</h1><p class="rule">{_text(report.grade.rule)}</p>'
    yield f"<p>{_text(sure)}</p>"
    yield from (f"<p><b>{_text(line)}</b></p>" for line in price)
    where = f"{report.platform}, as {report.user}, {report.taken_at}"
    yield f'<p class="quiet small">{_text(where)}</p></div></div>'
    yield '<nav aria-label="Parts"><a href="#card">Report card</a> <a href="#findings">Findings</a>'
    yield '<a href="#waived">Waived</a> <a href="#servers">Servers</a>'
    yield '<a href="#unseen">Not assessed</a></nav></header>'


def _card(report: Report) -> Iterator[str]:
    yield '<section id="card"><h2>Report card</h2><div class="areas">'
    yield from (_area(area) for area in report.areas)
    yield "</div></section>"


def _area(area: AreaGrade) -> str:
    share = max(0, min(100, round(area.grade.coverage * 100)))
    counts = ", ".join(f"{count} {status}" for status, count in area.counts.items() if count)
    return (
        f'<div class="card"><div class="area"><span>{_text(area.area)}</span><b>{_text(area.grade.letter)}</b></div>'
        f'<div class="bar"><span style="width:{share}%"></span></div>'
        f'<div class="small">{share}% assessed</div><div class="small quiet">{_text(counts)}</div></div>'
    )


def _findings(report: Report, plugins: Plugins) -> Iterator[str]:
    standing = list(report.standing())
    yield f'<section id="findings"><h2>Findings ({len(standing)})</h2>'
    if standing:
        counts = {each: sum(finding.severity is each for finding in standing) for each in Severity}
        yield "<p>" + " ".join(f"{_tag(each)}{count} " for each, count in counts.items() if count) + "</p>"
    else:
        yield "<p>Nothing was found that nobody accepted.</p>"
    taught: set[str] = set()
    for finding in standing:
        yield from _finding(finding, plugins, taught)
    yield "</section>"


def _waived(report: Report, plugins: Plugins) -> Iterator[str]:
    yield '<section id="waived"><h2>Waived</h2>'
    made = report.waivers
    if made is not None and made.problem:
        yield f'<div class="card loud"><b>The waivers file was ignored.</b> {_text(made.problem)}</div>'
    waived = [finding for finding in report.findings() if finding.waived]
    said = "These still stand; somebody accepted them for a while." if waived else "Nothing is waived."
    yield f"<p>{said}</p>"
    for finding in waived:
        yield from _finding(finding, plugins, None)
    for outcome in made.outcomes if made is not None else ():
        if outcome.state in IDLE:
            told = f"{outcome.waiver.check} {outcome.waiver.finding}: {outcome.state.value}; {outcome.note}"
            yield f'<p class="small">{_text(told)}</p>'
    yield "</section>"


def _finding(finding: Finding, plugins: Plugins, taught: set[str] | None) -> Iterator[str]:
    severity = finding.severity
    yield f'<article class="card finding s-{severity.value}" id="f-{_text(finding.identity)}">'
    yield f"<h3>{_tag(severity)}{_text(finding.summary)}</h3>"
    if finding.waiver is not None:
        waiver = finding.waiver
        lapsed = f"No longer waived: {finding.lapsed}. " if finding.lapsed else ""
        said = f"{lapsed}Accepted by {waiver.owner} from {waiver.accepted} until {waiver.expires}: {waiver.reason}"
        yield f'<p class="waived">{_text(said)}</p>'
    yield f"<dl><dt>{_text(finding.subject.kind)}</dt><dd>{_subject(finding.subject)}</dd>"
    if finding.also:
        yield f"<dt>also</dt><dd>{'<br>'.join(_subject(each) for each in finding.also)}</dd>"
    if finding.location is not None:
        yield f"<dt>where</dt><dd>{_code(_place(finding.location))}</dd>"
    for evidence in finding.evidence:
        yield from _evidence(evidence)
    if finding.repairs:
        yield f"<dt>repair</dt><dd>{'<br>'.join(_repair(fix, plugins) for fix in finding.repairs)}</dd>"
    if finding.refused:
        yield f"<dt>repair</dt><dd>none can be made here: {_text(finding.refused)}</dd>"
    yield f'<dt>check</dt><dd>{_code(finding.check)} <span class="quiet">{_code(finding.identity)}</span></dd></dl>'
    yield from _lesson(finding.check, plugins, taught)
    yield "</article>"


def _evidence(evidence: Evidence) -> Iterator[str]:
    yield f"<dt>expected</dt><dd>{_text(evidence.expected)}</dd><dt>actual</dt><dd>{_text(evidence.actual)}</dd>"
    if evidence.command:
        yield f"<dt>see it</dt><dd><pre>{_text(shlex.join(evidence.command))}</pre></dd>"


def _repair(identity: str, plugins: Plugins) -> str:
    fix = plugins.fixes.get(identity)
    if fix is None:
        return _code(identity)
    return f"{_code(identity)} {_text(fix.title)} ({fix.safety.value}; undo: {fix.reversal.value})"


def _lesson(check: str, plugins: Plugins, taught: set[str] | None) -> Iterator[str]:
    # Once a check: thousands of findings of one would make thousands of copies.
    found = known_checks(plugins).get(check)
    if found is None or taught is None:
        return
    anchor = f"lesson-{_text(check.replace('/', '-'))}"
    if check in taught:
        yield f'<p class="small"><a href="#{anchor}">The lesson: why it matters, and how to fix it by hand</a></p>'
        return
    taught.add(check)
    yield f'<details id="{anchor}"><summary>The lesson: why it matters, and how to fix it by hand</summary>'
    yield from lesson_html(found.lesson)
    yield "</details>"


def _servers(snapshot: Snapshot) -> Iterator[str]:
    shown, opened, home = document(snapshot), opened_by(snapshot), snapshot.host.home
    yield f'<section id="servers"><h2>Servers</h2><p>{_text(servers_headline(snapshot.servers.servers))}</p>'
    for server in sorted(shown.servers, key=urgency):
        yield from _server(server, home, opened.get(server.key, ""))
    if shown.problems:
        yield f'<h3>Could not be read or understood ({len(shown.problems)})</h3><ul class="small">'
        for problem in shown.problems:
            place = f" line {problem.line}" if problem.line else ""
            yield f"<li>{_code(problem.what + place) if problem.what else ''} {_text(problem.why)}</li>"
        yield "</ul>"
    yield "</section>"


def _server(server: ServerDocument, home: str, opened: str) -> Iterator[str]:
    mark = "" if server.configured else ", in no config"
    clients = f" ({', '.join(server.clients)})" if server.clients else ""
    yield f'<article class="card"><h3>{_text(server.name)} <span class="quiet small">{_text(server.presence + mark)}'
    yield f"{_text(clients)}</span></h3><dl>"
    for word, text in (*rows(server, home), *([("could open", opened)] if opened else [])):
        yield f"<dt>{_text(word)}</dt><dd>{_code(text) if word in _CODE_ROWS else _text(text)}</dd>"
    yield "</dl></article>"


def _not_assessed(report: Report) -> Iterator[str]:
    unseen = causes(not_seen(report.results))
    yield f'<section id="unseen"><h2>Not assessed ({len(unseen)})</h2>'
    yield "<p>Nothing here counts as fine.</p>" if unseen else "<p>Everything that applies was looked at.</p>"
    yield from (_cause(cause) for cause in unseen)
    yield "</section>"


def _cause(cause: Cause) -> str:
    unlock = f"<dt>to unlock</dt><dd>{_text(cause.unlock)}</dd>" if cause.unlock else ""
    stops = f"<dt>stops</dt><dd>{', '.join(_code(check) for check in cause.checks)}</dd>" if cause.checks else ""
    return f'<div class="card"><h3>{_text(cause.what)}: {_text(cause.why)}</h3><dl>{unlock}{stops}</dl></div>'


def _rest(report: Report) -> Iterator[str]:
    away = [result for result in report.results if result.status is Status.NOT_APPLICABLE]
    if away:
        yield f'<section><h2>Not applicable</h2><details><summary>{len(away)} checks</summary><ul class="small">'
        yield from (f"<li>{_code(result.check)} {_text(result.reason)}</li>" for result in away)
        yield "</ul></details></section>"
    if report.broken_plugins:
        yield '<section><h2>Plugins that were not loaded</h2><ul class="small">'
        yield from (f"<li>{_code(broken.file)} {_text(broken.reason)}</li>" for broken in report.broken_plugins)
        yield "</ul></section>"


def _tag(severity: Severity) -> str:
    return f'<span class="tag t-{severity.value}">{severity.symbol} {severity.value}</span>'


def _subject(subject: Subject) -> str:
    return f"<bdi>{_text(subject.label)}</bdi>"


def _place(location: Location) -> str:
    return location.path + (f":{location.line}" if location.line else "")


def _text(text: str, limit: int = 4096) -> str:
    return escape(visible(text, limit), quote=True)


def _code(text: str) -> str:
    return f"<code>{_text(text)}</code>"
