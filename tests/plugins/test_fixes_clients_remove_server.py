"""The fix clients/remove-server."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.host.client_homes import TOKEN, write
from tests.plugins.loading import get_fix, make_plan, run_check
from tests.plugins.repairing import repaired
from workbench.model.clients import ClientFacts, ServerEntry
from workbench.model.finding import Finding, NotApplicable, Subject
from workbench.model.launch import Launch
from workbench.model.operations import RemoveValue, SetValue
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.snapshot import Snapshot
from workbench.repair.prepare import Prepared

FIX, CHECK = "clients/remove-server", "clients/plain-http"


def _remote(name: str = "far", **more: Any) -> ServerEntry:
    made = ServerEntry(name, ("mcpServers", name), "http", url="http://mcp.example.com/mcp")
    return replace(made, **more)


def _host(*entries: ServerEntry, **more: Any) -> tuple[Finding, Snapshot]:
    clients = ClientFacts(builders.COMPLETE, configs=(builders.config(entries, **more),))
    snapshot = builders.snapshot(clients=clients)
    return builders.findings(run_check(CHECK, snapshot))[0], snapshot


def _plan(*entries: ServerEntry, how: str = "", **more: Any) -> Plan | Refusal:
    finding, snapshot = _host(*entries, **more)
    answers = get_fix(FIX).answers
    assert answers is not None
    return make_plan(FIX, finding, snapshot, answers(how) if how else None)


def test_the_entry_is_removed() -> None:
    made = _plan(_remote())
    assert isinstance(made, Plan)
    assert made.operations == (
        RemoveValue("/home/dev/.config/Claude/claude_desktop_config.json", "json", ("mcpServers", "far")),
    )
    assert (made.check, made.safety, made.reversal) == (CHECK, Safety.REVIEW, Reversal.FULL)
    assert made.title == "Remove far in Claude Desktop"
    assert "Revoke" in made.consequences


def test_what_something_else_starts_as_well_is_to_be_stopped_first() -> None:
    finding, snapshot = _host(_remote(), _remote("near"))
    units = tuple(Subject("unit", f"user:{name}", name) for name in "abcd")
    made = make_plan(FIX, replace(finding, also=units[:1]), snapshot)
    assert isinstance(made, Refusal)
    assert "found of a, which no client's configuration starts" in made.reason and "stop or update" in made.instead
    many = make_plan(FIX, replace(finding, also=units), snapshot)
    assert isinstance(many, Refusal) and "a, b, c and 1 more" in many.reason
    near = Subject("server", finding.subject.key.replace("far", "near"), "near")
    assert isinstance(make_plan(FIX, replace(finding, also=(near,)), snapshot), Plan)


def test_what_was_made_for_the_server_stays_and_is_named() -> None:
    launcher = "/home/dev/.config/workbench/launchers/files-1a2b3c4d.sh"
    secret = "/home/dev/.config/workbench/secrets/files.env"
    for command, said in (
        ((launcher, "npx", "-y", "x"), f"{launcher}, which the workbench made for it, stays, so that undo"),
        ((launcher, "sh", "-c", "x", secret), f"{launcher} and {secret}, which the workbench made for it, stay, so"),
        (("npx", "-y", "x"), ""),
    ):
        made = _plan(_remote(command=command, argument_pointers=_places(command)))
        assert isinstance(made, Plan)
        assert said in made.consequences
        assert ("remove it by hand" in made.consequences) == bool(said)
    switched = _plan(
        _remote(command=(launcher, "x"), argument_pointers=_places((launcher, "x"))), how="switch off", client="cline"
    )
    assert isinstance(switched, Plan)
    assert launcher not in switched.consequences, "it is still used when the server is switched on again"


def _places(command: tuple[str, ...]) -> tuple[tuple[str | int, ...], ...]:
    first = ("mcpServers", "far", "command")
    return (first, *(("mcpServers", "far", "args", number) for number in range(len(command) - 1)))


@pytest.mark.parametrize(
    ("client", "switch", "off", "on"),
    [
        ("cline", "disabled", "true", "false"),
        ("roo", "disabled", "true", "false"),
        ("codex", "enabled", "false", "true"),
    ],
)
def test_the_client_s_own_switch_is_preferred(client: str, switch: str, off: str, on: str) -> None:
    made = _plan(_remote(), client=client)
    assert isinstance(made, Plan)
    (operation,) = made.operations
    assert isinstance(operation, SetValue)
    assert (operation.pointer, operation.value, operation.expect) == (("mcpServers", "far", switch), off, on)
    removed = _plan(_remote(), client=client, how="remove")
    assert isinstance(removed, Plan) and isinstance(removed.operations[0], RemoveValue)
    assert isinstance(_plan(_remote(), how="switch off"), Refusal)


def test_what_is_known_of_the_entry_is_expected_there() -> None:
    entry = builders.server("run", ("npx", "-y", "x"), launch=Launch("npx", ("-y", "x")))
    finding, snapshot = _host(_remote())
    configs = (builders.config([entry]),)
    snapshot = replace(snapshot, clients=ClientFacts(builders.COMPLETE, configs=configs))
    finding = replace(finding, subject=replace(finding.subject, key=f"{configs[0].path.asked}#mcpServers/run"))
    made = make_plan(FIX, finding, snapshot)
    assert isinstance(made, Plan)
    (operation,) = made.operations
    assert isinstance(operation, RemoveValue)
    assert json.loads(operation.expect) == {"command": "npx"}


def test_every_server_of_the_finding() -> None:
    finding, snapshot = _host(_remote("one"), _remote("two"))
    other = replace(finding.subject, key=finding.subject.key.replace("one", "two"))
    made = make_plan(FIX, replace(finding, also=(other,)), snapshot)
    assert isinstance(made, Plan)
    assert [operation.pointer for operation in made.operations if isinstance(operation, RemoveValue)] == [
        ("mcpServers", "one"),
        ("mcpServers", "two"),
    ]
    assert "one and two" in made.title


def test_refusals() -> None:
    assert isinstance(_plan(_remote(), kind="extension"), Refusal)
    assert isinstance(_plan(_remote(), format="xml"), Refusal)
    assert isinstance(_plan(_remote(pointer=("mcpServers", "a\\x1b"))), Refusal)
    assert isinstance(_plan(_remote(pointer=("mcpServers", 0))), Refusal), "no item can be told from the next one"
    hidden = builders.path("/home/dev/x.json", 0o600)
    hidden = replace(hidden, file=replace(hidden.file, exact=False))
    assert isinstance(_plan(_remote(), path=hidden), Refusal)
    finding, snapshot = _host(_remote())
    gone = replace(snapshot, clients=ClientFacts(builders.COMPLETE))
    off = replace(snapshot, clients=ClientFacts(builders.COMPLETE, (builders.config([_remote(disabled=True)]),)))
    for other in (gone, off):
        made = make_plan(FIX, finding, other)
        assert isinstance(made, Refusal) and "no client's configuration" in made.reason


def test_the_check_passes_on_what_the_plan_leaves() -> None:
    _, snapshot = _host(_remote())
    for left in (builders.config(), builders.config([_remote(disabled=True)])):
        clients = ClientFacts(builders.COMPLETE, configs=(left,))
        assert builders.kinds(run_check(CHECK, replace(snapshot, clients=clients))) == {NotApplicable}


_ENTRY = {"url": "http://mcp.example.com/mcp", "headers": {"Authorization": f"Bearer {TOKEN}"}}


@pytest.mark.parametrize(
    ("place", "content", "left"),
    [
        (
            ".cursor/mcp.json",
            json.dumps({"mcpServers": {"far": _ENTRY, "near": {"command": "x"}}}, indent=2),
            json.dumps({"mcpServers": {"near": {"command": "x"}}}, indent=2),
        ),
        (
            ".codex/config.toml",
            '# mine\n[mcp_servers.far]\nurl = "http://mcp.example.com/mcp" # there\n\n[mcp_servers.near]\n'
            'command = "x"\n',
            '# mine\n[mcp_servers.far]\nurl = "http://mcp.example.com/mcp" # there\nenabled = false\n\n'
            '[mcp_servers.near]\ncommand = "x"\n',
        ),
        (
            ".config/opencode/opencode.json",
            '{ // mine\n  "mcp": {\n   "far": {"url": "http://mcp.example.com/mcp", "enabled": true}\n }}',
            '{ // mine\n  "mcp": {\n   "far": {"url": "http://mcp.example.com/mcp", "enabled": false}\n }}',
        ),
        (
            ".config/goose/config.yaml",
            "extensions:\n  far:\n    type: sse\n    uri: http://mcp.example.com/mcp\n    enabled: true # on\n"
            "GOOSE_MODE: approve\n",
            "extensions:\n  far:\n    type: sse\n    uri: http://mcp.example.com/mcp\n    enabled: false # on\n"
            "GOOSE_MODE: approve\n",
        ),
    ],
)
def test_on_a_real_file_and_back(place: str, content: str, left: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    file = write(home / place, content)
    run, prepared = repaired(home, tmp_path / "state", FIX, CHECK)
    assert file.read_text() == left
    assert isinstance(prepared, Prepared)
    for text in (repr(run), repr(prepared), *(path.read_text() for path in (tmp_path / "state").rglob("*.jsonl"))):
        assert TOKEN not in text


def test_a_server_that_runs_commands_is_removed_for_good(tmp_path: Path) -> None:
    home = tmp_path / "home"
    entry = {"command": "npx", "args": ["-y", "mcp-server-commands"], "env": {"API_TOKEN": TOKEN}}
    file = write(home / ".claude.json", {"numStartups": 3, "mcpServers": {"shell": entry}})
    run, _ = repaired(home, tmp_path / "state", FIX, "clients/shell-server")
    assert json.loads(file.read_text()) == {"numStartups": 3, "mcpServers": {}}
    assert TOKEN not in repr(run)


def test_a_server_in_a_list_is_told_by_its_command(tmp_path: Path) -> None:
    home = tmp_path / "home"
    near = "  - name: near\n    command: y\n"
    far = "  # runs anything\n  - name: far\n    command: npx\n    args: [-y, mcp-server-commands]\n"
    file = write(home / ".continue/config.yaml", f"name: mine\nmcpServers:\n{far}{near}")
    repaired(home, tmp_path / "state", FIX, "clients/shell-server")
    assert file.read_text() == f"name: mine\nmcpServers:\n  # runs anything\n{near}"
