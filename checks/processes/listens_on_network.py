"""A running server listens on a TCP port.

What it looks at
----------------
The TCP ports that running MCP servers listen on, and the addresses these are bound to:

- an address that the network reaches (0.0.0.0, ::, an address of an interface): high.
- a loopback address (127.0.0.1, ::1): medium, because every account and every program of this machine reaches it, and a
  web page in your browser may (DNS rebinding), unless the server asks who calls.
- a port in a network of the server's own (a container, bubblewrap): in order here; what a container publishes is judged
  with the containers.

Whether a server asks for a token or checks the Origin header cannot be seen from outside without talking to it, which
the workbench does not do while it scans. Where its command line names such a thing (``--auth-token``,
``--allowed-origins``) a loopback port is "not assessed" instead of found.

Why it matters
--------------
A server on stdio has one caller: the client that started it. One on a port answers whoever connects, and most answer
without asking for anything. Its tools then act for that caller, with your rights.

How an attacker uses it
-----------------------
Somebody in the same café network scans for port 3001 and calls ``tools/call`` on your file server. Or a page that you
visit lets its own host name resolve to 127.0.0.1 and talks to the server from your browser.

How to fix it by hand
---------------------
Use stdio where the client offers it: it needs no port. Else bind to loopback (``--host 127.0.0.1``; the environment
variable HOST for many), turn on the server's authentication, and let it refuse foreign Origin and Host headers. For
more than one account on the machine use a unix socket in a private directory. Restart it, then ``ss -ltnp`` shows the
address.

References
----------
- Model Context Protocol specification: Streamable HTTP transport, security warning
- CVE-2025-49596 (MCP Inspector listening without authentication)
- CWE-1327: Binding to an Unrestricted IP Address; CWE-306: Missing Authentication for Critical Function
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Evidence,
    Finding,
    NotApplicable,
    NotAssessed,
    Passed,
    PortFact,
    ServerProcess,
    Severity,
    Snapshot,
    Verdict,
    check,
    listed,
    process_subject,
)

_GUARDS = {
    *("--auth", "--auth-token", "--auth-mode", "--auth-provider", "--require-auth", "--bearer-token", "--oauth"),
    *("--allowed-origin", "--allowed-origins", "--allowed-hosts", "--allowed-host"),
}


@check(
    title="A running server listens on a TCP port",
    severities=(Severity.HIGH, Severity.MEDIUM),
    needs=("sockets:ports", "processes:hidden"),
)
def listens_on_network(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the ports of every server that has some."""
    ports: dict[str, list[PortFact]] = {}
    for port in snapshot.sockets.ports:
        ports.setdefault(port.server, []).append(port)
    servers = [server for server in snapshot.processes.servers if server.key in ports]
    if not servers:
        yield NotApplicable("no running MCP server listens on a TCP port")
    for server in servers:
        of_network = [port for port in ports[server.key] if port.reach == "network"]
        of_host = [port for port in ports[server.key] if port.reach == "host"]
        guard = _guard(server)
        if of_network:
            yield _finding(server, of_network, Severity.HIGH, "the network")
        elif of_host and guard:
            where = listed([port.shown for port in of_host])
            why = f"it was started with {guard}; what it asks of its callers cannot be seen without calling it"
            yield NotAssessed(f"who may use {server.label} at {where}", why)
        elif of_host:
            yield _finding(server, of_host, Severity.MEDIUM, "every account and program of this machine")
        else:
            yield Passed(process_subject(server))


def _guard(server: ServerProcess) -> str:
    options = (item.partition("=")[0].lower() for item in server.command[1:])
    return next((option for option in options if option in _GUARDS), "")


def _finding(server: ServerProcess, ports: list[PortFact], severity: Severity, whom: str) -> Finding:
    where = listed([port.shown for port in ports])
    return Finding(
        subject=process_subject(server),
        severity=severity,
        summary=f"{server.label} answers {whom} at {where}; nothing is known to ask callers who they are",
        evidence=tuple(
            Evidence(
                expected="stdio, a unix socket, or a loopback address with authentication",
                actual=f"listens on {port.shown}",
                command=("ss", "-ltnp", f"sport = :{port.port}"),
            )
            for port in ports
        ),
    )
