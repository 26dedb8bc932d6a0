"""Name what is judged, the same in every check: a finding is recognised over rescans by its subject's key."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.model.clients import ClientConfig, ServerEntry
from workbench.model.containers import ContainerFact
from workbench.model.finding import Subject
from workbench.model.launch import Launch
from workbench.model.processes import ServerProcess
from workbench.model.servers import Server
from workbench.model.snapshot import Snapshot
from workbench.model.units import UnitFact

# The names that engines make up (``eager_wozniak``): the next start gives another.
_MADE_UP = re.compile(r"[a-z]{3,20}_[a-z]{3,20}[0-9]{0,2}\Z")


def config_subject(config: ClientConfig) -> Subject:
    """A client's config file, by its path."""
    return Subject("config", config.path.asked, f"{config.path.asked} ({config.client_name})")


def server_subject(config: ClientConfig, entry: ServerEntry) -> Subject:
    """A server as a config names it, by the file and its place in it."""
    key = f"{config.path.asked}#{'/'.join(map(str, entry.pointer))}"
    return Subject("server", key, f"{entry.name} ({config.client_name})")


def inventory_subject(server: Server) -> Subject:
    """A server of the inventory, as the checks of its config entry, its unit or its process name it."""
    kind, _, key = server.key.partition(" ")
    if server.entry is None and kind in ("unit", "process"):
        return Subject(kind, key, server.name)
    return Subject("server", server.key, f"{server.name} ({server.clients[0]})" if server.clients else server.name)


def process_subject(server: ServerProcess) -> Subject:
    """A running server, by the key that outlives its process id."""
    return Subject("process", server.key, server.label)


def unit_subject(unit: UnitFact) -> Subject:
    """A systemd unit, by its manager and its name."""
    return Subject("unit", f"{unit.manager}:{unit.name}", unit.name)


def container_subject(container: ContainerFact) -> Subject:
    """A container, by its engine and its name; by its image where its engine made the name up."""
    made_up = not container.name or _MADE_UP.match(container.name)
    key = f"{container.engine}:{f'image {container.image}' if made_up else container.name}"
    return Subject("container", key, f"{container.name or container.id[:12]} ({container.image})")


def entry_command(config: ClientConfig, entry: ServerEntry) -> tuple[str, ...]:
    """A command that shows where an entry stands in its config, and nothing else of its line, not even a secret."""
    path = config.path.asked
    if "<secret: " in entry.name or not entry.name or {"\\", '"'}.intersection(entry.name):
        return ("stat", "-c", "%A %U:%G %n", path)  # its name does not stand there as it is shown
    return ("grep", "-n", "-o", "-F", "-e", entry.name, "--", path)


def started_servers(snapshot: Snapshot) -> Iterator[tuple[ClientConfig, ServerEntry, Launch]]:
    """Each server that a client starts as a program: enabled, with a command."""
    for config in snapshot.clients.configs:
        for entry in config.servers:
            if entry.launch is not None and entry.launch.program and not entry.disabled:
                yield config, entry, entry.launch
