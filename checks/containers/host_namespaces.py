"""A container with an MCP server shares namespaces with the machine.

What it looks at
----------------
The modes of every container that runs an MCP server: ``--pid host``, ``--network host``, ``--ipc host``, ``--uts
host``, and ``--userns host`` where the engine would otherwise give each container accounts of its own. Sharing the
processes is critical together with a capability that acts on them (``SYS_PTRACE``, ``SYS_ADMIN`` or ``--privileged``)
as root of the machine; processes, network, accounts and shared memory are high, the host name alone is medium. The
control group namespace is not judged: engines share it by default on older systems. The "host" network of a rootless
Docker is the engine's own and passes.

Why it matters
--------------
A container is the sum of its namespaces; each one that is shared is a wall less. With the machine's network the server
reaches whatever listens on 127.0.0.1 (databases, other MCP servers, debug ports that trust "local") and every abstract
socket. With its processes it reads their command lines, signals them, and as the same user looks into their memory and
through ``/proc/PID/root`` into their files.

How an attacker uses it
-----------------------
An injected prompt lets a fetch server in the host's network ask ``http://127.0.0.1:9229/json`` for the debugger of an
editor. In a container with the host's processes and your user id, ``cat /proc/*/environ`` gives the tokens of
everything that you run.

How to fix it by hand
---------------------
Make the container again without these options. A stdio server needs no network at all; one that listens publishes its
one port on the loopback address::

    docker run -i --rm --network none IMAGE
    docker run --rm -p 127.0.0.1:8080:8080 IMAGE

In a compose file delete ``network_mode: host``, ``pid: host`` and ``ipc: host``.

References
----------
- namespaces(7), pid_namespaces(7), network_namespaces(7)
- CIS Docker Benchmark 5.9, 5.15, 5.16, 5.20, 5.30
- CWE-653: Improper Isolation or Compartmentalization
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    ContainerFact,
    EngineFact,
    Evidence,
    Finding,
    Passed,
    Severity,
    Snapshot,
    Verdict,
    check,
    container_subject,
    inspect_command,
    judge_containers,
    rules_the_host,
)

_ACTING = frozenset(("SYS_PTRACE", "SYS_ADMIN", "ALL"))
_TEMPLATES = {"pid": "PidMode", "network": "NetworkMode", "ipc": "IpcMode", "uts": "UTSMode", "userns": "UsernsMode"}
_WORDS = {
    "pid": "processes",
    "network": "network",
    "ipc": "shared memory",
    "uts": "host name",
    "userns": "accounts",
}


@check(
    title="A container shares namespaces with the machine",
    severities=(Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM),
    needs=("containers:engines", "containers:details"),
)
def host_namespaces(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the modes of every container."""
    return judge_containers(snapshot, _judge)


def _judge(container: ContainerFact, engine: EngineFact | None) -> Verdict:
    subject = container_subject(container)
    shared = _shared(container, engine)
    if not shared:
        return Passed(subject)
    acting = container.privileged or bool(_ACTING & set(container.cap_add))
    if "pid" in shared and acting and rules_the_host(container, engine):
        severity = Severity.CRITICAL
    else:
        severity = Severity.MEDIUM if shared == ["uts"] else Severity.HIGH
    *most, last = [_WORDS[kind] for kind in shared]
    what = f"{', '.join(most)} and {last}" if most else last
    return Finding(
        subject=subject,
        severity=severity,
        summary=f"{container.name} shares the {what} of this machine",
        evidence=tuple(
            Evidence(
                expected=f"a {kind} namespace of its own",
                actual="host",
                command=inspect_command(container, engine, f"{{{{.HostConfig.{_TEMPLATES[kind]}}}}}"),
            )
            for kind in shared
        ),
    )


def _shared(container: ContainerFact, engine: EngineFact | None) -> list[str]:
    own_network = engine is not None and engine.rootless and engine.kind == "docker"
    modes = {
        "pid": container.pid_mode,
        "network": "" if own_network else container.network_mode,
        "ipc": container.ipc_mode,
        "uts": container.uts_mode,
        # Without a mapping in the engine there is nothing that this mode could switch off.
        "userns": container.userns_mode if engine is not None and engine.userns_remap else "",
    }
    return [kind for kind, mode in modes.items() if mode == "host"]
