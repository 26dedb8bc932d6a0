"""A container with an MCP server was made from whatever its image's tag named.

What it looks at
----------------
The image of every container that runs an MCP server, as it was named when the container was made. It passes with a
digest (``name@sha256:…``) or an image id, and where the image has no digest of a registry because it was built or
imported here: nobody else can change that one. A tag of an image that came from a registry is a finding, ``:latest``
and a version number alike. Containers of one image are one finding. Where the image was removed, that cannot be told.

Why it matters
--------------
This container has the image that the tag named on one day; the next one that is made from the same line may have
another, and what it does with the same mounts, secrets and tools is up to whoever moved the tag. The line in your
config, compose file or script looks the same on both days.

How an attacker uses it
-----------------------
With a stolen registry token they push another image under the same tag. The next ``docker compose pull`` or the first
start on a new machine runs theirs, in the place of a server that you trust.

How to fix it by hand
---------------------
Name the image that runs now by its digest, in the line that makes the container, and make it again::

    docker image inspect --format '{{index .RepoDigests 0}}' IMAGE
    docker run -i --rm mcp/fetch@sha256:302f…

In a compose file it is ``image: mcp/fetch@sha256:302f…``; an update is then a change that somebody looks at.

References
----------
- docker-run(1): image references, digests
- CWE-494: Download of Code Without Integrity Check
- OWASP MCP Top 10: MCP04, Software Supply Chain Attacks and Dependency Tampering
"""

from __future__ import annotations

import re
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
)

_PINNED = re.compile(r"(?:.*@)?(?:sha(?:256|384|512):)?[0-9a-f]{64,128}\Z")


@check(
    title="A container was made from whatever its image's tag named",
    severities=(Severity.MEDIUM,),
    needs=("containers:engines", "containers:details"),
)
def unpinned_image(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the image's name of every container; one image is a single cause."""
    return judge_containers(snapshot, _judge, lambda container: f"image {container.image} {container.image_id}")


def _judge(container: ContainerFact, engine: EngineFact | None) -> Verdict:
    subject = container_subject(container)
    if _PINNED.match(container.image):
        return Passed(subject)
    if not container.digests:
        if container.image_user is None:
            return NotAssessed(f"where the image {container.image} is from", "it was removed from the engine")
        return Passed(subject)
    return Finding(
        subject=subject,
        severity=Severity.MEDIUM,
        summary=f"{container.name} was made from {container.image}, which a registry may point elsewhere any time",
        evidence=(
            Evidence(
                expected=f"an image with its digest, such as {container.digests[0]}",
                actual=container.image,
                command=inspect_command(container, engine, "{{.Config.Image}}"),
            ),
        ),
    )
