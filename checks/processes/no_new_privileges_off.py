"""A running server can still gain privileges through setuid programs.

What it looks at
----------------
The no_new_privs flag of every running MCP server (the line "NoNewPrivs:" of /proc/PID/status). Once a process has set
it, neither it nor anything it starts can get more rights by running a program: setuid, setgid and file capabilities
have no effect any more. It cannot be taken back. Servers that one configuration starts are one finding.

Why it matters
--------------
A machine has a dozen setuid programs (sudo, su, pkexec, mount, fusermount, newuidmap …), and each flaw in one of them
makes an ordinary account root. A server never needs one. The flag closes that way for good and costs nothing; it is
also what lets an ordinary account use system call filters and Landlock at all.

How an attacker uses it
-----------------------
Having made a server run a command, the attacker runs an exploit for pkexec (CVE-2021-4034) or sudo (CVE-2021-3156), or
plain ``sudo -n`` where a rule without a password exists, and is root.

How to fix it by hand
---------------------
Put it in front of the command in the client's configuration: ``setpriv --no-new-privs COMMAND`` (bubblewrap sets it by
itself, and the workbench's sandbox launcher with it). In a unit: ``NoNewPrivileges=yes``. For docker run:
``--security-opt no-new-privileges``. A server that calls sudo itself stops working: that is the point, start it as the
account it needs instead. Restart it, then ``grep NoNewPrivs /proc/PID/status`` should say 1.

References
----------
- prctl(2): PR_SET_NO_NEW_PRIVS; proc_pid_status(5); setpriv(1)
- Linux kernel documentation: No New Privileges Flag
- systemd.exec(5): NoNewPrivileges=
- CWE-250: Execution with Unnecessary Privileges; CWE-269: Improper Privilege Management
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Evidence,
    Finding,
    Location,
    NotApplicable,
    NotAssessed,
    Passed,
    ServerProcess,
    Severity,
    Snapshot,
    Verdict,
    behind_a_tool,
    by_cause,
    check,
    process_subject,
)

_SHOWN = 5


@check(
    title="A running server can gain privileges through setuid programs",
    severities=(Severity.MEDIUM,),
    needs=("processes:status", "processes:hidden"),
)
def no_new_privileges_off(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the flag of every server; one finding for each config or unit that starts some without it."""
    if snapshot.host.platform != "linux":
        yield NotApplicable("only Linux has this flag")
        return
    if not snapshot.processes.servers:
        yield NotApplicable("no MCP server is running")
        return
    without: list[ServerProcess] = []
    for server in snapshot.processes.servers:
        behind = behind_a_tool(server, "the privileges")
        if behind is not None:
            yield behind
        elif server.no_new_privileges is None:
            yield NotAssessed(f"whether {server.label} can gain privileges", "this kernel does not tell it")
        elif server.no_new_privileges:
            yield Passed(process_subject(server))
        else:
            without.append(server)
    for cause in by_cause(without, snapshot):
        yield Finding(
            subject=cause.subject,
            severity=Severity.MEDIUM,
            summary=f"{cause.names} can still gain privileges through sudo or a flaw in any setuid program",
            evidence=tuple(
                Evidence(
                    expected="NoNewPrivs: 1",
                    actual=f"NoNewPrivs: 0 ({server.label})",
                    command=("grep", "NoNewPrivs", f"/proc/{server.pid}/status"),
                )
                for server in cause.servers[:_SHOWN]
            ),
            location=Location(cause.config) if cause.config else None,
            also=cause.also,
        )
