"""Which sockets a server or a finding is about that can be probed from here, by the names they are asked for."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.model.finding import Finding
from workbench.model.servers import Server
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import SocketFact


def socket_name(socket: SocketFact) -> str:
    """What a socket is asked for by, as the checks name it."""
    if socket.abstract:
        return f"@{socket.name}"
    return socket.path.asked if socket.path is not None else socket.name


def sockets_of(server: Server, sockets: Iterable[SocketFact]) -> tuple[str, ...]:
    """The sockets of a server that have a name to connect to from here."""
    wanted = set(server.sockets)
    return tuple(dict.fromkeys(socket_name(each) for each in sockets if each.inode in wanted and _is_exact(each)))


def socket_of(finding: Finding, snapshot: Snapshot) -> tuple[str, ...]:
    """The socket that a finding of the area ``sockets`` is about, where somebody listens on it."""
    if not finding.check.startswith("sockets/") or finding.subject.kind != "socket":
        return ()
    listening = {socket_name(each) for each in snapshot.sockets.sockets if _is_exact(each)}
    return (finding.subject.key,) if finding.subject.key in listening else ()


def _is_exact(socket: SocketFact) -> bool:
    # Where the name was spelled out for showing, or belongs to another view of the files, it is not the one to open.
    if socket.foreign_namespace:
        return False
    return socket.abstract or (socket.path is not None and socket.path.file.exact)
