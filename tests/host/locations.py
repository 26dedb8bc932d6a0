"""One uniquely named server in every place of Linux where a client keeps some, and a twin home that names none."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

Writer = Callable[[str], str]


def _dump(document: Any) -> str:
    return json.dumps(document, indent=2)


def _stdio(name: str) -> dict[str, Any]:
    return {"command": "npx", "args": ["-y", f"{name}-package"]}


def keyed(*keys: str) -> Writer:
    """JSON with a table of servers at the end of these keys."""

    def write(name: str) -> str:
        document: Any = {name: _stdio(name)}
        for key in reversed(keys):
            document = {key: document}
        return _dump(document)

    return write


def commented(*keys: str) -> Writer:
    """The same with a comment and a trailing comma, as clients write that read JSONC."""
    plain = keyed(*keys)

    def write(name: str) -> str:
        text = plain(name)
        return f"// written by hand\n{text[: text.rindex('}')]},\n}}".replace("\n,", ",")

    return write


def argv(name: str) -> str:
    """The shape of opencode."""
    entry = {"type": "local", "command": ["npx", "-y", f"{name}-package"], "environment": {}, "enabled": True}
    return f'{{\n  // mine\n  "mcp": {_dump({name: entry})},\n}}'


def toml_table(name: str) -> str:
    """TOML with a table a server."""
    return f'model = "x"\n\n[mcp_servers.{name}]\ncommand = "npx"\nargs = ["-y", "{name}-package"]\n'


def toml_array(name: str) -> str:
    """TOML with an array of tables."""
    return f'[[mcp_servers]]\nname = "{name}"\ntransport = "stdio"\ncommand = "npx"\nargs = ["-y", "{name}-package"]\n'


def yaml_table(key: str) -> Writer:
    """YAML with a table a server."""

    def write(name: str) -> str:
        return f"# mine\n{key}:\n  {name}:\n    command: npx\n    args:\n      - -y\n      - {name}-package\n"

    return write


def yaml_array(name: str) -> str:
    """The shape of Continue."""
    return f"name: x\nversion: 0.0.1\nmcpServers:\n  - name: {name}\n    command: npx\n    args: [-y, {name}-package]\n"


def goose(name: str) -> str:
    """The shape of Goose, with what it runs within itself."""
    return (
        f"extensions:\n  developer:\n    type: builtin\n    enabled: true\n    name: developer\n"
        f"  {name}:\n    type: stdio\n    cmd: npx\n    args:\n    - -y\n    - {name}-package\n    enabled: true\n"
        f"    envs: {{}}\n    env_keys:\n    - GITHUB_TOKEN\n"
    )


def json5(name: str) -> str:
    """JSON5: bare keys, single quotes, a comment."""
    return f"{{\n  // mine\n  mcp: {{servers: {{'{name}': {{command: 'npx', args: ['-y', '{name}-package']}}}}}},\n}}\n"


def jetbrains(component: str) -> Writer:
    """The XML of JetBrains AI Assistant."""

    def write(name: str) -> str:
        return (
            f'<application>\n  <component name="{component}">\n    <commands>\n      <McpServerCommand>\n'
            f'        <option name="enabled" value="true" />\n        <option name="name" value="{name}" />\n'
            f'        <option name="programPath" value="npx" />\n'
            f'        <option name="arguments" value="-y {name}-package" />\n        <envs />\n'
            f"      </McpServerCommand>\n    </commands>\n    <urls />\n  </component>\n</application>\n"
        )

    return write


def manifest(name: str) -> str:
    """The manifest of a Claude Desktop extension."""
    config = {"command": "node", "args": ["${__dirname}/server/index.js", "${user_config.folder}"]}
    server = {"type": "node", "entry_point": "server/index.js", "mcp_config": config}
    return _dump({"manifest_version": "0.3", "name": name, "version": "1.0.0", "server": server})


def bare(name: str) -> str:
    """Nothing but the table of servers."""
    return _dump({name: _stdio(name)})


def docker(name: str) -> str:
    """The registry of Docker's gateway."""
    return f'registry:\n  {name}:\n    ref: ""\n'


MCP = keyed("mcpServers")
SERVERS = commented("servers")

HOME: tuple[tuple[str, Writer], ...] = (
    (".config/Claude/claude_desktop_config.json", MCP),
    (".config/claude/claude_desktop_config.json", MCP),
    (".config/Claude/Claude Extensions/ant.dir.acme.files/manifest.json", manifest),
    (".claude.json", keyed("mcpServers")),
    (".claude/plugins/cache/market/plugin/1.0.0/.mcp.json", bare),
    (".claude/plugins/cache/market/other/1.0.0/.claude-plugin/plugin.json", MCP),
    (".claude/plugins/repos/owner/plugin/.mcp.json", MCP),
    (".claude/plugins/marketplaces/market/plugins/third/.mcp.json", MCP),
    (".cursor/mcp.json", MCP),
    (".cursor/plugins/local/plugin/.cursor-plugin/plugin.json", MCP),
    (".cursor/plugins/cache/market/plugin/mcp.json", MCP),
    (".config/Code/User/mcp.json", SERVERS),
    (".config/Code/User/profiles/-3af0/mcp.json", SERVERS),
    (".config/Code/User/settings.json", commented("mcp", "servers")),
    (".config/Code - Insiders/User/mcp.json", SERVERS),
    (".config/VSCodium/User/mcp.json", SERVERS),
    (".vscode-server/data/User/mcp.json", SERVERS),
    (".vscode-server-insiders/data/User/mcp.json", SERVERS),
    (".cursor-server/data/User/mcp.json", SERVERS),
    (".copilot/mcp-config.json", MCP),
    (".config/github-copilot/intellij/mcp.json", SERVERS),
    (".codeium/windsurf/mcp_config.json", MCP),
    (".codeium/windsurf-next/mcp_config.json", MCP),
    (".codeium/mcp_config.json", MCP),
    (".config/zed/settings.json", commented("context_servers")),
    *(
        (f"{host}/globalStorage/{extension}", MCP)
        for host in (
            ".config/Code/User",
            ".config/Code - Insiders/User",
            ".config/VSCodium/User",
            ".config/Cursor/User",
            ".config/Windsurf/User",
            ".vscode-server/data/User",
        )
        for extension in (
            "saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
            "rooveterinaryinc.roo-cline/settings/mcp_settings.json",
            "kilocode.kilo-code/settings/mcp_settings.json",
        )
    ),
    (".cline/data/settings/cline_mcp_settings.json", MCP),
    (".kilocode/cli/global/settings/mcp_settings.json", MCP),
    *(
        (f".config/kilo/{file}", argv)
        for file in ("kilo.json", "kilo.jsonc", "config.json", "opencode.json", "opencode.jsonc")
    ),
    (".gemini/settings.json", commented("mcpServers")),
    (".gemini/extensions/acme/gemini-extension.json", MCP),
    (".gemini/antigravity/mcp_config.json", MCP),
    (".gemini/config/mcp_config.json", MCP),
    (".codex/config.toml", toml_table),
    (".codex/work.config.toml", toml_table),
    (".continue/config.yaml", yaml_array),
    (".continue/config.json", MCP),
    (".continue/mcpServers/mine.yaml", yaml_array),
    (".aws/amazonq/mcp.json", MCP),
    (".aws/amazonq/agents/mine.json", MCP),
    (".kiro/settings/mcp.json", keyed("powers", "mcpServers")),
    (".kiro/agents/mine.json", MCP),
    (".kiro/powers/installed/acme/mcp.json", MCP),
    (".config/goose/config.yaml", goose),
    (".lmstudio/mcp.json", MCP),
    (".cache/lm-studio/mcp.json", MCP),
    (".config/opencode/opencode.json", argv),
    (".config/opencode/opencode.jsonc", argv),
    (".opencode/opencode.json", argv),
    (".junie/mcp/mcp.json", MCP),
    (".config/JetBrains/PyCharm2025.2/options/llm.mcpServers.xml", jetbrains("McpApplicationServerCommands")),
    (".ai/mcp/mcp.json", bare),
    (".config/amp/settings.json", commented("amp.mcpServers")),
    (".config/crush/crush.json", keyed("mcp")),
    (".factory/mcp.json", MCP),
    (".vibe/config.toml", toml_array),
    (".kimi/mcp.json", MCP),
    (".kimi-code/mcp.json", MCP),
    (".qoder/mcp.json", MCP),
    (".config/Trae/User/mcp.json", commented("mcpServers")),
    (".qwen/settings.json", commented("mcpServers")),
    (".augment/settings.json", MCP),
    (".config/devin/config.json", MCP),
    (".config/devin/mcp_config.json", MCP),
    (".grok/config.toml", toml_table),
    (".hermes/config.yaml", yaml_table("mcp_servers")),
    (".openclaw/openclaw.json", json5),
    (".docker/mcp/registry.yaml", docker),
    (".mcporter/mcporter.json", commented("mcpServers")),
    (".mcporter/mcporter.jsonc", commented("mcpServers")),
    *(
        (place, MCP)
        for place in (
            ".boltai/mcp.json",
            ".sema4ai/sema4ai-studio/mcp_servers.json",
            ".snowflake/cortex/mcp.json",
            ".tabnine/mcp_servers.json",
            ".cody/mcp.json",
            ".aider/mcp.json",
            ".void/mcp.json",
            ".aide/mcp.json",
            ".pieces/mcp.json",
            ".mcp/config.json",
            ".warp/mcp.json",
            ".windsurf/mcp.json",
        )
    ),
)

PROJECT: tuple[tuple[str, Writer], ...] = (
    (".mcp.json", MCP),
    (".cursor/mcp.json", MCP),
    (".vscode/mcp.json", SERVERS),
    ("app.code-workspace", commented("settings", "mcp", "servers")),
    (".devcontainer/devcontainer.json", commented("customizations", "vscode", "mcp", "servers")),
    (".vs/mcp.json", SERVERS),
    (".zed/settings.json", commented("context_servers")),
    (".roo/mcp.json", MCP),
    (".kilocode/mcp.json", MCP),
    (".gemini/settings.json", commented("mcpServers")),
    (".codex/config.toml", toml_table),
    (".continue/mcpServers/mine.yaml", yaml_array),
    (".continue/mcpServers/mine.json", MCP),
    (".amazonq/mcp.json", MCP),
    (".amazonq/default.json", MCP),
    (".kiro/settings/mcp.json", MCP),
    ("opencode.json", argv),
    ("opencode.jsonc", argv),
    (".junie/mcp/mcp.json", MCP),
    (".idea/workspace.xml", jetbrains("McpProjectServerCommands")),
    (".ai/mcp/mcp.json", MCP),
    (".crush.json", keyed("mcp")),
    ("crush.json", keyed("mcp")),
    (".factory/mcp.json", MCP),
    ("config/mcporter.json", commented("mcpServers")),
    ("mcp.json", MCP),
    ("mcp-config.json", SERVERS),
)

MANAGED: tuple[tuple[str, Writer], ...] = (
    ("etc/claude-code/managed-mcp.json", MCP),
    ("etc/gemini-cli/settings.json", commented("mcpServers")),
    ("etc/gemini-cli/system-defaults.json", commented("mcpServers")),
    ("etc/codex/config.toml", toml_table),
    ("etc/opencode/opencode.json", argv),
)


def write_everywhere(home: Path, project: Path, managed: Path) -> dict[str, Path]:
    """Write one server into every place below a home, a project folder in it, and the root of managed files.

    Further project folders are made that only a client's memory leads to. Gives the path of each server by name.
    """
    written: dict[str, Path] = {}
    for root, places in ((home, HOME), (project, PROJECT), (managed, MANAGED)):
        for place, writer in places:
            _put(written, root / place, writer)
    claude = json.loads((home / ".claude.json").read_text())
    opened = {how: home / "code" / f"opened by {how}" for how in _REMEMBERED}
    for how, folder in opened.items():
        _put(written, folder / ".mcp.json", MCP)
        _REMEMBERED[how](home, folder)
    inner = f"project-{len(written)}"
    claude["projects"] = {str(opened["claude"]): {"mcpServers": {inner: _stdio(inner)}}}
    (home / ".claude.json").write_text(_dump(claude))
    written[inner] = home / ".claude.json"
    settings = home / ".claude/settings.json"
    settings.write_text(_dump({"enabledPlugins": {"third@market": True}}))
    catalogs = home / ".docker/mcp/catalogs"
    catalogs.mkdir()
    name = next(name for name, path in written.items() if path.name == "registry.yaml")
    (catalogs / "docker-mcp.yaml").write_text(f"registry:\n  {name}:\n    title: x\n    image: mcp/{name}:1.0\n")
    return written


def _put(written: dict[str, Path], path: Path, writer: Writer) -> None:
    name = f"server-{len(written)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(writer(name))
    written[name] = path


def _by_editor(editor: str) -> Callable[[Path, Path], None]:
    def remember(home: Path, folder: Path) -> None:
        file = home / f".config/{editor}/User/workspaceStorage/a1b2/workspace.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_dump({"folder": f"file://{str(folder).replace(' ', '%20')}"}))

    return remember


def _by_codex(home: Path, folder: Path) -> None:
    with (home / ".codex/config.toml").open("a") as file:
        file.write(f'\n[projects."{folder}"]\ntrust_level = "trusted"\n')


def _by_opencode(home: Path, folder: Path) -> None:
    (home / ".local/share/opencode").mkdir(parents=True, exist_ok=True)
    make_database(home / ".local/share/opencode/opencode.db", str(folder))


def _by_old_opencode(home: Path, folder: Path) -> None:
    record = home / ".local/share/opencode/storage/project/0a1b.json"
    record.parent.mkdir(parents=True)
    record.write_text(_dump({"id": "0a1b", "worktree": str(folder), "vcs": "git"}))


def make_database(path: Path, *folders: str) -> None:
    """A database as opencode has it, with these projects."""
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE project (id text PRIMARY KEY, worktree text NOT NULL, vcs text, name text, "
        "time_created integer NOT NULL, time_updated integer NOT NULL, sandboxes text NOT NULL)"
    )
    rows = [(str(number), folder, "git", None, 1, 1, "[]") for number, folder in enumerate(folders)]
    connection.executemany("INSERT INTO project VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()


_REMEMBERED: dict[str, Callable[[Path, Path], None]] = {
    "claude": lambda _, __: None,
    "codex": _by_codex,
    "opencode": _by_opencode,
    "an older opencode": _by_old_opencode,
    **{
        editor: _by_editor(editor)
        for editor in ("Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf", "Trae", "Kiro", "Antigravity")
    },
}


def write_look_alikes(home: Path, project: Path) -> None:
    """Files in the places of clients, and files like theirs, of which none names an MCP server."""
    policy = {"authz": {"type": "cedarv1", "policies": ["permit(principal, action, resource);"]}, "port": 8080}
    contents: dict[Path, Any] = {
        home / ".config/Code/User/settings.json": {"editor.fontSize": 12, "mcp": []},
        home / ".config/zed/settings.json": {"theme": "One Dark"},
        home / ".config/amp/settings.json": {"amp.url": "https://ampcode.com"},
        home / ".config/crush/crush.json": {"mcp": policy},
        home / ".config/kilo/config.json": {"mcp": policy},
        home / ".config/opencode/opencode.json": {"mcp": [], "permission": {"bash": {"rm -rf /": "deny"}}},
        home / ".gemini/settings.json": {"selectedAuthType": "oauth-personal", "mcp": {"excluded": []}},
        home / ".gemini/extensions/theme/gemini-extension.json": {"name": "theme", "version": "1.0.0"},
        home / ".openclaw/openclaw.json": {"mcp": policy},
        home / ".augment/settings.json": {"toolPermissions": []},
        home / ".claude/settings.json": {"permissions": {"allow": ["Bash(ls)"]}, "model": "opus"},
        home / ".claude/plugins/cache/market/plugin/1.0.0/.claude-plugin/plugin.json": {"name": "plugin"},
        home / ".claude/plugins/cache/market/plugin/1.0.0/package.json": {"servers": {"web": {"command": "x"}}},
        home / ".config/Code/User/workspaceStorage/a1/workspace.json": {"folder": project.as_uri()},
        project / "package.json": {"servers": {"web": {"command": "node"}}, "mcpServers": {"x": {"command": "node"}}},
        project / "mcp.json": {"servers": [{"host": "a", "port": 80}]},
        project / "mcp-config.json": {"servers": {"web": {"host": "a", "port": 80}}, "mcp": policy},
        project / ".vscode/settings.json": {"editor.tabSize": 2},
        project / ".devcontainer/devcontainer.json": {"image": "debian", "customizations": {"vscode": {}}},
        project / "app.code-workspace": {"folders": [{"path": "."}], "settings": {"mcp": {}}},
        project / "opencode.json": {"$schema": "https://opencode.ai/config.json"},
        project / "crush.json": {"lsp": {"go": {"command": "gopls"}}},
        project / ".zed/settings.json": {"lsp": {"ruff": {"binary": {"path": "ruff"}}}},
        project / "src/.mcp.json": {"mcpServers": {"deep": {"command": "x"}}},
    }
    for path, content in contents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_dump(content))
    texts = {
        home / ".config/goose/config.yaml": "GOOSE_MODE: auto\nextensions:\n  developer:\n    type: builtin\n",
        home / ".continue/config.yaml": "name: x\nmodels: []\n",
        home / ".hermes/config.yaml": "approvals: off\n",
        home / ".vibe/config.toml": 'active_model = "x"\n',
        home / ".grok/config.toml": 'model = "x"\n',
        home / ".config/JetBrains/PyCharm2025.3/options/llm.mcpServers.xml": (
            '<application>\n  <component name="McpApplicationServerCommands">\n    <commands>\n'
            '      <McpServerConfigurationProperties>\n        <option name="enabled" value="true" />\n'
            '        <option name="name" value="of another file" />\n      </McpServerConfigurationProperties>\n'
            "    </commands>\n    <urls />\n  </component>\n</application>\n"
        ),
        project / ".idea/workspace.xml": (
            '<project version="4">\n  <component name="RunManager">\n    <configuration name="app">\n'
            '      <option name="name" value="app" />\n      <option name="programPath" value="/bin/app" />\n'
            "    </configuration>\n  </component>\n</project>\n"
        ),
    }
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
