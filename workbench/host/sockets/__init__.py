"""What MCP servers listen on: their unix sockets, those that are named as if one did, and their TCP ports."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from workbench.host.context import Context
from workbench.host.files import AS_ROOT, CannotLook
from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.table import Gaps, Gone, Hidden
from workbench.host.sockets.diag import Listening, connected_accounts, listening
from workbench.host.sockets.locate import Locator
from workbench.host.sockets.owners import Owner, owners_of
from workbench.host.sockets.ports import ports_of
from workbench.host.sockets.stale import stale_sockets
from workbench.host.sockets.table import listening_in
from workbench.model.facts import SectionState
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.sockets import SocketFact, SocketFacts
from workbench.text import visible

DEPENDS = ("processes",)

_MCP = re.compile(rb"(?<![a-z])mcp(?![a-z])", re.I)


def gather(context: Context) -> SocketFacts:
    """The listening sockets of the recognised servers, and every unix socket whose name holds the word mcp."""
    if context.platform == "win32":
        return SocketFacts(
            SectionState("not applicable", "on Windows, servers use named pipes, which are not assessed")
        )
    if context.platform != "linux":
        why = "listing another process's unix sockets is not built for this system yet"
        return SocketFacts(SectionState("failed", why))
    processes = context.found.get("processes")
    servers = processes.servers if isinstance(processes, ProcessFacts) else ()
    table = LinuxTable(os.fspath(context.proc), context.privileged)
    gaps = Gaps()
    try:
        source, here = _listening(context.proc)
    except CannotLook as error:
        return SocketFacts(SectionState("failed", f"the sockets cannot be listed: {error.why}", error.unlock))
    owners = owners_of(table, servers, gaps)
    everything = {socket.inode: socket for socket in here}
    for each in _in_other_networks(table, servers, gaps):
        everything.setdefault(each.inode, each)
    locator = Locator(table)
    chosen = [socket for socket in everything.values() if socket.name and _concerns(socket, owners)]
    ports = ports_of(table, servers, owners, gaps)
    accounts = _connected(context.proc) if chosen else None
    facts = [_fact(socket, owners.get(socket.inode), locator, gaps) for socket in chosen]
    facts = [
        replace(
            fact,
            peers=tuple(sorted(accounts.get(socket.name, ()))) if accounts is not None else None,
            peer_check=context.probes.get(socket.inode),
        )
        for fact, socket in zip(facts, chosen, strict=True)
    ]
    folders = {os.path.dirname(fact.path.asked) for fact in facts if fact.path is not None}
    return SocketFacts(
        state=SectionState("partial" if gaps.unread else "complete", unread=tuple(gaps.unread)),
        sockets=tuple(sorted(facts, key=lambda fact: (fact.name, fact.inode))),
        source=source,
        seen=len(everything),
        ports=ports,
        stale=tuple(stale_sockets(context, table, here, folders)),
    )


def _listening(proc: Path) -> tuple[str, Iterable[Listening]]:
    if proc == Path("/proc"):
        try:
            return "sock_diag", listening()
        except OSError:
            pass  # refused; the older list says less, and says it to everyone
    return "/proc/net/unix", listening_in(f"{proc}/net/unix")


def _connected(proc: Path) -> dict[bytes, set[int]] | None:
    try:
        return connected_accounts() if proc == Path("/proc") else None
    except OSError:
        return None


def _concerns(socket: Listening, owners: dict[int, Owner]) -> bool:
    if socket.inode in owners:
        return True
    return b"mcp" in socket.name.lower() and any(_MCP.search(part) for part in socket.name.split(b"/"))


def _in_other_networks(table: LinuxTable, servers: Iterable[ServerProcess], gaps: Gaps) -> Iterable[Listening]:
    done: set[str] = set()
    for server in servers:
        if "net" not in server.own_namespaces:
            continue
        try:
            network = table.link(server.pid, "ns/net")
            if network not in done:
                done.add(network)
                yield from listening_in(f"{table.proc}/{server.pid}/net/unix")
        except Gone:
            continue
        except Hidden:
            gaps.add("owner", f"the sockets of {server.label}", "its network may not be looked into", AS_ROOT)
        except CannotLook as error:
            if not error.absent:
                gaps.add("owner", f"the sockets of {server.label}", error.why, error.unlock)


def _fact(socket: Listening, owner: Owner | None, locator: Locator, gaps: Gaps) -> SocketFact:
    abstract = socket.name.startswith(b"\0")
    # Some runtimes bind an abstract name filled up with NUL to its full length; a path ends at its first.
    exact = socket.name[1:].rstrip(b"\0") if abstract else socket.name.split(b"\0", 1)[0]
    name = exact.decode("utf-8", "surrogateescape")
    path = None
    foreign = False
    if not abstract:
        try:
            place = locator.locate(name, owner.pids[0] if owner else None)
            path, foreign = place.path, place.foreign
        except CannotLook as error:
            why = "its file is gone: the name was removed or replaced" if error.absent else error.why
            gaps.add("mode", f"the file of the socket {visible(name)}", why, error.unlock)
    return SocketFact(
        name=visible(name),
        abstract=abstract,
        inode=socket.inode,
        path=path,
        server=owner.server.key if owner else "",
        pids=owner.pids if owner else (),
        uid=socket.uid if socket.uid is not None else owner.server.uid if owner else None,
        bound_device=socket.device,
        bound_inode=socket.file_inode,
        foreign_namespace=foreign,
    )
