"""Snapshot to Report: run every check, sort what they say into statuses, grade."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.grading import grade, price_of_next_letter
from workbench.model.check import Check
from workbench.model.facts import SectionState
from workbench.model.finding import Finding, NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import REPORT_VERSION, AreaGrade, CheckResult, Report, Status
from workbench.model.snapshot import SECTIONS, Snapshot
from workbench.model.waiver import WaiverFile
from workbench.offering import offered, repaired_together
from workbench.plugins import Plugins
from workbench.text import visible
from workbench.waivers.applying import by_finding, day_of, expired, outcomes, waived


def scan(
    snapshot: Snapshot,
    plugins: Plugins,
    on_result: Callable[[CheckResult], None] | None = None,
    accepted: WaiverFile | None = None,
) -> Report:
    """Run every check on a Snapshot. ``on_result`` is told of each result as it comes.

    ``accepted`` are waivers, held to the day on which the Snapshot was taken. The same Snapshot, plugins and waivers
    give the same Report, whatever the order of the facts.
    """
    results: list[CheckResult] = []
    tell = on_result or (lambda result: None)
    waivers = by_finding(accepted.waivers) if accepted is not None else {}
    today = day_of(snapshot.taken_at)
    for identity in sorted(plugins.checks):
        result = run_check(plugins.checks[identity], snapshot, plugins.repairs_of(identity))
        result = offered(result, snapshot, plugins)
        results.append(waived(result, waivers, today))
        tell(results[-1])
    made = outcomes(results, accepted, today) if accepted is not None else None
    run_out = expired(results, made) if made is not None else None
    if run_out is not None:
        results.append(run_out)
        tell(run_out)
    areas = sorted({result.area for result in results})
    return Report(
        version=REPORT_VERSION,
        workbench=__version__,
        taken_at=snapshot.taken_at,
        platform=snapshot.host.platform,
        user=snapshot.host.user,
        grade=grade(results),
        next_step=price_of_next_letter(results, lambda finding: repaired_together(finding, snapshot, plugins)),
        areas=tuple(_area(area, [result for result in results if result.area == area]) for area in areas),
        results=tuple(results),
        sections={section: getattr(snapshot, section).state for section in SECTIONS},
        broken_plugins=plugins.broken,
        waivers=made,
    )


def run_check(check: Check, snapshot: Snapshot, repairs: tuple[str, ...] = ()) -> CheckResult:
    """Run one check on a Snapshot. What it needs and could not be gathered becomes "not assessed"."""
    missing: list[NotAssessed] = []
    failed = False
    for place, need in enumerate(check.needs):
        section, _, facet = need.partition(":")
        state: SectionState = getattr(snapshot, section).state
        if state.status == "not applicable":
            # The first need is what is judged; that a platform lacks one of the others (Windows its accounts) is for
            # the check to say: its subjects are there, and may well be judged, or could not be.
            if place == 0:
                return _result(check, Status.NOT_APPLICABLE, reason=state.reason)
            continue
        if state.status == "failed":
            failed = True
            missing.append(NotAssessed(section, state.reason, state.unlock))
        else:
            missing += [
                NotAssessed(unread.what, unread.why, unread.unlock)
                for unread in state.unread
                if not facet or unread.facet == facet
            ]
    if failed:
        return _result(check, Status.NOT_ASSESSED, not_assessed=_unique(missing))
    try:
        said = list(check.run(snapshot))
        return _sorted_out(check, said, missing, repairs)
    except Exception as error:  # noqa: BLE001, RUF100 - one broken check must not take the scan with it
        reason = f"the check failed: {type(error).__name__} in {_line_of(error)}"
        return _result(check, Status.ERROR, reason=reason, not_assessed=_unique(missing))


def _sorted_out(check: Check, said: list[Verdict], missing: list[NotAssessed], repairs: tuple[str, ...]) -> CheckResult:
    findings = tuple(
        sorted(
            (verdict.of_check(check.id, repairs) for verdict in said if isinstance(verdict, Finding)),
            key=lambda finding: (-finding.severity.rank, finding.subject.label, finding.identity),
        )
    )
    allowed = set(check.severities)
    for finding in findings:
        if finding.severity not in allowed:
            return _result(check, Status.ERROR, reason=f"the check gave the severity {finding.severity}, not declared")
    not_assessed = _unique([*missing, *(verdict for verdict in said if isinstance(verdict, NotAssessed))])
    passed = sum(isinstance(verdict, Passed) for verdict in said)
    inapplicable = [verdict.why for verdict in said if isinstance(verdict, NotApplicable)]
    if findings:
        status = Status.FOUND
    elif not_assessed:
        status = Status.NOT_ASSESSED
    elif passed:
        status = Status.PASSED
    elif inapplicable:
        return _result(check, Status.NOT_APPLICABLE, reason=inapplicable[0])
    else:
        # An empty answer is no pass: the check looked at nothing, or forgot to say so.
        return _result(check, Status.ERROR, reason="the check said nothing: neither found, passed nor not applicable")
    return _result(check, status, findings=findings, passed=passed, not_assessed=not_assessed)


def _result(check: Check, status: Status, **more: Any) -> CheckResult:
    return CheckResult(check=check.id, title=check.title, worst=check.worst, status=status, **more)


def _unique(gaps: Iterable[NotAssessed]) -> tuple[NotAssessed, ...]:
    return tuple(sorted(set(gaps), key=lambda gap: (gap.what, gap.why, gap.unlock)))


def _line_of(error: BaseException) -> str:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is None:
        return "an unknown place"
    return visible(f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}")


def _area(area: str, results: list[CheckResult]) -> AreaGrade:
    counts = {status.value: sum(result.status is status for result in results) for status in Status}
    return AreaGrade(area, grade(results, whole_host=False), counts)
