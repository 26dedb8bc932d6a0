"""A container with an MCP server runs without a syscall filter.

What it looks at
----------------
Whether the engine puts a seccomp filter on each container that runs an MCP server: ``seccomp=unconfined`` takes it off,
and an engine that was built or set up without one gives none to containers that ask for nothing. A profile of your own
is judged by ``containers/seccomp-profile``. A privileged container has no filter either: ``containers/privileged``
says so. Where the engine does not tell its settings, its default is not assessed.

Why it matters
--------------
The container and the machine share one kernel, and every call to it is a door. The filter of Docker and Podman shuts
those that hardly any program uses and in which most of the holes were found: ``keyctl``, ``bpf``, ``userfaultfd``,
``add_key``, namespaces made by the unprivileged. It costs nothing and breaks next to nothing, and an MCP server is no
exception.

How an attacker uses it
-----------------------
A server that can be made to run a command is handed an exploit for the kernel. With the filter the first call that it
needs answers "operation not permitted"; without it a user of the container becomes root of the machine.

How to fix it by hand
---------------------
Leave out ``--security-opt seccomp=unconfined`` and make the container again. An engine without a filter: remove
``"seccomp-profile": "unconfined"`` from ``/etc/docker/daemon.json`` and restart it. Better than the default is a
profile that also denies new processes, for a server that starts none::

    docker info --format '{{json .SecurityOptions}}'       # name=seccomp,profile=builtin
    docker run -i --rm --security-opt no-new-privileges --security-opt seccomp=profile.json IMAGE

References
----------
- seccomp(2); Docker documentation: Seccomp security profiles for Docker
- CIS Docker Benchmark 5.21: ensure that the default seccomp profile is not disabled
- CWE-693: Protection Mechanism Failure
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
    engine_command,
    inspect_command,
    judge_containers,
)

_NONE = ("", "unconfined")


@check(
    title="A container runs without a syscall filter",
    severities=(Severity.HIGH,),
    needs=("containers:engines", "containers:details"),
)
def unconfined_seccomp(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the filter of every container; an engine without one is a single cause."""
    return judge_containers(snapshot, _judge, _of_engine)


def _of_engine(container: ContainerFact) -> str:
    return f"engine {container.engine}" if container.seccomp == "default" else ""


def _judge(container: ContainerFact, engine: EngineFact | None) -> Verdict:
    subject = container_subject(container)
    if container.privileged:
        return NotApplicable("a privileged container has no filter: see containers/privileged")
    if container.seccomp == "unconfined":
        command = inspect_command(container, engine, "{{json .HostConfig.SecurityOpt}}")
        return _finding(container, "its filter is switched off", "seccomp=unconfined", command)
    if container.seccomp == "profile":
        return Passed(subject)
    if engine is None or not engine.settings_told:
        return NotAssessed(f"the syscall filter of {container.name}", "the engine does not tell its default")
    if engine.seccomp in _NONE:
        template = "{{json .Host.Security}}" if engine.kind == "podman" else "{{json .SecurityOptions}}"
        command = (*engine_command(engine.socket, engine), "info", "--format", template)
        return _finding(container, "its engine gives none", f"seccomp {engine.seccomp or 'is not among them'}", command)
    return Passed(subject)


def _finding(container: ContainerFact, why: str, actual: str, command: tuple[str, ...]) -> Finding:
    return Finding(
        subject=container_subject(container),
        severity=Severity.HIGH,
        summary=f"{container.name} runs without a syscall filter: {why}",
        evidence=(Evidence(expected="the engine's own filter, or a narrower one", actual=actual, command=command),),
    )
