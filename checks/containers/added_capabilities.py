"""A container with an MCP server is given capabilities that act on the machine.

What it looks at
----------------
What ``--cap-add`` gives to every container that runs an MCP server. ``ALL``, ``SYS_ADMIN``, ``SYS_MODULE``,
``SYS_RAWIO`` and ``DAC_READ_SEARCH``, and ``SYS_PTRACE`` with the machine's processes or ``NET_ADMIN`` with its
network, are critical: each alone makes root of the container root of the machine. ``SYS_PTRACE``, ``NET_ADMIN``,
``BPF``, ``PERFMON``, ``SYSLOG``, ``SYS_BOOT``, ``SYS_TIME``, ``MAC_ADMIN``, ``MAC_OVERRIDE``, ``AUDIT_CONTROL`` and
``CHECKPOINT_RESTORE`` are high. All are medium where they do not reach outside (a rootless engine, a user namespace) or
nobody in the container can use them yet (another user, with no new privileges). What engines give anyway (``CHOWN``,
``NET_BIND_SERVICE``, …) and what only bends limits passes. A privileged container has them all:
``containers/privileged`` says so.

Why it matters
--------------
Capabilities are root in slices, and some slices are the whole: ``SYS_ADMIN`` mounts file systems, ``SYS_MODULE`` loads
code into the kernel that the container shares with everything else, ``DAC_READ_SEARCH`` opens any file of the disk by
its number. No MCP server needs one of these for its tools.

How an attacker uses it
-----------------------
With ``SYS_ADMIN`` an injected command mounts the machine's disk or a control group whose release agent runs as root
outside. With ``DAC_READ_SEARCH`` a public program of a hundred lines reads ``/etc/shadow`` through any mounted folder.

How to fix it by hand
---------------------
Make the container again with none, and add back by name only what it fails without::

    docker run -i --rm --cap-drop ALL --security-opt no-new-privileges IMAGE

A port below 1024 needs ``NET_BIND_SERVICE``, or better a higher port. In a compose file it is ``cap_add:``.

References
----------
- capabilities(7), open_by_handle_at(2)
- CIS Docker Benchmark 5.3: ensure that Linux kernel capabilities are restricted
- CWE-250: Execution with Unnecessary Privileges
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    ContainerFact,
    EngineFact,
    Evidence,
    Finding,
    NotApplicable,
    Passed,
    Severity,
    Snapshot,
    Verdict,
    check,
    container_subject,
    inspect_command,
    judge_containers,
    root_is_contained,
    runs_as_root,
)

_WHOLE = frozenset(("ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "DAC_READ_SEARCH"))
_STRONG = frozenset((
    "SYS_PTRACE", "NET_ADMIN", "BPF", "PERFMON", "SYSLOG", "SYS_BOOT", "SYS_TIME", "MAC_ADMIN", "MAC_OVERRIDE",
    "AUDIT_CONTROL", "CHECKPOINT_RESTORE",
))  # fmt: skip


@check(
    title="A container is given capabilities that act on the machine",
    severities=(Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM),
    needs=("containers:engines", "containers:details"),
)
def added_capabilities(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the added capabilities of every container."""
    return judge_containers(snapshot, _judge)


def _judge(container: ContainerFact, engine: EngineFact | None) -> Verdict:
    subject = container_subject(container)
    if container.privileged:
        return NotApplicable("a privileged container has every capability: see containers/privileged")
    added = [name for name in dict.fromkeys(container.cap_add) if name in _WHOLE | _STRONG]
    if not added:
        return Passed(subject)
    severity, meaning = _meaning(container, engine, set(added))
    return Finding(
        subject=subject,
        severity=severity,
        summary=f"{container.name} is given {', '.join(added)}: {meaning}",
        evidence=(
            Evidence(
                expected="no capability that acts on the machine",
                actual=", ".join(added),
                command=inspect_command(container, engine, "{{json .HostConfig.CapAdd}}"),
            ),
        ),
    )


def _meaning(container: ContainerFact, engine: EngineFact | None, added: set[str]) -> tuple[Severity, str]:
    if root_is_contained(container, engine):
        return Severity.MEDIUM, "they hold inside of its user namespace only, and open much of the kernel there"
    if not runs_as_root(container) and container.no_new_privileges:
        return Severity.MEDIUM, f"its user {container.user} cannot use that, but whatever becomes root in it can"
    shared = ("SYS_PTRACE" in added and container.pid_mode == "host") or (
        "NET_ADMIN" in added and container.network_mode == "host"
    )
    if added & _WHOLE or shared:
        return Severity.CRITICAL, "with that, root of the container is root of this machine"
    return Severity.HIGH, "that acts on more than the container"
