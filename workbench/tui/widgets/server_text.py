"""Everything about one server, or about a config that could not be understood, as text to read."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from textual.content import Content

from workbench.model.clients import ClientConfig, ServerEntry
from workbench.model.facts import EnvironmentEntry
from workbench.model.launch import ImageSpec, Launch, PackageSpec, Pin
from workbench.model.processes import ServerProcess
from workbench.model.report import Grade
from workbench.model.servers import Server
from workbench.model.sockets import PortFact, SocketFact
from workbench.model.sources import SourceFact
from workbench.tui.inventory import Inventory, Row, Trouble, marks
from workbench.tui.plain import hanging, plain, stacked
from workbench.tui.pressable import pressable
from workbench.tui.sockets import sockets_of
from workbench.tui.wording import ATTENTION, MUTED, at_home, counted, heading, letter, mode, presence, since

MOST_LINES = 40
_LABEL = 11
_PINS: dict[Pin, str] = {
    "exact": "pinned exactly: the same at every start",
    "range": "a range: whatever is newest in it at the start",
    "tag": "a tag: whatever it points to at the start",
    "none": "no version named: whatever is newest at the start",
    "source": "straight from its source, whatever that holds at the start",
}
_TRANSPORTS = {
    "stdio": "stdio: only the client that starts it speaks to it",
    "http": "http: whoever reaches its address speaks to it",
    "unknown": "not known",
}
_REACHES = {
    "host": "every account and program of this host",
    "network": "this host and every network it is in",
    "namespace": "only what shares its own network namespace",
}
_ATTENTION = {
    "not configured": "It runs, and no client's config and no unit names it. Find out what started it.",
    "left behind": "The client that started it is gone, and it still runs.",
}
_PROBE = "p"
Line = tuple[str, str]
"""A label and what stands beside it."""


def page(row: Row, known: Inventory, width: int) -> Content:
    """The whole text, wrapped to ``width`` cells."""
    lines = _server(row, known, width) if isinstance(row, Server) else _trouble(row, known, width)
    return stacked(lines)


def isolation(server: Server) -> str:
    """What stands between a server and the account of the developer."""
    return ", ".join(server.isolation) or "nothing around it"


def account(name: str) -> str:
    """An account as it is spoken of: one without a name is only a number."""
    return f"uid {name}" if name.isdecimal() else name


def place(line: int | None, column: int | None) -> str:
    """``line 3, column 5``; "" where it is not known."""
    if line is None:
        return ""
    return f"line {line}" + (f", column {column}" if column is not None else "")


def _trouble(trouble: Trouble, known: Inventory, width: int) -> Iterator[Content]:
    yield hanging(Content.styled("! problem".ljust(_LABEL + 1), ATTENTION), plain(trouble.why, "bold"), width)
    yield Content("")
    where = place(trouble.line, trouble.column)
    lines = (
        ("client", trouble.client),
        ("file", at_home(trouble.path, known.snapshot.host.home)),
        ("where", where),
        ("to unlock", trouble.unlock),
    )
    yield from _lines(lines, width)
    if trouble.client:
        yield Content("")
        yield heading("How the client itself treats such a file")
        yield from plain(trouble.behaviour or f"It is not known what {trouble.client} does with it.").wrap(width)
    yield Content("")
    words = "Its servers may be missing from this list, and what is wrong with them is not assessed."
    if trouble.servers:
        words = f"{counted(trouble.servers, 'server')} could be read from it all the same; others may be missing."
    yield from plain(words, MUTED).wrap(width)


def _server(server: Server, known: Inventory, width: int) -> Iterator[Content]:
    yield hanging(presence(server.presence), plain(server.name, "bold"), width)
    for mark in marks(server, known):
        said = _ATTENTION.get(mark, server.outdated)
        yield hanging(Content.styled(f"! {mark}: ", ATTENTION), plain(said), width)
    yield Content("")
    if known.results:
        yield hanging(plain("grade".ljust(_LABEL), MUTED), _grade(known.grade_of(server)), width)
    yield from _lines(_head(server, known), width)
    yield from _part("How it is started", _started(server, known), width)
    if server.launch is not None and not server.launch.understood:
        words = "An option in front of its program is not known here, so parts of this may be wrong."
        yield hanging(Content.styled("? ", ATTENTION), plain(words), width)
    yield from _part("What runs", _running(server, known), width)
    yield from _part("What it listens on", _listening(server, known), width)
    yield from _part("Where its code lies", _sources(server.sources, known), width)
    yield from _part("Why it is listed", _recognised(server), width)


def _grade(grade: Grade) -> Content:
    """The letter and the rule that caps it."""
    rule = grade.rule.removesuffix(f": {grade.letter}").removesuffix(": ungraded")
    return letter(grade.letter) + plain(f"  {rule}")


def _part(title: str, lines: Iterable[Line], width: int) -> Iterator[Content]:
    made = list(_lines(lines, width))
    if made:
        yield Content("")
        yield heading(title)
        yield from made


def _lines(lines: Iterable[Line], width: int) -> Iterator[Content]:
    for label, text in lines:
        if text:
            said = hanging(plain(label.ljust(_LABEL), MUTED), plain(text), width)
            yield pressable(said, "probe") if label == _PROBE else said


def _head(server: Server, known: Inventory) -> Iterator[Line]:
    home = known.snapshot.host.home
    yield "client" if len(server.clients) < 2 else "clients", ", ".join(server.clients)
    entry = server.entry
    if entry is not None:
        config, found = known.entries.get((entry.path, entry.pointer), (None, None))
        where = place(found.line, None) if found is not None else ""
        inside = " › ".join(map(str, entry.pointer))
        yield "config", at_home(entry.path, home) + (f", {where}" if where else "") + f" ({inside})"
        if config is not None and not config.confirmed:
            yield "", "It is not certain that the client reads this file."
    elif not server.configured:
        yield "config", "none names it"
    yield "transport", _TRANSPORTS[server.transport]
    yield "address", server.url
    if server.presence != "remote":
        yield "isolation", _isolated(server)


def _isolated(server: Server) -> str:
    if server.isolation:
        return ", then ".join(server.isolation)
    whose = ", ".join(map(account, server.accounts)) or "the account that starts it"
    return f"nothing around it: it may do all that {whose} may"


def _started(server: Server, known: Inventory) -> Iterator[Line]:
    home = known.snapshot.host.home
    launch = server.launch
    yield "command", at_home(shlex.join(server.command), home)
    if launch is not None:
        yield from _launch(launch, home)
    config, entry = None, None
    if server.entry is not None:
        config, entry = known.entries.get((server.entry.path, server.entry.pointer), (None, None))
    yield from _entry(entry, config, home)
    yield "variables", ", ".join(_variables(launch, entry))
    for number, ability in enumerate(launch.abilities if launch is not None else ()):
        yield "can use" if number == 0 else "", f"{ability.kind}: {ability.why}"


def _launch(launch: Launch, home: str) -> Iterator[Line]:
    yield "through", ", then ".join(launch.wrappers)
    yield "program", at_home(launch.program, home)
    yield "script", at_home(launch.script, home)
    if launch.package is not None:
        yield "package", _package(launch.package)
    if launch.image is not None:
        yield "image", _image(launch.image)
    yield from _many("folders", (_root(root.text, root.path, home) for root in launch.roots), len(launch.roots))
    yield "account", f"switched to {launch.account}" if launch.account else ""
    yield "sandbox", launch.sandbox


def _entry(entry: ServerEntry | None, config: ClientConfig | None, home: str) -> Iterator[Line]:
    if entry is None or config is None:
        return
    yield "started in", at_home(entry.working_directory, home)
    yield "its client", f"puts it into {entry.client_sandbox}" if entry.client_sandbox else ""
    yield "switched", f"off in the config of {config.client_name}" if entry.disabled else ""
    yield "read from", ", ".join(at_home(file, home) for file in entry.environment_files)


def _package(package: PackageSpec) -> str:
    named = f"{package.name} {package.version}".rstrip()
    return f"{named} ({package.ecosystem}, by {package.runner}); {_PINS[package.pin]}"


def _image(image: ImageSpec) -> str:
    tag = f":{image.tag}" if image.tag else ""
    if image.digest:
        return f"{image.name}{tag} {image.digest}; pinned by its digest: the same at every start"
    return f"{image.name}{tag}; no digest: whatever that name points to at the start"


def _root(text: str, path: str, home: str) -> str:
    shown = at_home(path, home)
    return shown if text in (path, shown) else f"{shown} (given as {text})"


def _variables(launch: Launch | None, entry: ServerEntry | None) -> Iterator[str]:
    given: dict[str, EnvironmentEntry | None] = {}
    if entry is not None:
        given |= {variable.name: variable for variable in entry.environment}
    if launch is not None:
        given |= {variable.name: None for variable in launch.environment if variable.name not in given}
    for name, variable in list(given.items())[:MOST_LINES]:
        secret = variable.secret if variable is not None else None
        yield f"{name} ({secret.kind} as plain text)" if secret is not None else name
    if len(given) > MOST_LINES:
        yield f"and {len(given) - MOST_LINES} more"


def _running(server: Server, known: Inventory) -> Iterator[Line]:
    found = [known.processes[key] for key in server.processes[:MOST_LINES] if key in known.processes]
    if not found and server.pids:
        yield "pid", ", ".join(map(str, server.pids[:MOST_LINES]))
    for number, process in enumerate(found):
        yield "pid" if number == 0 else "and pid", _process(process)
        yield "program", at_home(process.executable, known.snapshot.host.home)
    if len(server.processes) > len(found):
        yield "", f"and {len(server.processes) - len(found)} more"
    yield "unit", ", ".join(server.units)
    for identity in server.containers:
        container = known.containers.get(identity)
        named = f"{container.name} ({identity[:12]}) of {container.image}" if container is not None else identity[:12]
        yield "container", named


def _process(process: ServerProcess) -> str:
    launchers = [pid for pid in process.chain if pid != process.pid]
    started = since(process.started)
    parts = (
        str(process.pid),
        f"as {account(process.account or str(process.uid))}",
        f"since {started}" if started else "",
        f"started by {', '.join(map(str, launchers[:MOST_LINES]))}" if launchers else "",
        f"and {len(process.workers)} more of its own" if process.workers else "",
    )
    return ", ".join(part for part in parts if part)


def _listening(server: Server, known: Inventory) -> Iterator[Line]:
    sockets = [known.sockets[inode] for inode in server.sockets[:MOST_LINES] if inode in known.sockets]
    yield from _many("socket", map(_socket, sockets), len(server.sockets))
    ports = {port.shown: port for key in server.processes for port in known.ports.get(key, ())}
    shown = (_port(port, ports.get(port)) for port in server.ports[:MOST_LINES])
    yield from _many("port", shown, len(server.ports))
    if sockets_of(server, sockets):
        yield _PROBE, "probe whether it looks at who connects; what that does is shown first"


def _socket(socket: SocketFact) -> str:
    if socket.abstract:
        return f"{socket.name} (abstract: it has no mode)"
    if socket.path is None:
        return f"{socket.name} (its file could not be looked at)"
    return f"{socket.path.asked} {mode(socket.path.file.mode)}"


def _port(shown: str, port: PortFact | None) -> str:
    return shown if port is None else f"{shown}, which lets in {_REACHES[port.reach]}"


def _sources(sources: Sequence[SourceFact], known: Inventory) -> Iterator[Line]:
    for source in sources[:MOST_LINES]:
        gone = "; no longer on the disk" if source.deleted else ""
        yield "place", f"{source.kind}: {at_home(source.path, known.snapshot.host.home)}{gone}"
        yield "package", " ".join(part for part in (source.package, source.version) if part)
    yield "", f"and {len(sources) - MOST_LINES} more" if len(sources) > MOST_LINES else ""


def _recognised(server: Server) -> Iterator[Line]:
    yield "because", server.recognised_by
    if server.recognised_by or not server.configured:
        yield "confidence", server.confidence


def _many(label: str, texts: Iterable[str], count: int) -> Iterator[Line]:
    shown = 0
    for number, text in enumerate(texts):
        if number == MOST_LINES:
            break
        shown += 1
        yield label if number == 0 else "", text
    if count > shown:
        yield "" if shown else label, f"and {count - shown} more"
