"""The inventory: every MCP server of this host, with all that belongs to it joined."""

from __future__ import annotations

from typing import Literal

from workbench.model.clients import EntryReference
from workbench.model.facts import SectionState
from workbench.model.launch import Launch
from workbench.model.record import record
from workbench.model.sources import SourceFact

Presence = Literal["running", "not running", "switched off", "remote", "unknown"]
"""``remote`` servers run elsewhere. ``unknown``: it could not be looked at whether it runs."""


@record
class Server:
    """One MCP server: its config entry, launch, processes, containers, units, sockets and source.

    ``key`` outlives restarts: the entry's file and pointer where a client configures it, else what its process,
    container or unit is known by. ``clients`` are the names of the applications that start it. ``configured`` is
    whether a client's config or a unit names it. ``processes`` are the ``ServerProcess.key`` of each running copy,
    ``pids`` their main processes; ``containers`` are ids, ``units`` names, ``sockets`` the inodes of the unix sockets
    it listens on, and ``ports`` its TCP addresses as shown (``127.0.0.1:3001``). ``isolation`` names what stands
    between it and the account of the developer, outermost first; empty for nothing. ``outdated`` says how what runs
    differs from what the config now says, "" where it does not.
    """

    key: str
    name: str
    presence: Presence
    configured: bool
    transport: Literal["stdio", "http", "unknown"]
    clients: tuple[str, ...] = ()
    entry: EntryReference | None = None
    command: tuple[str, ...] = ()
    url: str = ""
    launch: Launch | None = None
    processes: tuple[str, ...] = ()
    pids: tuple[int, ...] = ()
    containers: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    sockets: tuple[int, ...] = ()
    ports: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    isolation: tuple[str, ...] = ()
    sources: tuple[SourceFact, ...] = ()
    outdated: str = ""
    confidence: Literal["high", "medium", "low"] = "high"
    recognised_by: str = ""


@record
class ServerFacts:
    """Every MCP server of this host, once each."""

    state: SectionState
    servers: tuple[Server, ...] = ()
