"""Which sockets a server or a finding is about that can be probed from here, by the names they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from workbench.model.finding import Finding
from workbench.model.servers import Server
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import SocketFact


def socket_name(socket: SocketFact) -> str:
    """What a socket is asked for by, as the checks name it."""
    if socket.abstract:
        return f"@{socket.name}"
    return socket.path.asked if socket.path is not None else socket.name


def sockets_of(server: Server, sockets: Sequence[SocketFact]) -> tuple[str, ...]:
    """The sockets of a server that have a name to connect to from here."""
    places = _ways(sockets).places
    found = sorted(place for inode in set(server.sockets) for place in places.get(inode, ()))
    return tuple(dict.fromkeys(socket_name(sockets[place]) for place in found))


def socket_of(finding: Finding, snapshot: Snapshot) -> tuple[str, ...]:
    """The socket that a finding of the area ``sockets`` is about, where somebody listens on it."""
    if not finding.check.startswith("sockets/") or finding.subject.kind != "socket":
        return ()
    return (finding.subject.key,) if finding.subject.key in _ways(snapshot.sockets.sockets).names else ()


class _Ways(NamedTuple):
    """Of some sockets, those that can be connected to from here: their places by inode, and their names."""

    of: Sequence[SocketFact]
    places: Mapping[int, Sequence[int]]
    names: frozenset[str]


_last = [_Ways((), {}, frozenset())]


def _ways(sockets: Sequence[SocketFact]) -> _Ways:
    # The cursor asks at each row that it passes, and the sockets of a snapshot never change: those of the last one are
    # kept. Only the same object counts, for to compare them is as dear as to look through them. A list was made for the
    # occasion out of a few of them.
    if _last[0].of is sockets:
        return _last[0]
    places: dict[int, list[int]] = {}
    for place, socket in enumerate(sockets):
        if _is_exact(socket):
            places.setdefault(socket.inode, []).append(place)
    names = frozenset(socket_name(sockets[place]) for found in places.values() for place in found)
    ways = _Ways(sockets, places, names)
    if isinstance(sockets, tuple):
        _last[0] = ways
    return ways


def _is_exact(socket: SocketFact) -> bool:
    # Where the name was spelled out for showing, or belongs to another view of the files, it is not the one to open.
    if socket.foreign_namespace:
        return False
    return socket.abstract or (socket.path is not None and socket.path.file.exact)
