"""An MCP server can change the file system of its container.

What it looks at
----------------
The flag ``ReadonlyRootfs`` of every container that runs an MCP server. Without it the server may write wherever its
user may: it is medium where that is root, so that the server's own program and libraries are among it, and low for
another user, whom the image's files do not belong to. Volumes, mounts and a tmpfs stay writable with the flag, and are
how a server gets the few places that it has to write to.

Why it matters
--------------
What is written stays until the container is removed, over every restart of it. So an injected prompt can leave
something behind that acts later, in another session and on other data, and nobody looks into a container's layers. With
a read-only root the container starts each time as its image was made.

How an attacker uses it
-----------------------
One successful call of a write tool appends a line to the server's ``index.js``. From then on each answer carries the
attacker's instructions to the model, and the workspace's files go out with the next request.

How to fix it by hand
---------------------
Make the container again with a read-only root and a place in memory for what is temporary::

    docker run -i --rm --read-only --tmpfs /tmp:size=64m,mode=1777 IMAGE

In a compose file it is ``read_only: true`` and ``tmpfs: [/tmp]``. A server that fails says which folder it misses: give
it that one as a tmpfs, or as a volume where it must last (``docker diff NAME`` lists what one has written so far).

References
----------
- docker-run(1): --read-only, --tmpfs
- CIS Docker Benchmark 5.12: ensure that the container's root filesystem is mounted as read only
- CWE-732: Incorrect Permission Assignment for Critical Resource
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
    runs_as_root,
)


@check(
    title="An MCP server can change the file system of its container",
    severities=(Severity.MEDIUM, Severity.LOW),
    needs=("containers:engines", "containers:details"),
)
def writable_root(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the flag of every container."""
    return judge_containers(snapshot, _judge)


def _judge(container: ContainerFact, engine: EngineFact | None) -> Verdict:
    subject = container_subject(container)
    if container.readonly_root:
        return Passed(subject)
    as_root = runs_as_root(container)
    what = "everything in its container, its own program too" if as_root else "to its container's file system"
    return Finding(
        subject=subject,
        severity=Severity.MEDIUM if as_root else Severity.LOW,
        summary=f"{container.name} may {'change' if as_root else 'write'} {what}",
        evidence=(
            Evidence(
                expected="true: the file system of its image, unchanged",
                actual="false",
                command=inspect_command(container, engine, "{{.HostConfig.ReadonlyRootfs}}"),
            ),
        ),
    )
