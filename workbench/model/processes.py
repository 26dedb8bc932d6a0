"""The running MCP servers."""

from __future__ import annotations

from typing import Literal

from workbench.model.clients import EntryReference
from workbench.model.facts import EnvironmentEntry, PathFact, SecretFact, SectionState
from workbench.model.isolation import IsolationFact
from workbench.model.launch import Launch
from workbench.model.record import record
from workbench.model.sources import SourceFact


@record
class ServerProcess:
    """One running MCP server: its main process, with the launcher processes around it in ``chain`` (outermost first).

    ``key`` names it over restarts. ``umask`` and ``seccomp_filters`` are None where the kernel does not tell.
    ``isolation`` is how it is confined, None where this system does not tell. ``program`` are the executable, the
    script and the source folder that it runs, as this host reaches them and as far as they could be examined.
    ``seccomp`` is 0 (off), 1 (strict) or 2 (filter). ``environment`` is None when it could not be read.
    ``started`` is Unix seconds. ``recognised_by`` says why this is taken for an MCP server. ``workers`` are further
    processes of its own. ``source`` is the code it runs. ``outdated`` says how it differs from what its entry now says,
    "" where it does not. ``orphaned`` when the client that started it is gone. ``argument_secrets`` are those in the
    command lines of the whole chain, each once, its place naming the program (``args[3] of docker``).
    """

    key: str
    label: str
    pid: int
    chain: tuple[int, ...]
    command: tuple[str, ...]
    executable: str
    working_directory: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    account: str
    started: float
    confidence: Literal["high", "medium", "low"]
    recognised_by: str
    umask: int | None = None
    no_new_privileges: bool | None = None
    seccomp: int | None = None
    seccomp_filters: int | None = None
    parent_seccomp_filters: int | None = None
    capabilities_effective: int = 0
    capabilities_bounding: int = 0
    unit: str = ""
    container: str = ""
    own_namespaces: tuple[str, ...] = ()
    isolation: IsolationFact | None = None
    program: tuple[PathFact, ...] = ()
    environment: tuple[EnvironmentEntry, ...] | None = None
    entry: EntryReference | None = None
    launch: Launch | None = None
    client: str = ""
    workers: tuple[int, ...] = ()
    source: SourceFact | None = None
    outdated: str = ""
    orphaned: bool = False
    argument_secrets: tuple[SecretFact, ...] = ()


@record
class ProcessFacts:
    """The running MCP servers, and how many processes were looked through to find them.

    ``clients`` are the client applications that run, as far as they are known by name, each with its account's uid.
    """

    state: SectionState
    servers: tuple[ServerProcess, ...] = ()
    seen: int = 0
    clients: tuple[tuple[str, int], ...] = ()
