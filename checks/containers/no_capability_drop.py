"""A container with an MCP server keeps capabilities that it has no use for.

What it looks at
----------------
What ``--cap-drop`` takes from every container that runs an MCP server. It passes with ``ALL``, also where single ones
are given back, and where all that the engine gives by itself are dropped by name; ``NET_BIND_SERVICE`` may stay. It is
medium where the server runs as root of this machine, low for another user (who holds none of them at first) and where
root of the container is somebody else outside. A privileged container has them all: ``containers/privileged``.

Why it matters
--------------
An engine gives a container some fourteen capabilities, chosen so that nearly any image works: ``DAC_OVERRIDE`` passes
over file modes, ``SETUID`` becomes any user, ``NET_RAW`` forges packets on the container network, ``MKNOD`` makes
devices. An MCP server opens files and sockets as one user. It needs none.

How an attacker uses it
-----------------------
With ``NET_RAW`` a server that was taken over answers for its neighbours on the bridge network and reads what they send.
With ``DAC_OVERRIDE`` and ``FOWNER`` root in the container changes files of a mounted workspace that belong to you and
that their mode protects.

How to fix it by hand
---------------------
Make the container again without any, and look whether the server starts::

    docker run -i --rm --cap-drop ALL --security-opt no-new-privileges IMAGE

In a compose file it is ``cap_drop: [ALL]``. An image whose entrypoint changes its user first needs ``--cap-add SETUID
--cap-add SETGID``, or better ``--user`` with the number that it changes to.

References
----------
- capabilities(7); docker-run(1): --cap-drop
- CIS Docker Benchmark 5.3: ensure that Linux kernel capabilities are restricted
- CWE-272: Least Privilege Violation
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
    rules_the_host,
    runs_as_root,
)

# What Docker and Podman give by themselves, but for NET_BIND_SERVICE, with which nothing can be done here.
_GIVEN = frozenset((
    "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
))  # fmt: skip
_OF_DOCKER = frozenset(("AUDIT_WRITE", "MKNOD", "NET_RAW"))


@check(
    title="A container keeps capabilities that it has no use for",
    severities=(Severity.MEDIUM, Severity.LOW),
    needs=("containers:engines", "containers:details"),
)
def no_capability_drop(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the dropped capabilities of every container."""
    return judge_containers(snapshot, _judge)


def _judge(container: ContainerFact, engine: EngineFact | None) -> Verdict:
    subject = container_subject(container)
    if container.privileged:
        return NotApplicable("a privileged container has every capability: see containers/privileged")
    of_podman = engine is not None and engine.kind == "podman"
    given = _GIVEN if of_podman else _GIVEN | _OF_DOCKER
    kept = sorted(given - set(container.cap_drop))
    if "ALL" in container.cap_drop or not kept:
        return Passed(subject)
    who = "its root" if runs_as_root(container) else "whatever becomes root in it"
    shown = f"{', '.join(kept[:4])} and {len(kept) - 4} more" if len(kept) > 5 else ", ".join(kept)
    return Finding(
        subject=subject,
        severity=Severity.MEDIUM if rules_the_host(container, engine) else Severity.LOW,
        summary=f"{container.name} keeps the capabilities of its engine: {who} has {shown}",
        evidence=(
            Evidence(
                expected="ALL",
                actual=", ".join(container.cap_drop) or "none is dropped",
                command=inspect_command(container, engine, "{{json .HostConfig.CapDrop}}"),
            ),
        ),
    )
