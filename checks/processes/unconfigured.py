"""An MCP server is running that nothing configures.

What it looks at
----------------
Every running MCP server, and whether something names it: an entry of a client's configuration that starts it, an entry
that reaches it by a loopback URL, a systemd service, or a container engine. What is left was started by hand, by a
script, or by something that nobody knows of.

Not judged are: a server that may be none (recognised with low confidence), one that a client started from a place that
was not found, one of an account whose configurations were not looked at, and all of them where a configuration could
not be read.

Why it matters
--------------
What is in no configuration is in nobody's review. It is not updated, it is not switched off with the others, and it
goes on with the rights that it once got. It may be what you tried out last month. It may also be how somebody else
got in: an MCP server is a ready-made way to run commands on a machine.

How an attacker uses it
-----------------------
A package's install script starts a server in the background that listens on a port. Nothing in your clients shows it,
and it looks like the other node processes.

How to fix it by hand
---------------------
Look at what it is: ``ps -o pid,ppid,user,lstart,args -p PID`` and ``pstree -sp PID``. End it when you do not need it
(``kill PID``) and find out what started it before you log in again. If you need it, let a client or a systemd unit
start it, so that it is seen.

References
----------
- OWASP MCP Top 10: MCP09, shadow MCP servers
- CWE-1059: Insufficient Technical Documentation
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from workbench.api import (
    Evidence,
    Finding,
    NotApplicable,
    NotAssessed,
    Passed,
    ServerProcess,
    Severity,
    Snapshot,
    Verdict,
    check,
    developers,
    process_subject,
)

# What systemd calls the place of things that people start themselves; naming such a unit configures nothing.
_NOT_A_SERVICE = re.compile(r"user@\d+\.service\Z|app-.*|gnome-terminal-server\.service\Z|.*\.scope\Z")
_LOOPBACK = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


@check(
    title="An MCP server is running that nothing configures",
    severities=(Severity.MEDIUM,),
    needs=("processes:hidden", "clients:content", "accounts"),
)
def unconfigured(snapshot: Snapshot) -> Iterator[Verdict]:
    """Say of every server whether something names it."""
    if not snapshot.processes.servers:
        yield NotApplicable("no MCP server is running")
        return
    unread = any(gap.facet == "content" for gap in snapshot.clients.state.unread)
    called = _called_ports(snapshot)
    known = developers(snapshot) | {0}
    for server in snapshot.processes.servers:
        if _is_named(server, snapshot, called):
            yield Passed(process_subject(server))
            continue
        what = f"what starts {server.label}"
        if unread:
            continue  # the scan says that a configuration is missing; it may be the one
        if server.confidence == "low":
            yield NotAssessed(what, f"it may be no MCP server: {server.recognised_by}")
        elif server.client:
            yield NotAssessed(what, f"{server.client} started it, from a place that the workbench does not know")
        elif server.uid >= 0 and server.uid not in known:
            why = f"the configurations of {server.account or f'user {server.uid}'} were not looked at"
            yield NotAssessed(what, why, "look at the homes of all accounts as root")
        else:
            yield _finding(server)


def _is_named(server: ServerProcess, snapshot: Snapshot, called: set[int]) -> bool:
    if server.entry is not None or server.container:
        return True
    if any(port.server == server.key and port.port in called for port in snapshot.sockets.ports):
        return True
    if any(unit.name == server.unit for unit in snapshot.units.units):
        return True
    return server.unit.endswith(".service") and not _NOT_A_SERVICE.match(server.unit)


def _called_ports(snapshot: Snapshot) -> set[int]:
    """The ports of this machine that an entry of a client reaches by its URL."""
    found = set()
    for config in snapshot.clients.configs:
        for entry in config.servers:
            try:
                parts = urlsplit(entry.url)
                port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
            except ValueError:
                continue
            if parts.hostname in _LOOPBACK:
                found.add(port)
    return found


def _finding(server: ServerProcess) -> Finding:
    return Finding(
        subject=process_subject(server),
        severity=Severity.MEDIUM,
        summary=f"{server.label} is running, and no client's configuration, service or container names it",
        evidence=(
            Evidence(
                expected="an entry or a unit that starts it",
                actual=f"it belongs to {server.account or server.uid}{f' in {server.unit}' if server.unit else ''}; "
                f"taken for an MCP server because {server.recognised_by}",
                command=("ps", "-o", "pid,ppid,user,lstart,comm", "-p", str(server.pid)),
            ),
        ),
    )
