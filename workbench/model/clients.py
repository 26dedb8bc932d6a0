"""What the clients are configured to start: their config files and the servers these name."""

from __future__ import annotations

from typing import Literal

from workbench.model.facts import EnvironmentEntry, PathFact, SecretFact, SectionState
from workbench.model.finding import Pointer
from workbench.model.launch import Ecosystem, Launch
from workbench.model.record import record

DocumentFormat = Literal["json", "jsonc", "json5", "toml", "yaml", "xml"]


@record
class LoaderPlace:
    """A file or folder that a variable makes a server load code from.

    ``path`` is absolute. ``there`` is that of it which exists, as ``ClientFacts.files`` has it: the path itself or,
    where that does not exist, the nearest folder above it ("" when that could not be told).
    """

    path: str
    there: str = ""


@record
class LoaderVariable:
    """A variable of a server that decides which code is loaded, judged where it was read: its value is not here.

    ``effect``: ``code`` names code that is loaded (``options`` are the options that do so, where the value holds
    options), ``search`` names folders in which code is looked for, ``nothing`` does neither, ``unknown`` when the value
    refers to something that is not known here. ``relative`` counts the names that mean another file in each folder the
    server may be started in, the empty ones of a search path included.
    """

    name: str
    effect: Literal["code", "search", "nothing", "unknown"]
    options: tuple[str, ...] = ()
    places: tuple[LoaderPlace, ...] = ()
    relative: int = 0


@record
class ServerEntry:
    """One server as a client's config names it.

    ``pointer`` walks the document to the entry; ``command`` is the redacted argument vector and ``argument_pointers``
    the place of each of its items in the document (empty where an item is not one value of its own).
    ``working_directory`` and ``environment_files`` are as written. ``runs`` are the files of this host that it runs,
    as ``ClientFacts.files`` has them: its first word, its program once every wrapper is taken off, its script. What
    lies inside of a container or a sandbox is not among them. ``loaders`` are its variables that decide which code is
    loaded. Both are empty where the server is switched off.
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
    working_directory: str = ""
    environment_files: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    loaders: tuple[LoaderVariable, ...] = ()


@record
class ConfigProblem:
    """Why a config could not be understood, where, and what its client does with such a file ("" when unknown).

    ``malformed`` is not of the file's format, ``misshapen`` is, but not of the shape that its client reads, ``empty``
    holds nothing, ``unreadable`` was not read at all.
    """

    message: str
    line: int | None = None
    column: int | None = None
    client_behaviour: str = ""
    kind: Literal["malformed", "misshapen", "empty", "unreadable"] = "malformed"


ApprovalScope = Literal["everything", "servers of projects", "all tools of a server", "named tools"]


@record
class Approval:
    """A setting that makes a client use tools without asking its user.

    ``setting`` is its dotted name and ``value`` what it is set to; ``names`` are the servers or tools that it lists.
    ``confined``: the client keeps what runs so in a sandbox of its own.
    """

    setting: str
    value: str
    scope: ApprovalScope
    pointer: Pointer
    names: tuple[str, ...] = ()
    line: int | None = None
    confined: bool = False


@record
class Backup:
    """A copy that was left beside a config. ``servers`` is how many it names; ``parsed`` is false where it was searched
    for secrets as a mere text.
    """

    path: PathFact
    servers: int = 0
    secrets: tuple[SecretFact, ...] = ()
    parsed: bool = True


@record
class ClientConfig:
    """One file that makes one client start servers, or that holds settings of these or of how they are used.

    ``kind`` tells a config people write from the manifest or the settings of an extension or a plug-in. ``owner`` is
    the uid whose client reads it, None for what every account's reads (a managed file, a project's). ``confirmed`` is
    false where it is not certain that the client reads this place at all.
    """

    client: str
    client_name: str
    scope: Literal["user", "project", "managed"]
    format: DocumentFormat
    path: PathFact
    servers: tuple[ServerEntry, ...] = ()
    secrets: tuple[SecretFact, ...] = ()
    problem: ConfigProblem | None = None
    kind: Literal["config", "extension", "plug-in"] = "config"
    owner: int | None = None
    confirmed: bool = True
    approvals: tuple[Approval, ...] = ()
    backups: tuple[Backup, ...] = ()


@record
class InstalledPackage:
    """A package version found on this machine. ``place`` is the folder; ``modified`` is Unix seconds."""

    ecosystem: Ecosystem
    name: str
    version: str
    place: str
    modified: float


@record
class ClientFacts:
    """The clients' configs, the places that were looked at, and the package versions installed for their servers.

    ``files`` are what their servers run and load code from, each once, by ``PathFact.asked``.
    """

    state: SectionState
    configs: tuple[ClientConfig, ...] = ()
    looked_at: tuple[str, ...] = ()
    installed: tuple[InstalledPackage, ...] = ()
    files: tuple[PathFact, ...] = ()


@record
class EntryReference:
    """Names a server entry: the config file's path and the pointer in it."""

    path: str
    pointer: Pointer
    name: str
