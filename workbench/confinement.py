"""What the facts of a container mean together, for the checks that judge containers and the fixes that repair them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from workbench.model.containers import ContainerFact, EngineFact
from workbench.model.finding import Finding, NotApplicable, Subject, Verdict
from workbench.model.snapshot import Snapshot

_DOCKER_ITSELF = ("", "/var/run/docker.sock", "/run/docker.sock")
_PODMAN_ITSELF = ("", "/run/podman/podman.sock")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\Z")
# Of Podman; Docker knows only "" and "host".
_OWN_ACCOUNTS = ("auto", "private", "keep-id", "nomap")

Judge = Callable[[ContainerFact, EngineFact | None], Verdict]


def engine_of(container: ContainerFact, snapshot: Snapshot) -> EngineFact | None:
    """The engine that told of a container."""
    return next((engine for engine in snapshot.containers.engines if engine.socket == container.engine), None)


def judge_containers(
    snapshot: Snapshot, judge: Judge, cause: Callable[[ContainerFact], str] | None = None
) -> Iterator[Verdict]:
    """One verdict for each container. Findings with one cause become one: the worst, with the others as ``also``.

    ``cause`` names what a person would change, once, for all of them (an image); without it, or where it gives "", that
    is the container itself.
    """
    if not snapshot.containers.containers:
        yield NotApplicable("no container here runs an MCP server")
    found: dict[str, list[Finding]] = {}
    for container in snapshot.containers.containers:
        verdict = judge(container, engine_of(container, snapshot))
        if isinstance(verdict, Finding):
            named = cause(container) if cause is not None else ""
            found.setdefault(f"cause {named}" if named else verdict.subject.key, []).append(verdict)
        else:
            yield verdict
    for alike in found.values():
        worst = max(alike, key=lambda finding: finding.severity.rank)
        others: dict[str, Subject] = {finding.subject.key: finding.subject for finding in alike}
        del others[worst.subject.key]
        yield replace(worst, also=tuple(others.values()))


def runs_as_root(container: ContainerFact) -> bool:
    """Whether its main process has the user id 0 inside of it, as configured or as its image says."""
    user = (container.user or container.image_user or "").partition(":")[0].strip()
    return user == "root" or not user.strip("0")


def root_is_contained(container: ContainerFact, engine: EngineFact | None) -> bool:
    """Whether root of the container is not root of the engine's host: a rootless engine, or a user namespace."""
    if container.userns_mode.startswith(_OWN_ACCOUNTS):
        return True
    if engine is None:
        return False
    if not engine.settings_told:
        return "/run/user/" in engine.socket
    return engine.rootless or (engine.userns_remap and container.userns_mode != "host")


def rules_the_host(container: ContainerFact, engine: EngineFact | None) -> bool:
    """Whether its main process has the user id 0 of the engine's host as well."""
    return runs_as_root(container) and not root_is_contained(container, engine)


def inspect_command(container: ContainerFact, engine: EngineFact | None, template: str) -> tuple[str, ...]:
    """The argument vector that asks the container's engine for one thing again, by a Go template."""
    name = container.name if _NAME.match(container.name) else container.id[:12]
    return (*engine_command(container.engine, engine), "inspect", "--format", template, name)


def mounts_command(container: ContainerFact, engine: EngineFact | None) -> tuple[str, ...]:
    """The argument vector that lists its mounts; none where a path of one holds a secret."""
    if any("<secret: " in place for mount in container.mounts for place in (mount.source, mount.destination)):
        return ()
    return inspect_command(container, engine, "{{json .Mounts}}")


def engine_command(socket: str, engine: EngineFact | None) -> tuple[str, ...]:
    """The command-line tool of an engine, with what makes it ask that engine and no other."""
    if engine is not None and engine.kind == "podman":
        return ("podman",) if socket in _PODMAN_ITSELF else ("podman", "--url", f"unix://{socket}")
    return ("docker",) if socket in _DOCKER_ITSELF else ("docker", "--host", f"unix://{socket}")
