"""A secret stands in the command line of a running MCP server.

What it looks at
----------------
The arguments of every process of a running server, from the one that the client started (npx, sh, docker, sudo) to the
server itself: tokens of known formats, values behind flags such as "--api-key", passwords in URLs, headers, and the
"NAME=value" that follows "docker run -e". It also looks whether /proc hides the processes of other accounts (the mount
option hidepid). Only the kind of a secret, its length and its place leave the look.

Why it matters
--------------
The environment of a process is for its own account and root; its arguments are for everybody. On Linux
/proc/PID/cmdline has mode 0444, and "ps" shows it to each account of the machine, a service account and a guest
included. The same arguments go into shell histories, process accounting, audit logs, monitoring and crash reports.
With hidepid other accounts no longer see them, every process of your own account still does.

How an attacker uses it
-----------------------
From any account, without a single exploit: "ps -ef" in a loop, until a client starts the server with its token. Another
MCP server that is only allowed to list processes "to help with debugging" reads it in the same way. And "docker run -e
TOKEN=..." is in the command line of docker for as long as the server runs, though the container itself looks clean.

How to fix it by hand
---------------------
1. Renew the secret: it was readable for as long as the server ran.
2. Give it in the environment instead. Most servers read a variable: move it from "args" to "env" in the client's
   configuration, as a reference where the client knows one (see secrets/in-config).
3. docker: write "-e NAME" without a value and set NAME in "env", or use "--env-file FILE" with mode 0600.
4. A server that takes it only as an argument: start it through a script that reads it from a file or the keyring, and
   ask its author for a variable. The argument stays visible while it runs.
5. On a machine that others use, mount /proc with hidepid=2 (proc(5)); it breaks some desktop services.

Restart the server afterwards: what runs keeps its old arguments.

References
----------
- proc_pid_cmdline(5), ps(1), proc(5): hidepid
- CWE-214: Invocation of Process Using Visible Sensitive Information
- OWASP MCP Top 10: MCP01, Token Mismanagement and Secret Exposure
- docker run --help: --env, --env-file
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.api import (
    Evidence,
    Finding,
    Location,
    NotApplicable,
    Passed,
    ServerProcess,
    Severity,
    Snapshot,
    Verdict,
    check,
    process_subject,
)


@check(
    title="A secret stands in the command line of a running server",
    severities=(Severity.HIGH, Severity.MEDIUM),
    needs=("processes:hidden",),
)
def in_process_arguments(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the command lines of every running server. The same secrets in several servers are one finding."""
    if not snapshot.processes.servers:
        yield NotApplicable("no MCP server is running")
        return
    alike: dict[frozenset[str], list[ServerProcess]] = {}
    for server in sorted(snapshot.processes.servers, key=lambda server: server.key):
        if server.argument_secrets:
            secrets = frozenset(secret.fingerprint for secret in server.argument_secrets)
            alike.setdefault(secrets, []).append(server)
        else:
            yield Passed(process_subject(server))
    for servers in alike.values():
        yield _finding(servers, snapshot)


def _finding(servers: Sequence[ServerProcess], snapshot: Snapshot) -> Finding:
    first, *more = servers
    count = len(first.argument_secrets)
    what = "a secret" if count == 1 else f"{count} secrets"
    everyone, who = _readers(snapshot)
    entry = first.entry
    return Finding(
        subject=process_subject(first),
        severity=Severity.HIGH if everyone else Severity.MEDIUM,
        summary=f"{who} can read {what} of {first.label}{_besides(more)} in its command line",
        evidence=tuple(
            Evidence(
                expected="no secret in an argument",
                actual=f"{secret.place}: a secret of the kind {secret.kind}, {secret.length} characters",
                # Who may read it, not what stands in it.
                command=("stat", "-c", "%A %U %n", f"/proc/{first.pid}/cmdline")
                if snapshot.host.platform == "linux"
                else (),
            )
            for secret in first.argument_secrets
        ),
        location=Location(entry.path, pointer=entry.pointer) if entry is not None else None,
        also=tuple(process_subject(server) for server in more),
    )


def _readers(snapshot: Snapshot) -> tuple[bool, str]:
    """Whether other accounts can read a command line, and who can, in words."""
    if snapshot.host.platform == "win32":
        return False, "every program of the same account"
    if snapshot.session.processes_hidden:
        return False, "every program of the same account (/proc has hidepid, so no other account)"
    return True, "every account of this machine"


def _besides(more: Sequence[ServerProcess]) -> str:
    return f" and {len(more)} more" if more else ""
