"""After a repair: not only that it helped, but that nothing else got worse by it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.host.privileged import Vector
from workbench.model.finding import Finding, Subject
from workbench.model.operations import CreateFile, OwnDropIn, RepairOwnUnit, RootFile
from workbench.model.plan import Plan
from workbench.model.record import record
from workbench.model.report import CheckResult, Report, Status
from workbench.model.severity import Severity
from workbench.remainders import remainders
from workbench.text import visible


@record
class Before:
    """What was known of the host when a plan was made for it: the report, and what was read as root with it.

    ``reads`` are the commands that the person agreed to; the look that verifies the repair runs the same again.
    """

    report: Report | None = None
    reads: tuple[Vector, ...] = ()


def worsened(plan: Plan, before: Report, after: Report) -> str:
    """Why a repair made something worse, by name; "" where it did not.

    A host lives: servers come and go, other programs write. So only what has to do with the plan counts against it:

    * a finding (more than information) that was not there before, and that is about the plan's own subject, stands in
      a file of the plan or names one (of another server only where it stands in one: it may have come meanwhile, and
      could open that file). Where the same check said something no less grave of the same file before, and no longer
      says it, it is the same in other words: the text of a rule is its name. What is left of a finding about several
      things is named after another of them, and is not new; only of the plan's own finding nothing may be left.
    * a check that failed with an error and did not before, in the area of the plan or with a file of the plan in what
      it says.
    * something that a check newly could not assess because of a file of the plan.
    """
    subjects = _subjects(plan, before)
    known = {finding.identity for finding in before.findings()}
    left = remainders(before.findings(), after.findings())
    for finding in after.findings():
        if finding.severity is Severity.INFO:
            continue
        was = left.get(finding.identity)
        if was is not None and was.identity == plan.finding and not plan.later:
            return f"it helped in part only, {finding.check} still says: {finding.summary}"
        new = finding.identity not in known and was is None
        if _is_announced(finding, plan, subjects):
            continue
        if new and _concerns(finding, plan, subjects) and not _in_other_words(finding, plan, before, after):
            return f"it made something else worse, {finding.check} says now: {finding.summary}"
    earlier = {result.check: result for result in before.results}
    for result in after.results:
        why = _no_longer_assessed(result, earlier.get(result.check), plan)
        if why:
            return why
    return ""


def _is_announced(finding: Finding, plan: Plan, subjects: set[Subject]) -> bool:
    """Whether the plan itself says so: what runs keeps its settings until it is restarted, an old socket file stays."""
    files = [each.drop_in if isinstance(each, CreateFile) else each for each in plan.operations]
    told = [each for each in files if isinstance(each, OwnDropIn | RepairOwnUnit | RootFile)]
    if not told:
        return False
    if finding.check == "systemd/stale-process":
        return all(each.restarts is None for each in told)
    return finding.check == "sockets/stale" and finding.subject in subjects


def _subjects(plan: Plan, before: Report) -> set[Subject]:
    return {
        subject
        for finding in before.findings()
        if finding.identity == plan.finding
        for subject in (finding.subject, *finding.also)
    }


_SERVERS = ("process", "server", "container", "unit")


def _concerns(finding: Finding, plan: Plan, subjects: set[Subject]) -> bool:
    return not subjects.isdisjoint((finding.subject, *finding.also)) or any(
        _names(text, plan) for text in _said(finding)
    )


def _said(finding: Finding) -> Iterator[str]:
    if finding.location is not None:
        yield finding.location.path
    yield finding.subject.key
    if finding.subject.kind in _SERVERS:
        return  # one that was started meanwhile may name any file that it could open
    yield finding.summary
    for evidence in finding.evidence:
        yield from (evidence.expected, evidence.actual, *evidence.command)


def _names(text: str, plan: Plan) -> bool:
    """Whether a text names a file of the plan, and not only one below it or beside it."""
    return any(
        re.search(rf"(?<![\w./-]){re.escape(visible(operation.path))}(?![\w/-]|\.\w)", text)
        for operation in plan.operations
    )


def _in_other_words(finding: Finding, plan: Plan, before: Report, after: Report) -> bool:
    remaining = {each.identity for each in after.findings()}
    return any(
        each.check == finding.check
        and each.identity not in remaining
        and each.identity != plan.finding
        and each.location is not None
        and finding.location is not None
        and each.location.path == finding.location.path
        and each.severity.at_least(finding.severity)
        for each in before.findings()
    )


def _no_longer_assessed(result: CheckResult, earlier: CheckResult | None, plan: Plan) -> str:
    failed = result.status is Status.ERROR and (earlier is None or earlier.status is not Status.ERROR)
    if failed and (result.area == plan.check.partition("/")[0] or _names(result.reason, plan)):
        return f"it made something else worse, the check {result.check} fails now: {result.reason}"
    known = set(earlier.not_assessed) if earlier is not None else set()
    for gap in result.not_assessed:
        if gap not in known and _names(f"{gap.what} {gap.why}", plan):
            return f"it made something else worse, {result.check} cannot be assessed now: {gap.what}: {gap.why}"
    return ""
