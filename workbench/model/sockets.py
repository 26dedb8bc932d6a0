"""What the servers listen on."""

from __future__ import annotations

from typing import Literal

from workbench.model.facts import PathFact, SectionState
from workbench.model.probe import PeerVerdict
from workbench.model.record import record


@record
class SocketFact:
    """A listening unix socket of an MCP server (``server`` is its ``ServerProcess.key``), or one named like one.

    ``path`` is None for an abstract name, and where the file could not be examined (then see the section's unread).
    ``bound_device`` and ``bound_inode`` are of the file the kernel bound; 0 when it does not tell. ``peers`` are the
    uids at the other end of its connections, None where they are not told. ``peer_check`` is what a probe found out,
    None where none was asked for.
    """

    name: str
    abstract: bool
    inode: int
    path: PathFact | None = None
    server: str = ""
    pids: tuple[int, ...] = ()
    uid: int | None = None
    bound_device: int = 0
    bound_inode: int = 0
    foreign_namespace: bool = False
    peers: tuple[int, ...] | None = None
    peer_check: PeerVerdict | None = None


@record
class PortFact:
    """A TCP port that an MCP server listens on (``server`` is its ``ServerProcess.key``).

    ``address`` is the numeric address it is bound to, without brackets. ``reach`` says who that lets in: this
    ``host``, every ``network`` it is in, or only the server's own network ``namespace``.
    """

    address: str
    port: int
    inode: int
    reach: Literal["host", "network", "namespace"]
    server: str = ""
    pids: tuple[int, ...] = ()
    uid: int | None = None

    @property
    def shown(self) -> str:
        """``127.0.0.1:3001``, ``[::]:3001``."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@record
class SocketFacts:
    """Unix sockets, and the TCP ports of servers. ``source`` is ``sock_diag`` or ``/proc/net/unix``; ``seen`` counts
    every listening unix socket. ``stale`` are socket files that are named like an MCP server's and nobody listens on.
    """

    state: SectionState
    sockets: tuple[SocketFact, ...] = ()
    source: str = ""
    seen: int = 0
    ports: tuple[PortFact, ...] = ()
    stale: tuple[PathFact, ...] = ()
