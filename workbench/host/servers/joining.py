"""Join config entries, processes, containers, units, sockets and sources into one server each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import Literal

from workbench.expressions import expression
from workbench.host.containers.joining import pairs
from workbench.host.processes.packages import Packages
from workbench.host.servers.isolation import isolation_of
from workbench.host.sources import node_kind, project_of, python_kind
from workbench.model.clients import ClientConfig, ClientFacts, EntryReference, InstalledPackage, ServerEntry
from workbench.model.containers import ContainerFact, ContainerFacts
from workbench.model.launch import Launch
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.record import record
from workbench.model.servers import Presence, Server
from workbench.model.sockets import PortFact, SocketFacts
from workbench.model.sources import SourceFact, SourceKind
from workbench.model.units import UnitFact, UnitFacts
from workbench.secrets import redact
from workbench.text import visible

_COPY = expression(r"#\d+\Z")
_ESCAPED = expression(r"\\x([0-9a-f]{2})")
_INSTANCE = expression(r"@.*(?=\.[a-z]+\Z)")
_HERE = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "::")  # noqa: S104 - what a URL may say, nothing is bound
_CONFIDENCES = ("low", "medium", "high")


@record
class Facts:
    """What the collectors found, for one join. ``id_files`` are the contents of ``--cidfile``s, by path.

    ``home`` is the folder of which no whole is ever a project.
    """

    clients: ClientFacts
    processes: ProcessFacts
    sockets: SocketFacts
    units: UnitFacts
    containers: ContainerFacts
    id_files: Mapping[str, str] = field(default_factory=dict)
    home: str = ""
    packages: Packages = field(default_factory=Packages)


def join(facts: Facts) -> tuple[Server, ...]:
    """Every server once: first the configured ones in the order of their configs, then what only runs.

    A process belongs to the entry it was started from; without one, to the unit it runs in, to an entry that names its
    port, or to itself. A container belongs to the entry or the unit of its process, else to itself.
    """
    running = _Running(facts)
    servers = [_of_entry(config, entry, running, facts) for config in facts.clients.configs for entry in config.servers]
    servers += [_of_unit(unit, running, facts) for unit in facts.units.units]
    servers += _of_processes(running, facts)
    servers += [_of_container(container) for container in running.containers_left()]
    return tuple(servers)


class _Running:
    """The running servers that were given to no configured one yet."""

    def __init__(self, facts: Facts) -> None:
        self.containers = {container.id: container for container in facts.containers.containers}
        self._inside = {
            pair.server: pair.container
            for pair in pairs(facts.processes.servers, facts.containers.containers, facts.id_files)
        }
        self._left = {process.key: process for process in facts.processes.servers}
        self._of_entry: dict[tuple[str, object], list[ServerProcess]] = {}
        self._ports = {(port.port, port.server): port for port in facts.sockets.ports if port.reach != "namespace"}
        self._taken: set[str] = set()
        for process in facts.processes.servers:
            if process.entry is not None:
                self._of_entry.setdefault(_place(process.entry), []).append(process)

    def of_entry(self, reference: EntryReference) -> list[ServerProcess]:
        """The copies that an entry started."""
        return self._take(self._of_entry.get(_place(reference), []))

    def at_port(self, port: int) -> list[ServerProcess]:
        """The server of this host that listens on a port, where no entry started it."""
        keys = [key for number, key in self._ports if number == port]
        found = [process for key in keys if (process := self._left.get(key)) is not None and process.entry is None]
        return self._take(found)

    def in_unit(self, unit: UnitFact) -> list[ServerProcess]:
        """What runs in a unit, or in an instance of it."""
        name = _unit_name(unit.name)
        return self._take(
            [process for process in self._left.values() if process.entry is None and _is_of_unit(process.unit, name)]
        )

    def unjoined(self) -> list[ServerProcess]:
        """What is left, and is given away by this."""
        return self._take(list(self._left.values()))

    def containers_of(self, processes: Iterable[ServerProcess]) -> list[ContainerFact]:
        """The containers that processes run in."""
        ids = dict.fromkeys(self._inside[process.key] for process in processes if process.key in self._inside)
        self._taken.update(ids)
        return [self.containers[identity] for identity in ids]

    def containers_left(self) -> Iterator[ContainerFact]:
        """The containers of no process that was found."""
        return (container for identity, container in self.containers.items() if identity not in self._taken)

    def _take(self, processes: list[ServerProcess]) -> list[ServerProcess]:
        found = [process for process in processes if self._left.pop(process.key, None) is not None]
        return sorted(found, key=lambda process: (process.started, process.pid))


def _of_entry(config: ClientConfig, entry: ServerEntry, running: _Running, facts: Facts) -> Server:
    reference = EntryReference(config.path.asked, entry.pointer, entry.name)
    processes = running.of_entry(reference)
    if not processes and entry.url:
        processes = running.at_port(_local_port(entry.url))
    if processes:
        presence: Presence = "running"
    elif entry.disabled:
        presence = "switched off"
    elif entry.url and not entry.command:
        presence = "unknown" if _is_local(entry.url) and _hidden(facts) else _without_process(entry.url)
    else:
        presence = "unknown" if _hidden(facts) else "not running"
    server = Server(
        key=f"{config.path.asked}#{'/'.join(map(str, entry.pointer))}",
        name=entry.name,
        presence=presence,
        configured=True,
        transport=entry.transport,
        clients=(config.client_name,),
        entry=reference,
        command=entry.command,
        url=entry.url,
        launch=entry.launch,
        isolation=isolation_of(entry.launch, client_sandbox=entry.client_sandbox),
        sources=() if processes else _sources(entry.launch, facts),
        recognised_by=f"{config.client_name} is configured to start it" if entry.command else "",
    )
    server = _with_processes(server, processes, running, facts)
    if processes and entry.disabled and not server.outdated:
        return replace(server, outdated=f"it runs, although {config.client_name} has it switched off")
    return server


def _without_process(url: str) -> Presence:
    return "not running" if _is_local(url) else "remote"


def _of_unit(unit: UnitFact, running: _Running, facts: Facts) -> Server:
    processes = running.in_unit(unit)
    server = Server(
        key=f"unit {unit.manager}:{unit.name}",
        name=unit.name,
        presence="running" if processes else "unknown" if _hidden(facts) else "not running",
        configured=True,
        transport="unknown",
        command=unit.command,
        launch=unit.launch,
        units=(unit.name,),
        isolation=isolation_of(unit.launch),
        recognised_by=unit.recognised_by,
        sources=() if processes else _sources(unit.launch, facts),
    )
    return _with_processes(server, processes, running, facts)


def _of_processes(running: _Running, facts: Facts) -> Iterator[Server]:
    # Several copies of what nothing configures are one server, as several copies of an entry are.
    copies: dict[str, list[ServerProcess]] = {}
    for process in running.unjoined():
        copies.setdefault(_COPY.sub("", process.key), []).append(process)
    for key, processes in copies.items():
        first = processes[0]
        server = Server(
            key=f"process {key}",
            name=first.label,
            presence="running",
            configured=False,
            transport="unknown",
            command=first.command,
            launch=first.launch,
        )
        yield _with_processes(server, processes, running, facts)


def _of_container(container: ContainerFact) -> Server:
    return Server(
        key=f"container {container.engine}:{container.name or container.id[:12]}",
        name=container.name or container.image,
        presence="running" if container.running else "not running",
        configured=False,
        transport="unknown",
        command=container.command,
        pids=(container.pid,) if container.pid else (),
        ports=tuple(_published([container])),
        containers=(container.id,),
        isolation=(f"container {container.name or container.id[:12]}",),
        sources=(SourceFact("container", container.image),) if container.image else (),
        recognised_by=container.recognised_by,
    )


def _with_processes(server: Server, processes: list[ServerProcess], running: _Running, facts: Facts) -> Server:
    """The server with all that its running copies tell."""
    if not processes:
        return server
    keys = [process.key for process in processes]
    ports = [port for port in facts.sockets.ports if port.server in keys]
    sockets = [socket.inode for socket in facts.sockets.sockets if socket.server in keys]
    containers = running.containers_of(processes)
    units = dict.fromkeys((*server.units, *(_service(process.unit) for process in processes)))
    isolation = dict.fromkeys(server.isolation)
    for process in processes:
        isolation |= dict.fromkeys(isolation_of(process.launch, process=process))
    best = max(processes, key=lambda process: _CONFIDENCES.index(process.confidence))
    clients = server.clients or tuple(dict.fromkeys(process.client for process in processes if process.client))
    return replace(
        server,
        transport=_transport(server, ports),
        clients=clients,
        processes=tuple(keys),
        pids=tuple(process.pid for process in processes),
        containers=tuple(container.id for container in containers),
        units=tuple(unit for unit in units if unit),
        sockets=tuple(sockets),
        ports=tuple(dict.fromkeys((*(port.shown for port in ports), *_published(containers)))),
        accounts=tuple(dict.fromkeys(process.account or str(process.uid) for process in processes)),
        isolation=tuple(isolation),
        sources=tuple(dict.fromkeys(process.source for process in processes if process.source is not None)),
        outdated=next((process.outdated for process in processes if process.outdated), ""),
        confidence=best.confidence,
        recognised_by=best.recognised_by,
    )


def _published(containers: Iterable[ContainerFact]) -> Iterator[str]:
    for container in containers:
        for port in container.ports:
            address = port.address or "0.0.0.0"  # noqa: S104 - how the engine says "all addresses"
            yield f"[{address}]:{port.port}" if ":" in address else f"{address}:{port.port}"


def _transport(server: Server, ports: list[PortFact]) -> Literal["stdio", "http", "unknown"]:
    if server.transport != "unknown":
        return server.transport
    return "http" if ports else "unknown" if server.units or server.containers else "stdio"


def _sources(launch: Launch | None, facts: Facts) -> tuple[SourceFact, ...]:
    """The code on disk that a launch would start: of a package the version it names, else the newest."""
    if launch is None or launch.image is not None:
        return ()
    spec = launch.package
    if spec is None:
        return _of_script(launch.script, facts)
    if spec.pin == "source":
        return ()
    copies = [each for each in facts.clients.installed if (each.ecosystem, each.name) == (spec.ecosystem, spec.name)]
    if spec.pin == "exact":
        copies = [each for each in copies if each.version == spec.version.lstrip("=v ")]
    return tuple(SourceFact(_kind(each), each.place, each.ecosystem, each.name, each.version) for each in copies[:1])


def _of_script(script: str, facts: Facts) -> tuple[SourceFact, ...]:
    if not os.path.isabs(script) or not os.path.exists(script):
        return ()
    # The program of a package is a link into its folder.
    file = os.path.realpath(script)
    kind, package = node_kind(os.path.dirname(file)), facts.packages.node(file)
    if kind is not None and package is not None:
        version = visible(redact(package.version), 100)
        return (SourceFact(kind, visible(package.folder), "npm", visible(redact(package.name)), version),)
    project = project_of(script, facts.home)
    return (SourceFact("checkout", visible(project)) if project else SourceFact("program", visible(script)),)


def _kind(package: InstalledPackage) -> SourceKind:
    if package.ecosystem == "npm":
        return node_kind(package.place) or "node_modules"
    return python_kind(os.path.dirname(package.place))


def _hidden(facts: Facts) -> bool:
    """Whether servers may run that could not be seen."""
    state = facts.processes.state
    return state.status in ("failed", "not applicable") or any(gap.facet == "hidden" for gap in state.unread)


def _is_local(url: str) -> bool:
    return _host_and_port(url)[0] in _HERE


def _local_port(url: str) -> int:
    host, port = _host_and_port(url)
    return port if host in _HERE else 0


def _host_and_port(url: str) -> tuple[str, int]:
    import urllib.parse

    try:
        parts = urllib.parse.urlsplit(url)
        return parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        return "", 0


def _is_of_unit(unit: str, name: str) -> bool:
    return bool(unit) and (_unit_name(unit) == name or _INSTANCE.sub("@", _unit_name(unit)) == name)


def _unit_name(name: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), name)


def _service(unit: str) -> str:
    # A scope is what a session or a terminal made; it says nothing of the server in it.
    return unit if unit.endswith(".service") and not unit.startswith(("user@", "session-")) else ""


def _place(reference: EntryReference) -> tuple[str, object]:
    return (reference.path, reference.pointer)
