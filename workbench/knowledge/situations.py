"""Whether the situation that a flaw needs is there, as far as a Snapshot can tell."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.knowledge.base import Flaw
from workbench.model.servers import Server
from workbench.model.snapshot import Snapshot


def applies(flaw: Flaw, server: Server, snapshot: Snapshot) -> bool | None:
    """True or False where it can be told, None where it cannot be (then ``flaw.only_if`` says what it needs)."""
    answers: list[bool | None] = []
    if flaw.platform:
        answers.append(snapshot.host.platform == flaw.platform)
    if flaw.arguments:
        answers.append(_given(flaw.arguments, server))
    if flaw.listens:
        answers.append(_listens(flaw, server, snapshot))
    if False in answers:
        return False
    if None in answers or (flaw.only_if and not answers):
        return None
    return True


def _given(arguments: Iterable[str], server: Server) -> bool | None:
    words = (*server.command, *(server.launch.arguments if server.launch is not None else ()))
    if any(word == argument or word.startswith(f"{argument}=") for word in words for argument in arguments):
        return True
    return False if server.launch is not None and server.launch.understood else None


def _listens(flaw: Flaw, server: Server, snapshot: Snapshot) -> bool | None:
    if server.ports or server.transport == "http" or (flaw.port_arguments and _given(flaw.port_arguments, server)):
        return True
    # What listens in the network of a container is not among the ports of this host.
    if server.presence == "running" and not server.containers and snapshot.sockets.state.status == "complete":
        return False
    # A client that talks to it over a pipe gives it no reason to listen.
    return False if server.transport == "stdio" else None
