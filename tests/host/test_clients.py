"""The clients collector: where it looks, and what it reads there. Homes of macOS and Windows are simulated ones."""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import run_check
from workbench.host.clients import gather
from workbench.host.context import Context
from workbench.model.clients import ClientConfig, ClientFacts, ServerEntry
from workbench.model.finding import Finding, NotApplicable, Passed

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zB9dF1hJ3lN5"
SERVER = {"command": "npx", "args": ["-y", "some-server"]}


def _context(home: Path, **more: Any) -> Context:
    values: dict[str, Any] = {
        "platform": "linux",
        "home": home,
        "uid": os.getuid(),
        "environment": {},
        "working_directory": home,
        "managed_root": home / "system",
        "proc": home / "no-proc",
    }
    return Context(**{**values, **more})


def _write(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
    return path


def _facts(home: Path, **more: Any) -> ClientFacts:
    return gather(_context(home, **more))


def _servers(facts: ClientFacts) -> list[str]:
    return [server.name for config in facts.configs for server in config.servers]


def _only(facts: ClientFacts) -> ClientConfig:
    (config,) = facts.configs
    return config


def _entry(home: Path, entry: Mapping[str, Any], **more: Any) -> ServerEntry:
    _write(home / ".cursor/mcp.json", {"mcpServers": {"x": entry}})
    (server,) = _only(_facts(home, **more)).servers
    return server


LINUX = {
    ".config/Claude/claude_desktop_config.json": ("Claude Desktop", "mcpServers"),
    ".config/claude/claude_desktop_config.json": ("Claude Desktop", "mcpServers"),
    ".claude.json": ("Claude Code", "mcpServers"),
    ".cursor/mcp.json": ("Cursor", "mcpServers"),
    ".config/Code/User/mcp.json": ("VS Code", "servers"),
    ".config/Code/User/profiles/-3af0/mcp.json": ("VS Code", "servers"),
    ".config/Code - Insiders/User/mcp.json": ("VS Code Insiders", "servers"),
    ".config/VSCodium/User/mcp.json": ("VSCodium", "servers"),
    ".vscode-server/data/User/mcp.json": ("VS Code", "servers"),
    ".mcp.json": ("Claude Code", "mcpServers"),
    ".vscode/mcp.json": ("VS Code", "servers"),
    "system/etc/claude-code/managed-mcp.json": ("Claude Code", "mcpServers"),
}


def test_codex_and_its_toml(tmp_path: Path) -> None:
    _write(
        tmp_path / ".codex/config.toml",
        f"""model = "x"
[mcp_servers.files]
command = "npx"
args = ["-y", "some-server"]
[mcp_servers.files.env]
GITHUB_TOKEN = "{TOKEN}"
[mcp_servers.remote]
url = "https://example.invalid/mcp"
bearer_token_env_var = "MY_TOKEN"
[mcp_servers.literal]
url = "https://example.invalid/mcp"
bearer_token = "{TOKEN}"
[mcp_servers.off]
command = "x"
enabled = false
""",
    )
    config = _only(_facts(tmp_path))
    files, remote, literal, off = config.servers
    assert (config.client, config.format, config.scope) == ("codex", "toml", "user")
    assert files.command == ("npx", "-y", "some-server")
    assert files.argument_pointers[2] == ("mcp_servers", "files", "args", 1)
    assert [secret.place for secret in files.secrets] == ["env.GITHUB_TOKEN"]
    assert files.line == 2
    assert (remote.transport, remote.secrets) == ("http", ())
    assert [secret.place for secret in literal.secrets] == ["bearer_token"]
    assert (off.disabled, files.disabled) == (True, False)


def test_an_empty_toml_file_is_a_whole_document(tmp_path: Path) -> None:
    _write(tmp_path / ".codex/config.toml", "")
    facts = _facts(tmp_path)
    assert _only(facts).problem is None
    assert facts.state.status == "complete"


def test_scopes(tmp_path: Path) -> None:
    project = tmp_path / "src/app"
    _write(project / ".mcp.json", {"mcpServers": {"p": SERVER}})
    _write(tmp_path / ".cursor/mcp.json", {"mcpServers": {"u": SERVER}})
    _write(tmp_path / "system/etc/claude-code/managed-mcp.json", {"mcpServers": {"m": SERVER}})
    facts = _facts(tmp_path, working_directory=project)
    assert {config.servers[0].name: config.scope for config in facts.configs} == {
        "u": "user",
        "m": "managed",
        "p": "project",
    }


def test_the_folders_that_the_environment_names(tmp_path: Path) -> None:
    _write(tmp_path / "cfg/Claude/claude_desktop_config.json", {"mcpServers": {"xdg": SERVER}})
    _write(tmp_path / ".config/Claude/claude_desktop_config.json", {"mcpServers": {"default": SERVER}})
    _write(tmp_path / "cc/.claude.json", {"mcpServers": {"claude": SERVER}})
    _write(tmp_path / "cx/config.toml", '[mcp_servers.codex]\ncommand = "x"\n')
    environment = {
        "XDG_CONFIG_HOME": str(tmp_path / "cfg"),
        "CLAUDE_CONFIG_DIR": str(tmp_path / "cc"),
        "CODEX_HOME": str(tmp_path / "cx"),
    }
    found = sorted(_servers(_facts(tmp_path, environment=environment)))
    assert found == ["claude", "codex", "xdg"]
    relative = {"XDG_CONFIG_HOME": "cfg", "CLAUDE_CONFIG_DIR": "cc", "CODEX_HOME": ""}
    assert _servers(_facts(tmp_path, environment=relative)) == ["default"]


def test_the_windows_folders_that_the_environment_names(tmp_path: Path) -> None:
    _write(tmp_path / "roam/Claude/claude_desktop_config.json", {"mcpServers": {"a": SERVER}})
    _write(tmp_path / "pf/ClaudeCode/managed-mcp.json", {"mcpServers": {"b": SERVER}})
    environment = {"APPDATA": str(tmp_path / "roam"), "PROGRAMFILES": str(tmp_path / "pf")}
    facts = _facts(tmp_path, platform="win32", environment=environment)
    assert _servers(facts) == ["a", "b"]


def test_servers_of_a_project_in_the_file_of_the_user(tmp_path: Path) -> None:
    content = {
        "oauthAccount": {"token": TOKEN},
        "mcpServers": {"everywhere": SERVER},
        "projects": {
            "/srv/app": {"mcpServers": {"here": SERVER, "off": SERVER}, "disabledMcpServers": ["off"]},
            "/srv/none": {"history": []},
        },
    }
    _write(tmp_path / ".claude.json", content)
    config = _only(_facts(tmp_path))
    assert [server.pointer for server in config.servers] == [
        ("mcpServers", "everywhere"),
        ("projects", "/srv/app", "mcpServers", "here"),
        ("projects", "/srv/app", "mcpServers", "off"),
    ]
    assert [server.disabled for server in config.servers] == [False, False, True]
    assert config.secrets == ()
    assert TOKEN not in repr(config)


def test_projects_are_found_without_walking_the_home(tmp_path: Path) -> None:
    projects = [tmp_path / "code" / name for name in ("of-claude", "of vs code", "of-cursor", "of-codex", "hidden")]
    for project in projects:
        _write(project / ".mcp.json", {"mcpServers": {project.name: SERVER}})
    _write(tmp_path / ".claude.json", {"projects": {str(projects[0]): {}}})
    storage = tmp_path / ".config/Code/User/workspaceStorage"
    _write(storage / "a1/workspace.json", {"folder": f"file://{str(projects[1]).replace(' ', '%20')}"})
    _write(storage / "a2/workspace.json", {"folder": f"vscode-remote://ssh-remote%2Bhost{projects[4]}"})
    _write(storage / "a3/workspace.json", {"workspace": "file:///x.code-workspace"})
    _write(storage / "a4/workspace.json", "{")
    _write(storage / "a5/other.json", {"folder": f"file://{projects[4]}"})
    _write(tmp_path / ".config/Cursor/User/workspaceStorage/b/workspace.json", {"folder": f"file://{projects[2]}"})
    _write(tmp_path / ".codex/config.toml", f'[projects."{projects[3]}"]\ntrust_level = "trusted"\n')
    names = _servers(_facts(tmp_path))
    assert sorted(names) == ["of vs code", "of-claude", "of-codex", "of-cursor"]


def test_every_client_with_project_files_is_looked_for_in_a_project(tmp_path: Path) -> None:
    project = tmp_path / "app"
    _write(project / ".mcp.json", {"mcpServers": {"a": SERVER}})
    _write(project / ".cursor/mcp.json", {"mcpServers": {"b": SERVER}})
    _write(project / ".vscode/mcp.json", {"servers": {"c": SERVER}})
    _write(project / ".codex/config.toml", '[mcp_servers.d]\ncommand = "x"\n')
    (project / "deep/er").mkdir(parents=True)
    facts = _facts(tmp_path, working_directory=project / "deep/er")
    assert _servers(facts) == ["a", "b", "c", "d"]


def test_what_was_looked_at_is_said_also_where_nothing_is(tmp_path: Path) -> None:
    facts = _facts(tmp_path)
    assert facts.configs == ()
    assert facts.state.status == "complete"
    for place in LINUX:
        if "profiles" not in place:
            assert str(tmp_path / place) in facts.looked_at
    assert len(set(facts.looked_at)) == len(facts.looked_at)


def test_the_same_file_by_two_ways_is_one(tmp_path: Path) -> None:
    real = _write(tmp_path / "dotfiles/claude.json", {"mcpServers": {"a": SERVER}})
    for link in (".config/Claude", ".config/claude"):
        (tmp_path / link).mkdir(parents=True)
        (tmp_path / link / "claude_desktop_config.json").symlink_to(real)
    environment = {"CLAUDE_CONFIG_DIR": str(tmp_path)}
    _write(tmp_path / ".claude.json", {"mcpServers": {"b": SERVER}})
    facts = _facts(tmp_path, environment=environment)
    assert sorted(_servers(facts)) == ["a", "b"]
    linked = next(config for config in facts.configs if config.client == "claude-desktop")
    assert linked.path.file.path == str(real)
    assert [link.target for link in linked.path.links] == [str(real)]


def test_two_clients_with_one_file_are_both_told(tmp_path: Path) -> None:
    real = _write(tmp_path / ".cursor/mcp.json", {"mcpServers": {"a": SERVER}})
    (tmp_path / ".config/Claude").mkdir(parents=True)
    (tmp_path / ".config/Claude/claude_desktop_config.json").symlink_to(real)
    assert sorted(config.client for config in _facts(tmp_path).configs) == ["claude-desktop", "cursor"]


def test_old_settings_of_vs_code(tmp_path: Path) -> None:
    settings = tmp_path / ".config/Code/User/settings.json"
    _write(settings, '{\n  // mine\n  "editor.fontSize": 12,\n  "some.token": "' + TOKEN + '",\n}')
    assert _facts(tmp_path).configs == ()
    _write(settings, '{\n  // mine\n  "mcp": {"servers": {"old": {"command": "x"}}},\n  "k.token": "' + TOKEN + '"}')
    config = _only(_facts(tmp_path))
    assert config.servers[0].pointer == ("mcp", "servers", "old")
    assert TOKEN not in repr(config)
    assert config.secrets == ()


def test_inputs_of_vs_code(tmp_path: Path) -> None:
    inputs = [
        {"type": "promptString", "id": "github_token", "password": True},
        {"type": "promptString", "id": "api_token", "default": TOKEN},
    ]
    servers = {"a": {"command": "x", "env": {"GITHUB_TOKEN": "${input:github_token}"}}}
    _write(tmp_path / ".config/Code/User/mcp.json", {"inputs": inputs, "servers": servers})
    config = _only(_facts(tmp_path))
    assert [secret.place for secret in config.secrets] == ["inputs[1].default"]
    assert config.servers[0].secrets == ()
    assert [variable.name for variable in config.servers[0].environment] == ["GITHUB_TOKEN"]


def test_the_sandbox_of_vs_code(tmp_path: Path) -> None:
    entry = {"command": "npx", "args": ["x"], "sandboxEnabled": True}
    _write(tmp_path / ".config/Code/User/mcp.json", {"servers": {"a": entry, "b": {**entry, "sandboxEnabled": "yes"}}})
    assert [server.client_sandbox for server in _only(_facts(tmp_path)).servers] == ["VS Code sandbox", ""]
    _write(tmp_path / "w/Code/User/mcp.json", {"servers": {"a": entry}})
    windows = _facts(tmp_path, platform="win32", environment={"APPDATA": str(tmp_path / "w")})
    assert [server.client_sandbox for server in _only(windows).servers] == [""]


def test_another_client_has_no_such_sandbox(tmp_path: Path) -> None:
    assert _entry(tmp_path, {"command": "npx", "sandboxEnabled": True}).client_sandbox == ""


def test_an_entry_in_full(tmp_path: Path) -> None:
    entry = _entry(
        tmp_path,
        {
            "command": "npx",
            "args": ["-y", "@acme/files@1.2.3", "--access-token", TOKEN, "/w"],
            "env": {"GITHUB_TOKEN": TOKEN, "MODE": "fast", "REF": "${env:GITHUB_TOKEN}"},
        },
    )
    assert entry.transport == "stdio"
    assert entry.command[:3] == ("npx", "-y", "@acme/files@1.2.3")
    assert TOKEN not in repr(entry)
    assert entry.argument_pointers == (
        ("mcpServers", "x", "command"),
        *(("mcpServers", "x", "args", number) for number in range(5)),
    )
    assert [secret.place for secret in entry.secrets] == ["args[3]", "env.GITHUB_TOKEN"]
    assert len({secret.fingerprint for secret in entry.secrets}) == 1
    assert [(variable.name, variable.secret is not None) for variable in entry.environment] == [
        ("GITHUB_TOKEN", True),
        ("MODE", False),
        ("REF", False),
    ]
    assert entry.launch is not None
    assert entry.launch.package is not None
    assert (entry.launch.package.name, entry.launch.package.pin) == ("@acme/files", "exact")
    assert entry.line == 3


def test_secrets_in_every_place_of_an_entry(tmp_path: Path) -> None:
    entry = _entry(
        tmp_path,
        {
            "type": "http",
            "url": f"https://example.invalid/mcp?token={TOKEN}",
            "headers": {"Authorization": f"Bearer {TOKEN}", "X-Mode": "fast"},
            "oauth": {"clientSecret": TOKEN},
            "_comment": "nothing",
            "env": {"A_TOKEN": "${A:-" + TOKEN + "}"},
        },
    )
    assert entry.transport == "http"
    assert sorted(secret.place for secret in entry.secrets) == [
        "env.A_TOKEN",
        "headers.Authorization",
        "oauth.clientSecret",
        "url",
    ]
    assert TOKEN not in repr(entry)
    assert entry.url.startswith("https://example.invalid/mcp")


def test_references_and_names_are_silent(tmp_path: Path) -> None:
    entry = _entry(
        tmp_path,
        {
            "url": "https://example.invalid/mcp",
            "headers": {"Authorization": "Bearer ${env:API_TOKEN}"},
            "bearer_token_env_var": "LINEAR_API_KEY",
            "env_http_headers": {"X-Api-Key": "MY_API_KEY_FROM_ENV"},
            "env_vars": ["GITHUB_TOKEN_FOR_ACME"],
            "env": {"API_KEY": "YOUR_API_KEY_HERE", "MAX_OUTPUT_TOKENS": "64000"},
        },
    )
    assert entry.secrets == ()


def test_a_secret_in_a_command_is_placed_there(tmp_path: Path) -> None:
    assert [s.place for s in _entry(tmp_path, {"command": f"run --token={TOKEN}"}).secrets] == ["command"]
    listed = _entry(tmp_path, {"command": ["run", "--token", TOKEN]})
    assert [secret.place for secret in listed.secrets] == ["command[2]"]
    assert listed.argument_pointers[2] == ("mcpServers", "x", "command", 2)


@pytest.mark.parametrize(
    ("entry", "off"),
    [({"disabled": True}, True), ({"enabled": False}, True), ({"disabled": False}, False), ({"disabled": "no"}, False)],
)
def test_switched_off(tmp_path: Path, entry: dict[str, Any], off: bool) -> None:
    assert _entry(tmp_path, {**SERVER, **entry}).disabled is off


@pytest.mark.parametrize(
    ("entry", "transport"),
    [
        ({"command": "x"}, "stdio"),
        ({"url": "https://e.invalid"}, "http"),
        ({"serverUrl": "https://e.invalid"}, "http"),
        ({"type": "sse", "url": "https://e.invalid"}, "http"),
        ({"command": "x", "url": "https://e.invalid", "type": "stdio"}, "stdio"),
        ({"command": "x", "url": "https://e.invalid"}, "http"),
        ({}, "unknown"),
    ],
)
def test_transports(tmp_path: Path, entry: dict[str, Any], transport: str) -> None:
    assert _entry(tmp_path, entry).transport == transport


def test_the_versions_installed_for_the_servers_are_found(tmp_path: Path) -> None:
    _write(tmp_path / ".npm/_npx/aa/node_modules/some-server/package.json", {"version": "1.2.3"})
    _write(tmp_path / ".npm/_npx/aa/node_modules/other-server/package.json", {"version": "9.9.9"})
    _write(tmp_path / ".cursor/mcp.json", {"mcpServers": {"x": SERVER}})
    assert [(item.name, item.version) for item in _facts(tmp_path).installed] == [("some-server", "1.2.3")]


def test_four_thousand_servers_in_under_a_second(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    entry = {**SERVER, "env": {"MODE": "fast", "DATA": "/srv/data/of/this/server"}}
    secret = {**entry, "env": {"MODE": "fast", "SERVICE_TOKEN": TOKEN}}
    content = {
        "mcpServers": {f"server-{number}": secret if number % 8 == 0 else entry for number in range(3999)},
        # What makes the file of a real account large.
        "projects": {
            "/srv/app": {"history": [{"display": f"explain line {number} to me " * 5} for number in range(20_000)]},
            "/": {"mcpServers": {"hidden": {"command": "npx", "args": ["-y", "evil", "/"]}}},
        },
    }
    path = _write(tmp_path / ".claude.json", content)
    assert path.stat().st_size > 4_000_000
    seconds = []
    gc.freeze()  # the objects of other tests are none of its cost
    request.addfinalizer(gc.unfreeze)
    for _ in range(4):
        begun = time.process_time()  # what it costs, whatever else the machine does
        config = _only(_facts(tmp_path))
        seconds.append(time.process_time() - begun)
    assert len(config.servers) == 4000
    assert config.servers[-1].pointer == ("projects", "/", "mcpServers", "hidden")
    assert config.servers[-1].line is not None
    assert config.servers[-1].line > config.servers[0].line  # type: ignore[operator]
    assert sum(bool(server.secrets) for server in config.servers) == 500
    assert min(seconds) < 10, seconds  # a guard against quadratic time; `make bench` measures


def test_an_ordinary_home_is_read_in_a_moment(tmp_path: Path) -> None:
    for place, (_, key) in LINUX.items():
        _write(tmp_path / place, {key: {f"s{number}": SERVER for number in range(5)}})
    projects: dict[str, Any] = {str(tmp_path / f"code/p{number}"): {} for number in range(20)}
    _write(tmp_path / ".claude.json", {"mcpServers": {"a": SERVER}, "projects": projects})
    times = []
    for _ in range(5):
        begun = time.process_time()
        _facts(tmp_path)
        times.append(time.process_time() - begun)
    assert min(times) < 1


@pytest.mark.parametrize(
    ("command", "isolated", "pinned"),
    [
        (["npx", "-y", "@acme/files@1.2.3", "/w"], False, True),
        (["cmd", "/c", "npx", "-y", "@acme/files"], False, False),
        (["bash", "-c", "npx -y @acme/files"], False, False),
        (["sudo", "-n", "-u", "mcp", "npx", "-y", "@acme/files@1.2.3"], True, True),
        (["docker", "run", "-i", "--rm", "--pids-limit", "100", "mcp/files@sha256:" + "a" * 64], True, None),
        (["bwrap", "--unshare-all", "--ro-bind", "/usr", "/usr", "uvx", "git-server==1.4.0"], True, True),
        (["uvx", "--from", "git-server>=1", "serve"], False, False),
        (["node", "/opt/server/index.js"], False, None),
    ],
)
def test_what_the_checks_say_of_real_command_lines(
    tmp_path: Path, command: list[str], isolated: bool, pinned: bool | None
) -> None:
    entry = {"command": command[0], "args": command[1:]}
    _write(tmp_path / ".cursor/mcp.json", {"mcpServers": {"x": entry}})
    snapshot = builders.snapshot(clients=_facts(tmp_path))
    assert bool(builders.findings(run_check("clients/no-isolation", snapshot))) is not isolated
    said = builders.kinds(run_check("clients/unpinned-package", snapshot))
    assert said == {NotApplicable if pinned is None else Passed if pinned else Finding}
