"""A running MCP server holds credentials that its launch did not ask for.

What it looks at
----------------
The environment of the main process of every running MCP server (/proc/PID/environ: what it was started with), and the
variables that its entry in the client's configuration names. A credential that the entry names, in its "env" block, as
NAME=value in front of the command or as "docker run -e NAME", was asked for; whether it may stand there is another
check's question. Every other credential came along by inheritance. A server in a container, and one that a system
service starts, inherit nothing: what they hold was given to them.

Why it matters
--------------
The server does not need these credentials, and an injected prompt that reaches it gets them: through a tool that shows
the environment, a command it may run, a bug, a dependency. They work from anywhere and outlast the session.

How an attacker uses it
-----------------------
A file server was started from a shell in which AWS_SECRET_ACCESS_KEY is exported. An injected prompt asks it to read
/proc/self/environ; a path check that only knows about home directories lets that through. The attacker now has the
cloud account, though no server of this machine was ever meant to use it.

How to fix it by hand
---------------------
Start the server with a cleared environment. In the client's configuration:

    "command": "env", "args": ["-i", "PATH=/usr/bin:/bin", "HOME=/home/me", "node", "/opt/server/index.js", "/srv/ws"]

or in a sandbox that clears it (bwrap --clearenv), or as an account of its own through sudo, which resets it. Better
still do not export credentials in the session at all. Restart the server, and renew credentials that it should not
have had.

References
----------
- environ(7), proc_pid_environ(5), env(1)
- Model Context Protocol, Security Best Practices: local server compromise
- CWE-526: Cleartext Storage of Sensitive Information in an Environment Variable
- CWE-497: Exposure of Sensitive System Information to an Unauthorized Control Sphere
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.api import (
    Evidence,
    Finding,
    NotApplicable,
    NotAssessed,
    Passed,
    ServerEntry,
    ServerProcess,
    Severity,
    Snapshot,
    Verdict,
    check,
    process_subject,
)

_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)=")
_PASSING = ("-e", "--env")


@check(
    title="A server holds credentials that its launch did not ask for",
    severities=(Severity.HIGH,),
    needs=("processes:environment", "processes:hidden", "clients:content"),
)
def in_process_environment(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the environment of every server whose environment could be read."""
    if not snapshot.processes.servers:
        yield NotApplicable("no MCP server is running")
        return
    for server in snapshot.processes.servers:
        if server.environment is None:
            what = f"the environment of {server.label}"
            # The scan says it already, with the collector's own reason, where the collector left one.
            if not any(unread.what == what for unread in snapshot.processes.state.unread):
                yield NotAssessed(what, "it could not be read", "look as root")
        else:
            yield _judge(server, snapshot)


def _judge(server: ServerProcess, snapshot: Snapshot) -> Verdict:
    subject = process_subject(server)
    entry = _entry(server, snapshot)
    asked = _asked_for(entry)
    held = [
        (variable.name, variable.secret)
        for variable in server.environment or ()
        if variable.secret is not None and variable.name not in asked
    ]
    if not held or server.container or _is_of_system_unit(server, snapshot):
        return Passed(subject)
    if entry is None and server.unit.endswith(".service") and not server.client and not server.unit.startswith("app-"):
        why = f"the service {server.unit} starts it; whether the service names its credentials is not known"
        return NotAssessed(f"the credentials in the environment of {server.label}", why)
    if entry is None and any(gap.facet == "content" for gap in snapshot.clients.state.unread):
        why = "a configuration could not be read, and it may name them"
        return NotAssessed(f"the credentials in the environment of {server.label}", why)
    whose = f"its entry {entry.name} does not name" if entry is not None else "no configuration gives it"
    return Finding(
        subject=subject,
        severity=Severity.HIGH,
        summary=f"{server.label} holds {', '.join(name for name, _ in held)}, which {whose}",
        evidence=(
            Evidence(
                expected="only the credentials that its launch names",
                actual=", ".join(f"{name} ({secret.kind})" for name, secret in held),
                # Names only. Split at NUL, since a value may have several lines. None where a name is the secret.
                command=("sh", "-c", f"cut -z -s -d= -f1 /proc/{server.pid}/environ | tr '\\0' '\\n'")
                if snapshot.host.platform == "linux" and not any("<secret: " in name for name, _ in held)
                else (),
            ),
        ),
    )


def _entry(server: ServerProcess, snapshot: Snapshot) -> ServerEntry | None:
    if server.entry is None:
        return None
    for config in snapshot.clients.configs:
        for entry in config.servers:
            if config.path.asked == server.entry.path and entry.pointer == server.entry.pointer:
                return entry
    return None


def _asked_for(entry: ServerEntry | None) -> set[str]:
    if entry is None:
        return set()
    names = {variable.name for variable in entry.environment}
    for before, item in zip(("", *entry.command), entry.command, strict=False):
        assigned = _ASSIGNMENT.match(item.removeprefix("--env=").removeprefix("-e"))
        if assigned:
            names.add(assigned["name"])
        elif before in _PASSING:
            names.add(item)
        elif item.startswith("--env="):
            names.add(item.removeprefix("--env="))
    return names


def _is_of_system_unit(server: ServerProcess, snapshot: Snapshot) -> bool:
    return any(unit.name == server.unit and unit.manager == "system" for unit in snapshot.units.units)
