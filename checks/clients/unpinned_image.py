"""A server's container image is named without a digest.

What it looks at
----------------
Every enabled server that a client starts with ``docker run``, ``podman run`` or ``nerdctl run``, found with the real
arity of their options (the ``100`` of ``--pids-limit 100`` is no image). An image passes with a digest
(``name@sha256:…``). A tag, ``:latest`` or a version number alike, and no tag at all are findings. Compose services and
images that a variable names cannot be judged here.

Why it matters
--------------
A tag is a name that its owner can point to something else at any time. The container confines the server, but what runs
in it still has the tools, the secrets and the folders that the configuration hands to it.

How an attacker uses it
-----------------------
With a stolen registry token they push another image under the same tag. The next ``docker run`` on a machine that has
not pulled it yet, or a ``docker pull`` in some update script, starts theirs. With a digest the engine refuses whatever
differs from what was named.

How to fix it by hand
---------------------
Ask the engine which image you run now, and name that one::

    docker image inspect --format '{{index .RepoDigests 0}}' mcp/fetch
    "args": ["run", "-i", "--rm", "mcp/fetch@sha256:302f…"]

An image that was built here has no digest of a registry; its id (``docker run sha256:…``) is as firm.

References
----------
* docker-run(1): image references, digests
* CWE-494: Download of Code Without Integrity Check
* CWE-1357: Reliance on Insufficiently Trustworthy Component
* OWASP MCP Top 10: MCP04, Software Supply Chain Attacks and Dependency Tampering
"""

import re
from collections.abc import Iterator

from workbench.api import (
    ClientConfig,
    Evidence,
    Finding,
    ImageSpec,
    Location,
    NotApplicable,
    NotAssessed,
    Passed,
    ServerEntry,
    Severity,
    Snapshot,
    Verdict,
    check,
    entry_command,
    server_subject,
    started_servers,
)

_DIGEST = re.compile(r"sha(?:256|384|512):[0-9a-f]{32,}\Z")
_SECRET = re.compile(r"<secret: [^<>]*>")
_IMAGE_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}\Z")


@check(
    title="A server's container image is named without a digest",
    severities=(Severity.MEDIUM,),
    needs=("clients:content",),
)
def run(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each enabled server that an image is named for."""
    seen = False
    for config, entry, launch in started_servers(snapshot):
        image = launch.image
        if image is None:
            continue
        seen = True
        subject = server_subject(config, entry)
        if _DIGEST.match(image.digest) or _IMAGE_ID.match(image.text):
            yield Passed(subject)
        elif re.search(r"[${}<>%]", _SECRET.sub("", image.text)):
            yield NotAssessed(subject.label, "its image is named by a variable")
        elif not launch.understood:
            yield NotAssessed(
                subject.label, "an option of its launcher is not known, so nor is which word is the image"
            )
        else:
            yield _finding(config, entry, image)
    if not seen:
        yield NotApplicable("no enabled server is started from a container image")


def _finding(config: ClientConfig, entry: ServerEntry, image: ImageSpec) -> Finding:
    place = image.argument
    known = place is not None and place < len(entry.argument_pointers) and entry.argument_pointers[place]
    what = f"the tag {image.tag}" if image.tag else "no tag, so latest"
    return Finding(
        subject=server_subject(config, entry),
        severity=Severity.MEDIUM,
        summary=f"{entry.name} runs whatever image {image.name} is now: it is named by {what}",
        evidence=(
            Evidence(
                expected="an image with a digest (name@sha256:…)",
                actual=image.text,
                command=("grep", "-n", "-o", "-F", "-e", image.name, "--", config.path.asked)
                if "<secret: " not in image.text
                else entry_command(config, entry),
            ),
        ),
        location=Location(config.path.asked, entry.line, pointer=known or entry.pointer),
    )
