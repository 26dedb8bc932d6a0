"""The fix clients/remove-auto-approve."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.host.client_homes import write
from tests.plugins.loading import make_plan, run_check
from tests.plugins.repairing import repaired
from workbench.model.clients import Approval, ClientFacts
from workbench.model.finding import Finding, Passed
from workbench.model.operations import Operation, RemoveValue, SetValue
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.snapshot import Snapshot

FIX, CHECK = "clients/remove-auto-approve", "clients/auto-approve"
PATH = "/home/dev/.config/Claude/claude_desktop_config.json"
MODE = Approval("permissions.defaultMode", "bypassPermissions", "everything", ("permissions", "defaultMode"))
ALLOW = ("permissions", "allow")


def _host(*approvals: Approval, **more: Any) -> tuple[list[Finding], Snapshot]:
    config = builders.config([builders.server()], approvals=approvals, **more)
    snapshot = builders.snapshot(clients=ClientFacts(builders.COMPLETE, (config,)))
    return builders.findings(run_check(CHECK, snapshot)), snapshot


def _plans(*approvals: Approval, **more: Any) -> list[Plan | Refusal]:
    found, snapshot = _host(*approvals, **more)
    return [make_plan(FIX, finding, snapshot) for finding in found]


def _operation(*approvals: Approval) -> Operation:
    (made,) = _plans(*approvals)
    assert isinstance(made, Plan), made
    (operation,) = made.operations
    return operation


def test_the_setting_goes() -> None:
    (made,) = _plans(MODE)
    assert isinstance(made, Plan)
    assert made.operations == (RemoveValue(PATH, "json", MODE.pointer, expect='"bypassPermissions"'),)
    assert (made.check, made.safety, made.reversal) == (CHECK, Safety.REVIEW, Reversal.FULL)
    assert "Close it before" in made.consequences


@pytest.mark.parametrize("value", ["true", "false"])
def test_a_switch_is_expected_as_one(value: str) -> None:
    switch = Approval("chat.tools.autoApprove", value, "everything", ("chat.tools.autoApprove",))
    assert _operation(switch) == RemoveValue(PATH, "json", switch.pointer, expect=value)
    of_server = Approval("x", value, "all tools of a server", ("mcpServers", "files", "trust"), ("files",))
    assert _operation(of_server) == RemoveValue(PATH, "json", of_server.pointer, expect=value)


@pytest.mark.parametrize(
    ("setting", "value", "asks"), [("GOOSE_MODE", "auto", '"smart_approve"'), ("permission", "allow", '"ask"')]
)
def test_a_client_that_would_not_ask_without_it_is_told_to(setting: str, value: str, asks: str) -> None:
    made = _operation(Approval(setting, value, "everything", (setting,)))
    assert made == SetValue(PATH, "json", (setting,), asks, expect=f'"{value}"')
    if setting == "permission":
        made = _operation(Approval("permission.*", value, "everything", (setting, "*")))
        assert made == SetValue(PATH, "json", (setting, "*"), asks, expect=f'"{value}"')


def test_of_a_list_only_the_names_go() -> None:
    servers = Approval(
        "permissions.allow", "mcp__a, mcp__b__*", "all tools of a server", ALLOW, ("mcp__a", "mcp__b__*")
    )
    tools = Approval("permissions.allow", "mcp__c__d", "named tools", ALLOW, ("mcp__c__d",))
    made = _plans(servers, tools)
    assert [plan.operations for plan in made if isinstance(plan, Plan)] == [
        (RemoveValue(PATH, "json", ALLOW, items=("mcp__a", "mcp__b__*")),),
        (RemoveValue(PATH, "json", ALLOW, items=("mcp__c__d",)),),
    ]
    long = tuple(f"mcp__server__tool_number_{number}" for number in range(30))
    told = Approval("permissions.allow", ", ".join(long)[:199] + "…", "named tools", ALLOW, long)
    assert _operation(told) == RemoveValue(PATH, "json", ALLOW, items=long)


def test_refusals() -> None:
    for made in (
        *_plans(replace(MODE, pointer=())),
        *_plans(replace(MODE, pointer=("a\\x1b",))),
        *_plans(MODE, format="xml"),
        *_plans(MODE, kind="extension"),
        *_plans(Approval("amp.permissions", "*", "everything", ("amp.permissions",), ("*",))),
        *_plans(Approval("a", ", ".join(["x"] * 100), "named tools", ("a",), ("x",) * 100)),
    ):
        assert isinstance(made, Refusal) and made.instead, made
    (finding,), snapshot = _host(MODE)
    for other in ((), (builders.config(),)):
        gone = replace(snapshot, clients=ClientFacts(builders.COMPLETE, other))
        assert isinstance(make_plan(FIX, finding, gone), Refusal)


def test_the_check_passes_on_what_the_plan_leaves() -> None:
    _, snapshot = _host(MODE)
    clients = ClientFacts(builders.COMPLETE, (builders.config([builders.server()]),))
    assert builders.kinds(run_check(CHECK, replace(snapshot, clients=clients))) == {Passed}


@pytest.mark.parametrize(
    ("place", "content", "left"),
    [
        (
            ".claude/settings.json",
            '{\n  "permissions": {\n    "defaultMode": "bypassPermissions",\n    "allow": ["Bash(ls)"]\n  }\n}\n',
            '{\n  "permissions": {\n    "allow": ["Bash(ls)"]\n  }\n}\n',
        ),
        (
            ".claude/settings.json",
            '{\r\n  "permissions": {\r\n    "allow": [\r\n      "Bash(ls)",\r\n      "mcp__a"\r\n    ]\r\n  }\r\n}\r\n',
            '{\r\n  "permissions": {\r\n    "allow": [\r\n      "Bash(ls)"\r\n    ]\r\n  }\r\n}\r\n',
        ),
        (
            ".config/Code/User/settings.json",
            '\ufeff{ // mine\n\t"a": 1,\n\t"chat.tools.global.autoApprove": true, // quick\n}',
            '\ufeff{ // mine\n\t"a": 1,\n}',
        ),
        (
            ".codex/config.toml",
            '# mine\napproval_policy = "never" # no questions\nmodel = "x"\n\n[mcp_servers.a]\ncommand = "y"\n',
            '# mine\nmodel = "x"\n\n[mcp_servers.a]\ncommand = "y"\n',
        ),
        (
            ".config/goose/config.yaml",
            "# mine\nGOOSE_MODE: auto # quick\nextensions:\n  a: {type: stdio, cmd: x}\n",
            "# mine\nGOOSE_MODE: smart_approve # quick\nextensions:\n  a: {type: stdio, cmd: x}\n",
        ),
        (".config/opencode/opencode.json", '{"permission": {"*": "allow"}}', '{"permission": {"*": "ask"}}'),
        (
            ".gemini/settings.json",
            '{"mcpServers": {"a": {"command": "x", "trust": true}}}',
            '{"mcpServers": {"a": {"command": "x"}}}',
        ),
        (".roo/mcp.json", '{"mcpServers": {"a": {"command": "x", "alwaysAllow": ["*"]}}}', None),
    ],
)
def test_on_a_real_file_and_back(place: str, content: str, left: str | None, tmp_path: Path) -> None:
    home = tmp_path / "home"
    file = write(home / place, content.encode().decode())
    file.write_bytes(content.encode())
    repaired(home, tmp_path / "state", FIX, CHECK)
    wanted = left if left is not None else content.replace('["*"]', "[]")
    assert file.read_bytes() == wanted.encode()
