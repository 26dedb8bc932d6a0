"""The fix clients/narrow-root."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.host.client_homes import write
from tests.plugins.loading import get_fix, make_plan, run_check
from tests.plugins.repairing import repaired
from workbench.model.clients import ClientConfig, ClientFacts, ServerEntry
from workbench.model.finding import Finding, Passed
from workbench.model.launch import Launch, RootArgument
from workbench.model.operations import EditValue
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.snapshot import Snapshot

FIX, CHECK = "clients/narrow-root", "clients/broad-root"
WORKSPACE = "/home/dev/mcp-workspace"


def _server(*directories: str, command: tuple[str, ...] = (), **more: Any) -> ServerEntry:
    words = command or ("npx", "-y", "files", *directories)
    roots = tuple(
        RootArgument(text, text.replace("~", "/home/dev"), words.index(text) if text in words else len(words) - 1)
        for text in directories
    )
    return builders.server(command=words, launch=Launch(words[0], words[1:], roots=roots), **more)


def _host(entry: ServerEntry, *others: ClientConfig, **more: Any) -> tuple[Finding, Snapshot]:
    clients = ClientFacts(builders.COMPLETE, configs=(builders.config([entry], **more), *others))
    snapshot = builders.snapshot(clients=clients)
    (finding,) = builders.findings(run_check(CHECK, snapshot))
    return finding, snapshot


def _plan(entry: ServerEntry, directory: str = "", **more: Any) -> Plan | Refusal:
    finding, snapshot = _host(entry, **more)
    answers = get_fix(FIX).answers
    assert answers is not None
    return make_plan(FIX, finding, snapshot, answers(directory) if directory else None)


def _edits(plan: Plan | Refusal) -> list[EditValue]:
    assert isinstance(plan, Plan), plan
    assert all(isinstance(operation, EditValue) for operation in plan.operations)
    return [operation for operation in plan.operations if isinstance(operation, EditValue)]


def test_the_broad_directory_gives_way_to_a_workspace() -> None:
    plan = _plan(_server("/home/dev"))
    (edit,) = _edits(plan)
    assert (edit.expect, edit.value, edit.pointer) == ("/home/dev", WORKSPACE, ("mcpServers", "files", "args", 2))
    assert isinstance(plan, Plan)
    assert (plan.safety, plan.reversal) == (Safety.REVIEW, Reversal.FULL)
    assert f"mkdir -p {WORKSPACE}" in plan.consequences


def test_what_is_narrow_enough_stays() -> None:
    edits = _edits(_plan(_server("/home/dev/work", "/", "~")))
    assert [(edit.expect, edit.value) for edit in edits] == [("/", WORKSPACE), ("~", WORKSPACE)]


def test_the_folder_of_a_project_is_suggested() -> None:
    for place in ("/home/dev/app/.mcp.json", "/home/dev/app/.cursor/mcp.json"):
        config = builders.path(place, 0o600)
        (edit,) = _edits(_plan(_server("/"), path=config, scope="project"))
        assert edit.value == "/home/dev/app"
    at_home = builders.path("/home/dev/.mcp.json", 0o600)
    (edit,) = _edits(_plan(_server("/"), path=at_home, scope="project"))
    assert edit.value == WORKSPACE, "the home is no workspace"


@pytest.mark.parametrize(
    "directory",
    [
        *("/", "/home", "/home/dev", "/home/dev/", "//home//dev", "~/", "~/.ssh", "/etc", "/home/dev/.config/x"),
        *("/home/colleague", "/home/dev/dotfiles", "/root", "/home/dev/.cursor"),
    ],
)
def test_a_directory_that_is_too_broad_is_refused_by_the_rule_of_the_check(directory: str) -> None:
    cursor = builders.config(path=builders.path("/home/dev/.cursor/mcp.json", 0o600), client_name="Cursor")
    finding, snapshot = _host(_server("/"), cursor)
    answers = get_fix(FIX).answers
    assert answers is not None
    made = make_plan(FIX, finding, snapshot, answers(directory))
    assert isinstance(made, Refusal), made
    assert "more than a workspace" in made.reason


@pytest.mark.parametrize(
    "directory",
    ["work", "", " /w", "/w/../..", "/w/./x", "/w\n", "/w\x1b[2J", "/w/$HOME", "/w:/x", "/w,x", "${env:X}", "/w\u202e"],
)
def test_a_path_that_is_not_plain_is_refused(directory: str) -> None:
    finding, snapshot = _host(_server("/"))
    answers = get_fix(FIX).answers
    assert answers is not None
    assert isinstance(make_plan(FIX, finding, snapshot, answers(directory)), Refusal)


@pytest.mark.parametrize(
    ("words", "text", "value"),
    [
        (("docker", "run", "-v", "/:/host", "files"), "/", f"{WORKSPACE}:/host"),
        (("docker", "run", "--volume=/home:/h:ro", "f"), "/home", f"--volume={WORKSPACE}:/h:ro"),
        (("files", "--root=/etc"), "/etc", f"--root={WORKSPACE}"),
        (("docker", "run", "--mount", "type=bind,src=/,dst=/", "f"), "/", ""),
        (("sh", "-c", "files / "), "/", ""),
        (("files", "/x/"), "/", ""),
    ],
)
def test_a_directory_inside_a_longer_argument(words: tuple[str, ...], text: str, value: str) -> None:
    place = next(number for number, word in enumerate(words) if text in word)
    entry = _server(text, command=words)
    assert entry.launch is not None
    entry = replace(entry, launch=replace(entry.launch, roots=(RootArgument(text, text, place),)))
    made = _plan(entry)
    if value:
        assert [edit.value for edit in _edits(made)] == [value]
    else:
        assert isinstance(made, Refusal) and "by hand" in made.instead


def test_a_server_in_a_sandbox_of_our_own_is_refused_for_the_sandbox_would_not_show_the_directory() -> None:
    launcher = "/home/dev/.config/workbench/launchers/files-1a2b3c4d.sh"
    made = _plan(_server("/", command=(launcher, "npx", "-y", "files", "/")))
    assert isinstance(made, Refusal)
    assert launcher in made.reason
    assert made.instead.startswith("undo clients/sandbox-launcher first")
    other = "/home/dev/bin/launchers/files.sh"
    assert _edits(_plan(_server("/", command=(other, "npx", "-y", "files", "/"))))


def test_what_cannot_be_named_exactly_is_refused() -> None:
    entry = _server("/")
    assert isinstance(_plan(replace(entry, argument_pointers=())), Refusal)
    assert isinstance(_plan(replace(entry, argument_pointers=((),) * 4)), Refusal)
    assert isinstance(_plan(entry, format="xml"), Refusal)
    assert isinstance(_plan(entry, kind="extension"), Refusal)
    hidden = builders.path("/home/dev/x.json", 0o600)
    hidden = replace(hidden, file=replace(hidden.file, exact=False))
    assert isinstance(_plan(entry, path=hidden), Refusal)
    finding, snapshot = _host(entry)
    nothing = replace(snapshot, clients=ClientFacts(builders.COMPLETE))
    assert isinstance(make_plan(FIX, finding, nothing), Refusal)


def test_the_check_passes_on_what_the_plan_leaves() -> None:
    finding, snapshot = _host(_server("/home/dev", "/home/dev/work"))
    (edit,) = _edits(make_plan(FIX, finding, snapshot))
    clients = ClientFacts(builders.COMPLETE, configs=(builders.config([_server(edit.value, "/home/dev/work")]),))
    assert builders.kinds(run_check(CHECK, replace(snapshot, clients=clients))) == {Passed}


@pytest.mark.parametrize(
    ("place", "content"),
    [
        (
            ".config/Claude/claude_desktop_config.json",
            '{\r\n  "mcpServers": {\r\n    "files": {"command": "npx", "args": ["-y",\r\n'
            '      "@modelcontextprotocol/server-filesystem", "HOME", "/srv/x"]}\r\n  }\r\n}',
        ),
        (
            ".codex/config.toml",
            '# mine\n[mcp_servers.files]\ncommand = "npx" # run\n'
            "args = ['-y', '@modelcontextprotocol/server-filesystem', 'HOME'] # all\n",
        ),
    ],
)
def test_on_a_real_file_and_back(place: str, content: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    file = write(home / place, content.replace("HOME", str(home)))
    before = file.read_bytes()
    repaired(home, tmp_path / "state", FIX, CHECK)
    quote = before[before.index(str(home).encode()) - 1 :][:1]
    old, new = (quote + path.encode() + quote for path in (str(home), f"{home}/mcp-workspace"))
    assert file.read_bytes() == before.replace(old, new)
