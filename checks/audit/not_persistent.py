"""The audit rules in the kernel and those on disk differ: after the next start others hold.

What it looks at
----------------
Every rule that the kernel has loaded, and every rule in ``/etc/audit/rules.d/*.rules`` (``/etc/audit/audit.rules``
where there is no such folder), compared by what they mean and not by how they are written: ``-w`` is a ``-F path=``, a
name is a number. A rule that is loaded and stands nowhere, and one that stands there and is not loaded, are told. What
a broken line keeps from loading is the matter of ``audit/broken-rules-file``.

Why it matters
--------------
``auditctl -a`` works at once and until the next reboot. A rule that was only ever typed in is gone with the next kernel
update, without a word; one that was only ever written down records nothing today.

How an attacker uses it
-----------------------
The injection that was noticed in March is not recorded in April: the machine was restarted in between, and nobody
looked at the rules again.

How to fix it by hand
---------------------
Write the rules that you want to keep into a file of their own, then load exactly what is on disk::

    sudo auditctl -l                          # what is loaded now
    sudoedit /etc/audit/rules.d/50-mcp.rules
    sudo augenrules --load

References
----------
- augenrules(8), auditctl(8), audit.rules(7)
- CWE-778: Insufficient Logging
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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

_SHOWN = 20


@check(
    title="The audit rules that are loaded are not those on disk",
    severities=(Severity.LOW,),
    needs=("audit:rules", "audit:files"),
)
def not_persistent(snapshot: Snapshot) -> Iterator[Verdict]:
    """At most two verdicts: what is only loaded, and what is only on disk."""
    rules = snapshot.audit.rules
    if not snapshot.audit.listed or snapshot.audit.files is None:
        return  # the scan says why
    if not rules:
        yield NotApplicable("no audit rule is loaded and none is on disk")
        return
    passing = [rule for rule in rules if rule.loaded and not rule.file and rule.filter]
    waiting = [rule for rule in rules if not rule.loaded and not (rule.problem or rule.stopped)]
    if passing:
        yield _finding("loaded", "are gone after the next start: they stand in no file", passing, ("auditctl", "-l"))
    if waiting:
        place = waiting[0].file
        yield _finding("on disk", "stand in a file and are not loaded", waiting, ("cat", place))
    if not passing and not waiting:
        yield Passed(Subject("audit", "rules", "the audit rules"))


def _finding(where: str, what: str, rules: Sequence[AuditRule], command: tuple[str, ...]) -> Finding:
    first = rules[0]
    count = f"{len(rules)} audit rules" if len(rules) > 1 else "1 audit rule"
    return Finding(
        subject=Subject("audit", f"rules {where}", f"audit rules {where}"),
        severity=Severity.LOW,
        summary=f"{count} {what}" if len(rules) > 1 else f"{count} {_singular(what)}",
        evidence=tuple(
            Evidence("the same rules loaded and on disk", f"only {where}: {rule.text}", ("sudo", *command))
            for rule in rules[:_SHOWN]
        ),
        location=Location(first.file, first.line) if first.file else None,
    )


def _singular(what: str) -> str:
    words = (("are gone", "is gone"), ("they stand", "it stands"), ("stand in", "stands in"), ("are not", "is not"))
    for many, one in words:
        what = what.replace(many, one)
    return what
