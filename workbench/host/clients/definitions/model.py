"""What is said of one kind of config file of one client."""

from __future__ import annotations

from typing import Literal

from workbench.model.clients import ApprovalScope, DocumentFormat
from workbench.model.record import record

Format = DocumentFormat
Keys = tuple[str, ...]
ANY = "*"
"""In ``Client.servers``: every key at this level."""

MCP_SERVERS: tuple[Keys, ...] = (("mcpServers",),)
"""The key that most clients use."""


@record
class Consent:
    """A setting by which a client uses tools without asking its user.

    ``way`` leads to it. It does so when it has one of ``values``; with other ``rules`` it is a list (with
    ``permission`` a word or a table), and these say how that is to be read (``workbench.host.clients.approvals``).
    ``unless`` is the way to another setting, followed by the value with which that takes away the sandbox in which the
    client runs such tools otherwise.
    """

    way: Keys
    values: tuple[str | bool, ...] = (True,)
    scope: ApprovalScope = "everything"
    rules: Literal["value", "tools", "names", "claude", "agent", "cursor", "crush", "permission", "any"] = "value"
    unless: Keys = ()


@record
class Client:
    """One kind of config file of one client. A client that keeps servers in two kinds of file has two, with one id.

    ``servers`` are the ways to its tables of servers; ``user`` and ``managed`` are patterns of whole paths,
    ``project`` patterns below a project folder. ``layout`` names how servers stand in it where that is no table of
    them by name (``workbench.host.clients.layouts``); with ``lists`` a list of servers that hold their own ``name``
    will do, with ``bare`` the whole document may be the table. ``inside`` are the types of entries that the client
    runs within itself, which are no servers.

    ``projects`` is the way to a table whose keys are project folders, ``workspaces`` folders that hold one
    ``*/workspace.json`` for each project folder the client has opened, ``databases`` patterns of its SQLite files with
    a table of projects, ``records`` patterns of JSON files that describe one project each.
    ``secrets`` are ways to other parts of the document that belong to its servers. ``switched_off`` are the ways,
    from what a table of servers stands in, to lists of those its user switched off; with ``switches`` the whole file
    switches servers of other files. ``approvals`` are the settings that make it use tools without asking. ``sandbox``
    is the key of an entry that makes the client confine the server, and what that is called. ``settings`` says that the
    file serves other ends too, so that it is of interest only where it names servers or has one of the ``approvals``.
    ``malformed`` says what the client does with a file it cannot parse, "" when that is not known.

    ``kind`` and ``confirmed`` are those of ``ClientConfig``. ``plugins`` are folders in which plug-ins lie at any
    depth; ``manifest`` and ``project`` are then looked for in each.
    """

    id: str
    name: str
    format: Format
    servers: tuple[Keys, ...] = ()
    user: tuple[str, ...] = ()
    project: tuple[str, ...] = ()
    managed: tuple[str, ...] = ()
    layout: Literal["tables", "manifest", "jetbrains", "docker"] = "tables"
    lists: bool = False
    bare: bool = False
    inside: tuple[str, ...] = ()
    projects: Keys = ()
    workspaces: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    secrets: tuple[Keys, ...] = ()
    switched_off: tuple[Keys, ...] = ()
    switches: bool = False
    sandbox: tuple[str, str] | None = None
    settings: bool = False
    malformed: str = ""
    kind: Literal["config", "extension", "plug-in"] = "config"
    confirmed: bool = True
    plugins: tuple[str, ...] = ()
    manifest: str = ""
    approvals: tuple[Consent, ...] = ()
