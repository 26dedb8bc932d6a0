"""Servers whose client is gone: nobody holds the other end of their transport any more.

It is said only where it is certain. What was started to stay (a service, a container, whatever listens) is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from workbench.host.files import AS_ROOT
from workbench.host.processes.channels import inode_of, inputs, open_files, unix_peers
from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.table import Gaps, Gone, Hidden
from workbench.model.processes import ServerProcess

# What takes over the processes whose parent has ended, when that is not process 1.
_REAPERS = {"systemd", "init", "tini", "docker-init", "dumb-init", "catatonit"}


def mark(table: LinuxTable, servers: Sequence[ServerProcess], gaps: Gaps) -> tuple[ServerProcess, ...]:
    """The servers, those whose client is gone marked as orphaned. Where that cannot be told is a gap."""
    suspects = {server.pid: channels for server in servers if (channels := _left_alone(table, server))}
    if not suspects:
        return tuple(servers)
    pipes = {target for channels in suspects.values() for target in channels if target.startswith("pipe:")}
    written = _written(table, pipes)
    marked = []
    for server in servers:
        orphaned = _is_cut_off(server, suspects.get(server.pid, []), written)
        if orphaned is None:
            what = f"whether the client of {server.label} still runs"
            gaps.add("client", what, "the open files of other accounts may not be listed", AS_ROOT)
        marked.append(replace(server, orphaned=bool(orphaned)))
    return tuple(marked)


def _left_alone(table: LinuxTable, server: ServerProcess) -> list[str]:
    """The pipes and closed sockets that were its transport, where its parent has ended; else none."""
    if server.container or server.unit.endswith(".service"):
        return []
    try:
        above = table.parent(server.chain[0])
        if above != 1 and (above < 1 or table.name(above) not in _REAPERS):
            return []
        files = open_files(table.proc, server.pid)
        peers = unix_peers(table.proc)
        channels = inputs(files, peers)
        # A socket of another network, or of another kind, cannot be told dead from alive.
        if any(peers.get(inode_of(target), -1) != 0 for target in channels if not target.startswith("pipe:")):
            return []
        return [] if _listens(table, server) else channels
    except (Gone, Hidden):
        return []


def _listens(table: LinuxTable, server: ServerProcess) -> bool:
    from workbench.host.files import CannotLook
    from workbench.host.sockets.table import listening_in
    from workbench.host.sockets.tcp import ports_in

    held = {
        inode_of(each.target)
        for pid in (*server.chain, *server.workers)
        for each in open_files(table.proc, pid)
        if inode_of(each.target)
    }
    if not held:
        return False
    network = f"{table.proc}/{server.pid}/net"
    try:
        listening = {each.inode for each in listening_in(f"{network}/unix")}
        for name in ("tcp", "tcp6"):
            try:
                listening |= {each.inode for each in ports_in(f"{network}/{name}")}
            except CannotLook as error:
                if not error.absent:  # a kernel without IPv6 has no such list
                    raise
    except CannotLook:
        return True
    return bool(held & listening)


def _written(table: LinuxTable, pipes: set[str]) -> dict[str, set[int]] | None:
    """The processes that can write into each of the pipes; None where some process may not be asked."""
    found: dict[str, set[int]] = {pipe: set() for pipe in pipes}
    for pid, command in table.commands().items() if pipes else ():
        try:
            for each in open_files(table.proc, pid):
                if each.writable and each.target in found:
                    found[each.target].add(pid)
        except Gone:
            continue
        except Hidden:
            if command:  # a thread of the kernel has no pipes
                return None
    return found


def _is_cut_off(server: ServerProcess, channels: list[str], written: dict[str, set[int]] | None) -> bool | None:
    pipes = [target for target in channels if target.startswith("pipe:")]
    if written is None and pipes:
        return None
    family = {*server.chain, *server.workers}
    return bool(channels) and all((written or {})[target] <= family for target in pipes)
