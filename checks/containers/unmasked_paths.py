"""A container with an MCP server sees the parts of /proc and /sys that engines cover.

What it looks at
----------------
The paths that the engine covers (``/proc/kcore``, ``/proc/keys``, …) and those that it makes read-only (``/proc/sys``,
``/proc/sysrq-trigger``, …) in every container that runs an MCP server. ``--security-opt systempaths=unconfined`` takes
all of that off, Podman's ``unmask=`` some. It is critical where the server runs as root of the machine and no AppArmor
profile stands behind it, else high. A privileged container has none of them: ``containers/privileged`` says so. Podman
does not tell these lists; that is not assessed.

Why it matters
--------------
Much of ``/proc`` is not of the container but of the machine: its kernel's settings, its memory, its reset button. Files
there ask for the user id 0 and nothing else, so root of a container may write them, with every capability dropped.

How an attacker uses it
-----------------------
``echo '|/tmp/x' > /proc/sys/kernel/core_pattern``, and the next crash of any program makes the kernel run the
attacker's ``/tmp/x`` as root outside of the container. ``echo c > /proc/sysrq-trigger`` stops the machine.

How to fix it by hand
---------------------
Leave out ``--security-opt systempaths=unconfined`` (in a compose file, the same line below ``security_opt:``), and make
the container again. It is meant for building containers inside of containers; no MCP server needs it::

    docker inspect --format '{{json .HostConfig.ReadonlyPaths}}' NAME

References
----------
- proc(5), core(5): piping core dumps to a program
- Docker documentation: docker run, security options (systempaths)
- CWE-668: Exposure of Resource to Wrong Sphere
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    ContainerFact,
    EngineFact,
    Evidence,
    Finding,
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
    rules_the_host,
)

# Of the lists of Docker and Podman what matters most; they differ in the rest, and over time.
_COVERED = ("/proc/kcore", "/proc/keys")
_READ_ONLY = ("/proc/sys", "/proc/sysrq-trigger")


@check(
    title="A container sees the parts of /proc that engines cover",
    severities=(Severity.CRITICAL, Severity.HIGH),
    needs=("containers:engines", "containers:details"),
)
def unmasked_paths(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the covered paths of every container."""
    return judge_containers(snapshot, _judge)


def _judge(container: ContainerFact, engine: EngineFact | None) -> Verdict:
    subject = container_subject(container)
    if container.privileged:
        return NotApplicable("a privileged container has nothing covered: see containers/privileged")
    covered, read_only = container.masked_paths, container.readonly_paths
    open_ = [path for path in _COVERED if covered is not None and path not in covered]
    writable = [path for path in _READ_ONLY if read_only is not None and path not in read_only]
    if not open_ and not writable:
        if covered is None or read_only is None:
            return NotAssessed(f"the covered paths of {container.name}", "its engine does not tell them")
        return Passed(subject)
    held = engine is not None and "apparmor" in engine.mandatory and container.apparmor != "unconfined"
    critical = bool(writable) and rules_the_host(container, engine) and not held
    evidence = [
        Evidence(expected, f"{', '.join(paths)} not among them", inspect_command(container, engine, template))
        for expected, paths, template in (
            ("the engine's list of covered paths", open_, "{{json .HostConfig.MaskedPaths}}"),
            ("the engine's list of read-only paths", writable, "{{json .HostConfig.ReadonlyPaths}}"),
        )
        if paths
    ]
    what = "write the kernel's settings" if writable else "read what the kernel keeps for itself"
    return Finding(
        subject=subject,
        severity=Severity.CRITICAL if critical else Severity.HIGH,
        summary=f"{container.name} can {what}: {', '.join(writable or open_)} of this machine is open to it",
        evidence=tuple(evidence),
    )
