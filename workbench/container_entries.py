"""Which entry started a container, and how a start of it is tried: what the fixes of containers share."""

from __future__ import annotations

from dataclasses import replace

from workbench.launch.container_runs import container_run, values
from workbench.launch.images import normal_image
from workbench.launch.seccomp_allowing import FOLDER
from workbench.launching import own_name
from workbench.model.clients import ClientConfig, ServerEntry
from workbench.model.containers import ContainerFact
from workbench.model.finding import Finding, Pointer
from workbench.model.operations import TrialStart
from workbench.model.plan import Refusal
from workbench.model.snapshot import Snapshot
from workbench.planning import would_find
from workbench.subjects import container_subject, server_subject


def of_containers(finding: Finding, snapshot: Snapshot) -> tuple[tuple[ClientConfig, ServerEntry], ...] | Refusal:
    """The entries that started the containers of a finding, or why not all of them are known."""
    keys = {subject.key: subject.label for subject in (finding.subject, *finding.also) if subject.kind == "container"}
    wanted = {each.id: container_subject(each).key for each in snapshot.containers.containers}
    known: set[str] = set()
    found: dict[tuple[str, Pointer], None] = {}
    for server in snapshot.servers.servers:
        started = {wanted[identity] for identity in server.containers if wanted.get(identity) in keys}
        if started and server.entry is not None:
            known |= started
            found[server.entry.path, server.entry.pointer] = None
    for container in snapshot.containers.containers:
        key = wanted[container.id]
        places = [] if key not in keys or key in known else _starters(container, snapshot)
        if len(places) == 1:
            known.add(key)
            found[places[0]] = None
    others = [label for key, label in keys.items() if key not in known]
    if others:
        return Refusal(
            f"no client's configuration is known to start {', '.join(others[:3])}",
            "change how it is started: its compose file, its unit, or your docker run",
        )
    return tuple(
        (config, entry)
        for config in snapshot.clients.configs
        for entry in config.servers
        if (config.path.asked, entry.pointer) in found
    )


def is_of_a_client(container: ContainerFact, snapshot: Snapshot) -> bool:
    """Whether a client's configuration started a container, or may have: then it is closed there."""
    joined = [server for server in snapshot.servers.servers if container.id in server.containers]
    return any(server.entry is not None for server in joined) or bool(_starters(container, snapshot))


def _starters(container: ContainerFact, snapshot: Snapshot) -> list[tuple[str, Pointer]]:
    """The entries that a container that belongs to no running server can come from: by its image, name and words."""
    found = []
    for config in snapshot.clients.configs:
        for entry in config.servers:
            run = container_run(entry.command) if entry.launch is not None and entry.launch.container else None
            if run is None or normal_image(entry.command[run.image]) != normal_image(container.image):
                continue
            given = entry.command[run.image + 1 :]
            named = values(run, "--name")
            as_given = not given or container.command[-len(given) :] == given
            if as_given and (not named or named[-1] == container.name):
                found.append((config.path.asked, entry.pointer))
    return found


def profile_place(config: ClientConfig, entry: ServerEntry, home: str) -> str:
    """Where the system call profile of a server lies: one for each, so that each can be taken back by itself."""
    return f"{home}/{FOLDER}/{own_name(config, entry)}.json"


def tried(config: ClientConfig, entry: ServerEntry, home: str, seconds: int) -> TrialStart:
    """The start of an entry's container as the plan's edits leave it."""
    pointers = entry.argument_pointers
    listed = isinstance(pointers[0][-1], int)
    command = (pointers[0][:-1],) if listed else (pointers[0], pointers[1][:-1])
    return TrialStart(
        path=config.path.asked,
        source=config.path.asked,
        format=config.format,
        pointer=entry.pointer,
        command=command,
        names=tuple(each.name for each in entry.environment),
        directory=entry.working_directory or home,
        seconds=seconds,
    )


def found_again(
    check: str, config: ClientConfig, entry: ServerEntry, changed: ServerEntry, snapshot: Snapshot
) -> Finding | None:
    """What a check would still find of an entry, once it is as it is to be."""
    servers = tuple(changed if each is entry else each for each in config.servers)
    configs = tuple(replace(each, servers=servers) if each is config else each for each in snapshot.clients.configs)
    after = replace(snapshot, clients=replace(snapshot.clients, configs=configs))
    key = server_subject(config, entry).key
    for finding in would_find(check, after):
        if key in {subject.key for subject in (finding.subject, *finding.also)}:
            return finding
    return None
