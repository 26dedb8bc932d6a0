"""Let the client ask again before it uses a tool.

The one setting that keeps the client from asking is taken out of its file, and every other byte stays. Of a list that
allows tools or servers only the names in question go, so that what else you allowed there is still allowed. Where the
client would not ask without the setting either (``GOOSE_MODE`` of Goose, ``permission`` of opencode and its kin), it is
set to what asks.

The question before a tool is used is the last thing between an instruction that was hidden in a web page or an issue,
and your files and accounts. With the fix the client asks more often; allow single tools that only read where that is
in the way, in the client itself, and let work without questions happen in a container that holds nothing of yours.

Clients also keep what you answer with "always" in their files, and write them while they run: close the client first,
or it may write the setting back. Undo brings it back as it was.

To do it by hand: open the file at the line that the finding names, and take the setting out. See CWE-862, and the
permission settings in the documentation of the client.
"""

import json

from workbench.api import (
    Approval,
    ClientConfig,
    Finding,
    Operation,
    Plan,
    Pointer,
    Refusal,
    RemoveValue,
    Reversal,
    Safety,
    SetValue,
    Snapshot,
    config_of,
    fix,
    listed,
    why_not_editable,
)

# Settings without which their client does not ask either, and what makes it ask.
_ASKS = {"GOOSE_MODE": "smart_approve", "permission": "ask"}
# Their items are tables, not names.
_TABLES = ("amp.permissions", "toolPermissions")
_BY_HAND = "change it by hand, at the line that the finding names"
_MOST = 100  # names that a fact holds; of a longer list some would stay
_GONE = Refusal("the setting is not in the configuration any more", "look again")


@fix(
    title="Let the client ask before it uses a tool",
    repairs=("clients/auto-approve",),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
)
def plan(finding: Finding, snapshot: Snapshot, answers: None) -> Plan | Refusal:
    """One operation: the setting goes, some of its items do, or it is set to what asks."""
    config = config_of(finding.subject, snapshot)
    found = [] if config is None else _approvals(finding, config)
    if config is None or not found:
        return _GONE
    approval = found[0]
    refusal = why_not_editable(config, approval.pointer)
    if refusal is not None:
        return refusal
    operation = _operation(config, approval)
    if isinstance(operation, Refusal):
        return operation
    return Plan(
        fix="clients/remove-auto-approve",
        check=finding.check,
        finding=finding.identity,
        title=f"Let {config.client_name} ask again: {approval.setting}",
        safety=Safety.REVIEW,
        reversal=Reversal.FULL,
        operations=(operation,),
        consequences=(
            f"{config.client_name} asks before it uses {_what(approval)}, from its next start on. Close it before you"
            " apply this: while it runs it may write its settings anew."
        ),
    )


def _approvals(finding: Finding, config: ClientConfig) -> list[Approval]:
    """The setting of the finding. One list may be two: all tools of one server, and some of another."""
    pointer: Pointer = finding.location.pointer if finding.location is not None else ()
    return [
        approval
        for approval in config.approvals
        if approval.pointer == pointer and f"{approval.setting}: {approval.scope}" == finding.detail
    ]


def _operation(config: ClientConfig, approval: Approval) -> Operation | Refusal:
    path, form, pointer = config.path.asked, config.format, approval.pointer
    if _is_list(approval):
        if approval.setting in _TABLES:
            return Refusal("the rules of this client are tables, which the fix does not take apart", _BY_HAND)
        if len(approval.names) >= _MOST:
            return Refusal(f"the list has {_MOST} such names or more", _BY_HAND)
        return RemoveValue(path, form, pointer, items=approval.names)
    expect = approval.value if approval.value in ("true", "false") else json.dumps(approval.value)
    asks = _ASKS.get(str(pointer[0]))
    if asks is not None:
        return SetValue(path, form, pointer, json.dumps(asks), expect=expect)
    return RemoveValue(path, form, pointer, expect=expect)


def _is_list(approval: Approval) -> bool:
    """Whether the setting lists names. Else it has one value, a word or a switch."""
    told = ", ".join(approval.names)
    return bool(told) and (approval.value == told or (len(told) > len(approval.value) > 100))


def _what(approval: Approval) -> str:
    if approval.scope == "servers of projects":
        return "a server that a project brings"
    return (
        "a tool" if approval.scope == "everything" or not approval.names else f"tools of {listed(list(approval.names))}"
    )
