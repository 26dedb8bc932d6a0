"""A container with an MCP server is privileged.

What it looks at
----------------
The flag ``Privileged`` of every container that runs an MCP server, running or stopped. It is critical where the server
runs as root and root of the container is root of this machine; high for a server with another user, and where a
rootless engine or a user namespace makes root of the container somebody else outside. What the flag takes away besides
(the syscall filter, AppArmor, the masks over /proc, the limits on capabilities) is said here once and not again by the
other checks.

Why it matters
--------------
``--privileged`` is one switch for everything that makes a container a container: all capabilities, every device of the
machine, no filter, no mask. What is left is a folder with another name. A stopped one counts as well: it comes back
with all of that at the next start, and by itself where it has a restart policy.

How an attacker uses it
-----------------------
An injected prompt gets one command run in the container. ``mount /dev/sda1 /mnt`` shows the machine's disk, and a line
in ``/mnt/root/.ssh/authorized_keys`` or ``/mnt/etc/crontab`` does the rest. No flaw in the engine is needed.

How to fix it by hand
---------------------
Make the container again without the flag, and give it the one thing that it was set for, if there is one::

    docker rm -f NAME
    docker run -i --rm --cap-drop ALL --security-opt no-new-privileges --read-only --network none IMAGE

In a compose file delete ``privileged: true``. A server that reads and writes a folder needs a mount of it; one that
uses a single device needs ``--device``.

References
----------
- docker-run(1): --privileged; capabilities(7)
- CIS Docker Benchmark 5.4: ensure that privileged containers are not used
- CWE-250: Execution with Unnecessary Privileges
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
    runs_as_root,
)


@check(
    title="A container with an MCP server is privileged",
    severities=(Severity.CRITICAL, Severity.HIGH),
    needs=("containers:engines", "containers:details"),
)
def privileged(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the flag of every container."""
    return judge_containers(snapshot, _judge)


def _judge(container: ContainerFact, engine: EngineFact | None) -> Verdict:
    subject = container_subject(container)
    if not container.privileged:
        return Passed(subject)
    worst = rules_the_host(container, engine)
    if worst:
        meaning = "its root is root of this machine"
    elif runs_as_root(container):
        meaning = "nothing but its user namespace holds its root back"
    else:
        meaning = f"nothing but its user {container.user} holds it back"
    return Finding(
        subject=subject,
        severity=Severity.CRITICAL if worst else Severity.HIGH,
        summary=f"{container.name} is privileged: {meaning}",
        evidence=(
            Evidence(
                expected="false: the few capabilities and devices that it needs, by name",
                actual="true: every capability and device, no syscall filter, no mask over /proc",
                command=inspect_command(container, engine, "{{.HostConfig.Privileged}}"),
            ),
        ),
    )
