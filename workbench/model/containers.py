"""The containers that run MCP servers, as their engine describes them."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.model.facts import SectionState


@dataclass(frozen=True, slots=True)
class ContainerFact:
    """One container that runs an MCP server, running or stopped.

    ``id`` has 64 hexadecimal digits. ``image`` is the name it was started with, ``image_id`` and ``digests``
    (``name@sha256:…``) say which one that was. ``command`` is the redacted argument vector of its main process,
    entrypoint included. ``pid`` is that process on this host, 0 where it does not run or is not told.
    ``started`` is Unix seconds, 0.0 when it never was. ``engine`` is the socket that told it.
    ``recognised_by`` says why this is taken for an MCP server.
    """

    id: str
    name: str
    image: str
    image_id: str = ""
    digests: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    running: bool = False
    pid: int = 0
    started: float = 0.0
    engine: str = ""
    recognised_by: str = ""


@dataclass(frozen=True, slots=True)
class ContainerFacts:
    """The containers that run MCP servers. ``seen`` counts every container of every engine that answered."""

    state: SectionState
    containers: tuple[ContainerFact, ...] = ()
    engines: tuple[str, ...] = ()
    seen: int = 0
