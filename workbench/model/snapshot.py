"""The Snapshot: everything the workbench knows of a host, gathered once, immutable, redacted and serialisable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workbench.model.facts import (
    AccountFacts,
    EnvironmentEntry,
    FileFact,
    HostFacts,
    PathFact,
    SecretFact,
    SectionState,
)
from workbench.model.finding import Pointer
from workbench.model.launch import Ecosystem, Launch

SNAPSHOT_VERSION = 1


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """One server as a client's config names it.

    ``pointer`` walks the document to the entry; ``command`` is the redacted argument vector and ``argument_pointers``
    the place of each of its items in the document (empty where an item is not one value of its own).
    """

    name: str
    pointer: Pointer
    transport: Literal["stdio", "http", "unknown"]
    command: tuple[str, ...] = ()
    argument_pointers: tuple[Pointer, ...] = ()
    url: str = ""
    environment: tuple[EnvironmentEntry, ...] = ()
    secrets: tuple[SecretFact, ...] = ()
    launch: Launch | None = None
    disabled: bool = False
    client_sandbox: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """Why a config could not be understood, where, and what its client does with such a file ("" when unknown)."""

    message: str
    line: int | None = None
    column: int | None = None
    client_behaviour: str = ""


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """One configuration file of one client. ``owner`` is the account it configures."""

    client: str
    client_name: str
    scope: Literal["user", "project", "managed"]
    format: Literal["json", "jsonc", "toml"]
    path: PathFact
    servers: tuple[ServerEntry, ...] = ()
    secrets: tuple[SecretFact, ...] = ()
    problem: ConfigProblem | None = None


@dataclass(frozen=True, slots=True)
class InstalledPackage:
    """A package version found on this machine. ``place`` is the folder; ``modified`` is Unix seconds."""

    ecosystem: Ecosystem
    name: str
    version: str
    place: str
    modified: float


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """The clients' configs, the places that were looked at, and the package versions installed for their servers."""

    state: SectionState
    configs: tuple[ClientConfig, ...] = ()
    looked_at: tuple[str, ...] = ()
    installed: tuple[InstalledPackage, ...] = ()


@dataclass(frozen=True, slots=True)
class EntryReference:
    """Names a server entry: the config file's path and the pointer in it."""

    path: str
    pointer: Pointer
    name: str


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """One running MCP server: its main process, with the launcher processes around it in ``chain`` (outermost first).

    ``key`` names it over restarts. ``umask`` and ``seccomp_filters`` are None where the kernel does not tell.
    ``seccomp`` is 0 (off), 1 (strict) or 2 (filter). ``environment`` is None when it could not be read.
    ``started`` is Unix seconds. ``recognised_by`` says why this is taken for an MCP server.
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
    environment: tuple[EnvironmentEntry, ...] | None = None
    entry: EntryReference | None = None
    launch: Launch | None = None
    client: str = ""


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """The running MCP servers, and how many processes were looked through to find them."""

    state: SectionState
    servers: tuple[ServerProcess, ...] = ()
    seen: int = 0


@dataclass(frozen=True, slots=True)
class SocketFact:
    """A listening unix socket of an MCP server (``server`` is its ``ServerProcess.key``), or one named like one.

    ``path`` is None for an abstract name, and where the file could not be examined (then see the section's unread).
    ``bound_device`` and ``bound_inode`` are of the file the kernel bound; 0 when it does not tell.
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


@dataclass(frozen=True, slots=True)
class SocketFacts:
    """Unix sockets. ``source`` is ``sock_diag`` or ``/proc/net/unix``; ``seen`` counts every listening socket."""

    state: SectionState
    sockets: tuple[SocketFact, ...] = ()
    source: str = ""
    seen: int = 0


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """The session that started the workbench, so what it would hand to anything it starts."""

    state: SectionState
    umask: int | None = None
    environment: tuple[EnvironmentEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class SudoCommand:
    """A permitted command. ``text`` is as sudo parsed it; ``negated`` commands are refused. ``target`` is the program's
    file where it exists.
    """

    text: str
    negated: bool = False
    target: PathFact | None = None


@dataclass(frozen=True, slots=True)
class SudoRule:
    """Who may run what as whom. Names as sudo parsed them, aliases expanded. ``users`` may hold ``%group`` and ``ALL``.

    ``line`` and ``file`` are where the rule was found, when known. ``passwordless`` is the outcome of tags, Defaults
    and later rules for this rule. ``""`` in ``runas_users`` is the caller's own account (a rule for groups only).
    ``here`` is false for a rule without effect on this machine: for other hosts, past its date, or in a file that sudo
    refuses to read.
    """

    users: tuple[str, ...]
    hosts: tuple[str, ...]
    runas_users: tuple[str, ...]
    runas_groups: tuple[str, ...]
    commands: tuple[SudoCommand, ...]
    passwordless: bool
    set_environment: bool = False
    file: str = ""
    line: int | None = None
    here: bool = True


@dataclass(frozen=True, slots=True)
class SudoersFacts:
    """The sudo policy of this host as ``cvtsudoers`` parsed it. ``files`` are all that were read."""

    state: SectionState
    rules: tuple[SudoRule, ...] = ()
    files: tuple[FileFact, ...] = ()


@dataclass(frozen=True, slots=True)
class ExposureItem:
    """One line of systemd's assessment. ``exposure`` is its rounded share; the shares do not add up to the total."""

    name: str
    description: str
    exposure: float


@dataclass(frozen=True, slots=True)
class IgnoredLine:
    """A unit line that systemd drops. ``reason`` is systemd's own message."""

    path: str
    line: int
    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class UnitFact:
    """A systemd unit that runs an MCP server. ``exposure`` is 0.0 to 10.0, None where it could not be measured."""

    name: str
    path: PathFact
    manager: Literal["system", "user"]
    drop_ins: tuple[str, ...] = ()
    exposure: float | None = None
    measured: Literal["live", "offline", ""] = ""
    items: tuple[ExposureItem, ...] = ()
    ignored: tuple[IgnoredLine, ...] | None = None
    recognised_by: str = ""
    command: tuple[str, ...] = ()
    launch: Launch | None = None


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """The systemd units that run MCP servers. ``seen`` counts the unit files looked through."""

    state: SectionState
    units: tuple[UnitFact, ...] = ()
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything known of a host at one moment. ``taken_at`` is ISO 8601 in UTC."""

    version: int
    taken_at: str
    workbench: str
    host: HostFacts
    accounts: AccountFacts
    clients: ClientFacts
    processes: ProcessFacts
    sockets: SocketFacts
    session: SessionFacts
    sudoers: SudoersFacts
    units: UnitFacts


SECTIONS = ("accounts", "clients", "processes", "sockets", "session", "sudoers", "units")
