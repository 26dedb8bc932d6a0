"""A server's account tried what it may not: files it was denied, programs that its servers do not need.

What it looks at
----------------
What the audit log holds of the last 24 hours of every account that a server has for itself: opens that the kernel
denied (``EACCES``, ``EPERM``), programs that were denied or that no such server needs (``curl``, ``nc``, ``base64``,
``ssh``, ``sudo`` …; a shell as well, where no server of the account runs commands), and system calls that a filter
killed it for. A file that does not exist is no denial: the many that a program looks for at its start stay silent, and
so does an open that failed for ``O_NOATIME`` alone. For a server whose job is running commands the programs are medium:
somebody may have asked for them.

Why it matters
--------------
The wall held. But a server does not want ``/home/you/.ssh`` by itself: a document, a web page or an issue told the
model to ask for it, and it will be asked again elsewhere, where there may be no wall.

How an attacker uses it
-----------------------
The first injection is a try: which of forty paths can be read, is there a ``curl``, does the server run as the same
account as the editor. What was learnt is used in the second one.

How to fix it by hand
---------------------
Find out what the agent read at that moment: the time stands in the evidence, the chat's history in your client. Remove
the document, and take what the server could reach as read. Then narrow the server: fewer folders, no shell, no network.
Where the program is yours and only badly set up (a ``HOME`` that is not its own is the usual reason), set it up
rightly::

    workbench audit-trail                      # every event, with secrets taken out
    sudo ausearch --input-logs --start yesterday --uid mcp-server --success no --format csv

References
----------
- ausearch(8), aureport(8)
- MITRE ATT&CK: T1083, File and Directory Discovery; T1552.001, Credentials In Files; T1048, Exfiltration
- OWASP MCP Top 10: MCP06, Prompt Injection via Contextual Payloads
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from workbench.api import (
    AuditEvent,
    Evidence,
    Finding,
    NotApplicable,
    NotAssessed,
    Passed,
    ServerAccount,
    Severity,
    Snapshot,
    Subject,
    Verdict,
    check,
    records,
)

_CARRIERS = frozenset(
    ("curl", "wget", "nc", "nc.openbsd", "nc.traditional", "ncat", "netcat", "socat", "telnet", "ftp")
)
_CARRIERS |= frozenset(("tftp", "ssh", "scp", "sftp", "rsync", "rclone", "base64", "base32", "xxd", "nmap"))
_CLIMBERS = frozenset(("sudo", "su", "pkexec", "doas", "crontab", "at", "gdb", "strace", "nsenter", "unshare"))
_SHELLS = frozenset(("sh", "bash", "dash", "zsh", "ksh", "fish", "busybox"))
_SHOWN = 20
_SHOW = ("sudo", "ausearch", "--input-logs", "--start", "yesterday", "--uid")
_WORDS = {"open": "files", "program": "programs", "system call": "system calls"}


@check(
    title="A server's account was denied files or ran programs that it does not need",
    severities=(Severity.HIGH, Severity.MEDIUM),
    needs=("audit:events", "audit:accounts"),
)
def denied_access(snapshot: Snapshot) -> Iterator[Verdict]:
    """At most one finding for each account and kind of event."""
    audit = snapshot.audit
    if not audit.accounts:
        yield NotApplicable("no server has an account of its own: what it is denied cannot be told from what you are")
    if audit.events is None:
        return  # the scan says why
    for account in audit.accounts:
        found = list(_findings(account, [event for event in audit.events if event.uid == account.uid]))
        yield from found
        if not found:
            yield _silence(account, snapshot)


def _findings(account: ServerAccount, events: Sequence[AuditEvent]) -> Iterator[Finding]:
    for kind in _WORDS:
        telling = [event for event in events if event.kind == kind and _tells(event, account)]
        if telling:
            yield _finding(account, kind, telling)


def _tells(event: AuditEvent, account: ServerAccount) -> bool:
    if event.outcome in ("denied", "killed"):
        return True
    if event.kind != "program" or event.outcome != "started":
        return False
    name = event.what.rpartition("/")[2]
    strange = _CARRIERS | _CLIMBERS
    if account.servers and not account.commands:
        strange |= _SHELLS
    return name in strange - set(account.programs)


def _finding(account: ServerAccount, kind: str, events: Sequence[AuditEvent]) -> Finding:
    ordered = sorted(events, key=lambda event: (-event.last, event.what))
    count = sum(event.count for event in events)
    # What a server for commands started may have been asked for; what was denied was not.
    asked_for = kind == "program" and account.commands and all(event.outcome == "started" for event in events)
    what = ordered[0].what + (f" and {len(events) - 1} more" if len(events) > 1 else "")
    done = {"open": "was denied", "program": "started or tried", "system call": "was stopped at"}[kind]
    return Finding(
        subject=Subject("account", account.name, account.name),
        severity=Severity.MEDIUM if asked_for else Severity.HIGH,
        summary=f"{account.name} {done} {_WORDS[kind]} it has no need of, {count} times in 24 hours: {what}"
        if count > 1
        else f"{account.name} {done} {_WORDS[kind][:-1]} it has no need of: {what}",
        evidence=tuple(
            # Not its readable form: that prints the arguments, and these may hold a secret.
            Evidence(
                "nothing that its servers do not need", _told(event), (*_SHOW, str(account.uid), "--format", "csv")
            )
            for event in ordered[:_SHOWN]
        ),
        also=tuple(Subject("server", name, name) for name in account.servers[:5]),
        detail=kind,
    )


def _told(event: AuditEvent) -> str:
    by = f" by {event.by}" if event.by and event.kind != "program" else ""
    example = f" ({event.examples[0]})" if event.examples else ""
    when = f"at {_moment(event.last)}"
    if event.count > 1:
        when = f"{event.count} times from {_moment(event.first)} to {_moment(event.last)}"
    return f"{event.outcome}{by}: {event.what}{example}, {when}"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _silence(account: ServerAccount, snapshot: Snapshot) -> Verdict:
    """No event is good news only where one would have been recorded."""
    audit = snapshot.audit
    what = f"what {account.name} was denied"
    if not audit.listed:
        return NotAssessed(what, "whether a rule records it is not known", "run the scan as root")
    if not (audit.enabled and audit.running):
        return NotAssessed(what, "nothing takes the events of the audit rules", "see audit/not-running")
    if records(audit.rules, account, "openat", outcome=-errno.EACCES) != "yes":
        return NotAssessed(what, "no rule records it", "see audit/not-watching-files")
    if account.commands and records(audit.rules, account, "execve") != "yes":
        return NotAssessed(f"what {account.name} started", "no rule records it", "see audit/not-watching-commands")
    return Passed(Subject("account", account.name, account.name))
