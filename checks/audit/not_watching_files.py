"""Nothing records the files that a server's account is denied, or who changes a client's config.

What it looks at
----------------
The audit rules that the kernel has loaded, for two questions. Does a rule record the *denied* opens (``EACCES`` and
``EPERM`` of ``open``, ``openat`` and ``openat2``) of every account that a server has for itself? And does a watch
record who writes the config files that say which servers start? Rules are taken as the kernel takes them: in order, the
first that fits counts, and one that holds for a single folder only is not enough. A server that runs as *you* is not
asked the first question: it is denied nothing that is yours, and a rule on your account would record your own work.

Why it matters
--------------
An account of its own is a wall, and somebody who runs against a wall is worth knowing of. A server that suddenly asks
for ``/home/you/.ssh/id_ed25519`` was told to by somebody: the only trace of a failed injection is the denied open.
Denied opens alone are few. A rule for every open drowns them: six calls of ``cat`` are over two hundred events.

How an attacker uses it
-----------------------
A poisoned document makes the agent try one path after the other until one can be read. Without a record nobody sees the
forty that failed before it, and nobody knows afterwards what was tried. The next step is a line in the client's config
that starts a server of the attacker's at every login; who wrote it is not recorded either.

How to fix it by hand
---------------------
Put this into ``/etc/audit/rules.d/50-mcp.rules``, with the number that ``id -u ACCOUNT`` prints, and load it with
``sudo augenrules --load``::

    -a always,exit -F arch=b64 -S open,openat,openat2 -F exit=-EACCES -F uid=990 -k mcp_denied
    -a always,exit -F arch=b64 -S open,openat,openat2 -F exit=-EPERM -F uid=990 -k mcp_denied
    -w /home/you/.config/Claude/claude_desktop_config.json -p wa -k mcp_config

Do not write ``-F dir!=/srv/workspace``, which some guides recommend: the kernel refuses it, and every rule after it is
not loaded. A program that was built for 32 bits needs the same lines with ``arch=b32``; on ARM leave ``open`` out, it
has no such call.

References
----------
- auditctl(8), audit.rules(7), augenrules(8)
- CWE-778: Insufficient Logging
- MITRE ATT&CK: T1083, File and Directory Discovery; T1562.012, Disable or Modify Linux Audit System
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence

from workbench.api import (
    AuditRule,
    ClientConfig,
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
    records_watch,
    silenced,
)

_ERRORS = (("EACCES", -errno.EACCES), ("EPERM", -errno.EPERM))
_SHOW = ("sudo", "auditctl", "-l")
_SHOWN = 5


@check(
    title="Nothing records the files that a server's account is denied",
    severities=(Severity.MEDIUM, Severity.LOW),
    needs=("audit:rules", "audit:accounts", "clients:content"),
)
def not_watching_files(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each account of a server, and one for the configs."""
    rules = snapshot.audit.rules
    if not snapshot.audit.listed:
        return  # the scan says why
    for account in snapshot.audit.accounts:
        yield _denied(account, rules, snapshot.audit.opening)
    configs = [config for config in snapshot.clients.configs if config.servers and config.confirmed]
    if configs:
        yield _configs(configs, rules, snapshot.host.uid)
    elif not snapshot.audit.accounts:
        yield NotApplicable(
            "no server has an account of its own and no client's config names one: there is nothing that a rule"
            " could tell from your own work"
        )


def _denied(account: ServerAccount, rules: Sequence[AuditRule], calls: Sequence[str]) -> Verdict:
    subject = Subject("account", account.name, _label(account))
    said = {(call, name): records(rules, account, call, outcome=code) for call in calls for name, code in _ERRORS}
    missing = [f"{call} with {name}" for (call, name), answer in said.items() if answer == "no"]
    if not missing:
        unsure = [call for call, answer in said.items() if answer == "perhaps"]
        if unsure:
            return NotAssessed(
                f"the denied opens of {account.name}",
                "the rules depend on the login uid of its processes, and none of them runs",
                "start the server and scan again",
            )
        return Passed(subject)
    silent = silenced(rules, account)
    # Nearly every program opens by openat; the others are what it could use as well.
    main = said["openat", "EACCES"] == "no"
    if silent is not None:
        actual = f"the rule {silent.text} keeps everything out of the log"
    else:
        actual = f"{len([rule for rule in rules if rule.loaded])} rules are loaded; none records {', '.join(missing)}"
    return Finding(
        subject=subject,
        severity=Severity.MEDIUM if main else Severity.LOW,
        summary=f"what {account.name} is denied leaves no trace"
        if main
        else f"some of what {account.name} is denied leaves no trace",
        evidence=(
            Evidence(
                f"rules for exit=-EACCES and exit=-EPERM of {', '.join(calls)} with uid={account.uid}",
                actual,
                _SHOW,
            ),
        ),
        detail="denied opens",
    )


def _label(account: ServerAccount) -> str:
    return f"{account.name} ({', '.join(account.servers[:3])})" if account.servers else account.name


def _configs(configs: Sequence[ClientConfig], rules: Sequence[AuditRule], uid: int) -> Verdict:
    open_ones = []
    for config in sorted(configs, key=lambda config: config.path.asked):
        writer = uid if config.owner is None else config.owner
        # A watch holds for the name it was given; where that is a link, for what it led to.
        names = (config.path.asked, config.path.file.path)
        if not any(records_watch(rules, name, writer) for name in names) and names[1] not in open_ones:
            open_ones.append(names[1])
    subject = Subject("configs", "configs", "the config files that say which servers start")
    if not open_ones:
        return Passed(subject)
    more = f" and {len(open_ones) - _SHOWN} more" if len(open_ones) > _SHOWN else ""
    return Finding(
        subject=subject,
        severity=Severity.LOW,
        summary="who changes a client's config, and with which program, is not recorded",
        evidence=(
            Evidence(
                "a watch on each of them: -w PATH -p wa",
                f"no rule watches {', '.join(open_ones[:_SHOWN])}{more} for writes",
                _SHOW,
            ),
        ),
        detail="configs",
    )
