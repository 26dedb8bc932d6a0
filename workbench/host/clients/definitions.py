"""Which clients there are and where each keeps its servers. Adding a client is adding one ``Client`` here.

A place is a pattern: ``~`` is the home, ``{config}`` the platform's folder for application settings, ``$NAME`` an
environment variable, ``*`` any name at that level. A pattern whose variable does not exist on the platform
(``{local}`` outside Windows, an unset ``$NAME``) is no place to look. ``workbench.host.clients.places`` lists the
variables.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.model.clients import DocumentFormat

Format = DocumentFormat
Keys = tuple[str, ...]
ANY = "*"
"""In ``Client.servers``: every key at this level."""


@dataclass(frozen=True, slots=True)
class Client:
    """One kind of config file of one client. A client that keeps servers in two kinds of file has two, with one id.

    ``servers`` are the ways to its tables of servers; ``user`` and ``managed`` are patterns of whole paths,
    ``project`` patterns below a project folder. ``projects`` is the way to a table whose keys are project folders, and
    ``workspaces`` folders that hold one ``*/workspace.json`` for each project folder the client has opened.
    ``secrets`` are ways to other parts of the document that belong to its servers. ``switched_off`` names the lists,
    beside a table of servers, of those its user switched off. ``sandbox`` is the key of an entry that makes the client
    confine the server, and what that is called. ``settings`` says that the file serves other ends too, so that it is
    of interest only where it names servers. ``malformed`` says what the client does with a file it cannot parse.
    """

    id: str
    name: str
    format: Format
    servers: tuple[Keys, ...]
    user: tuple[str, ...] = ()
    project: tuple[str, ...] = ()
    managed: tuple[str, ...] = ()
    projects: Keys = ()
    workspaces: tuple[str, ...] = ()
    secrets: tuple[Keys, ...] = ()
    switched_off: tuple[str, ...] = ()
    sandbox: tuple[str, str] | None = None
    settings: bool = False
    malformed: str = ""


def _vs_code(identity: str, name: str, folder: str, remote: str, project: tuple[str, ...] = ()) -> tuple[Client, ...]:
    """VS Code and its kin: the same files below a folder of another name."""
    user = f"{{config}}/{folder}/User"
    confined = ("sandboxEnabled", "VS Code sandbox")
    return (
        Client(
            identity,
            name,
            "jsonc",
            servers=(("servers",),),
            user=(f"{user}/mcp.json", f"{user}/profiles/*/mcp.json", f"~/{remote}/data/User/mcp.json"),
            project=project,
            workspaces=(f"{user}/workspaceStorage",),
            secrets=(("inputs",),),
            sandbox=confined,
        ),
        Client(
            identity,
            name,
            "jsonc",
            servers=(("mcp", "servers"), ("mcp.servers",)),
            user=(f"{user}/settings.json", f"{user}/profiles/*/settings.json"),
            secrets=(("mcp", "inputs"),),
            sandbox=confined,
            settings=True,
        ),
    )


CLIENTS: tuple[Client, ...] = (
    Client(
        "claude-desktop",
        "Claude Desktop",
        "json",
        servers=(("mcpServers",),),
        user=(
            "{config}/Claude/claude_desktop_config.json",
            "{config}/claude/claude_desktop_config.json",
            "{local}/Packages/Claude_*/LocalCache/Roaming/Claude/claude_desktop_config.json",
        ),
        malformed="Claude Desktop says that it could not load its settings and starts none of the servers",
    ),
    Client(
        "claude-code",
        "Claude Code",
        "json",
        servers=(("mcpServers",), ("projects", ANY, "mcpServers")),
        user=("~/.claude.json", "$CLAUDE_CONFIG_DIR/.claude.json"),
        projects=("projects",),
        switched_off=("disabledMcpServers",),
        malformed="Claude Code takes it for corrupted and goes on with its defaults",
    ),
    Client(
        "claude-code",
        "Claude Code",
        "json",
        servers=(("mcpServers",),),
        project=(".mcp.json",),
        managed=(
            "{etc}/claude-code/managed-mcp.json",
            "{library}/Application Support/ClaudeCode/managed-mcp.json",
            "{programs}/ClaudeCode/managed-mcp.json",
        ),
    ),
    Client(
        "cursor",
        "Cursor",
        "json",
        servers=(("mcpServers",),),
        user=("~/.cursor/mcp.json",),
        project=(".cursor/mcp.json",),
        workspaces=("{config}/Cursor/User/workspaceStorage",),
    ),
    *_vs_code("vscode", "VS Code", "Code", ".vscode-server", (".vscode/mcp.json",)),
    *_vs_code("vscode-insiders", "VS Code Insiders", "Code - Insiders", ".vscode-server-insiders"),
    *_vs_code("vscodium", "VSCodium", "VSCodium", ".vscodium-server"),
    Client(
        "codex",
        "Codex",
        "toml",
        servers=(("mcp_servers",),),
        user=("~/.codex/config.toml", "$CODEX_HOME/config.toml"),
        project=(".codex/config.toml",),
        managed=("{etc}/codex/config.toml", "{programdata}/OpenAI/Codex/config.toml"),
        projects=("projects",),
        malformed="Codex does not start until it is corrected",
    ),
)
