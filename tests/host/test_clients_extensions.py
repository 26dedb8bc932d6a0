"""Extensions and plug-ins: what they start, what switches them off, and walks that end where they say they do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.host.client_homes import SERVER, TOKEN, gaps, look, names, only, servers, write
from workbench.host.clients.plugins import DEPTH_LIMIT

DESKTOP = ".config/Claude"


def _manifest(**more: Any) -> dict[str, Any]:
    config = {
        "command": "node",
        "args": ["${__dirname}/server/index.js", "${user_config.folders}", "--mode=${user_config.mode}"],
        "env": {"API_KEY": "${user_config.api_key}"},
    }
    return {
        "manifest_version": "0.3",
        "name": "files",
        "display_name": "Files",
        "user_config": {
            "folders": {"type": "directory", "multiple": True, "default": ["${HOME}/Documents"]},
            "mode": {"type": "string", "default": "slow"},
            "api_key": {"type": "string", "sensitive": True},
        },
        "server": {"type": "node", "mcp_config": {**config, **more}},
    }


def _extension(home: Path, manifest: object, settings: object = None) -> Path:
    path = write(home / DESKTOP / "Claude Extensions/acme.files/manifest.json", manifest)
    if settings is not None:
        write(home / DESKTOP / "Claude Extensions Settings/acme.files.json", settings)
    return path.parent


def test_an_extension_as_claude_desktop_starts_it(tmp_path: Path) -> None:
    answers = {"folders": ["/", "/srv/a"], "mode": "fast", "api_key": TOKEN}
    folder = _extension(tmp_path, _manifest(), {"isEnabled": True, "userConfig": answers})
    facts = look(tmp_path)
    manifest, settings = facts.configs
    (server,) = manifest.servers
    assert (manifest.kind, manifest.client, manifest.scope, manifest.owner) == (
        *("extension", "claude-desktop", "user"),
        os.getuid(),
    )
    assert server.name == "Files"
    assert server.command == ("node", f"{folder}/server/index.js", "/", "/srv/a", "--mode=fast")
    assert server.argument_pointers == (("server", "mcp_config", "command"), (), (), (), ())
    assert not server.disabled
    assert (server.secrets, settings.kind, settings.servers) == ((), "extension", ())
    assert [secret.place for secret in settings.secrets] == ["userConfig.api_key"]
    assert TOKEN not in repr(facts)


def test_an_extension_whose_user_answered_nothing_has_its_defaults(tmp_path: Path) -> None:
    folder = _extension(tmp_path, _manifest())
    (server,) = only(look(tmp_path)).servers
    assert server.command == ("node", f"{folder}/server/index.js", "${HOME}/Documents", "--mode=slow")


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_what_another_platform_overrides(tmp_path: Path, platform: str) -> None:
    own = {"win32": {"command": "node.exe", "args": ["w"], "env": {"B": "2"}}, "darwin": {"command": "no"}}
    manifest = _manifest(platform_overrides=own, env={"A": "1"})
    write(tmp_path / "r/Claude/Claude Extensions/x/manifest.json", manifest)
    environment = {"APPDATA": f"{tmp_path}/r", "XDG_CONFIG_HOME": f"{tmp_path}/r"}
    (server,) = only(look(tmp_path, platform=platform, environment=environment)).servers
    if platform == "linux":
        assert server.command[0] == "node"
        assert [variable.name for variable in server.environment] == ["A"]
    else:
        assert server.command == ("node.exe", "w")
        assert [variable.name for variable in server.environment] == ["A", "B"]
        assert server.argument_pointers == ((), ())  # they stand elsewhere


@pytest.mark.parametrize(
    ("settings", "off"),
    [
        ({"isEnabled": False}, True),
        ({"isEnabled": True}, False),
        ({}, False),
        ({"isEnabled": "no"}, False),
        ([], False),
        ("{", False),
    ],
)
def test_an_extension_that_is_switched_off(tmp_path: Path, settings: object, off: bool) -> None:
    _extension(tmp_path, _manifest(), settings)
    facts = look(tmp_path)
    assert servers(facts)["Files"].disabled is off
    assert bool(gaps(facts, "content")) is (settings in ("{", []))


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"server": None},
        {"server": []},
        {"server": {}},
        {"server": {"mcp_config": None}},
        {"server": {"mcp_config": "x"}},
        {"server": {"mcp_config": {"command": 3, "args": 3, "platform_overrides": 3}}, "user_config": 3},
        {"server": {"mcp_config": {"args": ["${user_config.a}"]}}, "user_config": {"a": 3, "b": None}},
        [],
        "null",
    ],
)
def test_manifests_of_the_wrong_shape(tmp_path: Path, manifest: object) -> None:
    _extension(tmp_path, manifest, {"userConfig": 3})
    facts = look(tmp_path)
    assert facts.configs
    assert TOKEN not in repr(facts)


def test_a_secret_among_the_answers_does_not_enter_an_argument(tmp_path: Path) -> None:
    manifest = _manifest(args=["--header", "${user_config.mode}", "${user_config.api_key}"])
    _extension(tmp_path, manifest, {"userConfig": {"mode": TOKEN, "api_key": TOKEN}})
    facts = look(tmp_path)
    assert TOKEN not in repr(facts)
    assert servers(facts)["Files"].command[-1] == "${user_config.api_key}"


def test_an_extension_of_gemini(tmp_path: Path) -> None:
    entry = {"command": "node", "args": ["${extensionPath}${/}server.js"]}
    folder = write(tmp_path / ".gemini/extensions/acme/gemini-extension.json", {"mcpServers": {"x": entry}}).parent
    config = only(look(tmp_path))
    assert (config.kind, config.servers[0].command) == ("extension", ("node", f"{folder}/server.js"))


CACHE = ".claude/plugins/cache/market/plugin/1.0.0"


@pytest.mark.parametrize(
    "files",
    [
        {".mcp.json": {"x": SERVER}},
        {".mcp.json": {"mcpServers": {"x": SERVER}}},
        {".claude-plugin/plugin.json": {"name": "plugin", "mcpServers": {"x": SERVER}}},
        {".claude-plugin/plugin.json": {"mcpServers": "./mine.json"}, "mine.json": {"x": SERVER}},
        {".claude-plugin/plugin.json": {"mcpServers": ["./a/b.json"]}, "a/b.json": {"mcpServers": {"x": SERVER}}},
        {".claude-plugin/plugin.json": {"mcpServers": "./.mcp.json"}, ".mcp.json": {"x": SERVER}},
        {
            ".claude-plugin/plugin.json": {"mcpServers": "${CLAUDE_PLUGIN_ROOT}/m.json"},
            "m.json": {"mcpServers": {"x": SERVER}},
        },
    ],
)
def test_a_plug_in_of_claude_code(tmp_path: Path, files: dict[str, Any]) -> None:
    for place, content in files.items():
        write(tmp_path / CACHE / place, content)
    facts = look(tmp_path)
    assert names(facts) == ["x"]
    assert facts.state.status == "complete", facts.state.unread
    found = next(config for config in facts.configs if config.servers)
    assert (found.kind, found.scope, found.client) == ("plug-in", "user", "claude-code")
    assert not found.servers[0].disabled


def test_the_folder_of_a_plug_in_is_put_in(tmp_path: Path) -> None:
    entry = {"command": "${CLAUDE_PLUGIN_ROOT}/bin/server", "args": ["${CLAUDE_PLUGIN_ROOT}"]}
    write(tmp_path / CACHE / ".mcp.json", {"x": entry})
    write(tmp_path / CACHE / ".claude-plugin/plugin.json", {"mcpServers": {"y": entry}})
    folder = f"{tmp_path}/{CACHE}"
    found = servers(look(tmp_path))
    assert found["x"].command == found["y"].command == (f"{folder}/bin/server", folder)
    assert found["x"].argument_pointers == ((), ())


@pytest.mark.parametrize("named", ["../../../../secret.json", "/etc/passwd", "a/../../../x.json"])
def test_a_manifest_that_names_a_file_elsewhere(tmp_path: Path, named: str) -> None:
    write(tmp_path / CACHE / ".claude-plugin/plugin.json", {"mcpServers": named})
    facts = look(tmp_path)
    assert names(facts) == []
    assert "outside of the plug-in" in gaps(facts, "content")[0].why
    assert not any("passwd" in path for path in facts.looked_at)


@pytest.mark.parametrize(
    ("folder", "settings", "off"),
    [
        ("cache/market/plugin/1.0.0", {}, False),
        ("cache/market/plugin/1.0.0", {"enabledPlugins": {"plugin@market": True}}, False),
        ("cache/market/plugin/1.0.0", {"enabledPlugins": {"plugin@market": False}}, True),
        ("marketplaces/market/plugins/plugin", {}, True),
        ("marketplaces/market/plugins/plugin", {"enabledPlugins": {"plugin@market": True}}, False),
        ("marketplaces/market/plugins/plugin", {"enabledPlugins": {"plugin@other": True}}, True),
        ("marketplaces/market/plugins/plugin", {"enabledPlugins": ["plugin@market"]}, True),
        ("repos/owner/plugin", {}, False),
    ],
)
def test_plug_ins_that_are_switched_off(tmp_path: Path, folder: str, settings: dict[str, Any], off: bool) -> None:
    write(tmp_path / ".claude/plugins" / folder / ".mcp.json", {"x": SERVER})
    write(tmp_path / ".claude/settings.json", settings)
    assert servers(look(tmp_path))["x"].disabled is off


def test_links_out_of_the_folder_of_plug_ins_are_not_followed(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside/.mcp.json", {"x": SERVER})
    (tmp_path / CACHE).mkdir(parents=True)
    (tmp_path / CACHE / "linked").symlink_to(outside.parent)
    (tmp_path / CACHE / ".mcp.json").symlink_to(outside)
    facts = look(tmp_path)
    assert names(facts) == []
    assert [gap.what for gap in gaps(facts, "content")] == [f"{tmp_path}/{CACHE}/.mcp.json"]


def test_a_walk_that_was_cut_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = tmp_path / ".claude/plugins/cache"
    write(base / "/".join("d" * (DEPTH_LIMIT + 2)) / ".mcp.json", {"deep": SERVER})
    write(base / "near/.mcp.json", {"near": SERVER})
    facts = look(tmp_path)
    assert names(facts) == ["near"]
    assert "deeper than" in gaps(facts, "content")[0].why
    assert gaps(facts, "content")[0].what == str(base)
    monkeypatch.setattr("workbench.host.clients.plugins.FOLDER_LIMIT", 2)
    assert "more than 2 folders" in gaps(look(tmp_path), "content")[0].why


def test_a_walk_passes_over_what_holds_no_plug_ins(tmp_path: Path) -> None:
    deep = "/".join("d" * (DEPTH_LIMIT + 2))
    write(tmp_path / CACHE / ".claude-plugin/plugin.json", {"name": "x"})
    write(tmp_path / CACHE / f"src/{deep}/x.txt", "")
    write(tmp_path / f".claude/plugins/cache/node_modules/{deep}/x.txt", "")
    write(tmp_path / ".claude/plugins/cache/node_modules/.mcp.json", {"x": SERVER})
    facts = look(tmp_path)
    assert (names(facts), facts.state.status) == ([], "complete")


def test_a_marketplace_that_is_a_plug_in_too_holds_others(tmp_path: Path) -> None:
    base = tmp_path / ".claude/plugins/marketplaces/market"
    write(base / ".claude-plugin/marketplace.json", {"plugins": []})
    write(base / ".claude-plugin/plugin.json", {"mcpServers": {"whole": SERVER}})
    write(base / "plugins/part/.mcp.json", {"part": SERVER})
    assert names(look(tmp_path)) == ["whole", "part"]


def test_fifos_in_the_places_of_extensions_and_plug_ins_do_not_block(tmp_path: Path) -> None:
    for place in (
        f"{DESKTOP}/Claude Extensions/x/manifest.json",
        f"{DESKTOP}/Claude Extensions Settings/x.json",
        f"{CACHE}/.mcp.json",
        ".docker/mcp/registry.yaml",
        ".config/goose/config.yaml",
        ".config/JetBrains/X1/options/llm.mcpServers.xml",
    ):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(tmp_path / place)
    facts = look(tmp_path)
    assert len(gaps(facts, "content")) == 6
    assert all("fifo" in gap.why for gap in gaps(facts, "content"))


def test_a_catalog_that_is_a_fifo_does_not_block(tmp_path: Path) -> None:
    write(tmp_path / ".docker/mcp/registry.yaml", 'registry:\n  fetch:\n    ref: ""\n')
    (tmp_path / ".docker/mcp/catalogs").mkdir()
    os.mkfifo(tmp_path / ".docker/mcp/catalogs/x.yaml")
    assert names(look(tmp_path)) == ["fetch"]


def test_answers_that_would_grow_without_end_are_not_put_in(tmp_path: Path) -> None:
    arguments = ["${user_config.many}", "${user_config.long}" * 3000, "${__dirname}" * 300] * 200
    manifest = _manifest(args=arguments)
    manifest["user_config"] = {"many": {"default": ["x"] * 4000}, "long": {"default": "y" * 5000}}
    _extension(tmp_path, manifest)
    (server,) = only(look(tmp_path)).servers
    assert len(server.command) == 601
    assert all(len(word) < 10_000 for word in server.command)
