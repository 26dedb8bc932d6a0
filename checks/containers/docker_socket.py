"""The socket of a container engine is mounted into a container with an MCP server.

What it looks at
----------------
The mounts of every container that runs an MCP server: the socket of Docker, Podman, containerd or CRI-O, by its name or
because an engine of this machine answers at it, and the folder that holds such a socket and little else. It is critical
where the server runs as root or is given a group, high where it has another user alone (the socket's mode then decides)
and where the engine is rootless or root of the container is nobody outside. A mount of ``/run`` or ``/`` shows the
socket as well; ``containers/broad-mount`` speaks of those. Mounted read-only is found like the rest: that keeps the
socket's *file* from being changed, connecting and talking go on as before.

Why it matters
--------------
Whoever talks to a rootful engine is root of the machine: it starts a privileged container with the whole disk mounted
for anyone who asks. The container around the server is then no boundary at all. It is often mounted "to let the agent
manage containers", and that is what the agent, or whoever writes to it, then does.

How an attacker uses it
-----------------------
An injected prompt has the server send ``POST /containers/create`` with ``"Binds": ["/:/host"]`` to the socket and start
it. One command in there writes a key for root. The engine logs an ordinary container.

How to fix it by hand
---------------------
Take the mount away and make the container again. A server that only has to *list* containers can ask a filtering proxy
that lets ``GET /containers/json`` pass and refuses every POST; a server that has to start some belongs on a rootless
engine of an account that owns nothing else::

    docker run -i --rm IMAGE          # without -v /var/run/docker.sock:…

References
----------
- Docker documentation: Protect the Docker daemon socket; Rootless mode
- CIS Docker Benchmark 5.31: ensure that the Docker socket is not mounted inside any containers
- CWE-668: Exposure of Resource to Wrong Sphere
"""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import basename, dirname, normpath

from workbench.api import (
    ContainerFact,
    ContainerMount,
    EngineFact,
    Evidence,
    Finding,
    Passed,
    Severity,
    Snapshot,
    Verdict,
    check,
    container_subject,
    judge_containers,
    mounts_command,
    root_is_contained,
    runs_as_root,
)

_SOCKETS = frozenset(("docker.sock", "podman.sock", "containerd.sock", "crio.sock"))
_FOLDERS = frozenset(("/run/podman", "/run/containerd", "/run/crio"))
# Said by containers/broad-mount, for they hold much more than that.
_BROAD = frozenset(("/", "/run", "/var", "/home"))


@check(
    title="The socket of a container engine is mounted into a container",
    severities=(Severity.CRITICAL, Severity.HIGH),
    needs=("containers:engines", "containers:details"),
)
def docker_socket(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the mounts of every container."""
    known = {_plain(engine.socket): engine for engine in snapshot.containers.engines}

    def judge(container: ContainerFact, engine: EngineFact | None) -> Verdict:
        mounted = [mount for mount in container.mounts if _is_engine(mount, known)]
        return _finding(container, engine, mounted, known) if mounted else Passed(container_subject(container))

    return judge_containers(snapshot, judge)


def _is_engine(mount: ContainerMount, known: dict[str, EngineFact]) -> bool:
    source = _plain(mount.source)
    if mount.kind == "npipe":
        return "engine" in mount.source
    if source in known or basename(source) in _SOCKETS or basename(mount.destination) in _SOCKETS:
        return True
    folders = _FOLDERS | {dirname(socket) for socket in known}
    return mount.kind == "bind" and source in folders - _BROAD


def _finding(
    container: ContainerFact, engine: EngineFact | None, mounted: list[ContainerMount], known: dict[str, EngineFact]
) -> Finding:
    behind = [known[socket] for mount in mounted if (socket := _plain(mount.source)) in known]
    rootless = bool(behind) and all(each.rootless for each in behind)
    admitted = (runs_as_root(container) and not root_is_contained(container, engine)) or bool(container.groups)
    whom = "the account of its engine" if rootless else "root of this machine"
    if admitted or rootless:
        meaning = f"who talks to it is {whom}"
    else:
        meaning = f"as soon as the socket lets it in, it is {whom}"
    return Finding(
        subject=container_subject(container),
        severity=Severity.CRITICAL if admitted and not rootless else Severity.HIGH,
        summary=f"{container.name} has the socket of a container engine: {meaning}",
        evidence=tuple(
            Evidence(
                expected="no socket of a container engine in the container",
                actual=f"{mount.source} is mounted at {mount.destination}"
                + ("" if mount.writable else ", read-only, which keeps nobody from talking to it"),
                command=mounts_command(container, engine),
            )
            for mount in mounted
        ),
    )


def _plain(path: str) -> str:
    """The path without the link that /var/run is, and without what Docker Desktop puts in front."""
    plain = normpath(path.removeprefix("/host_mnt")) if path else ""
    return plain.removeprefix("/var") if plain.startswith("/var/run/") or plain == "/var/run" else plain
