"""What the clients are configured to start: their config files and the servers these name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workbench.model.facts import EnvironmentEntry, PathFact, SecretFact, SectionState
from workbench.model.finding import Pointer
from workbench.model.launch import Ecosystem, Launch

DocumentFormat = Literal["json", "jsonc", "json5", "toml", "yaml", "xml"]


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """One server as a client's config names it.

    ``pointer`` walks the document to the entry; ``command`` is the redacted argument vector and ``argument_pointers``
    the place of each of its items in the document (empty where an item is not one value of its own).
    ``working_directory`` and ``environment_files`` are as written.
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


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """Why a config could not be understood, where, and what its client does with such a file ("" when unknown)."""

    message: str
    line: int | None = None
    column: int | None = None
    client_behaviour: str = ""


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """One file that makes one client start servers, or that holds settings of these.

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
