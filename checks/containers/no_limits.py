"""A container with an MCP server may use up the machine.

What it looks at
----------------
The limits of every container that runs an MCP server: of its processes (``--pids-limit``) and of its memory
(``--memory``). Without either it is medium, without one of them low. Podman limits processes by itself, and that
counts. ``--ulimit nproc`` does not: it is one number for all processes of a user id, over all containers. The
processor's time is not judged: the kernel shares it out.

Why it matters
--------------
Containers share the machine's memory and its table of processes. One that has no limit of its own takes from everybody:
the kernel then ends some process to get memory back, and that may be your editor, or no program can be started any more
to stop the one that is the trouble.

How an attacker uses it
-----------------------
``:(){ :|:& };:`` in one tool call of a shell server, or a request for a page of ten gigabytes to a fetch server, and
the machine stands still with all that was not saved. It also drowns what would be seen in the logs meanwhile.

How to fix it by hand
---------------------
A server of Node or Python gets by with a hundred processes (threads count) and half a gigabyte::

    docker run -i --rm --pids-limit 128 --memory 512m IMAGE
    docker update --pids-limit 128 --memory 512m --memory-swap 512m NAME     # one that runs, until it is made again

In a compose file it is ``pids_limit: 128`` and ``mem_limit: 512m``.

References
----------
- docker-run(1): --pids-limit, --memory; cgroups(7)
- CIS Docker Benchmark 5.10 and 5.28: memory usage and the PIDs cgroup limit
- CWE-770: Allocation of Resources Without Limits or Throttling
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
)


@check(
    title="A container may use up the machine",
    severities=(Severity.MEDIUM, Severity.LOW),
    needs=("containers:engines", "containers:details"),
)
def no_limits(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the limits of every container."""
    return judge_containers(snapshot, _judge)


def _judge(container: ContainerFact, engine: EngineFact | None) -> Verdict:
    missing = [
        (what, template)
        for what, limit, template in (
            ("processes", container.pids_limit, "{{.HostConfig.PidsLimit}}"),
            ("memory", container.memory, "{{.HostConfig.Memory}}"),
        )
        if limit is None
    ]
    if not missing:
        return Passed(container_subject(container))
    return Finding(
        subject=container_subject(container),
        severity=Severity.MEDIUM if len(missing) == 2 else Severity.LOW,
        summary=f"{container.name} has no limit of its {' and its '.join(what for what, _ in missing)}",
        evidence=tuple(
            Evidence(f"a limit of its {what}", "none", inspect_command(container, engine, template))
            for what, template in missing
        ),
    )
