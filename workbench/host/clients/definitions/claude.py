"""Claude Desktop with its extensions, Claude Code with its plug-ins."""

from __future__ import annotations

from workbench.host.clients.definitions.model import ANY, MCP_SERVERS, Client, Consent

_DESKTOP_FOLDERS = (
    "{config}/Claude",
    "{config}/claude",
    "{config}/Claude-3p",
    "{local}/Packages/Claude_*/LocalCache/Roaming/Claude",
)
_POLICY_FOLDERS = (
    "{etc}/claude-code",
    "{library}/Application Support/ClaudeCode",
    "{programs}/ClaudeCode",
    "{programdata}/ClaudeCode",
)


def _each(folders: tuple[str, ...], *below: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{file}" for folder in folders for file in below)


CLAUDE: tuple[Client, ...] = (
    Client(
        "claude-desktop",
        "Claude Desktop",
        "json",
        servers=MCP_SERVERS,
        user=_each(_DESKTOP_FOLDERS, "claude_desktop_config.json"),
        malformed="Claude Desktop says that it could not load its settings and starts none of the servers",
    ),
    Client(
        "claude-desktop",
        "Claude Desktop",
        "json",
        servers=(("server", "mcp_config"),),
        layout="manifest",
        user=_each(_DESKTOP_FOLDERS, "Claude Extensions/*/manifest.json"),
        kind="extension",
    ),
    Client(
        "claude-desktop",
        "Claude Desktop",
        "json",
        user=_each(_DESKTOP_FOLDERS, "Claude Extensions Settings/*.json"),
        secrets=(("userConfig",),),
        settings=True,
        kind="extension",
    ),
    Client(
        "claude-code",
        "Claude Code",
        "json",
        servers=(*MCP_SERVERS, ("projects", ANY, "mcpServers")),
        user=("~/.claude.json", "$CLAUDE_CONFIG_DIR/.claude.json"),
        projects=("projects",),
        switched_off=(("disabledMcpServers",),),
        malformed="Claude Code takes it for corrupted and goes on with its defaults",
    ),
    Client(
        "claude-code",
        "Claude Code",
        "json",
        servers=MCP_SERVERS,
        project=(".mcp.json",),
        managed=_each(_POLICY_FOLDERS, "managed-mcp.json"),
        malformed="Claude Code says that it is not valid and starts none of its servers",
    ),
    Client(
        "claude-code",
        "Claude Code",
        "json",
        user=("~/.claude/settings.json", "$CLAUDE_CONFIG_DIR/settings.json"),
        project=(".claude/settings.json", ".claude/settings.local.json"),
        managed=_each(_POLICY_FOLDERS, "managed-settings.json", "managed-settings.d/*.json"),
        secrets=(("env",),),
        switches=True,
        settings=True,
        approvals=(
            Consent(("permissions", "defaultMode"), ("bypassPermissions",)),
            Consent(("permissions", "allow"), rules="claude"),
            Consent(("enableAllProjectMcpServers",), scope="servers of projects"),
        ),
        malformed="Claude Code says so and goes on without any of its settings",
    ),
    Client(
        "claude-code",
        "Claude Code",
        "json",
        servers=MCP_SERVERS,
        bare=True,
        kind="plug-in",
        plugins=(
            "~/.claude/plugins/cache",
            "~/.claude/plugins/repos",
            "~/.claude/plugins/marketplaces",
            "$CLAUDE_CONFIG_DIR/plugins/cache",
            "$CLAUDE_CONFIG_DIR/plugins/repos",
            "$CLAUDE_CONFIG_DIR/plugins/marketplaces",
            "$CLAUDE_CODE_PLUGIN_CACHE_DIR",
            "$CLAUDE_CODE_PLUGIN_SEED_DIR",
        ),
        manifest=".claude-plugin/plugin.json",
        project=(".mcp.json",),
    ),
)
