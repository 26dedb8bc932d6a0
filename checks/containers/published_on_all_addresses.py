"""A container with an MCP server publishes a port to the network.

What it looks at
----------------
The ports that every container with an MCP server publishes, and at which address of the machine. All addresses (``-p
8080:8080``, ``-P``) are high, one address of a network is medium, ``127.0.0.1`` and ``::1`` pass. For a stopped
container it is what holds at its next start, unless the engine was set up with another default address (``"ip"`` in
``daemon.json``), which it does not tell. Networks ``host`` and ``none`` publish nothing.

Why it matters
--------------
Hardly any MCP server asks who is calling: HTTP transports are made for a client on the same machine, and their tools
are open to whoever sends a request. A published port is open to everybody in the café or the office network. And a
firewall does not help as one expects: Docker's own rules come before those of ``ufw`` and ``firewalld``.

How an attacker uses it
-----------------------
They scan the network for the usual ports, send ``{"method": "tools/list"}``, and call the tools with your rights. A web
page that you visit can do it as well where the server does not look at the ``Origin``, with your browser as the relay.

How to fix it by hand
---------------------
Name the loopback address in front of the port, and make the container again::

    docker run --rm -p 127.0.0.1:8080:8080 IMAGE

In a compose file it is ``ports: ["127.0.0.1:8080:8080"]``. For a client on another machine use an SSH tunnel, or a
reverse proxy that checks who is asking. A stdio server needs no port.

References
----------
- docker-run(1): --publish; Docker documentation: Packet filtering and firewalls
- Model Context Protocol specification: Transports, security warning (Origin, localhost, authentication)
- CIS Docker Benchmark 5.13: bind incoming container traffic to a specific host interface
- CWE-1327: Binding to an Unrestricted IP Address
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    ContainerFact,
    EngineFact,
    Evidence,
    Finding,
    Passed,
    PublishedPort,
    Severity,
    Snapshot,
    Verdict,
    check,
    container_subject,
    inspect_command,
    judge_containers,
)

_ALL = frozenset(("", "0.0.0.0", "::", "[::]"))  # noqa: S104
_LOOPBACK = frozenset(("::1", "[::1]", "localhost"))


@check(
    title="A container publishes a port to the network",
    severities=(Severity.HIGH, Severity.MEDIUM),
    needs=("containers:engines", "containers:details"),
)
def published_on_all_addresses(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the published ports of every container."""
    return judge_containers(snapshot, _judge)


def _judge(container: ContainerFact, engine: EngineFact | None) -> Verdict:
    subject = container_subject(container)
    publishes = container.network_mode not in ("host", "none")
    opened = [port for port in container.ports if publishes and not _is_loopback(port.address)]
    if not opened:
        return Passed(subject)
    everywhere = [port for port in opened if port.address in _ALL]
    shown = dict.fromkeys(_shown(port) for port in everywhere or opened)
    where = "on every address of this machine" if everywhere else "to a network"
    template = "{{json .NetworkSettings.Ports}}" if container.running else "{{json .HostConfig.PortBindings}}"
    return Finding(
        subject=subject,
        severity=Severity.HIGH if everywhere else Severity.MEDIUM,
        summary=f"{container.name} publishes {', '.join(shown)} {where}",
        evidence=(
            Evidence(
                expected="127.0.0.1 in front of every published port",
                actual=", ".join(f"{port.address or 'every address'} port {_shown(port)}" for port in opened),
                command=inspect_command(container, engine, template),
            ),
        ),
    )


def _is_loopback(address: str) -> bool:
    return address in _LOOPBACK or address.startswith("127.")


def _shown(port: PublishedPort) -> str:
    return f"{port.port or 'any free port'} ({port.inside}/{port.protocol} inside)"
