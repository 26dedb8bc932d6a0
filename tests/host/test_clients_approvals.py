"""What makes a client use tools without asking, in the files and shapes of every client of which that is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.host.client_homes import SERVER, TOKEN, context_of, look, only, write
from workbench.host.clients import gather
from workbench.report.snapshot_file import from_json, to_json
from workbench.text import is_visible

ALL, PROJECTS, OF_SERVER, TOOLS = "everything", "servers of projects", "all tools of a server", "named tools"
CLINE = "globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json"
ROO = "globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json"


def _entry(**more: Any) -> dict[str, Any]:
    return {"mcpServers": {"files": {**SERVER, **more}}}


@pytest.mark.parametrize(
    ("place", "content", "setting", "scope"),
    [
        (
            ".claude/settings.json",
            {"permissions": {"defaultMode": "bypassPermissions"}},
            "permissions.defaultMode",
            ALL,
        ),
        (".claude/settings.json", {"permissions": {"allow": ["mcp__a"]}}, "permissions.allow", OF_SERVER),
        (".claude/settings.json", {"permissions": {"allow": ["mcp__a__*"]}}, "permissions.allow", OF_SERVER),
        (".claude/settings.json", {"permissions": {"allow": ["mcp__a_b__get_x"]}}, "permissions.allow", TOOLS),
        (".claude/settings.json", {"enableAllProjectMcpServers": True}, "enableAllProjectMcpServers", PROJECTS),
        (".config/Code/User/settings.json", {"chat.tools.autoApprove": True}, "chat.tools.autoApprove", ALL),
        (".vscode/settings.json", {"chat.tools.autoApprove": True}, "chat.tools.autoApprove", ALL),
        (
            ".config/Code - Insiders/User/settings.json",
            '{ // mine\n "chat.tools.global.autoApprove": true,\n}',
            "chat.tools.global.autoApprove",
            ALL,
        ),
        ("a.code-workspace", {"settings": {"chat.tools.autoApprove": True}}, "settings.chat.tools.autoApprove", ALL),
        (f".config/Code/User/{CLINE}", _entry(autoApprove=["read"]), "mcpServers.files.autoApprove", TOOLS),
        (
            ".cline/data/settings/cline_mcp_settings.json",
            _entry(autoApprove=["a"]),
            "mcpServers.files.autoApprove",
            TOOLS,
        ),
        (f".config/Cursor/User/{ROO}", _entry(alwaysAllow=["*"]), "mcpServers.files.alwaysAllow", OF_SERVER),
        (".roo/mcp.json", _entry(alwaysAllow=["read"]), "mcpServers.files.alwaysAllow", TOOLS),
        (".kilocode/mcp.json", _entry(alwaysAllow=["*", "x"]), "mcpServers.files.alwaysAllow", OF_SERVER),
        (".config/kilo/kilo.json", {"permission": "allow"}, "permission", ALL),
        (".gemini/settings.json", _entry(trust=True), "mcpServers.files.trust", OF_SERVER),
        (".qwen/settings.json", _entry(trust=True), "mcpServers.files.trust", OF_SERVER),
        (".qwen/settings.json", {"tools": {"approvalMode": "yolo"}}, "tools.approvalMode", ALL),
        (".qwen/settings.json", {"approvalMode": "yolo"}, "approvalMode", ALL),
        (".config/goose/config.yaml", "GOOSE_MODE: auto\n", "GOOSE_MODE", ALL),
        (".codex/config.toml", 'approval_policy = "never"\n', "approval_policy", ALL),
        (
            ".codex/config.toml",
            '[mcp_servers.a]\ncommand = "x"\ndefault_tools_approval_mode = "approve"\n',
            "mcp_servers.a.default_tools_approval_mode",
            OF_SERVER,
        ),
        (
            ".codex/config.toml",
            '[mcp_servers.a]\ncommand = "x"\n[mcp_servers.a.tools.go]\napproval_mode = "approve"\n',
            "mcp_servers.a.tools.go.approval_mode",
            TOOLS,
        ),
        (
            ".config/crush/crush.json",
            {"permissions": {"allowed_tools": ["view", "bash"]}},
            "permissions.allowed_tools",
            ALL,
        ),
        ("crush.json", {"permissions": {"allowed_tools": ["mcp_a_b"]}}, "permissions.allowed_tools", TOOLS),
        (".kiro/settings/mcp.json", _entry(autoApprove=["*"]), "mcpServers.files.autoApprove", OF_SERVER),
        (".kiro/agents/a.json", {"allowedTools": ["read", "@git/*"]}, "allowedTools", OF_SERVER),
        (".aws/amazonq/agents/a.json", {"allowedTools": ["@git"]}, "allowedTools", OF_SERVER),
        (".aws/amazonq/cli-agents/a.json", {"allowedTools": ["@git/status"]}, "allowedTools", TOOLS),
        (".cursor/permissions.json", {"mcpAllowlist": ["*:*"]}, "mcpAllowlist", ALL),
        (".cursor/permissions.json", {"mcpAllowlist": ["git:*"]}, "mcpAllowlist", OF_SERVER),
        (
            ".cursor/cli-config.json",
            {"permissions": {"allow": ["Shell(ls)", "Mcp(git:log)"]}},
            "permissions.allow",
            TOOLS,
        ),
        (".config/amp/settings.json", {"amp.dangerouslyAllowAll": True}, "amp.dangerouslyAllowAll", ALL),
        (
            ".config/amp/settings.json",
            {"amp.permissions": [{"tool": "Bash", "action": "ask"}, {"tool": "*", "action": "allow"}]},
            "amp.permissions",
            ALL,
        ),
        (".config/opencode/opencode.json", {"permission": "allow"}, "permission", ALL),
        ("opencode.json", {"permission": {"*": "allow"}}, "permission.*", ALL),
        (
            ".config/zed/settings.json",
            {"agent": {"always_allow_tool_actions": True}},
            "agent.always_allow_tool_actions",
            ALL,
        ),
        (
            ".config/zed/settings.json",
            {"agent": {"tool_permissions": {"default": "allow"}}},
            "agent.tool_permissions.default",
            ALL,
        ),
        (".factory/settings.json", {"autonomyLevel": "auto-high"}, "autonomyLevel", ALL),
        (
            ".factory/settings.local.json",
            {"sessionDefaultSettings": {"autonomyLevel": "high"}},
            "sessionDefaultSettings.autonomyLevel",
            ALL,
        ),
        (".cursor/cli-config.json", {"approvalMode": "unrestricted"}, "approvalMode", ALL),
        (".kimi/config.toml", "default_yolo = true\n", "default_yolo", ALL),
        (".kimi-code/config.toml", 'default_permission_mode = "yolo"\n', "default_permission_mode", ALL),
        (
            ".augment/settings.json",
            {"toolPermissions": [{"toolName": "*", "permission": {"type": "allow"}}]},
            "toolPermissions",
            ALL,
        ),
        (".hermes/config.yaml", "approvals:\n  mode: off\n", "approvals.mode", ALL),
        (".hermes/config.yaml", "approvals:\n  mode: 'off'\n", "approvals.mode", ALL),
        (".continue/permissions.yaml", "allow:\n  - '*'\n", "allow", ALL),
    ],
)
def test_a_client_that_does_not_ask(tmp_path: Path, place: str, content: object, setting: str, scope: str) -> None:
    write(tmp_path / place, content)
    config = only(look(tmp_path))
    (approval,) = config.approvals if len(config.approvals) == 1 else config.approvals[:1]
    assert (approval.setting, approval.scope) == (setting, scope)
    assert approval.line is not None
    assert config.path.asked == str(tmp_path / place)
    assert (config.problem, config.kind) == (None, "config")


@pytest.mark.parametrize(
    ("place", "content"),
    [
        (
            ".claude/settings.json",
            {"permissions": {"defaultMode": "plan", "allow": ["Bash(ls)", "mcp__*", "mcp__*__x"]}},
        ),
        (".claude/settings.json", {"permissions": {"deny": ["mcp__a"], "allow": "mcp__a"}}),
        (".claude/settings.json", {"enableAllProjectMcpServers": False}),
        (".claude/settings.json", {"enableAllProjectMcpServers": 1}),
        (".config/Code/User/settings.json", {"chat.tools.autoApprove": False}),
        (".config/Code/User/settings.json", {"chat.tools.terminal.autoApprove": {"ls": True}}),
        (f".config/Code/User/{CLINE}", _entry(autoApprove=[])),
        (f".config/Code/User/{CLINE}", _entry(autoApprove=["*"])),
        (f".config/Code/User/{CLINE}", _entry(autoApprove=True, alwaysAllow=["*"])),
        (".config/Claude/claude_desktop_config.json", _entry(autoApprove=["*"])),
        (".cursor/mcp.json", _entry(alwaysAllow=["*"])),
        (".gemini/settings.json", _entry(trust=False)),
        (".gemini/settings.json", {"approvalMode": "yolo"}),
        (".gemini/extensions/a/gemini-extension.json", _entry(trust=True)),
        (".qwen/settings.json", {"tools": {"approvalMode": "auto-edit"}}),
        (".config/goose/config.yaml", "GOOSE_MODE: smart_approve\n"),
        (".codex/config.toml", 'approval_policy = "on-request"\nsandbox_mode = "danger-full-access"\n'),
        (".codex/config.toml", '[mcp_servers.a]\ncommand = "x"\ndefault_tools_approval_mode = "writes"\n'),
        (".config/crush/crush.json", {"permissions": {"allowed_tools": ["view", "ls"]}}),
        (".kiro/agents/a.json", {"allowedTools": ["*", "read", "@builtin"]}),
        (".cursor/permissions.json", {"terminalAllowlist": ["ls"], "mcpAllowlist": []}),
        (".cursor/cli-config.json", {"permissions": {"allow": ["Shell(ls)", "Read(**)"]}}),
        (".config/amp/settings.json", {"amp.permissions": [{"tool": "*", "action": "ask"}]}),
        (
            ".config/amp/settings.json",
            {"amp.permissions": [{"tool": "*", "action": "allow", "matches": {"cmd": "ls"}}]},
        ),
        (".config/opencode/opencode.json", {"permission": {"edit": "allow", "*": "ask"}}),
        (".config/zed/settings.json", {"agent": {"tool_permissions": {"default": "confirm"}}}),
        (".factory/settings.json", {"autonomyLevel": "auto-low"}),
        (".kimi/config.toml", "default_yolo = false\n"),
        (".hermes/config.yaml", "approvals: off\n"),
        (".hermes/config.yaml", "approvals:\n  mode: smart\n"),
        (".continue/permissions.yaml", "allow:\n  - Read(*)\n"),
        (".continue/permissions.yaml", "# nothing\n"),
    ],
)
def test_a_client_that_asks(tmp_path: Path, place: str, content: object) -> None:
    write(tmp_path / place, content)
    assert [approval for config in look(tmp_path).configs for approval in config.approvals] == []


def test_one_list_with_rules_of_two_kinds(tmp_path: Path) -> None:
    rules = ["mcp__github", "mcp__fs__read", "mcp__fs__*", "mcp__fs__list", "Bash(ls)"]
    write(tmp_path / ".claude/settings.local.json", {"permissions": {"allow": rules}})
    approvals = only(look(tmp_path)).approvals
    assert {approval.scope: approval.names for approval in approvals} == {
        OF_SERVER: ("mcp__github", "mcp__fs__*"),
        TOOLS: ("mcp__fs__read", "mcp__fs__list"),
    }


@pytest.mark.parametrize(
    ("mode", "confined"),
    [("", True), ('sandbox_mode = "workspace-write"\n', True), ('sandbox_mode = "danger-full-access"\n', False)],
)
def test_the_sandbox_of_codex(tmp_path: Path, mode: str, confined: bool) -> None:
    write(tmp_path / ".codex/config.toml", f'{mode}approval_policy = "never"\n')
    (approval,) = only(look(tmp_path)).approvals
    assert approval.confined is confined


def test_what_an_administrator_sets(tmp_path: Path) -> None:
    write(tmp_path / "system/etc/claude-code/managed-settings.json", {"enableAllProjectMcpServers": True})
    config = only(look(tmp_path))
    assert config.scope == "managed" and len(config.approvals) == 1


def test_hostile_names_and_secrets_among_the_rules(tmp_path: Path) -> None:
    rules = [
        "mcp__a__\x1b]0;x\x07",
        f"mcp__b__{TOKEN}",
        "mcp__" + "x" * 100_000,
        3,
        None,
        ["mcp__c"],
        {"tool": "mcp__d"},
    ]
    write(tmp_path / ".claude/settings.json", {"permissions": {"allow": [*rules, *["mcp__e__f"] * 50_000]}})
    facts = gather(context_of(tmp_path))
    assert TOKEN not in repr(facts)
    for approval in only(facts).approvals:
        assert is_visible(approval.value) and len(approval.value) <= 250
        assert all(is_visible(name) for name in approval.names)


def test_a_server_of_a_hostile_name(tmp_path: Path) -> None:
    entry = {**SERVER, "autoApprove": ["*"]}
    names = ["\x1b]0;x\x07", "\ud800", f"a {TOKEN}", "*", ""]
    write(tmp_path / ".kiro/settings/mcp.json", {"mcpServers": dict.fromkeys(names, entry)})
    config = only(look(tmp_path))
    assert [approval.pointer[:2] for approval in config.approvals] == [server.pointer for server in config.servers]
    assert TOKEN not in repr(config)
    assert all(is_visible(approval.setting) for approval in config.approvals)


def test_it_survives_a_snapshot_file(tmp_path: Path) -> None:
    docker = {
        "command": "docker",
        "args": ["run", "--privileged", "-v", "/:/host:ro", "x"],
        "env": {"LD_PRELOAD": "/x.so"},
    }
    write(tmp_path / ".kiro/settings/mcp.json", {"mcpServers": {"a": {**docker, "autoApprove": ["*"]}}})
    write(tmp_path / ".kiro/settings/mcp.json.bak", {"mcpServers": {"a": SERVER}})
    facts = look(tmp_path, environment={"PATH": "/usr/bin:/bin:/usr/local/bin"})
    config = only(facts)
    assert config.approvals and config.backups and config.servers[0].loaders
    assert config.servers[0].launch is not None and config.servers[0].launch.container is not None
    snapshot = builders.snapshot(clients=facts)
    assert from_json(to_json(snapshot).encode(), "x") == snapshot
