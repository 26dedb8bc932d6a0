"""Editors, and the extensions that bring a client into one."""

from __future__ import annotations

from workbench.host.clients.definitions.model import ANY, MCP_SERVERS, Client, Consent

_SERVERS = (("servers",),)
_CONFINED = ("sandboxEnabled", "VS Code sandbox")
_KIN = ("Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf", "Windsurf - Next", "Trae", "Kiro", "Antigravity")
_REMOTE = (".vscode-server", ".vscode-server-insiders", ".vscodium-server", ".cursor-server", ".windsurf-server")
_HOSTS = (
    *(f"{{config}}/{folder}/User" for folder in _KIN),
    *(f"~/{folder}/data/User" for folder in _REMOTE),
    "$VSCODE_PORTABLE/user-data/User",
)
"""Where an editor of the family of VS Code keeps what its user set, its extensions' files included."""
# The second is the name of the first since 2025.
_UNASKED = ("chat.tools.autoApprove", "chat.tools.global.autoApprove")
_AUTO_APPROVE = Consent(("mcpServers", ANY, "autoApprove"), rules="tools")
# Cline looks for the name of the tool alone: a "*" in its list is a tool that there is not.
_NAMED_ALONE = Consent(("mcpServers", ANY, "autoApprove"), rules="names")
_ALWAYS_ALLOW = Consent(("mcpServers", ANY, "alwaysAllow"), rules="tools")
_ANY_TOOL = (Consent(("permission",), rules="permission"),)


def _vs_code(
    identity: str, name: str, folders: tuple[str, ...], remote: tuple[str, ...], project: tuple[str, ...] = ()
) -> tuple[Client, ...]:
    """VS Code and its kin: the same files below folders of other names."""
    users = (*folders, *(f"~/{folder}/data/User" for folder in remote))
    return (
        Client(
            identity,
            name,
            "jsonc",
            servers=_SERVERS,
            user=tuple(f"{user}/{file}" for user in users for file in ("mcp.json", "profiles/*/mcp.json")),
            project=project,
            workspaces=tuple(f"{user}/workspaceStorage" for user in users),
            secrets=(("inputs",),),
            sandbox=_CONFINED,
        ),
        Client(
            identity,
            name,
            "jsonc",
            servers=(("mcp", "servers"), ("mcp.servers",)),
            user=tuple(f"{user}/{file}" for user in users for file in ("settings.json", "profiles/*/settings.json")),
            project=(".vscode/settings.json",) if project else (),
            secrets=(("mcp", "inputs"),),
            sandbox=_CONFINED,
            settings=True,
            approvals=tuple(Consent((name,)) for name in _UNASKED),
        ),
    )


def _extension(
    identity: str,
    name: str,
    folder: str,
    file: str,
    approval: Consent,
    project: tuple[str, ...] = (),
    malformed: str = "",
) -> Client:
    """An extension of these editors that keeps its servers in its own storage."""
    return Client(
        identity,
        name,
        "json",
        servers=MCP_SERVERS,
        user=tuple(f"{host}/globalStorage/{folder}/settings/{file}" for host in _HOSTS),
        project=project,
        approvals=(approval,),
        malformed=malformed,
    )


EDITORS: tuple[Client, ...] = (
    Client(
        "cursor",
        "Cursor",
        "json",
        servers=MCP_SERVERS,
        user=("~/.cursor/mcp.json",),
        project=(".cursor/mcp.json",),
        workspaces=("{config}/Cursor/User/workspaceStorage", "~/.cursor-server/data/User/workspaceStorage"),
    ),
    Client("cursor", "Cursor", "jsonc", servers=_SERVERS, user=("~/.cursor-server/data/User/mcp.json",)),
    Client(
        "cursor",
        "Cursor",
        "jsonc",
        user=("~/.cursor/permissions.json", "~/.cursor/cli-config.json"),
        project=(".cursor/permissions.json", ".cursor/cli.json"),
        settings=True,
        approvals=(
            Consent(("mcpAllowlist",), rules="cursor"),
            Consent(("permissions", "allow"), rules="cursor"),
            Consent(("approvalMode",), ("unrestricted",)),
        ),
    ),
    Client(
        "cursor",
        "Cursor",
        "json",
        servers=MCP_SERVERS,
        bare=True,
        kind="plug-in",
        plugins=("~/.cursor/plugins/cache", "~/.cursor/plugins/local"),
        manifest=".cursor-plugin/plugin.json",
        project=("mcp.json", ".mcp.json"),
    ),
    *_vs_code(
        "vscode",
        "VS Code",
        ("{config}/Code/User", "$VSCODE_PORTABLE/user-data/User"),
        (".vscode-server",),
        (".vscode/mcp.json",),
    ),
    *_vs_code("vscode-insiders", "VS Code Insiders", ("{config}/Code - Insiders/User",), (".vscode-server-insiders",)),
    *_vs_code("vscodium", "VSCodium", ("{config}/VSCodium/User",), (".vscodium-server",)),
    Client(
        "vscode",
        "VS Code",
        "jsonc",
        servers=(("settings", "mcp", "servers"), ("settings", "mcp.servers"), ("mcp", "servers")),
        project=("*.code-workspace",),
        secrets=(("settings", "mcp", "inputs"), ("mcp", "inputs")),
        sandbox=_CONFINED,
        settings=True,
        approvals=tuple(Consent(("settings", name)) for name in _UNASKED),
    ),
    Client(
        "vscode",
        "VS Code",
        "jsonc",
        servers=(("customizations", "vscode", "mcp", "servers"),),
        project=(".devcontainer/devcontainer.json", ".devcontainer/*/devcontainer.json", ".devcontainer.json"),
        settings=True,
    ),
    Client(
        "windsurf",
        "Windsurf",
        "json",
        servers=MCP_SERVERS,
        user=("~/.codeium/windsurf/mcp_config.json", "~/.codeium/windsurf-next/mcp_config.json"),
        workspaces=("{config}/Windsurf/User/workspaceStorage", "{config}/Windsurf - Next/User/workspaceStorage"),
    ),
    Client(
        "windsurf-jetbrains",
        "Windsurf for JetBrains",
        "json",
        servers=MCP_SERVERS,
        user=("~/.codeium/mcp_config.json",),
    ),
    Client(
        "trae",
        "Trae",
        "jsonc",
        servers=MCP_SERVERS,
        user=("{config}/Trae/User/mcp.json",),
        workspaces=("{config}/Trae/User/workspaceStorage",),
    ),
    Client(
        "antigravity",
        "Antigravity",
        "json",
        servers=MCP_SERVERS,
        user=("~/.gemini/antigravity/mcp_config.json", "~/.gemini/config/mcp_config.json"),
        workspaces=("{config}/Antigravity/User/workspaceStorage",),
    ),
    Client(
        "zed",
        "Zed",
        "jsonc",
        servers=(("context_servers",),),
        user=("{settings}/zed/settings.json", "{roaming}/Zed/settings.json"),
        project=(".zed/settings.json",),
        settings=True,
        approvals=(
            Consent(("agent", "tool_permissions", "default"), ("allow",)),
            # Until version 0.224.
            Consent(("agent", "always_allow_tool_actions")),
        ),
        malformed="Zed says so and goes on with its defaults, without any of the servers",
    ),
    _extension(
        "cline",
        "Cline",
        "saoudrizwan.claude-dev",
        "cline_mcp_settings.json",
        _NAMED_ALONE,
        malformed="Cline says that its MCP settings are invalid and starts none of the servers",
    ),
    Client(
        "cline-cli",
        "Cline CLI",
        "json",
        servers=MCP_SERVERS,
        user=(
            "~/.cline/data/settings/cline_mcp_settings.json",
            "$CLINE_DIR/data/settings/cline_mcp_settings.json",
            "$CLINE_DATA_DIR/settings/cline_mcp_settings.json",
            "$CLINE_MCP_SETTINGS_PATH",
        ),
        approvals=(_NAMED_ALONE,),
    ),
    _extension(
        "roo",
        "Roo Code",
        "rooveterinaryinc.roo-cline",
        "mcp_settings.json",
        _ALWAYS_ALLOW,
        (".roo/mcp.json",),
        malformed="Roo Code says that its MCP settings are invalid and starts none of the servers",
    ),
    _extension("kilo", "Kilo Code", "kilocode.kilo-code", "mcp_settings.json", _ALWAYS_ALLOW, (".kilocode/mcp.json",)),
    Client(
        "kilo-cli",
        "Kilo Code CLI",
        "json",
        servers=MCP_SERVERS,
        user=("~/.kilocode/cli/global/settings/mcp_settings.json",),
        approvals=(_ALWAYS_ALLOW,),
    ),
    Client(
        "kilo-cli",
        "Kilo Code CLI",
        "jsonc",
        servers=(("mcp",),),
        user=tuple(
            f"{{xdg}}/kilo/{file}"
            for file in ("kilo.json", "kilo.jsonc", "config.json", "opencode.json", "opencode.jsonc")
        ),
        settings=True,
        approvals=_ANY_TOOL,
    ),
    Client(
        "continue",
        "Continue",
        "yaml",
        servers=MCP_SERVERS,
        lists=True,
        user=("~/.continue/config.yaml", "~/.continue/mcpServers/*.yaml", "~/.continue/mcpServers/*.yml"),
        project=(".continue/mcpServers/*.yaml", ".continue/mcpServers/*.yml"),
        settings=True,
    ),
    Client(
        "continue",
        "Continue",
        "yaml",
        user=("~/.continue/permissions.yaml",),
        settings=True,
        approvals=(Consent(("allow",), rules="any"),),
    ),
    Client(
        "continue",
        "Continue",
        "json",
        servers=(*MCP_SERVERS, ("experimental", "modelContextProtocolServers")),
        lists=True,
        user=("~/.continue/config.json", "~/.continue/mcpServers/*.json"),
        project=(".continue/mcpServers/*.json",),
        settings=True,
    ),
    Client(
        "kiro",
        "Kiro",
        "json",
        servers=(*MCP_SERVERS, ("powers", "mcpServers")),
        user=("~/.kiro/settings/mcp.json",),
        project=(".kiro/settings/mcp.json",),
        workspaces=("{config}/Kiro/User/workspaceStorage",),
        approvals=(_AUTO_APPROVE, Consent(("powers", "mcpServers", ANY, "autoApprove"), rules="tools")),
    ),
    Client(
        "kiro",
        "Kiro",
        "json",
        servers=MCP_SERVERS,
        user=("~/.kiro/agents/*.json",),
        project=(".kiro/agents/*.json",),
        settings=True,
        approvals=(Consent(("allowedTools",), rules="agent"), _AUTO_APPROVE),
    ),
    Client("kiro", "Kiro", "json", servers=MCP_SERVERS, user=("~/.kiro/powers/installed/*/mcp.json",), kind="plug-in"),
    Client(
        "copilot-jetbrains",
        "GitHub Copilot for JetBrains",
        "jsonc",
        servers=_SERVERS,
        user=("{settings}/github-copilot/intellij/mcp.json", "{local}/github-copilot/intellij/mcp.json"),
        secrets=(("inputs",),),
    ),
    Client(
        "junie",
        "Junie",
        "json",
        servers=MCP_SERVERS,
        user=("~/.junie/mcp/mcp.json",),
        project=(".junie/mcp/mcp.json",),
    ),
    Client(
        "jetbrains",
        "JetBrains AI Assistant",
        "xml",
        layout="jetbrains",
        user=("{config}/JetBrains/*/options/llm.mcpServers.xml",),
        project=(".idea/workspace.xml", ".idea/.idea.*/.idea/workspace.xml"),
        settings=True,
    ),
    Client(
        "jetbrains",
        "JetBrains AI Assistant",
        "json",
        servers=MCP_SERVERS,
        bare=True,
        user=("~/.ai/mcp/mcp.json",),
        project=(".ai/mcp/mcp.json",),
    ),
)
