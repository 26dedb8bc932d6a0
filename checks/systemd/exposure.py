"""A systemd unit that runs an MCP server is hardly confined.

What it looks at
----------------
Every systemd service, of the system or of your own user manager, that starts an MCP server: the package, program, image
or unit name says so. For each it takes the overall exposure that `systemd-analyze security` computes, from 0.0 (all
settings used) to 10.0 (none): of the running manager where systemd is in charge of the machine, else from the unit file
with its drop-ins. Above 7 is high, above 4 is medium, 2.0 and more is low, and below 2.0 passes. The settings that cost
most are listed. Their shares are rounded and weighted; they do not add up to the total.

Why it matters
--------------
systemd can take away from a service everything it does not need: other users' homes, writable system folders, devices,
capabilities, new privileges, most system calls, the network. A server takes its orders from text that strangers write,
so what it does not hold is what it cannot be talked into using. A unit without these settings runs with all rights of
its account, which is root unless `User=` says otherwise.

The number counts settings, not reach: it does not know what the server can open, and it credits a setting that has no
effect (a user unit with `ProtectHome=` but without `PrivateUsers=`), and counts every user unit as run by root.
Use it to find what is missing, not as proof that nothing is.

How an attacker uses it
-----------------------
An injected prompt makes a file server read `~/.ssh` or `/etc`, which `ProtectHome=` and a narrow `ReadWritePaths=`
would have hidden; write a unit or a cron entry, which `ProtectSystem=strict` refuses; start a shell that downloads a
tool, which `NoExecPaths=` and `RestrictAddressFamilies=` refuse; or use a setuid program, which `NoNewPrivileges=`
makes harmless.

How to fix it by hand
---------------------
1. See what costs most: `systemd-analyze security UNIT`.
2. Write a drop-in of its own, `systemctl edit UNIT`, and never edit the packaged file. A base that a Python or Node
   server survives: `NoNewPrivileges=yes`, `ProtectSystem=strict`, `ReadWritePaths=` with the workspace only,
   `ProtectHome=yes`, `PrivateTmp=yes`, `PrivateDevices=yes`, `PrivateUsers=yes`, `ProtectProc=invisible`,
   `ProtectKernelTunables=yes`, `ProtectKernelModules=yes`, `ProtectKernelLogs=yes`, `ProtectControlGroups=yes`,
   `ProtectClock=yes`, `ProtectHostname=yes`, `CapabilityBoundingSet=`, `RestrictNamespaces=yes`,
   `RestrictRealtime=yes`, `RestrictSUIDSGID=yes`, `LockPersonality=yes`, `SystemCallArchitectures=native`,
   `SystemCallFilter=@system-service`, `SystemCallErrorNumber=EPERM`, `UMask=0077`, `PrivateNetwork=yes` where it
   needs no network.
3. Leave `MemoryDenyWriteExecute=` out for Node: its compiler needs such memory, and the server dies at the start. A
   workspace under /home needs `ProtectHome=tmpfs` with `BindPaths=`. Put no comment behind a value: it is no comment.
4. `systemctl daemon-reload`, restart the unit, and see that the server still answers: a running process keeps what it
   was started with.

References
----------
* systemd-analyze(1), "security": https://www.freedesktop.org/software/systemd/man/latest/systemd-analyze.html
* systemd.exec(5), "Sandboxing": https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html
* MCP specification, security best practices:
  https://modelcontextprotocol.io/specification/2025-06-18/basic/security_best_practices
* CWE-250, Execution with Unnecessary Privileges: https://cwe.mitre.org/data/definitions/250.html
* CWE-653, Improper Isolation or Compartmentalization: https://cwe.mitre.org/data/definitions/653.html
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Evidence,
    Finding,
    Location,
    NotAssessed,
    Passed,
    Severity,
    Snapshot,
    Subject,
    UnitFact,
    Verdict,
    check,
    judge_units,
    unit_subject,
)

_TARGET = 2.0
_MOST_COSTLY = 8


@check(
    title="A systemd unit that runs an MCP server is hardly confined",
    severities=(Severity.HIGH, Severity.MEDIUM, Severity.LOW),
    needs=("units:exposure", "units:content"),
)
def exposure(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge each unit by systemd's own assessment."""
    unseen = any(gap.facet == "exposure" for gap in snapshot.units.state.unread)

    def judge(unit: UnitFact) -> Verdict | None:
        subject = unit_subject(unit)
        if unit.exposure is None:
            return None if unseen else NotAssessed(unit.name, "its exposure was not measured")
        return Passed(subject) if unit.exposure < _TARGET else _finding(unit, unit.exposure, subject)

    return judge_units(snapshot, judge)


def _finding(unit: UnitFact, overall: float, subject: Subject) -> Finding:
    source = "of the running manager" if unit.measured == "live" else "of the unit file and its drop-ins"
    costly = ", ".join(f"{item.name} {item.exposure:g}" for item in unit.items[:_MOST_COSTLY])
    remark = "shares are rounded and weighted, so they do not add up to the total"
    if unit.manager == "user":
        remark += "; systemd counts every user unit as run by root, though it runs as you"
    return Finding(
        subject=subject,
        severity=_severity(overall),
        summary=f"{unit.name} has an exposure of {overall:.1f} of 10.0: {_words(overall)}",
        evidence=(
            Evidence(
                expected=f"an overall exposure below {_TARGET:.1f}",
                actual=f"{overall:.1f}, by the settings {source}",
                command=_command(unit),
            ),
            Evidence(
                expected="the settings that cost most, in use",
                actual=f"{costly or 'systemd did not list them'} ({remark})",
                command=_command(unit),
            ),
        ),
        location=Location(unit.path.asked),
    )


def _severity(overall: float) -> Severity:
    if overall > 7:
        return Severity.HIGH
    return Severity.MEDIUM if overall > 4 else Severity.LOW


def _words(overall: float) -> str:
    if overall > 7:
        return "it is next to unconfined"
    return "much of the machine stays in reach" if overall > 4 else "some of the machine stays in reach"


def _command(unit: UnitFact) -> tuple[str, ...]:
    manager = ("--user",) if unit.manager == "user" else ()
    base = ("systemd-analyze", *manager, "security", "--no-pager")
    return (*base, unit.name) if unit.measured == "live" else (*base, "--offline=true", unit.path.asked)
