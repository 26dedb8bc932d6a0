"""The shapes in which clients write servers, every way to switch one off, and documents that are hostile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.host.client_homes import SERVER, TOKEN, gaps, look, names, only, servers, write
from workbench.model.clients import ServerEntry


def _entry(home: Path, place: str, content: object) -> ServerEntry:
    write(home / place, content)
    (server,) = only(look(home)).servers
    return server


def test_goose_and_what_it_runs_within_itself(tmp_path: Path) -> None:
    write(
        tmp_path / ".config/goose/config.yaml",
        f"""extensions:
  developer: {{type: builtin, enabled: true}}
  todo: {{type: platform, enabled: true}}
  files:
    type: stdio
    cmd: npx
    args: ["-y", "some-server"]
    enabled: true
    envs: {{GITHUB_TOKEN: {TOKEN}}}
    env_keys: [OPENAI_API_KEY]
  off: {{type: stdio, cmd: x, enabled: false}}
  remote: {{type: streamable_http, uri: "https://example.invalid/mcp", enabled: true}}
""",
    )
    facts = look(tmp_path)
    found = servers(facts)
    assert list(found) == ["files", "off", "remote"]
    assert found["files"].command == ("npx", "-y", "some-server")
    assert found["files"].argument_pointers[2] == ("extensions", "files", "args", 1)
    assert [secret.place for secret in found["files"].secrets] == ["envs.GITHUB_TOKEN"]
    assert found["files"].line == 4
    assert [found[name].disabled for name in found] == [False, True, False]
    assert (found["remote"].transport, found["remote"].url) == ("http", "https://example.invalid/mcp")
    assert TOKEN not in repr(facts)


def test_a_list_of_servers_that_hold_their_names(tmp_path: Path) -> None:
    write(
        tmp_path / ".continue/config.yaml",
        "mcpServers:\n  - name: a\n    command: npx\n    args: [-y, x]\n  - command: y\n  - 3\n"
        "  - name: web\n    type: sse\n    url: https://example.invalid\n    requestOptions:\n"
        f"      headers: {{Authorization: Bearer {TOKEN}}}\n",
    )
    facts = look(tmp_path)
    found = servers(facts)
    assert list(found) == ["a", "mcpServers[1]", "web"]
    assert found["a"].pointer == ("mcpServers", 0)
    assert found["a"].argument_pointers[1] == ("mcpServers", 0, "args", 0)
    assert found["web"].transport == "http"
    assert "requestOptions.headers.Authorization" in [secret.place for secret in found["web"].secrets]
    assert TOKEN not in repr(facts)


def test_an_array_of_tables(tmp_path: Path) -> None:
    entry = _entry(
        tmp_path, ".vibe/config.toml", '[[mcp_servers]]\nname = "a"\ncommand = "uvx"\nargs = ["x"]\ncwd = "/srv/a"\n'
    )
    assert (entry.name, entry.pointer, entry.command) == ("a", ("mcp_servers", 0), ("uvx", "x"))
    assert entry.working_directory == "/srv/a"
    assert entry.argument_pointers[1] == ("mcp_servers", 0, "args", 0)


def test_the_older_servers_of_continue(tmp_path: Path) -> None:
    transport = {"type": "stdio", "command": "npx", "args": ["-y", "x"]}
    content = {"experimental": {"modelContextProtocolServers": [{"transport": transport}]}}
    entry = _entry(tmp_path, ".continue/config.json", content)
    assert entry.command == ("npx", "-y", "x")
    assert entry.argument_pointers[0] == (
        *("experimental", "modelContextProtocolServers", 0, "transport"),
        "command",
    )


@pytest.mark.parametrize(
    "entry",
    [
        {"command": "node", "args": ["a"], "env": {"GITHUB_TOKEN": TOKEN}},
        {"command": {"path": "node", "args": ["a"], "env": {"GITHUB_TOKEN": TOKEN}}},
        {"source": "custom", "command": "node", "args": ["a"], "env": {"GITHUB_TOKEN": TOKEN}},
    ],
)
def test_both_shapes_of_zed(tmp_path: Path, entry: dict[str, Any]) -> None:
    found = _entry(tmp_path, ".config/zed/settings.json", {"context_servers": {"x": entry}})
    assert found.command == ("node", "a")
    assert [variable.name for variable in found.environment] == ["GITHUB_TOKEN"]
    assert [secret.kind for secret in found.secrets] == ["github-classic"]


def test_a_server_of_an_extension_of_zed_keeps_its_secret_in_its_settings(tmp_path: Path) -> None:
    entry = {"source": "extension", "enabled": True, "settings": {"github_personal_access_token": TOKEN}}
    found = _entry(tmp_path, ".config/zed/settings.json", {"context_servers": {"github": entry}})
    assert (found.transport, found.command) == ("unknown", ())
    assert [secret.place for secret in found.secrets] == ["settings.github_personal_access_token"]


def test_the_argument_vector_of_opencode(tmp_path: Path) -> None:
    entry = {"type": "local", "command": ["npx", "-y", "x"], "environment": {"API_TOKEN": TOKEN}, "enabled": False}
    found = _entry(tmp_path, ".config/opencode/opencode.jsonc", {"mcp": {"x": entry}})
    assert found.command == ("npx", "-y", "x")
    assert found.argument_pointers == tuple(("mcp", "x", "command", number) for number in range(3))
    assert [secret.place for secret in found.secrets] == ["environment.API_TOKEN"]
    assert found.disabled


@pytest.mark.parametrize(
    ("command", "vector"),
    [
        ("npx -y some-server /w", ("npx", "-y", "some-server", "/w")),
        ("uvx 'a b' c", ("uvx", "a b", "c")),
        ("/usr/bin/node /opt/x.js", ("/usr/bin/node", "/opt/x.js")),
        ("/usr/bin/node --inspect x", ("/usr/bin/node", "--inspect", "x")),
        ("/Applications/My App/server", ("/Applications/My App/server",)),
        ("C:\\Program Files\\x.exe", ("C:\\Program Files\\x.exe",)),
        ("npx 'unbalanced", ("npx", "'unbalanced")),
        ("npx", ("npx",)),
    ],
)
def test_a_whole_command_line_in_one_text(tmp_path: Path, command: str, vector: tuple[str, ...]) -> None:
    entry = _entry(tmp_path, ".cursor/mcp.json", {"mcpServers": {"x": {"command": command}}})
    assert entry.command == vector
    assert len(entry.argument_pointers) == len(vector)
    if len(vector) > 1:
        assert not any(entry.argument_pointers)  # no word of it is one value
    assert entry.launch is not None


def test_a_command_with_blanks_beside_its_arguments_is_one_word(tmp_path: Path) -> None:
    entry = _entry(tmp_path, ".cursor/mcp.json", {"mcpServers": {"x": {"command": "my server", "args": ["a"]}}})
    assert entry.command == ("my server", "a")


JETBRAINS = """<application>
  <component name="McpApplicationServerCommands" modifiable="true">
    <McpServerCommand>
      <option name="enabled" value="true" />
      <option name="name" value="first" />
      <option name="programPath" value="npx" />
      <option name="arguments" value="-y &quot;a b&quot; --access-token {token}" />
      <option name="workingDirectory" value="/srv" />
      <envs><env name="GITHUB_TOKEN" value="{token}" /><env name="MODE" value="x" /></envs>
    </McpServerCommand>
    <McpServerCommand><option name="name" value="" /><option name="programPath" value="" /></McpServerCommand>
    <commands>
      <McpServerCommand>
        <option name="enabled" value="false" /><option name="name" value="off" />
        <option name="programPath" value="uvx" /><option name="arguments" value="x" />
      </McpServerCommand>
      <McpServerConfigurationProperties>
        <option name="name" value="newer" /><option name="command" value="node" />
        <option name="args"><list><option value="/opt/x.mjs" /><option value="y" /></list></option>
        <option name="env"><map><entry key="API_TOKEN" value="{token}" /></map></option>
      </McpServerConfigurationProperties>
      <McpServerConfigurationProperties>
        <option name="name" value="state only" /><option name="enabled" value="true" />
      </McpServerConfigurationProperties>
    </commands>
    <urls>
      <McpServerURL>
        <option name="name" value="remote" /><option name="url" value="https://example.invalid/mcp" />
        <option name="headers"><map><entry key="Authorization" value="Bearer {token}" /></map></option>
      </McpServerURL>
    </urls>
  </component>
  <component name="Other"><McpServerCommand>
    <option name="name" value="not one" /><option name="programPath" value="x" />
  </McpServerCommand></component>
</application>
""".replace("{token}", TOKEN)


def test_the_three_generations_of_jetbrains(tmp_path: Path) -> None:
    write(tmp_path / ".config/JetBrains/GoLand2025.3/options/llm.mcpServers.xml", JETBRAINS)
    facts = look(tmp_path)
    found = servers(facts)
    assert list(found) == ["first", "off", "newer", "remote"]
    assert found["first"].command[:4] == ("npx", "-y", "a b", "--access-token")
    assert found["first"].working_directory == "/srv"
    assert [variable.name for variable in found["first"].environment] == ["GITHUB_TOKEN", "MODE"]
    assert [secret.place for secret in found["first"].secrets] == ["args[3]", "env.GITHUB_TOKEN"]
    assert found["first"].line == 3
    assert not any(found["first"].argument_pointers)  # its words are parts of one attribute
    assert [found[name].disabled for name in found] == [False, True, False, False]
    assert found["newer"].command == ("node", "/opt/x.mjs", "y")
    assert (found["remote"].transport, len(found["remote"].secrets)) == ("http", 1)
    assert TOKEN not in repr(facts)
    assert only(facts).format == "xml"


@pytest.mark.parametrize("catalog", [True, False])
def test_the_registry_of_dockers_gateway(tmp_path: Path, catalog: bool) -> None:
    write(tmp_path / ".docker/mcp/registry.yaml", 'registry:\n  fetch:\n    ref: ""\n  time: {}\n  none:\n')
    if catalog:
        write(
            tmp_path / ".docker/mcp/catalogs/docker-mcp.yaml",
            "version: 3\nregistry:\n  fetch:\n    title: Fetch\n    image: mcp/fetch@sha256:" + "a" * 64 + "\n"
            '  "time":\n    tools:\n      - name: x\n        image: not-this\n    image: "mcp/time:1.0" # pinned\n'
            "  other:\n    image: mcp/other\n",
        )
    found = servers(look(tmp_path))
    assert list(found) == ["fetch", "time", "none"]
    assert all(entry.command == () for entry in found.values())
    images = [entry.launch.image.name if entry.launch and entry.launch.image else "" for entry in found.values()]
    assert images == (["mcp/fetch", "mcp/time", ""] if catalog else ["", "", ""])
    assert [entry.transport for entry in found.values()] == (
        ["stdio", "stdio", "unknown"] if catalog else ["unknown"] * 3
    )


def test_kiro_keeps_servers_in_two_tables(tmp_path: Path) -> None:
    content = {"mcpServers": {"a": SERVER}, "powers": {"mcpServers": {"b": {**SERVER, "disabled": True}}}}
    write(tmp_path / ".kiro/settings/mcp.json", content)
    assert {name: entry.disabled for name, entry in servers(look(tmp_path)).items()} == {"a": False, "b": True}


@pytest.mark.parametrize(
    ("place", "content"),
    [
        (".gemini/settings.json", {"mcpServers": {"x": SERVER, "y": SERVER}, "mcp": {"excluded": ["x"]}}),
        (".gemini/settings.json", {"mcpServers": {"x": SERVER, "y": SERVER}, "excludeMCPServers": ["x"]}),
        (".qwen/settings.json", {"mcpServers": {"x": SERVER, "y": SERVER}, "mcp": {"excluded": ["x", 3, None]}}),
        (".codeium/windsurf/mcp_config.json", {"mcpServers": {"x": {**SERVER, "disabled": True}, "y": SERVER}}),
        (".config/crush/crush.json", {"mcp": {"x": {**SERVER, "disabled": True}, "y": SERVER}}),
        (".config/zed/settings.json", {"context_servers": {"x": {**SERVER, "enabled": False}, "y": SERVER}}),
        (".hermes/config.yaml", "mcp_servers:\n  x: {command: a, enabled: false}\n  y: {command: b, enabled: true}\n"),
        (".codex/config.toml", '[mcp_servers.x]\ncommand = "a"\nenabled = false\n[mcp_servers.y]\ncommand = "b"\n'),
        (
            ".claude.json",
            {"projects": {"/srv": {"mcpServers": {"x": SERVER, "y": SERVER}, "disabledMcpServers": ["x"]}}},
        ),
    ],
)
def test_switched_off_in_the_clients_own_way(tmp_path: Path, place: str, content: object) -> None:
    write(tmp_path / place, content)
    assert {name: entry.disabled for name, entry in servers(look(tmp_path)).items()} == {"x": True, "y": False}


@pytest.mark.parametrize(
    "entry",
    [
        {"url": "https://e.invalid"},
        {"serverUrl": "https://e.invalid"},
        {"httpUrl": "https://e.invalid"},
        {"uri": "https://e.invalid"},
        {"type": "http", "url": "https://e.invalid"},
        {"type": "streamable-http", "url": "https://e.invalid"},
        {"type": "remote"},
        {"type": "sse", "command": ""},
    ],
)
def test_remote(tmp_path: Path, entry: dict[str, Any]) -> None:
    assert _entry(tmp_path, ".cursor/mcp.json", {"mcpServers": {"x": {"headers": {}, **entry}}}).transport in (
        "http",
        "stdio" if entry.get("command") == "" else "http",
    )


def test_the_working_directory_and_the_environment_files(tmp_path: Path) -> None:
    entry = {**SERVER, "cwd": "${workspaceFolder}/a\x1b", "envFile": "~/.env", "env_file": ["a.env", 3, ""]}
    found = _entry(tmp_path, ".cursor/mcp.json", {"mcpServers": {"x": entry}})
    assert found.working_directory == "${workspaceFolder}/a\\x1b"
    assert found.environment_files == ("~/.env", "a.env")
    wrong = {**SERVER, "cwd": ["/x"], "envFile": {"a": 1}}
    found = _entry(tmp_path, ".cursor/mcp.json", {"mcpServers": {"x": wrong}})
    assert (found.working_directory, found.environment_files) == ("", ())


@pytest.mark.parametrize(
    ("place", "raw"),
    [
        (".continue/config.yaml", "mcpServers:\n  - name: a\n   command: x\n"),
        (".config/goose/config.yaml", "extensions: [\n"),
        (".config/JetBrains/X1/options/llm.mcpServers.xml", "<application>\n<component></application>"),
        (".openclaw/openclaw.json", "{\n mcp: {servers: {'x': \n"),
        (".vibe/config.toml", "[[mcp_servers]]\nname =\n"),
    ],
)
def test_malformed_says_where(tmp_path: Path, place: str, raw: str) -> None:
    write(tmp_path / place, raw)
    facts = look(tmp_path)
    config = only(facts)
    assert config.servers == ()
    assert config.problem is not None
    assert config.problem.line is not None
    assert [gap.what for gap in gaps(facts, "content")] == [str(tmp_path / place)]


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + level)}: &{chr(98 + level)} [{','.join([f'*{chr(97 + level)}'] * 9)}]\n" for level in range(12)
)
ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE application [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12))
    + ']><application><component name="&m;"/></application>'
)
OUTSIDE = (
    '<!DOCTYPE application [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    '<application><component name="McpApplicationServerCommands"><McpServerCommand>'
    '<option name="name" value="a"/><option name="programPath" value="b"/>&x;'
    "</McpServerCommand></component></application>"
)


@pytest.mark.parametrize(
    ("place", "raw"),
    [
        (".continue/config.yaml", BOMB),
        (".continue/config.yaml", "mcpServers: " + "[" * 5000),
        (".continue/config.yaml", "mcpServers: !!python/object/apply:os.system ['false']\n"),
        (".config/goose/config.yaml", "extensions: &x\n  a: *x\n"),
        (".config/JetBrains/X1/options/llm.mcpServers.xml", ENTITIES),
        (".config/JetBrains/X1/options/llm.mcpServers.xml", OUTSIDE),
        (".config/JetBrains/X1/options/llm.mcpServers.xml", "<a>" * 5000),
        (".openclaw/openclaw.json", "{mcp:" * 5000),
    ],
)
def test_a_document_that_would_grow_is_refused_and_said(tmp_path: Path, place: str, raw: str) -> None:
    write(tmp_path / place, raw)
    facts = look(tmp_path)
    assert names(facts) == []
    assert gaps(facts, "content")
    assert "root:" not in repr(facts)


@pytest.mark.parametrize("place", [".config/goose/config.yaml", ".hermes/config.yaml", ".continue/config.yaml"])
@pytest.mark.parametrize("raw", ["", "# nothing\n", "---\n", "extensions:\nmcpServers:\nmcp_servers:\n", "~\n"])
def test_yaml_that_holds_nothing_names_no_server(tmp_path: Path, place: str, raw: str) -> None:
    write(tmp_path / place, raw)
    facts = look(tmp_path)
    assert (names(facts), facts.state.status) == ([], "complete")


@pytest.mark.parametrize(
    "component",
    [
        "<McpServerCommand/>",
        "<McpServerCommand>text</McpServerCommand>",
        '<McpServerCommand><option name="name" value="a"/></McpServerCommand>',
        '<McpServerCommand><option/><option name="programPath"/><envs><env/></envs></McpServerCommand>',
        "<commands><commands/></commands><urls>x</urls>",
        '<commands><McpServerCommand><option name="name" value="a"/><envs>x</envs></McpServerCommand></commands>',
    ],
)
def test_odd_elements_are_no_servers(tmp_path: Path, component: str) -> None:
    xml = (
        f'<application><component name="McpApplicationServerCommands">{component}</component><component/></application>'
    )
    write(tmp_path / ".config/JetBrains/X1/options/llm.mcpServers.xml", xml)
    facts = look(tmp_path)
    assert (names(facts), facts.state.status) == ([], "complete")


@pytest.mark.parametrize(
    "document",
    [
        {"mcp": 3},
        {"mcp": {"servers": "x"}},
        {"mcp": {"servers": None}},
        {"mcp": {"a": 1, "b": None, "c": [], "d": "npx"}},
    ],
)
def test_the_same_keys_with_another_meaning_hide_nothing(tmp_path: Path, document: object) -> None:
    write(tmp_path / ".config/kilo/config.json", document)
    write(tmp_path / ".openclaw/openclaw.json", document)
    assert names(look(tmp_path)) == []


def test_a_bare_table_with_the_usual_key_beside_is_none(tmp_path: Path) -> None:
    write(tmp_path / ".ai/mcp/mcp.json", {"mcpServers": {"a": SERVER}, "b": SERVER})
    assert names(look(tmp_path)) == ["a"]
    write(tmp_path / ".ai/mcp/mcp.json", {"b": SERVER, "version": 1})
    assert names(look(tmp_path)) == ["b"]


def test_a_wrong_override_of_a_workspace_is_no_alarm(tmp_path: Path) -> None:
    write(tmp_path / "x.code-workspace", json.dumps({"settings": {"mcp": {"servers": {"a": SERVER}}}}))
    facts = look(tmp_path)
    assert (names(facts), only(facts).scope, only(facts).owner) == (["a"], "project", None)
