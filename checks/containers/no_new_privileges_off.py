"""A container with an MCP server lets programs in it gain rights.

What it looks at
----------------
Whether ``no-new-privileges`` holds for every container that runs an MCP server: as its own option, or because the
engine gives it to all (``"no-new-privileges": true`` in ``daemon.json``). Its value counts: ``no-new-privileges:false``
is off, and switches off what the engine gives. It is medium for a server with another user than root, low where the
server is root already or the container has no capabilities to gain.

Why it matters
--------------
An image brings along programs with the setuid bit (``su``, ``mount``, ``passwd``, sometimes ``sudo``) that make any
user of the container root. With ``no-new-privileges`` the kernel ignores that bit, for the server and for whatever it
starts, and nothing can switch it off again. It is also what lets the engine load a narrow syscall filter last, so that
the filter need not permit what only the engine's own preparations do.

How an attacker uses it
-----------------------
A server that runs as ``node`` is made to run a command. A setuid program in the image with a known hole makes it root
of the container, which all further ways out start from.

How to fix it by hand
---------------------
Make the container again with the option. Servers do not notice it, except those that call ``sudo`` or ``ping``::

    docker run -i --rm --security-opt no-new-privileges IMAGE
    grep NoNewPrivs /proc/PID/status        # 1, for the server's process on this machine

In a compose file it is ``security_opt: ["no-new-privileges:true"]``.

References
----------
- prctl(2): PR_SET_NO_NEW_PRIVS; docker-run(1): --security-opt
- CIS Docker Benchmark 5.25: ensure that the container is restricted from acquiring additional privileges
- CWE-269: Improper Privilege Management
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
    runs_as_root,
)

# Without the profile of a syscall filter, which is told in full and goes on for pages.
_OPTIONS = "options:{{range .HostConfig.SecurityOpt}}{{if lt (len .) 40}} {{.}}{{end}}{{end}}"


@check(
    title="A container lets programs in it gain rights",
    severities=(Severity.MEDIUM, Severity.LOW),
    needs=("containers:engines", "containers:details"),
)
def no_new_privileges_off(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the option of every container."""
    return judge_containers(snapshot, _judge)


def _judge(container: ContainerFact, engine: EngineFact | None) -> Verdict:
    subject = container_subject(container)
    if container.no_new_privileges:
        return Passed(subject)
    if engine is not None and not engine.settings_told:
        what = f"whether programs in {container.name} can gain rights"
        return NotAssessed(what, "the engine does not tell its default")
    nothing_to_gain = "ALL" in container.cap_drop and not container.cap_add and not container.privileged
    root = runs_as_root(container)
    return Finding(
        subject=subject,
        severity=Severity.LOW if root or nothing_to_gain else Severity.MEDIUM,
        summary=f"{container.name} does not forbid new privileges"
        + ("" if root else ": a setuid program of its image makes its server root of the container"),
        evidence=(
            Evidence(
                expected="no-new-privileges",
                actual="it is not set, or is set to false",
                command=inspect_command(container, engine, _OPTIONS),
            ),
        ),
    )
