"""A container's MCP server runs as root of its container.

What it looks at
----------------
The user of every container that runs an MCP server: what ``--user`` says, else what its image says; neither is root. It
is medium where root of the container is root of this machine, low under a rootless engine or in a user namespace.
Containers of one image that leave the user to it are one finding: the image's ``USER`` mends them all. Whether the
image is an MCP server's own or a plain ``node`` makes no difference; most official server images name no user.

Why it matters
--------------
Without a user namespace the user id 0 inside is the user id 0 outside. What holds root of a container back is only what
stands around it, and root is what every way out of a container starts from: files on mounts, the kernel's settings,
devices, holes in the engine.

How an attacker uses it
-----------------------
Root in the container rewrites the server's own program, so that each later session runs the attacker's. On a mounted
workspace it leaves a program with the setuid bit and the owner root, which any account of the machine may then start.

How to fix it by hand
---------------------
Give it numbers, not a name (a name is looked up in the image, and the same name there is another number)::

    docker run -i --rm --user "$(id -u):$(id -g)" IMAGE

For your own image, as the last lines before its entrypoint::

    RUN useradd --system --uid 10001 mcp
    USER 10001:10001

In a compose file it is ``user: "10001:10001"``. The mounted folders must belong to that number.

References
----------
- docker-run(1): --user; user_namespaces(7)
- CIS Docker Benchmark 4.1: ensure that a user for the container has been created
- CWE-250: Execution with Unnecessary Privileges
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    ContainerFact,
    EngineFact,
    Evidence,
    Finding,
    NotAssessed,
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


@check(
    title="A container's MCP server runs as root",
    severities=(Severity.MEDIUM, Severity.LOW),
    needs=("containers:engines", "containers:details"),
)
def root_user(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the user of every container; an image without one is a single cause."""
    return judge_containers(snapshot, _judge, _of_image)


def _of_image(container: ContainerFact) -> str:
    return f"image {container.image_id or container.image}" if not container.user else ""


def _judge(container: ContainerFact, engine: EngineFact | None) -> Verdict:
    subject = container_subject(container)
    if not runs_as_root(container):
        return Passed(subject)
    if not container.user and container.image_user is None and (engine is None or engine.kind != "docker"):
        # Docker copies the image's user into the container, others may not.
        return NotAssessed(f"the user of {container.name}", "its image is gone, and that may name one")
    contained = root_is_contained(container, engine)
    return Finding(
        subject=subject,
        severity=Severity.LOW if contained else Severity.MEDIUM,
        summary=f"{container.name} runs as root"
        + (", which is another account outside" if contained else ", the same user id as root of this machine"),
        evidence=(
            Evidence(
                expected="a user id of its own, as a number",
                actual=container.user or "no user: root",
                command=inspect_command(container, engine, "{{json .Config.User}}"),
            ),
        ),
    )
