"""Set waivers against what a scan found. Pure: the results, the waivers and a day give the same answer for ever."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from workbench.model.finding import Finding
from workbench.model.report import CheckResult, Status
from workbench.model.waiver import Waiver, WaiverFile, WaiverOutcome, Waivers, WaiverState

_FLEETING = re.compile(
    r"(?:/proc/|\b(?:process|pid|pids) )\d+"
    r"|\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?|\b\d\d:\d\d(?::\d\d)?\b",
    re.ASCII,
)
_PARTS = 40
_NO_LONGER = {
    WaiverState.WORSE: "it is worse now than what was accepted",
    WaiverState.CHANGED: "what is seen now is not what was accepted",
}


def day_of(taken_at: str) -> date | None:
    """The day on which a Snapshot was taken; None where it does not say so."""
    try:
        return date.fromisoformat(taken_at[:10])
    except ValueError:
        return None


def lasting(text: str) -> str:
    """The text without process ids and times, which are others after every restart and say nothing of how bad it is."""
    return _FLEETING.sub("", text)


def seen_of(finding: Finding) -> tuple[str, ...]:
    """Digests of what was seen: a finding that shows no more than these is no worse than the one they are of."""
    parts = {f"evidence\0{each.expected}\0{lasting(each.actual)}" for each in finding.evidence}
    parts |= {f"also\0{subject.kind}\0{subject.key}" for subject in finding.also}
    digests = sorted(_digest(part) for part in parts or {f"summary\0{lasting(finding.summary)}"})
    return tuple(digests) if len(digests) <= _PARTS else (_digest("\0".join(digests)),)


def waived(result: CheckResult, by_finding: Mapping[str, Waiver], today: date | None) -> CheckResult:
    """The result with each of its findings set against the waiver that names it."""
    if not by_finding or not result.findings:
        return result
    return replace(result, findings=tuple(_set_against(finding, by_finding, today) for finding in result.findings))


def outcomes(results: Sequence[CheckResult], file: WaiverFile, today: date | None) -> Waivers:
    """What became of every waiver of a file. ``results`` are those that ``waived`` gave."""
    found = {finding.identity: finding for result in results for finding in result.findings}
    checks = {result.check: result for result in results}
    made = (_outcome(waiver, found.get(waiver.finding), checks.get(waiver.check), today) for waiver in file.waivers)
    return Waivers(file.path, file.problem, tuple(made))


def by_finding(waivers: Iterable[Waiver]) -> dict[str, Waiver]:
    """The waivers by the identity of the finding that each names."""
    return {waiver.finding: waiver for waiver in waivers}


def expired(results: Sequence[CheckResult], made: Waivers) -> CheckResult | None:
    """The expired waivers as findings, or None where there is none."""
    from workbench.waivers.expired import CHECK, finding_of

    found = {finding.identity: finding for result in results for finding in result.findings}
    findings = tuple(
        finding_of(outcome.waiver, found.get(outcome.waiver.finding), made.path)
        for outcome in made.outcomes
        if outcome.state is WaiverState.EXPIRED
    )
    ordered = tuple(sorted(findings, key=lambda finding: (finding.subject.label, finding.identity)))
    return CheckResult(CHECK.id, CHECK.title, CHECK.worst, Status.FOUND, ordered) if ordered else None


def _set_against(finding: Finding, waivers: Mapping[str, Waiver], today: date | None) -> Finding:
    waiver = waivers.get(finding.identity)
    if waiver is None or waiver.check != finding.check:
        return finding
    return replace(finding, waiver=waiver, lapsed=_lapsed(*_state(waiver, finding, today)))


def _lapsed(state: WaiverState, note: str) -> str:
    return "" if state is WaiverState.IN_FORCE else note or state.value


def _state(waiver: Waiver, finding: Finding, today: date | None) -> tuple[WaiverState, str]:
    if today is None:
        return WaiverState.NOT_YET, "the snapshot does not say on which day it was taken"
    if today < date.fromisoformat(waiver.accepted):
        return WaiverState.NOT_YET, f"it was accepted on {waiver.accepted}, after the day of this look"
    if today > date.fromisoformat(waiver.expires):
        return WaiverState.EXPIRED, f"it expired on {waiver.expires}"
    if finding.severity.rank > waiver.severity.rank:
        said = f"{_NO_LONGER[WaiverState.WORSE]}: {finding.severity.value}, not {waiver.severity.value}"
        return WaiverState.WORSE, said
    if not set(seen_of(finding)) <= set(waiver.seen):
        return WaiverState.CHANGED, _NO_LONGER[WaiverState.CHANGED]
    return WaiverState.IN_FORCE, ""


def _outcome(waiver: Waiver, finding: Finding | None, result: CheckResult | None, today: date | None) -> WaiverOutcome:
    if finding is not None and finding.check != waiver.check:
        return WaiverOutcome(waiver, WaiverState.STALE, f"the finding is one of {finding.check}, not of that check")
    if finding is not None:
        return WaiverOutcome(waiver, *_state(waiver, finding, today))
    if result is None:
        return WaiverOutcome(waiver, WaiverState.NOT_SEEN, "there is no such check here")
    if result.not_assessed or result.status is Status.ERROR:
        return WaiverOutcome(waiver, WaiverState.NOT_SEEN, "its check could not look at everything")
    return WaiverOutcome(waiver, WaiverState.STALE, "there is no such finding any more: take it out of the file")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
