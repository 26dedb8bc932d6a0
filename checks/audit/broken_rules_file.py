"""A line in an audit rules file is refused, and every rule after it is not loaded.

What it looks at
----------------
Each line of ``/etc/audit/rules.d/*.rules`` in the order in which ``augenrules`` puts the files together (that of their
names, numbers by value), read as ``auditctl`` reads it. What is told is refused for certain: ``-F dir!=`` and
``path!=`` (the kernel compares a place with ``=`` alone), a placeholder such as ``<mcp-server-uid>`` or an account that
does not exist, an unknown field or system call, a folder that does not exist, the same rule twice, a comment behind a
rule. With ``-i`` or ``-c`` before it the loading goes on, and that one rule is missing.

Why it matters
--------------
``auditctl -R`` stops at the first line that it cannot load. Whatever stands after it, in this file and in every later
one, is not loaded: often the rules of the whole company. The boot goes on as if nothing had happened.

How an attacker uses it
-----------------------
No attacker is needed: the rules that a well-known guide to MCP servers tells people to paste are refused by every
kernel. Where somebody may write one file of ``rules.d``, one bad line at its top silences all the others.

How to fix it by hand
---------------------
Load them by hand and read the message, which names the line of the joined file; mend it; load again::

    sudo augenrules --load
    sudo auditctl -l

Where a rule should hold outside of one folder, take that folder out with a rule before it::

    -a never,exit -F arch=b64 -S open,openat,openat2 -F uid=990 -F dir=/srv/workspace
    -a always,exit -F arch=b64 -S open,openat,openat2 -F uid=990 -k mcp_files

References
----------
- augenrules(8), auditctl(8): ``-R``, ``-i``, ``-c``
- CWE-778: Insufficient Logging
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    AuditRule,
    Evidence,
    Finding,
    Location,
    NotApplicable,
    Passed,
    Severity,
    Snapshot,
    Subject,
    Verdict,
    check,
)


@check(
    title="A line in an audit rules file keeps the rules after it from loading",
    severities=(Severity.HIGH, Severity.MEDIUM),
    needs=("audit:files",),
)
def broken_rules_file(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each rules file that holds a rule, and for each that is broken."""
    if snapshot.audit.files is None:
        return  # the scan says why
    rules = [rule for rule in snapshot.audit.rules if rule.file]
    if not rules:
        yield NotApplicable("no audit rules file holds a rule")
    for file in dict.fromkeys(rule.file for rule in rules):
        broken = [rule for rule in rules if rule.file == file and rule.problem]
        subject = Subject("file", file, file)
        if not broken:
            yield Passed(subject)
        else:
            yield _finding(subject, broken, rules)


def _finding(subject: Subject, broken: list[AuditRule], rules: list[AuditRule]) -> Finding:
    stopping = [rule for rule in broken if not rule.ignored and not rule.stopped]
    first = (stopping or broken)[0]
    lost = sum(rule.stopped and not rule.problem for rule in rules) if stopping else 0
    if stopping and lost:
        ends = f"and {lost} rules after it are not loaded" if lost > 1 else "and the rule after it is not loaded"
    elif stopping:
        ends = "and whatever is added after it will not be loaded"
    else:
        ends = "so it records nothing"
    return Finding(
        subject=subject,
        severity=Severity.HIGH if stopping else Severity.MEDIUM,
        summary=f"line {first.line} is refused ({first.problem}), {ends}",
        evidence=tuple(
            Evidence("a rule that the kernel takes", f"{rule.text}: {rule.problem}", _show(rule))
            for rule in broken[:20]
        ),
        location=Location(first.file, first.line),
    )


def _show(rule: AuditRule) -> tuple[str, ...]:
    return ("sudo", "sed", "-n", f"{rule.line}p", rule.file)
