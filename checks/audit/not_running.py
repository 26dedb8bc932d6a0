"""Audit rules are there, but nothing takes the events: auditing is switched off or its daemon does not run.

What it looks at
----------------
Whether auditing is enabled in the kernel, and whether a daemon (``auditd``) that is really there has registered for its
events. It is judged where the host has audit rules, loaded or on disk, or a server with an account of its own that
could be watched; elsewhere there is nothing to record.

Why it matters
--------------
Rules alone write nothing to disk. Without the daemon their events go to the kernel's log, where a rate limit drops all
but some ten of them and the next reboot the rest. A host that looks watched and is not is worse than one that nobody
relies on.

How an attacker uses it
-----------------------
Whoever is to be found out by the log is glad of one that is empty. A daemon that died because its disk was full, or
that somebody stopped "for a moment", is not missed until its records are needed.

How to fix it by hand
---------------------
Start it, and let it start at every boot::

    sudo systemctl enable --now auditd
    sudo auditctl -e 1

Then see that both say yes: ``sudo auditctl -s`` shows ``enabled 1`` and a ``pid`` that is not 0.

References
----------
- auditd(8), auditctl(8): ``-s``, ``-e``
- CWE-778: Insufficient Logging
- MITRE ATT&CK: T1562.012, Disable or Modify Linux Audit System
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import Evidence, Finding, NotApplicable, Passed, Severity, Snapshot, Subject, Verdict, check

SUBJECT = Subject("audit", "auditd", "the audit system")
_SHOW = ("sudo", "auditctl", "-s")


@check(
    title="Nothing takes the events of the audit rules",
    severities=(Severity.MEDIUM,),
    needs=("audit:status", "audit:rules", "audit:files", "audit:accounts"),
)
def not_running(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the audit system as a whole."""
    audit = snapshot.audit
    if audit.enabled is None or audit.running is None:
        return  # the scan says why
    rules = audit.rules
    if not rules and not audit.accounts:
        if audit.listed and audit.files is not None:
            yield NotApplicable("there are no audit rules, and no server has an account of its own to be watched")
        return
    evidence = []
    if not audit.enabled:
        evidence.append(Evidence("enabled 1 or 2", "enabled 0", _SHOW))
    if not audit.running:
        evidence.append(Evidence("the process id of a running daemon", "no daemon takes the events", _SHOW))
    if not evidence:
        yield Passed(SUBJECT)
        return
    loaded = sum(rule.loaded for rule in rules)
    what = f"the {loaded} audit rules that are loaded write" if loaded else "the audit system writes"
    yield Finding(
        subject=SUBJECT,
        severity=Severity.MEDIUM,
        summary=f"{what} nothing to disk: {'auditd does not run' if not audit.running else 'auditing is switched off'}",
        evidence=tuple(evidence),
    )
