"""Agents of the command line."""

from __future__ import annotations

from workbench.host.clients.definitions.model import ANY, MCP_SERVERS, Client, Consent, Format, Keys


def _opencode(*folders: str) -> tuple[str, ...]:
    return tuple(
        f"{folder}/{file}" for folder in folders for file in ("opencode.json", "opencode.jsonc", "config.json")
    )


_TRUST = Consent(("mcpServers", ANY, "trust"), scope="all tools of a server")
_AGENT = (Consent(("allowedTools",), rules="agent"),)
_ANY_TOOL = (Consent(("permission",), rules="permission"),)


def _simple(
    identity: str,
    name: str,
    *user: str,
    format: Format = "json",  # noqa: A002 - it is the word for it
    servers: tuple[Keys, ...] = MCP_SERVERS,
    project: tuple[str, ...] = (),
    settings: bool = False,
    approvals: tuple[Consent, ...] = (),
    malformed: str = "",
) -> Client:
    return Client(
        identity,
        name,
        format,
        servers=servers,
        user=user,
        project=project,
        settings=settings,
        approvals=approvals,
        malformed=malformed,
    )


COMMAND_LINE: tuple[Client, ...] = (
    Client(
        "codex",
        "Codex",
        "toml",
        servers=(("mcp_servers",),),
        user=("~/.codex/config.toml", "~/.codex/*.config.toml", "$CODEX_HOME/config.toml", "$CODEX_HOME/*.config.toml"),
        project=(".codex/config.toml",),
        managed=(
            "{etc}/codex/config.toml",
            "{etc}/codex/managed_config.toml",
            "{programdata}/OpenAI/Codex/config.toml",
        ),
        projects=("projects",),
        approvals=(
            Consent(("approval_policy",), ("never",), unless=("sandbox_mode", "danger-full-access")),
            Consent(("mcp_servers", ANY, "default_tools_approval_mode"), ("approve",), "all tools of a server"),
            Consent(("mcp_servers", ANY, "tools", ANY, "approval_mode"), ("approve",), "named tools"),
        ),
        malformed="Codex does not start until it is corrected",
    ),
    _simple(
        "copilot-cli",
        "GitHub Copilot CLI",
        "~/.copilot/mcp-config.json",
        "$COPILOT_HOME/mcp-config.json",
        "$XDG_CONFIG_HOME/copilot/mcp-config.json",
        malformed="GitHub Copilot CLI says that it cannot read it and starts none of its servers",
    ),
    Client(
        "gemini",
        "Gemini CLI",
        "jsonc",
        servers=MCP_SERVERS,
        user=("~/.gemini/settings.json",),
        project=(".gemini/settings.json",),
        managed=(
            *(
                f"{folder}/{file}"
                for folder in (
                    "{etc}/gemini-cli",
                    "{library}/Application Support/GeminiCli",
                    "{programdata}/gemini-cli",
                )
                for file in ("settings.json", "system-defaults.json")
            ),
            "$GEMINI_CLI_SYSTEM_SETTINGS_PATH",
            "$GEMINI_CLI_SYSTEM_DEFAULTS_PATH",
        ),
        switched_off=(("mcp", "excluded"), ("excludeMCPServers",)),
        settings=True,
        approvals=(_TRUST,),
        malformed="Gemini CLI does not start until it is corrected",
    ),
    Client(
        "gemini",
        "Gemini CLI",
        "json",
        servers=MCP_SERVERS,
        user=("~/.gemini/extensions/*/gemini-extension.json",),
        settings=True,
        kind="extension",
    ),
    Client(
        "qwen",
        "Qwen Code",
        "jsonc",
        servers=MCP_SERVERS,
        user=("~/.qwen/settings.json",),
        project=(".qwen/settings.json",),
        switched_off=(("mcp", "excluded"), ("excludeMCPServers",)),
        settings=True,
        approvals=(_TRUST, Consent(("tools", "approvalMode"), ("yolo",)), Consent(("approvalMode",), ("yolo",))),
        malformed="Qwen Code renames it to settings.json.corrupted… and goes on without it, or with its own copy",
    ),
    Client(
        "amazon-q",
        "Amazon Q",
        "json",
        servers=MCP_SERVERS,
        user=("~/.aws/amazonq/mcp.json", "~/.aws/amazonq/default.json"),
        project=(".amazonq/mcp.json", ".amazonq/default.json"),
        approvals=_AGENT,
    ),
    _simple(
        "amazon-q",
        "Amazon Q",
        "~/.aws/amazonq/agents/*.json",
        "~/.aws/amazonq/cli-agents/*.json",
        settings=True,
        approvals=_AGENT,
    ),
    Client(
        "goose",
        "Goose",
        "yaml",
        servers=(("extensions",),),
        user=("{settings}/goose/config.yaml", "{roaming}/Block/goose/config/config.yaml"),
        inside=("builtin", "platform", "frontend"),
        settings=True,
        approvals=(Consent(("GOOSE_MODE",), ("auto",)),),
        malformed="Goose puts a copy of its own in its place, or starts anew with its defaults",
    ),
    Client(
        "opencode",
        "opencode",
        "jsonc",
        servers=(("mcp",),),
        user=(
            *_opencode("{xdg}/opencode", "~/.opencode", "$OPENCODE_CONFIG_DIR"),
            "$OPENCODE_CONFIG",
        ),
        project=("opencode.json", "opencode.jsonc", ".opencode/opencode.json", ".opencode/opencode.jsonc"),
        managed=_opencode("{etc}/opencode", "{library}/Application Support/opencode", "{programdata}/opencode"),
        databases=("{data}/opencode/*.db",),
        records=("{data}/opencode/storage/project/*.json",),
        settings=True,
        approvals=_ANY_TOOL,
        malformed="opencode does not start until it is corrected",
    ),
    _simple(
        "amp",
        "Amp",
        "{settings}/amp/settings.json",
        "{settings}/amp/settings.jsonc",
        "{roaming}/amp/settings.json",
        format="jsonc",
        servers=(("amp.mcpServers",),),
        settings=True,
        approvals=(Consent(("amp.dangerouslyAllowAll",)), Consent(("amp.permissions",), rules="any")),
    ),
    _simple(
        "crush",
        "Crush",
        "{settings}/crush/crush.json",
        "{local}/crush/crush.json",
        servers=(("mcp",),),
        project=(".crush.json", "crush.json"),
        settings=True,
        approvals=(Consent(("permissions", "allowed_tools"), rules="crush"),),
    ),
    _simple("factory", "Factory Droid", "~/.factory/mcp.json", project=(".factory/mcp.json",)),
    _simple(
        "factory",
        "Factory Droid",
        "~/.factory/settings.json",
        "~/.factory/settings.local.json",
        servers=(),
        project=(".factory/settings.json", ".factory/settings.local.json"),
        settings=True,
        approvals=(
            Consent(("sessionDefaultSettings", "autonomyLevel"), ("high",)),
            # The older names.
            Consent(("sessionDefaultSettings", "autonomyMode"), ("auto-high",)),
            Consent(("autonomyLevel",), ("auto-high",)),
            Consent(("autonomyMode",), ("auto-high",)),
        ),
    ),
    Client(
        "mistral-vibe",
        "Mistral Vibe",
        "toml",
        servers=(("mcp_servers",),),
        lists=True,
        user=("~/.vibe/config.toml", "$VIBE_HOME/config.toml"),
        project=(".vibe/config.toml",),
        settings=True,
    ),
    _simple("kimi", "Kimi", "~/.kimi/mcp.json", "~/.kimi-code/mcp.json"),
    _simple(
        "kimi",
        "Kimi",
        "~/.kimi/config.toml",
        "~/.kimi-code/config.toml",
        format="toml",
        servers=(),
        settings=True,
        approvals=(Consent(("default_yolo",)), Consent(("default_permission_mode",), ("yolo",))),
    ),
    _simple("qoder", "Qoder", "~/.qoder/mcp.json", "{roaming}/Qoder/SharedClientCache/mcp.json"),
    _simple(
        "augment",
        "Augment",
        "~/.augment/settings.json",
        settings=True,
        approvals=(Consent(("toolPermissions",), rules="any"),),
    ),
    _simple("devin", "Devin", "{settings}/devin/config.json", "{settings}/devin/mcp_config.json", settings=True),
    Client(
        "grok",
        "Grok CLI",
        "toml",
        servers=(("mcp_servers",),),
        lists=True,
        user=("~/.grok/config.toml",),
        settings=True,
    ),
    Client(
        "hermes",
        "Hermes",
        "yaml",
        servers=(("mcp_servers",),),
        user=("~/.hermes/config.yaml", "$HERMES_HOME/config.yaml"),
        settings=True,
        # To some readers of YAML "off" is a word, to others it is false.
        approvals=(Consent(("approvals", "mode"), ("off", False)),),
        malformed="Hermes says so and goes on with the last that it could read, or with its defaults",
    ),
    _simple(
        "openclaw",
        "OpenClaw",
        "~/.openclaw/openclaw.json",
        "$OPENCLAW_CONFIG_PATH",
        format="json5",
        servers=(("mcp", "servers"),),
        settings=True,
    ),
    _simple(
        "mcporter",
        "mcporter",
        "~/.mcporter/mcporter.json",
        "~/.mcporter/mcporter.jsonc",
        format="jsonc",
        project=("config/mcporter.json", "config/mcporter.jsonc"),
    ),
)
