"""Every place of every client is found on its platform, and nothing is found where nothing is."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.host.client_homes import SERVER, gaps, look, names, only, write
from tests.host.locations import (
    HOME,
    MCP,
    SERVERS,
    Writer,
    argv,
    commented,
    goose,
    jetbrains,
    keyed,
    manifest,
    toml_table,
    write_everywhere,
    write_look_alikes,
)
from workbench.host.clients.definitions import CLIENTS
from workbench.host.files import path_fact
from workbench.model.clients import ClientFacts


def _everywhere(folder: Path) -> tuple[dict[str, Path], Path, Path]:
    home, project = folder / "home", folder / "home/code/app"
    project.mkdir(parents=True)
    return write_everywhere(home, project, folder / "managed"), home, project


def _where(facts: ClientFacts) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for config in facts.configs:
        for server in config.servers:
            found.setdefault(server.name, []).append(config.path.asked)
    return found


def test_every_place_of_linux_is_found_once(tmp_path: Path) -> None:
    written, home, project = _everywhere(tmp_path)
    facts = look(home, working_directory=project, managed_root=tmp_path / "managed")
    assert _where(facts) == {name: [str(path)] for name, path in written.items()}
    assert facts.state.status == "complete", facts.state.unread
    assert not [config.problem for config in facts.configs if config.problem]
    assert all(server.launch is not None for config in facts.configs for server in config.servers)
    assert not [server.name for config in facts.configs for server in config.servers if server.disabled]
    assert all(server.line is not None for config in facts.configs for server in config.servers)
    owners = {config.scope: config.owner for config in facts.configs}
    assert owners == {"user": os.getuid(), "project": None, "managed": None}


def test_every_place_is_looked_at_in_a_moment_and_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import subprocess

    written, home, project = _everywhere(tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was started")

    for module, name in ((subprocess, "Popen"), (os, "fork"), (os, "posix_spawn"), (os, "system")):
        monkeypatch.setattr(module, name, refuse)
    seconds = []
    for _ in range(4):
        begun = time.process_time()
        facts = look(home, working_directory=project, managed_root=tmp_path / "managed")
        seconds.append(time.process_time() - begun)
    assert len(names(facts)) == len(written)
    assert min(seconds) < 0.5, seconds  # a guard; `make bench` measures


def test_nothing_is_written(tmp_path: Path) -> None:
    _, home, project = _everywhere(tmp_path)

    def state() -> dict[str, int]:
        return {str(path): path.lstat().st_mtime_ns for path in sorted(tmp_path.rglob("*"))}

    before = state()
    look(home, working_directory=project, managed_root=tmp_path / "managed")
    assert state() == before


def test_files_that_only_look_like_configs_are_none(tmp_path: Path) -> None:
    home, project = tmp_path / "home", tmp_path / "home/app"
    write_look_alikes(home, project)
    facts = look(home, working_directory=project)
    assert names(facts) == []
    assert facts.state.status == "complete", facts.state.unread
    assert not [config.path.asked for config in facts.configs if config.problem or config.secrets]


MACOS: dict[str, Writer] = {
    "Library/Application Support/Claude/claude_desktop_config.json": MCP,
    "Library/Application Support/Claude/Claude Extensions/x/manifest.json": manifest,
    ".claude.json": MCP,
    ".cursor/mcp.json": MCP,
    "Library/Application Support/Code/User/mcp.json": SERVERS,
    "Library/Application Support/Code/User/settings.json": commented("mcp", "servers"),
    "Library/Application Support/Code - Insiders/User/mcp.json": SERVERS,
    "Library/Application Support/VSCodium/User/profiles/p/mcp.json": SERVERS,
    "Library/Application Support/Trae/User/mcp.json": MCP,
    "Library/Application Support/JetBrains/GoLand2025.2/options/llm.mcpServers.xml": jetbrains(
        "McpApplicationServerCommands"
    ),
    "Library/Application Support/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json": MCP,
    "Library/Application Support/Cursor/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json": MCP,
    ".config/zed/settings.json": commented("context_servers"),
    ".config/github-copilot/intellij/mcp.json": SERVERS,
    ".config/github-copilot/xcode/mcp.json": SERVERS,
    ".config/goose/config.yaml": goose,
    ".config/opencode/opencode.json": argv,
    ".config/amp/settings.json": commented("amp.mcpServers"),
    ".config/crush/crush.json": keyed("mcp"),
    ".config/kilo/kilo.jsonc": argv,
    ".codex/config.toml": toml_table,
    ".copilot/mcp-config.json": MCP,
    ".codeium/windsurf/mcp_config.json": MCP,
    ".lmstudio/mcp.json": MCP,
    "system/Library/Application Support/ClaudeCode/managed-mcp.json": MCP,
    "system/Library/Application Support/GeminiCli/settings.json": MCP,
    "system/Library/Application Support/GeminiCli/system-defaults.json": MCP,
    "system/Library/Application Support/opencode/opencode.json": argv,
}
WINDOWS: dict[str, Writer] = {
    "AppData/Roaming/Claude/claude_desktop_config.json": MCP,
    "AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude/claude_desktop_config.json": MCP,
    "AppData/Roaming/Claude/Claude Extensions/x/manifest.json": manifest,
    ".claude.json": MCP,
    ".cursor/mcp.json": MCP,
    ".mcp.json": SERVERS,
    "AppData/Roaming/Code/User/mcp.json": SERVERS,
    "AppData/Roaming/Code - Insiders/User/settings.json": commented("mcp", "servers"),
    "AppData/Roaming/Trae/User/mcp.json": MCP,
    "AppData/Roaming/JetBrains/Rider2025.2/options/llm.mcpServers.xml": jetbrains("McpApplicationServerCommands"),
    "AppData/Roaming/Code/User/globalStorage/kilocode.kilo-code/settings/mcp_settings.json": MCP,
    "AppData/Roaming/Zed/settings.json": commented("context_servers"),
    "AppData/Roaming/Block/goose/config/config.yaml": goose,
    "AppData/Roaming/amp/settings.json": commented("amp.mcpServers"),
    "AppData/Roaming/Qoder/SharedClientCache/mcp.json": MCP,
    "AppData/Local/github-copilot/intellij/mcp.json": SERVERS,
    "AppData/Local/crush/crush.json": keyed("mcp"),
    ".config/opencode/opencode.json": argv,
    ".codex/config.toml": toml_table,
    "system/Program Files/ClaudeCode/managed-mcp.json": MCP,
    "system/ProgramData/gemini-cli/settings.json": MCP,
    "system/ProgramData/OpenAI/Codex/config.toml": toml_table,
    "system/ProgramData/opencode/opencode.jsonc": argv,
}


@pytest.mark.parametrize(("platform", "places"), [("darwin", MACOS), ("win32", WINDOWS)])
def test_every_place_of_another_platform_is_found_once(
    tmp_path: Path, platform: str, places: dict[str, Writer]
) -> None:
    for number, (place, writer) in enumerate(places.items()):
        write(tmp_path / place, writer(f"server-{number}"))
    (tmp_path / "work").mkdir()
    facts = look(tmp_path, platform=platform, working_directory=tmp_path / "work")
    found = {name: paths for name, paths in _where(facts).items()}
    wanted = {f"server-{number}": str(tmp_path / place) for number, place in enumerate(places)}
    # A home is above its projects: what lies in it is looked at once, as the file it is.
    assert {name: paths[0] for name, paths in found.items()} == wanted
    assert all(len(paths) == 1 for paths in found.values()), found
    assert facts.state.status == "complete", facts.state.unread


def test_the_places_of_linux_are_no_places_of_windows(tmp_path: Path) -> None:
    for place in (".config/zed/settings.json", ".config/amp/settings.json", ".config/crush/crush.json"):
        write(
            tmp_path / place, {"context_servers": {"x": SERVER}, "amp.mcpServers": {"x": SERVER}, "mcp": {"x": SERVER}}
        )
    assert names(look(tmp_path, platform="win32")) == []


NAMED_BY_THE_ENVIRONMENT: tuple[tuple[str, str, str, Writer], ...] = (
    ("CLAUDE_CONFIG_DIR", "cc", "cc/.claude.json", MCP),
    ("CLAUDE_CONFIG_DIR", "cc", "cc/plugins/cache/m/p/1/.mcp.json", MCP),
    ("CLAUDE_CODE_PLUGIN_CACHE_DIR", "pc", "pc/m/p/1/.mcp.json", MCP),
    ("CLAUDE_CODE_PLUGIN_SEED_DIR", "ps", "ps/m/p/1/.mcp.json", MCP),
    ("CODEX_HOME", "cx", "cx/config.toml", toml_table),
    ("CODEX_HOME", "cx", "cx/deep.config.toml", toml_table),
    ("COPILOT_HOME", "cp", "cp/mcp-config.json", MCP),
    ("XDG_CONFIG_HOME", "xdg", "xdg/copilot/mcp-config.json", MCP),
    ("XDG_CONFIG_HOME", "xdg", "xdg/Claude/claude_desktop_config.json", MCP),
    ("XDG_CONFIG_HOME", "xdg", "xdg/goose/config.yaml", goose),
    ("OPENCODE_CONFIG", "oc/mine.jsonc", "oc/mine.jsonc", argv),
    ("OPENCODE_CONFIG_DIR", "ocd", "ocd/opencode.json", argv),
    ("CLINE_DIR", "cl", "cl/data/settings/cline_mcp_settings.json", MCP),
    ("CLINE_DATA_DIR", "cld", "cld/settings/cline_mcp_settings.json", MCP),
    ("CLINE_MCP_SETTINGS_PATH", "cls.json", "cls.json", MCP),
    ("VSCODE_PORTABLE", "vp", "vp/user-data/User/mcp.json", SERVERS),
    ("GEMINI_CLI_SYSTEM_SETTINGS_PATH", "gs.json", "gs.json", MCP),
    ("VIBE_HOME", "vh", "vh/config.toml", toml_table),
    ("OPENCLAW_CONFIG_PATH", "claw.json", "claw.json", keyed("mcp", "servers")),
)


@pytest.mark.parametrize(("variable", "value", "place", "writer"), NAMED_BY_THE_ENVIRONMENT)
def test_what_the_environment_names_is_looked_at(
    tmp_path: Path, variable: str, value: str, place: str, writer: Writer
) -> None:
    write(tmp_path / "elsewhere" / place, writer("x"))
    assert names(look(tmp_path)) == []
    assert names(look(tmp_path, environment={variable: value})) == []  # a relative path names nothing
    facts = look(tmp_path, environment={variable: str(tmp_path / "elsewhere" / value)})
    assert names(facts) == ["x"]
    assert only(facts).path.asked == str(tmp_path / "elsewhere" / place)


def test_a_place_that_is_not_certain_is_said_to_be(tmp_path: Path) -> None:
    write(tmp_path / ".warp/mcp.json", {"mcpServers": {"a": SERVER}})
    write(tmp_path / ".cursor/mcp.json", {"mcpServers": {"b": SERVER}})
    assert {config.client: config.confirmed for config in look(tmp_path).configs} == {"warp": False, "cursor": True}


def test_a_file_that_a_client_surely_reads_is_not_shown_as_perhaps_anothers(tmp_path: Path) -> None:
    write(tmp_path / ".mcp.json", {"mcpServers": {"a": SERVER}})
    config = only(look(tmp_path, platform="win32"))
    assert (config.client, config.confirmed) == ("claude-code", True)


def test_every_place_is_said_to_have_been_looked_at(tmp_path: Path) -> None:
    facts = look(tmp_path)
    looked_at = set(facts.looked_at)
    assert not gaps(facts, "content")
    for place, _ in HOME:
        if not any(part in place for part in ("profiles/", "/plugins/", "Extensions/", "extensions/", "installed/")):
            listed = any(part in place for part in ("agents/", "mcpServers/", "JetBrains/", "work.config"))
            assert listed or str(tmp_path / place) in looked_at, place


def test_a_folder_of_more_names_than_are_looked_at_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.host.clients.places._LISTING_LIMIT", 20)
    for number in range(30):
        write(tmp_path / f"app/file-{number}", "")
    facts = look(tmp_path, working_directory=tmp_path / "app")
    assert [gap.what for gap in gaps(facts, "content")] == [str(tmp_path / "app")]


def test_definitions_are_sound() -> None:
    for client in CLIENTS:
        assert client.user or client.project or client.managed, client.name
        assert client.servers or client.layout == "jetbrains" or client.secrets or client.approvals, client.name
        assert all(not pattern.startswith(("/", "~", "{", "$")) for pattern in client.project), client.name
        assert bool(client.plugins) == bool(client.manifest), client.name
        assert client.confirmed or client.settings, client.name
    seen: dict[str, str] = {}
    for client in CLIENTS:
        assert seen.setdefault(client.id, client.name) == client.name, client.id


def test_the_way_to_a_file_is_told_as_the_kernel_takes_it(tmp_path: Path) -> None:
    real = tmp_path / "data/dotfiles"
    write(real / "cursor/mcp.json", {"mcpServers": {"a": SERVER}})
    write(real / "codeium/mcp_config.json", {"mcpServers": {"b": SERVER}})
    home = tmp_path / "home"
    home.mkdir()
    (home / ".cursor").symlink_to(real / "cursor")
    (home / ".codeium").symlink_to("../data/dotfiles/codeium")
    (home / ".factory").mkdir()
    (home / ".factory/mcp.json").symlink_to(real / "cursor/mcp.json")
    environment = {"CLAUDE_CONFIG_DIR": f"{home}/.cursor/../codeium"}
    write(real / "codeium/.claude.json", {"mcpServers": {"c": SERVER}})
    facts = look(home, environment=environment)
    assert sorted(names(facts)) == ["a", "a", "b", "c"]
    for config in facts.configs:
        assert config.path == path_fact(config.path.asked)
