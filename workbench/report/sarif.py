"""A Report as SARIF 2.1.0, the format that code scanners share.

A finding is a result of kind ``fail``; what passed, does not apply or could not be looked at is a result of kind
``pass``, ``notApplicable`` or ``open``, at level ``none``. Waived findings carry an accepted suppression.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from workbench.model.check import Check
from workbench.model.finding import Finding
from workbench.model.report import CheckResult, Report, Status
from workbench.model.severity import Severity
from workbench.plugins import Plugins
from workbench.report.causes import causes, not_seen
from workbench.report.lessons import known_checks, parts_of
from workbench.report.uris import uri_of
from workbench.text import visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "workbenchFinding/v1"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# As code scanning sorts: over 9 critical, from 7 high, from 4 medium, else low.
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.1",
}
_RANKS = {
    Severity.CRITICAL: 95.0,
    Severity.HIGH: 80.0,
    Severity.MEDIUM: 55.0,
    Severity.LOW: 20.0,
    Severity.INFO: 1.0,
}
_KINDS = {Status.PASSED: "pass", Status.NOT_APPLICABLE: "notApplicable", Status.NOT_ASSESSED: "open"}

Json = dict[str, Any]


def as_sarif(
    report: Report,
    plugins: Plugins,
    states: Mapping[str, str] | None = None,
    fixes: Mapping[str, list[Json]] | None = None,
) -> str:
    """The log as JSON text, ASCII only.

    ``states`` are the baseline states of the findings, ``fixes`` what would repair them, both by identity.
    """
    log = _log(report, plugins, states)
    for result in log["runs"][0]["results"] if fixes else ():
        found = (fixes or {}).get(result.get("partialFingerprints", {}).get(FINGERPRINT, ""))
        if found:
            result["fixes"] = found
    return json.dumps(log, indent=2) + "\n"


def _log(report: Report, plugins: Plugins, states: Mapping[str, str] | None) -> Json:
    checks = known_checks(plugins)
    ids = sorted({result.check for result in report.results})
    rules = [_rule(identity, checks.get(identity)) for identity in ids]
    places = {identity: place for place, identity in enumerate(ids)}
    found = [_found(finding, plugins, places[finding.check], states) for finding in report.findings()]
    others = [made for result in report.results for made in _other(result, places[result.check], states)]
    driver = {
        "name": "MCP hardening workbench",
        "version": visible(report.workbench, 100),
        "rules": rules,
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(report, places)],
        "columnKind": "unicodeCodePoints",
        "results": found + others,
        "properties": {
            "grade": report.grade.letter,
            "rule": report.grade.rule,
            "score": report.grade.score,
            "coverage": report.grade.coverage,
            "atWorst": report.grade.at_worst,
            "nextStep": report.next_step,
            "platform": visible(report.platform, 100),
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(identity: str, check: Check | None) -> Json:
    if check is None:
        return {"id": identity}
    parts = parts_of(check.lesson)
    first = " ".join(parts[0][1].split()) if parts[0][1] else check.title
    markdown = "\n\n".join(f"## {heading}\n\n{text}" if heading else text for heading, text in parts)
    return {
        "id": identity,
        "name": "".join(word.capitalize() for word in re.split(r"[/-]", identity)),
        "shortDescription": {"text": visible(check.title)},
        "fullDescription": {"text": visible(first)},
        "help": {"text": check.lesson, "markdown": markdown},
        "defaultConfiguration": {"level": _LEVELS[check.worst], "rank": _RANKS[check.worst]},
        "properties": {
            "security-severity": _SCORES[check.worst],
            "precision": "very-high",
            "tags": ["security", "mcp", check.area],
        },
    }


def _found(finding: Finding, plugins: Plugins, place: int, states: Mapping[str, str] | None) -> Json:
    said = [finding.summary]
    said += [f"Expected: {each.expected}. Actual: {each.actual}." for each in finding.evidence]
    made: Json = {
        "ruleId": finding.check,
        "ruleIndex": place,
        "kind": "fail",
        "level": _LEVELS[finding.severity],
        "rank": _RANKS[finding.severity],
        "message": {"text": "\n".join(_said(each) for each in said)},
        "locations": [_location(finding)],
        "partialFingerprints": {FINGERPRINT: finding.identity},
        "properties": {
            "severity": finding.severity.value,
            "evidence": [
                {
                    "expected": visible(each.expected),
                    "actual": visible(each.actual),
                    "command": visible(shlex.join(each.command)),
                }
                for each in finding.evidence
            ],
            "repairs": [_repair(identity, plugins) for identity in finding.repairs],
        },
    }
    if finding.also:
        made["relatedLocations"] = [
            {"id": number, "logicalLocations": [_logical(each.kind, each.key, each.label)]}
            for number, each in enumerate(dict.fromkeys(finding.also), 1)
        ]
    if states is not None:
        made["baselineState"] = states.get(finding.identity, "new")
    made |= _waiver(finding)
    return made


def _waiver(finding: Finding) -> Json:
    waiver = finding.waiver
    if waiver is None:
        # Where results may be suppressed, one without this member would say that nobody knows.
        return {"suppressions": []}
    told = f"{waiver.reason} (accepted by {waiver.owner} from {waiver.accepted} until {waiver.expires})"
    if finding.lapsed:
        told = f"{told}; it does not hold: {finding.lapsed}"
    suppression = {
        "kind": "external",
        "status": "rejected" if finding.lapsed else "accepted",
        "justification": visible(told),
        "properties": {"owner": waiver.owner, "accepted": waiver.accepted, "expires": waiver.expires},
    }
    return {"suppressions": [suppression]}


def _repair(identity: str, plugins: Plugins) -> Json:
    fix = plugins.fixes.get(identity)
    if fix is None:
        return {"fix": identity}
    return {"fix": identity, "title": fix.title, "safety": fix.safety.value, "undo": fix.reversal.value}


def _location(finding: Finding) -> Json:
    subject, place = finding.subject, finding.location
    made: Json = {"logicalLocations": [_logical(subject.kind, subject.key, subject.label)]}
    if place is None or not place.path:
        return made
    physical: Json = {"artifactLocation": {"uri": uri_of(place.path)}}
    if place.line is not None and place.line > 0:
        physical["region"] = {"startLine": place.line}
        if place.column is not None and place.column > 0:
            physical["region"]["startColumn"] = place.column
    return {"physicalLocation": physical, **made}


def _logical(kind: str, key: str, label: str) -> Json:
    return {"kind": visible(kind, 100), "name": visible(label), "fullyQualifiedName": visible(key)}


def _other(result: CheckResult, place: int, states: Mapping[str, str] | None) -> Iterator[Json]:
    kind = _KINDS.get(result.status)
    if kind is None:
        return
    said = {
        Status.PASSED: f"{result.passed} in order",
        Status.NOT_APPLICABLE: result.reason,
        Status.NOT_ASSESSED: "; ".join(f"{gap.what}: {gap.why}" for gap in result.not_assessed),
    }[result.status]
    made: Json = {
        "ruleId": result.check,
        "ruleIndex": place,
        "kind": kind,
        "level": "none",
        "message": {"text": _said(said) or result.status.value},
        "suppressions": [],
    }
    if states is not None:
        made["baselineState"] = states.get(result.check, "new")
    yield made


def _invocation(report: Report, places: Mapping[str, int]) -> Json:
    notes = [
        _note("error", f"{each.check}: {each.reason}", [each.check], places)
        for each in report.results
        if each.status is Status.ERROR
    ]
    gaps = causes(result for result in not_seen(report.results) if result.status is not Status.ERROR)
    for gap in gaps:
        unlock = f" To unlock: {gap.unlock}." if gap.unlock else ""
        notes.append(_note("warning", f"Not assessed: {gap.what}: {gap.why}.{unlock}", gap.checks, places))
    settings = [
        _note("error", f"The plugin {each.file} was not loaded: {each.reason}") for each in report.broken_plugins
    ]
    if report.waivers is not None and report.waivers.problem:
        settings.append(_note("error", f"The waivers file was ignored: {report.waivers.problem}"))
    made: Json = {
        "executionSuccessful": not any(result.status is Status.ERROR for result in report.results),
        "account": visible(report.user, 200),
        "toolExecutionNotifications": notes,
        "toolConfigurationNotifications": settings,
    }
    moment = _moment(report.taken_at)
    return {**made, "endTimeUtc": moment} if moment else made


def _note(
    level: str, said: str, checks: tuple[str, ...] | list[str] = (), places: Mapping[str, int] | None = None
) -> Json:
    made: Json = {"level": level, "message": {"text": _said(said)}}
    if len(checks) == 1 and places is not None:
        made["associatedRule"] = {"id": checks[0], "index": places[checks[0]]}
    elif checks:
        made["properties"] = {"stops": list(checks)}
    return made


def _said(text: str) -> str:
    # In a message ``[words](target)`` is a link: a server's name is not to make one.
    return visible(text).replace("](", "\\](")


def _moment(taken_at: str) -> str:
    try:
        moment = datetime.fromisoformat(taken_at)
    except ValueError:
        return ""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment.tzinfo else ""
