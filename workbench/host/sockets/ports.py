"""The TCP ports that the recognised servers listen on, and who reaches them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from workbench.host.files import AS_ROOT, CannotLook
from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.table import Gaps, Gone, Hidden
from workbench.host.sockets.owners import Owner
from workbench.host.sockets.tcp import ListeningPort, is_loopback, ports_in
from workbench.model.processes import ServerProcess
from workbench.model.sockets import PortFact


def ports_of(
    table: LinuxTable, servers: Iterable[ServerProcess], owners: Mapping[int, Owner], gaps: Gaps
) -> tuple[PortFact, ...]:
    """Every listening TCP socket that a server's processes hold. What may not be looked at is a gap."""
    found: dict[int, PortFact] = {}
    if not owners:
        return ()
    for each in _listening(f"{table.proc}/net", "the ports of the servers", gaps):
        owner = owners.get(each.inode)
        if owner is not None:
            found[each.inode] = _fact(each, owner, own_network=False)
    done = {_own_network(table)}
    for server in servers:
        own = "net" in server.own_namespaces
        what = f"the ports of {server.label}"
        try:
            network = table.link(server.pid, "ns/net")
        except Gone:
            continue
        except Hidden:
            if own:
                gaps.add("ports", what, "its network may not be looked into", AS_ROOT)
            continue
        if network in done:
            continue
        done.add(network)
        for each in _listening(f"{table.proc}/{server.pid}/net", what, gaps):
            owner = owners.get(each.inode)
            if owner is not None:
                found.setdefault(each.inode, _fact(each, owner, own_network=own))
    return tuple(sorted(found.values(), key=lambda fact: (fact.port, fact.address, fact.inode)))


def _own_network(table: LinuxTable) -> str:
    try:
        return os.readlink(f"{table.proc}/self/ns/net")
    except OSError:
        return ""


def _listening(folder: str, what: str, gaps: Gaps) -> Iterable[ListeningPort]:
    for name in ("tcp", "tcp6"):
        try:
            yield from ports_in(f"{folder}/{name}")
        except CannotLook as error:
            if not error.absent:  # a kernel without IPv6 has no such list
                gaps.add("ports", what, error.why, error.unlock)


def _fact(port: ListeningPort, owner: Owner, *, own_network: bool) -> PortFact:
    return PortFact(
        address=port.address,
        port=port.port,
        inode=port.inode,
        reach="namespace" if own_network else "host" if is_loopback(port.address) else "network",
        server=owner.server.key,
        pids=owner.pids,
        uid=port.uid,
    )
