"""Find the servers among the processes: pick candidates cheaply, recognise them, and fold each start into one server.

``npx -y @scope/server`` is three processes (npm, sh, node) and one server. What only starts another process is folded
into the chain of the process that it started, and a server's own workers are folded into the server.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from workbench.host.processes.entries import Configured, shown
from workbench.host.processes.indirect import is_spawned_by_python
from workbench.host.processes.known import is_ourselves
from workbench.host.processes.needles import holds_any
from workbench.host.processes.programs import is_container_tool, is_launcher, names_mcp, program_name, script_of
from workbench.host.processes.recognise import Recogniser, Recognition
from workbench.host.processes.table import Gone, Table
from workbench.launch import understand
from workbench.model.record import record

_DEEPEST = 64
_INTERPRETED = re.compile(
    rb"(?:[^\0]*[/\\])?(?:node|nodejs|bun|deno|python[\d.]*w?|pypy[\d.]*)(?:\.exe)?(?:\0|\Z)", re.I
)
_CONTAINER_START_SECONDS = 60.0
CLIENT_NAMES = {
    "claude": "claude",
    "claude-desktop": "claude-desktop",
    "claude desktop": "claude-desktop",
    "cursor": "cursor",
    "code": "code",
    "code-insiders": "code",
    "codium": "codium",
    "vscodium": "codium",
    "codex": "codex",
    "windsurf": "windsurf",
    "zed": "zed",
    "zed-editor": "zed",
    "gemini": "gemini",
    "goose": "goose",
    "goosed": "goose",
    "opencode": "opencode",
    "lm-studio": "lm-studio",
    "cherry-studio": "cherry-studio",
}
"""Applications that start servers, by the name of their program."""

CLIENT_PACKAGES = {
    "@anthropic-ai/claude-code": "claude",
    "@openai/codex": "codex",
    "@google/gemini-cli": "gemini",
    "@modelcontextprotocol/inspector": "inspector",
}
"""And by the package that their script lies in."""


@record
class Found:
    """One server: its main process, the chain around it (outermost first), and why it is taken for one.

    ``workers`` are further processes of its own. ``outdated`` says how it differs from what its entry now says.
    """

    pid: int
    chain: tuple[int, ...]
    recognition: Recognition
    unit: str = ""
    image: str = ""
    workers: tuple[int, ...] = ()
    outdated: str = ""


def find(table: Table, recogniser: Recogniser, own: int, *, look_at_units: bool) -> tuple[Found, ...]:
    """Every MCP server of the table. ``own`` is the pid of the workbench, whose own processes never count."""
    commands = table.commands()
    ours = _ours(table, own)
    recognised: dict[int, Recognition] = {}
    looked_at = candidates(commands, recogniser.entries)
    for pid in looked_at:
        if pid in ours:
            continue
        try:
            found = recogniser.recognise(pid)
        except Gone:
            continue
        if found is not None:
            recognised[pid] = found
    children = _Children(table, commands)
    servers = _fold(table, recognised, children, recogniser.home)
    if look_at_units:
        servers += _of_units(table, servers, ours)
    whole: dict[int, Found] = {}
    for server in servers:
        server = _with_container(table, server, servers)
        if server.pid not in whole or len(server.chain) > len(whole[server.pid].chain):
            whole[server.pid] = server
    return _with_workers(table, [whole[pid] for pid in sorted(whole)], looked_at, recognised)


def candidates(commands: Mapping[int, bytes], entries: Iterable[Configured]) -> list[int]:
    """The processes worth a closer look, by their command line alone: most of a host is dismissed here."""
    needles = {needle.encode("utf-8", "surrogateescape").lower() for each in entries for needle in each.needles}
    holds = holds_any((b"mcp", b"modelcontextprotocol", *needles))
    interpreted = _INTERPRETED.match
    return [pid for pid, command in commands.items() if command and (interpreted(command) or holds(command.lower()))]


def client_of(table: Table, pid: int) -> str:
    """The client application above a process, or ""."""
    for above in _above(table, pid):
        try:
            argv = table.command(above)
            short = table.name(above)
        except Gone:
            return ""
        names = [program_name(argv[0]) if argv else "", short, program_name(script_of(argv).text)]
        for name in names:
            known = CLIENT_NAMES.get(name.lower())
            if known:
                return known
        for package, client in CLIENT_PACKAGES.items():
            if f"/{package}/" in script_of(argv).text:
                return client
    return ""


def _fold(table: Table, recognised: Mapping[int, Recognition], children: _Children, home: str) -> list[Found]:
    servers: dict[int, Found] = {}
    started: set[int] = set()
    for pid, recognition in recognised.items():
        try:
            if is_launcher(table.command(pid)):
                continue
            above = list(_above(table, pid))
            if any(_is_worker_of(recognition, recognised.get(each), table, each) for each in above):
                started.add(pid)
                continue
            chain = _chain(table, pid)
        except Gone:
            continue
        started.update(chain)
        servers[pid] = Found(pid, chain, _best(recognition, (recognised.get(each) for each in chain[:-1])))
    for pid, recognition in recognised.items():
        if pid in started or pid in servers:
            continue
        try:
            main = children.innermost(pid)
            chain = _chain(table, main)
        except Gone:
            continue
        if main in servers or main in started:
            continue
        better = _best(recognition, (recognised.get(each) for each in chain))
        image = understand(table.command(main), home).image if is_container_tool(table.command(main)) else None
        servers[main] = Found(main, chain, better, image=image.text if image is not None else "")
        started.update(chain)
    return list(servers.values())


def _best(first: Recognition, others: Iterable[Recognition | None]) -> Recognition:
    best = first
    for other in others:
        if other is None:
            continue
        if other.rank > best.rank:
            best = replace(
                other,
                package=best.package or other.package,
                script=best.script or other.script,
                near=best.near or other.near,
            )
        elif not best.package:
            best = replace(best, package=other.package)
    return best


def _is_worker_of(mine: Recognition, above: Recognition | None, table: Table, pid: int) -> bool:
    if above is None or is_launcher(table.command(pid)):
        return False
    if mine.configured is not None and above.configured is not None and mine.configured != above.configured:
        return False
    if mine.package or above.package:
        return mine.package == above.package
    if mine.script or above.script:
        return mine.script == above.script
    return mine.configured is not None and mine.configured == above.configured


def _with_workers(
    table: Table, servers: list[Found], candidates: Iterable[int], recognised: Mapping[int, Recognition]
) -> tuple[Found, ...]:
    # What is a server's own was seen among the candidates: it runs the same program or the same interpreter.
    main_of = {pid: server.pid for server in servers for pid in server.chain}
    workers: defaultdict[int, list[int]] = defaultdict(list)
    for pid in candidates:
        if pid in main_of:
            continue
        try:
            main = next((each for each in _above(table, pid) if each in main_of), None)
            if main is None or main != main_of[main] or is_launcher(table.command(pid)):
                continue
            mine = recognised.get(pid)
            alike = mine is not None and _is_worker_of(mine, recognised.get(main), table, main)
            if alike or _is_more_of(table.command(pid), table.command(main)):
                workers[main].append(pid)
        except Gone:
            continue
    return tuple(replace(server, workers=tuple(sorted(workers[server.pid]))) for server in servers)


def _is_more_of(argv: tuple[str, ...], main: tuple[str, ...]) -> bool:
    script = script_of(argv)
    return argv == main or is_spawned_by_python(argv, script) or (bool(script.text) and script == script_of(main))


def _chain(table: Table, pid: int) -> tuple[int, ...]:
    chain = [pid]
    for above in _above(table, pid):
        if not is_launcher(table.command(above)):
            break
        chain.append(above)
    return tuple(reversed(chain))


def _above(table: Table, pid: int) -> Iterable[int]:
    for _ in range(_DEEPEST):
        try:
            pid = table.parent(pid)
        except Gone:
            return
        if pid <= 1:
            return
        yield pid


class _Children:
    """Who started whom. Reading this of every process costs as much as their command lines, so it is done on demand."""

    def __init__(self, table: Table, commands: Mapping[int, bytes]) -> None:
        self._table = table
        self._commands = commands
        self._of: dict[int, list[int]] | None = None

    def innermost(self, pid: int) -> int:
        """The process that a launcher finally started: the first living child, as long as it is a launcher itself."""
        for _ in range(_DEEPEST):
            if not is_launcher(self._table.command(pid)) or is_container_tool(self._table.command(pid)):
                return pid
            below = self._below(pid)
            if not below:
                return pid
            pid = below[0]
        return pid

    def _below(self, pid: int) -> list[int]:
        if self._of is None:
            self._of = defaultdict(list)
            for each in sorted(self._commands):
                if self._commands[each]:
                    try:
                        self._of[self._table.parent(each)].append(each)
                    except Gone:
                        continue
        return self._of.get(pid, [])


def _of_units(table: Table, servers: list[Found], ours: set[int]) -> list[Found]:
    # A program of any name may be an MCP server when the service that runs it is named so.
    members: defaultdict[str, list[int]] = defaultdict(list)
    for pid in table.in_units_named(b"mcp"):
        if pid not in ours:
            unit = table.unit(pid)
            if unit.endswith(".service") and names_mcp(unit.removesuffix(".service")):
                members[unit].append(pid)
    known = {pid for server in servers for pid in server.chain}
    found = []
    for unit, pids in members.items():
        if known & set(pids):
            continue
        try:
            tops = [pid for pid in pids if table.parent(pid) not in pids]
            top = min(tops, key=lambda pid: (table.started(pid), pid))
        except (Gone, ValueError):
            continue
        found.append(Found(top, (top,), Recognition("medium", f"it is the main process of {unit}"), unit=unit))
    return found


def _with_container(table: Table, server: Found, servers: list[Found]) -> Found:
    if not server.image:
        return server
    main = _process_in_container(table, server)
    if main is None:
        return server
    other = next((each.recognition for each in servers if each.pid == main), None)
    return replace(server, pid=main, chain=(*server.chain, main), recognition=_best(server.recognition, (other,)))


def _process_in_container(table: Table, server: Found) -> int | None:
    # The engine's shim starts the container, not the command-line tool, so there is no line of descent to follow: what
    # joins them is the moment, and the arguments after the image where there are any.
    argv = table.command(server.pid)
    if server.image not in argv:
        return None
    tail = tuple(argv[argv.index(server.image) + 1 :])
    began = table.started(server.pid)
    fitting = []
    for pid, command in table.commands().items():
        if not command:
            continue
        try:
            if not table.name(table.parent(pid)).startswith(("containerd-shim", "conmon")) or not table.container(pid):
                continue
            theirs = table.command(pid)
            in_time = -1.0 <= table.started(pid) - began <= _CONTAINER_START_SECONDS
            if in_time and (not tail or shown(theirs[-len(tail) :]) == shown(tail)):
                fitting.append(pid)
        except Gone:
            continue
    return fitting[0] if len(fitting) == 1 else None


def _ours(table: Table, own: int) -> set[int]:
    ours = {own, os.getpid()}
    for above in _above(table, own):
        try:
            argv = table.command(above)
        except Gone:
            break
        if not (is_launcher(argv) or is_ourselves(argv)):
            break
        ours.add(above)
    return ours
