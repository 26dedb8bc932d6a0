"""Record what a server's account is denied, which programs it starts, and who changes a client's config.

What it looks at
----------------
The finding, the rules that the kernel has loaded, and those on disk. It adds exactly the rules that the finding lacks,
with the resolved number of the account, to the kernel and in a new file of their own below ``/etc/audit/rules.d``, so
that they hold now and after every start. Every rule that is there stays as it is, in its order: nothing is loaded anew,
as ``augenrules --load`` would do, which deletes whatever was loaded by hand.

* What an account is denied: ``open``, ``openat`` and ``openat2`` that ended with ``EACCES`` or ``EPERM``, of programs
  of 64 and of 32 bits. Opens that succeed are not recorded: there are hundreds for one call of ``cat``.
* Which programs a shell server's account starts: ``execve`` and ``execveat``.
* Who writes the configs that say which servers start: one watch on each.
* Rules that are loaded and stand in no file are written down as they are.

Each rule is given to the kernel first, which is the only one that can say whether it is right. Where it refuses one,
those that were added are deleted again and nothing is written. Undo deletes exactly these rules and the file.

Refused, with what to do instead: where an earlier rule keeps these events out of the log, where the audit system is
locked until the next start, where a broken file would keep the new one from loading, and for paths that a rules file
cannot hold (there is no way to write a blank in one).

Why it matters
--------------
What an injected prompt tried and was denied is the only trace that it leaves, and nobody sees it without such a rule.

How an attacker uses it
-----------------------
Unrecorded, a hijacked server tries one path after the other until one can be read, and nobody knows of it afterwards.

How to fix it by hand
---------------------
Write the rules into ``/etc/audit/rules.d/10-mcp.rules`` and load each with ``sudo auditctl`` and the words of its line.
Look with ``sudo auditctl -l`` and, after a while, with ``sudo ausearch -k mcp_denied --raw |
aureport -f --summary -i``.

References
----------
- auditctl(8), audit.rules(7), augenrules(8)
- CWE-778: Insufficient Logging
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from workbench.api import (
    AUDIT_RULES,
    AuditRule,
    CreateRootFile,
    Finding,
    LoadAuditRules,
    Operation,
    Plan,
    Refusal,
    Reversal,
    Safety,
    ServerAccount,
    Snapshot,
    audit_rule_as_loaded,
    denied_opens,
    fix,
    listed,
    records_watch,
    silenced,
    started_programs,
    watch,
    would_find,
)

_FILES, _COMMANDS, _PERSISTENT = "audit/not-watching-files", "audit/not-watching-commands", "audit/not-persistent"
_LOCKED = 2
_GONE = Refusal("what the finding is about is not there any more", "look again")
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")
_NUMBER = re.compile(r"([0-9]+)")
_HEADER = "# {} Made by workbench; its undo removes this file and the rules.\n"


@fix(
    title="Record what the server's account is denied, and keep the record's rules",
    repairs=(_FILES, _COMMANDS, _PERSISTENT),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
)
def plan(finding: Finding, snapshot: Snapshot, _: None) -> Plan | Refusal:
    """The rules are loaded, and a file of their own keeps them."""
    audit = snapshot.audit
    if not audit.listed or audit.files is None:
        return Refusal("the audit rules could not be read", "look again as root, or with: workbench --sudo")
    if finding.check == _PERSISTENT:
        return _written_down(finding, snapshot)
    if audit.enabled == _LOCKED:
        return Refusal(
            "the audit system is locked (enabled 2): no rule can be loaded before the next start of this machine",
            "write the rules into a file by hand, as the lesson says, and restart",
        )
    if finding.subject.kind == "configs":
        rules = _watches(snapshot)
        if isinstance(rules, Refusal):
            return rules
        what, name = "who writes the configs that say which servers start", "configs"
    else:
        account = next((each for each in audit.accounts if each.name == finding.subject.key), None)
        if account is None:
            return _GONE
        rules, what = _of_account(finding, account, snapshot)
        name = f"{'programs' if finding.check == _COMMANDS else 'denied'}-{account.uid}"
    if not rules:
        return _GONE
    path = _free(name, audit.files)
    held_up = _held_up(path, audit.rules)
    if held_up is not None:
        return held_up
    content = _HEADER.format(f"{what[0].upper()}{what[1:]}.") + "".join(f"{rule}\n" for rule in rules)
    still = _still_found(finding, snapshot, rules, path)
    if still is not None:
        return still
    operations = (LoadAuditRules(rules), CreateRootFile(path, content, "audit-rules"))
    return _plan(finding, f"Record {what}", operations, _consequences(finding, snapshot))


def _plan(finding: Finding, title: str, operations: tuple[Operation, ...], consequences: str) -> Plan:
    return Plan(
        fix="audit/install-rules",
        check=finding.check,
        finding=finding.identity,
        title=title,
        safety=Safety.REVIEW,
        reversal=Reversal.FULL,
        operations=operations,
        consequences=consequences,
    )


def _of_account(finding: Finding, account: ServerAccount, snapshot: Snapshot) -> tuple[tuple[str, ...], str]:
    # A machine that has the call open itself is one that runs programs of 32 bits as well.
    arches = ("b64", "b32") if "open" in snapshot.audit.opening else ("b64",)
    if finding.check == _COMMANDS:
        return started_programs(account.uid, arches), f"which programs {account.name} starts"
    return denied_opens(account.uid, snapshot.audit.opening, arches), f"what {account.name} is denied"


def _watches(snapshot: Snapshot) -> tuple[str, ...] | Refusal:
    """A watch for every config that the check finds without one."""
    found: dict[str, None] = {}
    for config in sorted(snapshot.clients.configs, key=lambda config: config.path.asked):
        writer = snapshot.host.uid if config.owner is None else config.owner
        names = (config.path.asked, config.path.file.path)
        if not config.servers or not config.confirmed:
            continue
        if any(records_watch(snapshot.audit.rules, name, writer) for name in names):
            continue
        rule = watch(names[1])
        if not config.path.file.exact or audit_rule_as_loaded(rule, "", 0) is None:
            return Refusal(
                f"{names[1]} has a name that no line of a rules file can hold: blanks cannot be written there",
                "watch the folder above it by hand, as the lesson says",
            )
        found[rule] = None
    return tuple(found)


def _written_down(finding: Finding, snapshot: Snapshot) -> Plan | Refusal:
    """The rules that are loaded and stand in no file, in one."""
    audit = snapshot.audit
    passing = [rule for rule in audit.rules if rule.loaded and not rule.file and rule.filter]
    if finding.subject.key != "rules loaded":
        return Refusal(
            "these rules stand in a file and are not loaded: loading them anew deletes what was loaded by hand",
            "load what is on disk with: sudo augenrules --load",
        )
    if not passing:
        return _GONE
    odd = next((rule for rule in passing if not _can_be_written(rule)), None)
    if odd is not None:
        return Refusal(
            f"what auditctl prints of the rule {odd.text} does not say all of it, or its place among others matters",
            "write it into a file by hand, before or after the rules that it belongs to",
        )
    path = _free("kept", audit.files or ())
    held_up = _held_up(path, audit.rules)
    if held_up is not None:
        return held_up
    said = "Rules that were loaded and stood in no file."
    content = _HEADER.format(said) + "".join(f"{rule.text}\n" for rule in passing)
    operations = (CreateRootFile(path, content, "audit-rules"),)
    consequences = "the rules that hold now hold after the next start as well, before those of files of a later name"
    return _plan(finding, f"Keep {len(passing)} audit rules that are only loaded", operations, consequences)


def _can_be_written(rule: AuditRule) -> bool:
    """Whether the rule's text in a file comes to the same rule, wherever it stands among the others."""
    # auditctl prints exe= for exe!= too, and a number where a name of a message or a file system was given.
    printed = all(name not in ("exe", "msgtype", "fstype", "saddr_fam") for name, _, _ in rule.fields)
    return rule.action == "always" and printed and _PLAIN.fullmatch(rule.text) is not None


def _free(name: str, files: Sequence[str]) -> str:
    """A rules file that is not there yet, read before most others: no rule of theirs comes first then."""
    paths = [f"{AUDIT_RULES}/10-mcp-{name}{more}.rules" for more in ("", *(f"-{count}" for count in range(2, 100)))]
    return next((path for path in paths if path not in files), paths[0])


def _held_up(path: str, rules: Sequence[AuditRule]) -> Refusal | None:
    """Why the file would not be loaded at the next start."""
    broken = [rule for rule in rules if rule.file and rule.problem and not rule.ignored]
    first = next((rule for rule in broken if _version(rule.file) < _version(path)), None)
    if first is None:
        return None
    return Refusal(
        f"line {first.line} of {first.file} is refused at the next start, and nothing after it is loaded",
        "repair that first: audit/broken-rules-file",
    )


def _version(path: str) -> list[tuple[int, int, str]]:
    """As the audit system sorts its files: numbers by their value."""
    parts = filter(None, _NUMBER.split(path.rpartition("/")[2]))
    return [(0, int(part[:18]), "") if part.isdigit() else (1, 0, part) for part in parts]


def _still_found(finding: Finding, snapshot: Snapshot, rules: Sequence[str], path: str) -> Refusal | None:
    """Why the check would find the same with the new rules behind those that are loaded."""
    audit = snapshot.audit
    added = [audit_rule_as_loaded(rule, path, number) for number, rule in enumerate(rules, 2)]
    after = (*audit.rules, *(rule for rule in added if rule is not None))
    found = would_find(finding.check, replace(snapshot, audit=replace(audit, rules=after)))
    if None not in added and not any(each.subject == finding.subject for each in found):
        return None
    account = next((each for each in audit.accounts if each.name == finding.subject.key), None)
    silent = silenced(audit.rules, account) if account is not None else None
    return Refusal(
        f"the rule {silent.text} keeps these events out of the log, whatever is added"
        if silent is not None
        else "a rule that is loaded already comes first and keeps some of these events out of the log",
        "take that rule out first: sudo auditctl -l shows them in their order",
    )


def _consequences(finding: Finding, snapshot: Snapshot) -> str:
    said = ["nothing stops working: rules only record"]
    if finding.check == _COMMANDS:
        said.append("the arguments of what it starts are in the log: give such a server no secrets there")
    if not snapshot.audit.running:
        said.append("the daemon (auditd) does not run, and until it does these events are not kept")
    others = [each.name for each in snapshot.audit.accounts if each.name != finding.subject.key]
    if finding.subject.kind == "account" and others:
        said.append(f"{listed(others)} are accounts of their own and are repaired by themselves")
    return ". ".join(each[0].upper() + each[1:] for each in said)
