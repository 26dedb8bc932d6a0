"""The inventory as a person asks for it: what needs attention first, with the findings and the facts of each server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from workbench.model.clients import ClientConfig, ServerEntry
from workbench.model.containers import ContainerFact
from workbench.model.finding import Finding, Pointer
from workbench.model.processes import ServerProcess
from workbench.model.report import CheckResult, Grade
from workbench.model.servers import Server
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import PortFact, SocketFact
from workbench.tui.coverage import badness
from workbench.tui.wording import counted

Key = tuple[str, str]
"""The kind and the key of a subject."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A config or a place of configs that could not be read or understood.

    ``behaviour`` is what its client does with such a file, "" where that is not known; ``client`` is "" for a place
    that is no client's alone. ``servers`` were read from it all the same.
    """

    path: str
    why: str
    client: str = ""
    line: int | None = None
    column: int | None = None
    behaviour: str = ""
    unlock: str = ""
    servers: int = 0

    @property
    def key(self) -> str:
        """What it is known by over rescans."""
        return f"trouble {self.path}"


Row = Server | Trouble


@dataclass(frozen=True, slots=True)
class Inventory:
    """The servers of one look, and the facts and findings that their keys lead to."""

    snapshot: Snapshot
    findings: tuple[Finding, ...]
    about: Mapping[Key, Sequence[int]]
    entries: Mapping[tuple[str, Pointer], tuple[ClientConfig, ServerEntry]]
    processes: Mapping[str, ServerProcess]
    sockets: Mapping[int, SocketFact]
    ports: Mapping[str, Sequence[PortFact]]
    units: Mapping[str, Sequence[str]]
    containers: Mapping[str, ContainerFact]
    results: Sequence[CheckResult] = ()
    letters: Mapping[str, str] = field(default_factory=dict)

    def letter_of(self, server: Server) -> str:
        """The letter of its own findings; "" where nothing about it could be assessed, or no check has spoken."""
        return self.letters.get(server.key, "")

    def judged(self) -> Inventory:
        """The same with the letter of every server, which takes a while where there are thousands."""
        return replace(self, letters={server.key: self._letter(server) for server in self.snapshot.servers.servers})

    def grade_of(self, server: Server) -> Grade:
        """The grade of its own findings, with the rule that caps it."""
        from workbench.grading import grade_of_part

        return grade_of_part(self.results, self.findings_of(server), areas_of(server))

    def _letter(self, server: Server) -> str:
        from workbench.grading import UNGRADED

        grade = self.grade_of(server)
        return "" if grade.letter == UNGRADED else grade.letter

    def findings_of(self, row: Row) -> tuple[Finding, ...]:
        """The findings about a server, its config, processes, sockets, units and containers, in the report's order."""
        return tuple(self.findings[place] for place in self.places_of(row))

    def places_of(self, row: Row) -> list[int]:
        """The places of those findings in the report's order."""
        subjects = _subjects(row, self) if isinstance(row, Server) else [("config", row.path)]
        return sorted({place for subject in subjects for place in self.about.get(subject, ())})

    def servers_about(self) -> Mapping[int, Sequence[str]]:
        """The names of the servers that each finding is about, each once, by the place of the finding."""
        names: dict[int, dict[str, None]] = {}
        for server in self.snapshot.servers.servers:
            for place in self.places_of(server):
                names.setdefault(place, {})[server.name] = None
        return {place: tuple(known) for place, known in names.items()}

    def left_behind(self, server: Server) -> bool:
        """Whether it still runs although the client that started it is gone."""
        return any(key in self.processes and self.processes[key].orphaned for key in server.processes)


def areas_of(server: Server) -> frozenset[str]:
    """The areas of the checks that look at what a server consists of."""
    parts = (
        (server.entry is not None, ("clients", "secrets")),
        (bool(server.processes), ("processes", "secrets")),
        (bool(server.sockets or server.ports), ("sockets",)),
        (bool(server.units), ("systemd",)),
        (bool(server.containers), ("containers",)),
    )
    return frozenset(area for there, areas in parts if there for area in areas)


def inventory(snapshot: Snapshot, findings: Sequence[Finding], results: Sequence[CheckResult] = ()) -> Inventory:
    """Find again what the join has put together."""
    about: dict[Key, list[int]] = {}
    for place, finding in enumerate(findings):
        for subject in (finding.subject, *finding.also):
            about.setdefault((subject.kind, subject.key), []).append(place)
    ports: dict[str, list[PortFact]] = {}
    for port in snapshot.sockets.ports:
        ports.setdefault(port.server, []).append(port)
    units: dict[str, list[str]] = {}
    for unit in snapshot.units.units:
        units.setdefault(unit.name, []).append(f"{unit.manager}:{unit.name}")
    return Inventory(
        snapshot=snapshot,
        findings=tuple(findings),
        about=about,
        entries={
            (config.path.asked, entry.pointer): (config, entry)
            for config in snapshot.clients.configs
            for entry in config.servers
        },
        processes={process.key: process for process in snapshot.processes.servers},
        sockets={socket.inode: socket for socket in snapshot.sockets.sockets},
        ports=ports,
        units=units,
        containers={container.id: container for container in snapshot.containers.containers},
        results=results,
    ).judged()


def marks(server: Server, known: Inventory) -> tuple[str, ...]:
    """What of a server needs attention, in a few words each."""
    said = (
        ("not configured", server.presence == "running" and not server.configured),
        ("outdated", bool(server.outdated)),
        ("left behind", known.left_behind(server)),
    )
    return tuple(words for words, true in said if true)


def may_be_more(snapshot: Snapshot) -> bool:
    """Whether there may be servers beside those listed, because not everything could be looked at."""
    places = (snapshot.servers, snapshot.clients)
    sections = (snapshot.processes, snapshot.units, snapshot.containers)
    return any(each.state.status in ("partial", "failed") for each in places) or any(
        each.state.status == "failed" for each in sections
    )


def headline(servers: Iterable[Server]) -> str:
    """How many servers there are, and of those that a person asks for first."""
    every = tuple(servers)
    parts = (
        (sum(server.presence == "running" for server in every), "running"),
        (sum(server.presence == "running" and not server.configured for server in every), "not configured"),
        (sum(bool(server.outdated) for server in every), "outdated"),
    )
    said = ", ".join(f"{count} {words}" for count, words in parts if count)
    return counted(len(every), "server") + (f": {said or 'none running'}" if every else "")


def troubles(snapshot: Snapshot) -> Iterator[Trouble]:
    """Every config or place of configs that could not be read or understood, each cause once."""
    told: set[str] = set()
    for config in snapshot.clients.configs:
        problem = config.problem
        if problem is not None:
            told.add(config.path.asked)
            yield Trouble(
                config.path.asked,
                problem.message,
                config.client_name,
                problem.line,
                problem.column,
                problem.client_behaviour,
                servers=len(config.servers),
            )
    for unread in snapshot.clients.state.unread:
        if unread.facet == "content" and unread.what not in told:
            told.add(unread.what)
            yield Trouble(unread.what, unread.why, unlock=unread.unlock)


def grouped(known: Inventory) -> Iterator[tuple[str, tuple[Row, ...]]]:
    """What is listed, under its headings: what needs attention, what runs, the rest, and what could not be read."""
    attention: list[Row] = []
    running: list[Row] = []
    unknown: list[Row] = []
    rest: list[Row] = []
    for server in sorted(known.snapshot.servers.servers, key=lambda server: _order(server, known)):
        group = {"running": running, "unknown": unknown}.get(server.presence, rest)
        (attention if marks(server, known) else group).append(server)
    problems = sorted(troubles(known.snapshot), key=lambda trouble: trouble.path)
    named: tuple[tuple[str, Sequence[Row]], ...] = (
        ("Needs attention", attention),
        ("Running", running),
        ("Not known whether running", unknown),
        ("Not running on this host", rest),
        ("Configs that could not be read or understood", problems),
    )
    for title, rows in named:
        if rows:
            yield title, tuple(rows)


def _order(server: Server, known: Inventory) -> tuple[bool, int, bool, str, str]:
    letter = badness(known.letter_of(server))
    # What nobody has configured comes first of all that needs attention, whatever was found about it.
    unknown = server.presence == "running" and not server.configured
    return (not unknown, letter, server.presence != "running", server.name.casefold(), server.key)


def _subjects(server: Server, known: Inventory) -> Iterator[Key]:
    yield "server", server.key
    if server.entry is not None:
        yield "server", f"{server.entry.path}#{'/'.join(map(str, server.entry.pointer))}"
        yield "config", server.entry.path
    for process in server.processes:
        yield "process", process
    for inode in server.sockets:
        socket = known.sockets.get(inode)
        if socket is not None:
            yield "socket", socket.path.asked if socket.path is not None else socket.name
    for port in server.ports:
        yield "port", port
    for unit in server.units:
        keys = known.units.get(unit, ())
        own = [key for key in keys if server.key == f"unit {key}"]
        yield from (("unit", key) for key in own or keys)
    for identity in server.containers:
        container = known.containers.get(identity)
        yield "container", identity
        if container is not None:
            yield "container", container.name
            yield "container", f"{container.engine}:{container.name or container.id[:12]}"
