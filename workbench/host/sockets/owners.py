"""Which server holds which socket."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.host.files import AS_ROOT
from workbench.host.processes.channels import inode_of
from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.table import Gaps, Gone, Hidden
from workbench.model.processes import ServerProcess
from workbench.model.record import record


@record
class Owner:
    """The server that holds a socket, and those of its processes that do."""

    server: ServerProcess
    pids: tuple[int, ...]


def owners_of(table: LinuxTable, servers: Iterable[ServerProcess], gaps: Gaps) -> dict[int, Owner]:
    """The server of each socket, by inode. Open files that may not be listed are a gap."""
    found: dict[int, Owner] = {}
    for server in servers:
        pids: dict[int, set[int]] = {}
        for pid in (*server.chain, *server.workers):
            try:
                descriptors = table.descriptors(pid)
            except Gone:
                continue
            except Hidden:
                why = "its open files may not be listed"
                gaps.add("owner", f"the sockets of {server.label}", why, AS_ROOT)
                gaps.add("ports", f"the ports of {server.label}", why, AS_ROOT)
                continue
            for inode in filter(None, map(inode_of, descriptors)):
                pids.setdefault(inode, set()).add(pid)
        for inode, holders in pids.items():
            found.setdefault(inode, Owner(server, tuple(sorted(holders))))
    return found
