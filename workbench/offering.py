"""What is on offer for a finding is what can be done for it: a fix that would refuse here is not, and why is said."""

from __future__ import annotations

from dataclasses import replace

from workbench.model.check import Fix
from workbench.model.finding import Finding
from workbench.model.operations import EditLine, EditValue, RemoveValue, SetMode, SetValue
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.report import CheckResult
from workbench.model.snapshot import Snapshot
from workbench.plugins import Plugins

SIMPLE = (SetMode, EditValue, RemoveValue, SetValue, EditLine)
"""What a repair may do that is made together with others: it changes what is there, and needs no root."""
_ASKED = 200
"""Findings of one check whose fixes are asked: another account can make thousands, and each takes a while."""


def offered(result: CheckResult, snapshot: Snapshot, plugins: Plugins) -> CheckResult:
    """The result with those fixes alone that can do something for each finding.

    Asked is what costs little: a safe fix, for its plan; and every fix of what stands in a configuration of another
    account, which no repair changes. That a plan which needs answers or a review is refused shows when it is made.
    """
    if not result.findings:
        return result
    foreign = _foreign(snapshot)
    asked = [_narrowed(finding, snapshot, plugins, foreign) for finding in result.findings[:_ASKED]]
    return replace(result, findings=(*asked, *result.findings[_ASKED:]))


def repaired_together(finding: Finding, snapshot: Snapshot, plugins: Plugins) -> Plan | None:
    """The repair of a finding that is made together with others: safe, simple, undone in full; None for none."""
    if finding.waived:
        return None
    for fix in _fixes(finding, plugins):
        if fix.safety is Safety.SAFE and fix.reversal is Reversal.FULL:
            made = _planned(fix, finding, snapshot)
            if isinstance(made, Plan) and not unfit(made):
                return made
    return None


def unfit(plan: Plan) -> str:
    """Why a plan is not made together with others, "" where it is."""
    if plan.safety is not Safety.SAFE or plan.reversal is not Reversal.FULL:
        return f"here its repair is {plan.safety.value}, and its undo {plan.reversal.value}"
    if plan.confirm:
        return "its repair has to be confirmed"
    if not all(isinstance(operation, SIMPLE) for operation in plan.operations):
        return "its repair does more than change what is there"
    return ""


def does_as_much(done: Plan, wanted: Plan) -> bool:
    """Whether one plan's operations do all that the other's would."""
    return bool(wanted.operations) and all(
        any(
            each == operation
            or (
                isinstance(operation, SetMode)
                and isinstance(each, SetMode)
                and each.path == operation.path
                and not each.mode & ~operation.mode
            )
            for each in done.operations
        )
        for operation in wanted.operations
    )


def _narrowed(finding: Finding, snapshot: Snapshot, plugins: Plugins, foreign: dict[str, str]) -> Finding:
    path = finding.subject.key.partition("#")[0]
    owner = foreign.get(path, "")
    refused: list[str] = []
    stay: list[str] = []
    for fix in _fixes(finding, plugins):
        why = _why_not(fix, finding, snapshot, path, owner)
        if why:
            refused.append(why)
        else:
            stay.append(fix.id)
    if not refused:
        return finding
    return replace(finding, repairs=tuple(stay), refused="" if stay else refused[0])


def _why_not(fix: Fix, finding: Finding, snapshot: Snapshot, path: str, owner: str) -> str:
    if fix.safety is Safety.GUIDE or not (owner or fix.safety is Safety.SAFE):
        return ""
    made = _planned(fix, finding, snapshot)
    if isinstance(made, Refusal) and fix.safety is Safety.SAFE:
        return f"{made.reason} ({made.instead})" if made.instead else made.reason
    changes = (
        isinstance(made, Refusal) or any(operation.path == path for operation in made.operations) if made else False
    )
    return f"{path} belongs to {owner}, and no repair changes it as root" if owner and changes else ""


def _planned(fix: Fix, finding: Finding, snapshot: Snapshot) -> Plan | Refusal | None:
    """What the fix does where nobody answers it anything; None where it cannot be told, or where it fails."""
    try:
        answers = None
        if fix.answers is not None:
            if fix.suggest is None:
                return None
            answers = fix.suggest(finding, snapshot)
            if isinstance(answers, Refusal):
                return answers
        return fix.plan(finding, snapshot, answers)
    except Exception:  # noqa: BLE001, RUF100 - what fails is said when its plan is made
        return None


def _foreign(snapshot: Snapshot) -> dict[str, str]:
    """The configurations that belong to another account than the one that looks, and whose they are."""
    mine = snapshot.host.uid
    if mine is None or mine <= 0:
        return {}
    names = {account.uid: account.name for account in snapshot.accounts.accounts}
    return {
        config.path.asked: names.get(config.path.file.uid, f"uid {config.path.file.uid}")
        for config in snapshot.clients.configs
        if config.path.file.uid not in (mine, -1)
    }


def _fixes(finding: Finding, plugins: Plugins) -> list[Fix]:
    return [plugins.fixes[identity] for identity in finding.repairs if identity in plugins.fixes]
