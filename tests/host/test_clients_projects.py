"""Whose homes, which project folders, and what one file says of the servers of another."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.host.client_homes import SERVER, gaps, look, names, only, servers, write
from tests.host.locations import make_database
from workbench.host.context import Home

OPENCODE = ".local/share/opencode/opencode.db"


def _project(folder: Path, name: str) -> Path:
    write(folder / ".mcp.json", {"mcpServers": {name: SERVER}})
    return folder


def test_every_home_is_looked_at_with_its_own_environment(tmp_path: Path) -> None:
    mine, other = tmp_path / "home/me", tmp_path / "home/other"
    write(mine / ".cursor/mcp.json", {"mcpServers": {"mine": SERVER}})
    write(tmp_path / "cx/config.toml", '[mcp_servers.named]\ncommand = "x"\n')
    write(other / ".cursor/mcp.json", {"mcpServers": {"theirs": SERVER}})
    write(other / ".claude.json", {"projects": {str(_project(other / "app", "their project")): {}}})
    write(tmp_path / "system/etc/claude-code/managed-mcp.json", {"mcpServers": {"managed": SERVER}})
    homes = (Home(mine, 1000, {"CODEX_HOME": str(tmp_path / "cx")}), Home(other, 1001, {}))
    facts = look(mine, homes=homes, managed_root=tmp_path / "system")
    found = {config.servers[0].name: (config.scope, config.owner) for config in facts.configs if config.servers}
    assert found == {
        "mine": ("user", 1000),
        "named": ("user", 1000),
        "theirs": ("user", 1001),
        "managed": ("managed", None),
        "their project": ("project", None),
    }
    assert len([path for path in facts.looked_at if path.endswith("managed-mcp.json")]) == 1
    # What this session's environment names is not looked at in the name of another account.
    assert names(look(mine, homes=(homes[1],), managed_root=tmp_path / "system")).count("named") == 0


def test_a_project_outside_of_the_homes_is_no_place_to_look_and_is_said(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", _project(tmp_path / "srv/app", "far")
    write(home / ".claude.json", {"projects": {str(elsewhere): {}, f"{tmp_path}/srv/gone": {}, "/": {}, str(home): {}}})
    facts = look(home)
    assert names(facts) == []
    assert [gap.what for gap in gaps(facts, "projects")][:1] in ([str(elsewhere)], ["/"])
    assert not gaps(facts, "content")
    assert names(look(home, working_directory=elsewhere)) == ["far"]


def test_a_project_whose_name_only_begins_like_the_home(tmp_path: Path) -> None:
    home, beside = tmp_path / "me", _project(tmp_path / "me-too", "beside")
    write(home / ".claude.json", {"projects": {str(beside): {}, f"{home}/../me-too": {}}})
    assert names(look(home)) == []


def _process(proc: Path, pid: int, cwd: Path | str) -> None:
    (proc / str(pid)).mkdir(parents=True)
    (proc / str(pid) / "cwd").symlink_to(cwd)


def test_where_processes_of_the_account_run(tmp_path: Path) -> None:
    home, proc, outside = tmp_path / "home", tmp_path / "proc", tmp_path / "outside"
    repository = _project(home / "code/repository", "root")
    (repository / ".git").mkdir()
    _project(home / "code", "above the repository")
    _process(proc, 10, repository / "packages/one")
    _project(repository / "packages/one", "package")
    _process(proc, 11, _project(home / "plain", "plain"))
    (home / "plain/deep").mkdir()
    _process(proc, 12, home / "plain/deep")
    _process(proc, 13, _project(outside / "app", "outside"))
    elsewhere: tuple[str | Path, ...] = ("/", "/etc", "/usr/share", home, "/tmp", "relative", f"{home}/gone (deleted)")
    for pid, place in enumerate(elsewhere, 20):
        _process(proc, pid, place)
    (proc / "30").mkdir()
    (proc / "self").symlink_to("10")
    _project(home, "home")
    facts = look(home, proc=proc, working_directory=tmp_path / "nowhere")
    assert sorted(names(facts)) == ["outside", "package", "plain", "root"]
    assert not gaps(facts, "projects")


def test_processes_of_other_accounts_lead_nowhere(tmp_path: Path) -> None:
    home, proc = tmp_path / "home", tmp_path / "proc"
    _process(proc, 10, _project(home / "app", "app"))
    homes = (Home(home, os.getuid() + 1, {}),)
    assert names(look(home, homes=homes, proc=proc, working_directory=tmp_path)) == []
    assert names(look(home, proc=proc, working_directory=tmp_path)) == ["app"]


def test_more_places_of_processes_than_are_looked_into_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.host.clients.projects._PLACE_LIMIT", 3)
    home, proc = tmp_path / "home", tmp_path / "proc"
    for number in range(5):
        _process(proc, 10 + number, home / f"p{number}")
    assert len(gaps(look(home, proc=proc), "projects")) == 1


def test_the_projects_of_opencode(tmp_path: Path) -> None:
    (tmp_path / OPENCODE).parent.mkdir(parents=True)
    places = [
        str(_project(tmp_path / "a b", "one")),
        "/",
        "relative",
        "",
        str(_project(tmp_path / "two?x#y%20", "two")),
    ]
    make_database(tmp_path / OPENCODE, *places)
    facts = look(tmp_path)
    assert sorted(names(facts)) == ["one", "two"]
    assert sorted(path.name for path in (tmp_path / OPENCODE).parent.iterdir()) == ["opencode.db"]  # no -wal, no -shm


def test_a_database_that_is_being_written(tmp_path: Path) -> None:
    (tmp_path / OPENCODE).parent.mkdir(parents=True)
    make_database(tmp_path / OPENCODE, str(_project(tmp_path / "app", "app")))
    connection = sqlite3.connect(tmp_path / OPENCODE, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        assert names(look(tmp_path)) == ["app"]
        connection.execute("ROLLBACK")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO project VALUES ('9', '/x', '', '', 1, 1, '[]')")
        facts = look(tmp_path)
        assert names(facts) == ["app"]
        assert [(gap.what, gap.unlock) for gap in gaps(facts, "projects")] == [
            (str(tmp_path / OPENCODE), "close that client and look again")
        ]
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", False),
        (b"not a database at all, but long enough to be taken for the header of one " * 20, True),
        (b"SQLite format 3\x00" + b"\xff" * 4096, True),
        (b"SQLite format 3\x00" + bytes(84), True),
    ],
)
def test_a_database_that_is_none(tmp_path: Path, content: bytes, said: bool) -> None:
    (tmp_path / OPENCODE).parent.mkdir(parents=True)
    (tmp_path / OPENCODE).write_bytes(content)
    facts = look(tmp_path)
    assert bool(gaps(facts, "projects")) is said
    assert not gaps(facts, "content")


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE other (x)",
        "CREATE TABLE project (other text)",
        "CREATE TABLE project (worktree);"
        "INSERT INTO project VALUES (3), (NULL), (x'2f61'), ('/' || hex(zeroblob(9999)))",
        "CREATE VIEW project AS"
        " WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS worktree FROM n",
    ],
)
def test_a_database_of_another_shape(tmp_path: Path, script: str) -> None:
    (tmp_path / OPENCODE).parent.mkdir(parents=True)
    connection = sqlite3.connect(tmp_path / OPENCODE)
    connection.executescript(script)
    connection.close()
    facts = look(tmp_path)
    assert (names(facts), facts.state.status) == ([], "complete")


def test_a_database_that_would_take_for_ever(tmp_path: Path) -> None:
    (tmp_path / OPENCODE).parent.mkdir(parents=True)
    connection = sqlite3.connect(tmp_path / OPENCODE)
    connection.executescript(
        "CREATE TABLE project (worktree);"
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 300000)"
        " INSERT INTO project SELECT x FROM n;"
    )
    connection.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.host.clients.databases._PATIENCE", 0.0)
        facts = look(tmp_path)
    assert "too long" in gaps(facts, "projects")[0].why


def test_a_fifo_a_link_and_a_folder_in_place_of_what_remembers_projects(tmp_path: Path) -> None:
    storage = tmp_path / ".config/Code/User/workspaceStorage"
    for place in (
        tmp_path / OPENCODE,
        storage / "a/workspace.json",
        tmp_path / OPENCODE.replace("opencode.db", "b.db"),
    ):
        place.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(tmp_path / OPENCODE)
    os.mkfifo(storage / "a/workspace.json")
    (tmp_path / OPENCODE.replace("opencode.db", "b.db")).mkdir()
    (tmp_path / OPENCODE.replace("opencode.db", "c.db")).symlink_to("/nonexistent")
    facts = look(tmp_path)
    assert len(facts.state.unread) == 3


def test_a_workspace_of_several_folders_is_opened_by_its_file(tmp_path: Path) -> None:
    write(tmp_path / "work/all.code-workspace", {"folders": [], "settings": {"mcp": {"servers": {"x": SERVER}}}})
    address = (tmp_path / "work/all.code-workspace").as_uri()
    write(tmp_path / ".config/Code/User/workspaceStorage/a/workspace.json", {"workspace": address})
    assert names(look(tmp_path)) == ["x"]


@pytest.mark.parametrize(
    ("place", "content", "off"),
    [
        (".claude/settings.json", {"disabledMcpjsonServers": ["x"]}, True),
        (".claude/settings.json", {"enabledMcpjsonServers": ["x"]}, False),
        (".claude/settings.json", {"enableAllProjectMcpServers": True, "disabledMcpjsonServers": ["x"]}, True),
        ("app/.claude/settings.json", {"disabledMcpjsonServers": ["x"]}, True),
        ("app/.claude/settings.local.json", {"disabledMcpjsonServers": ["x", 3]}, True),
        ("app/.claude/settings.local.json", {"disabledMcpjsonServers": "x"}, False),
        ("app/.claude/settings.local.json", {"disabledMcpjsonServers": ["other"]}, False),
        ("other/.claude/settings.json", {"disabledMcpjsonServers": ["x"]}, False),
        ("system/etc/claude-code/managed-settings.json", {"deniedMcpServers": [{"serverName": "x"}, 3]}, True),
        ("system/etc/claude-code/managed-settings.json", {"deniedMcpServers": [{"serverCommand": ["x"]}]}, False),
        (".claude.json", {"projects": {"{app}": {"disabledMcpjsonServers": ["x"]}}}, True),
        (".claude.json", {"projects": {"{app}": {"disabledMcpServers": ["x"]}}}, True),
        (".claude.json", {"projects": {"{app}": {"enabledMcpjsonServers": ["x"]}}}, False),
        (".claude.json", {"projects": {"/other": {"disabledMcpjsonServers": ["x"]}}}, False),
    ],
)
def test_project_servers_that_settings_of_claude_code_switch_off(
    tmp_path: Path, place: str, content: dict[str, Any], off: bool
) -> None:
    app = tmp_path / "app"
    write(app / ".mcp.json", {"mcpServers": {"x": SERVER, "y": SERVER}})
    write(app / ".cursor/mcp.json", {"mcpServers": {"x again": SERVER}})
    if "projects" in content:
        content = {"projects": {key.replace("{app}", str(app)): value for key, value in content["projects"].items()}}
    write(tmp_path / place, content)
    found = servers(look(tmp_path, working_directory=app))
    assert {name: entry.disabled for name, entry in found.items()} == {"x": off, "y": False, "x again": False}


def test_what_one_user_switched_off_is_on_for_another(tmp_path: Path) -> None:
    mine, other, shared = tmp_path / "me", tmp_path / "other", tmp_path / "shared"
    write(mine / ".claude/settings.json", {"disabledMcpjsonServers": ["x"]})
    other.mkdir()
    _project(shared, "x")
    homes = (Home(mine, 1000, {}), Home(other, 1001, {}))
    assert not servers(look(mine, homes=homes, working_directory=shared))["x"].disabled
    write(other / ".claude/settings.json", {"disabledMcpjsonServers": ["x"]})
    assert servers(look(mine, homes=homes, working_directory=shared))["x"].disabled


def test_the_secrets_of_claude_codes_settings_are_its_servers_too(tmp_path: Path) -> None:
    token = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zB9dF1hJ3lN5"
    write(tmp_path / ".claude/settings.json", {"env": {"GITHUB_TOKEN": token}, "model": "opus"})
    facts = look(tmp_path)
    assert [secret.place for secret in only(facts).secrets] == ["env.GITHUB_TOKEN"]
    assert token not in repr(facts)


def test_what_an_administrator_sets_is_a_fact_even_without_servers(tmp_path: Path) -> None:
    write(tmp_path / "system/etc/claude-code/managed-settings.json", {"allowManagedHooksOnly": True})
    config = only(look(tmp_path))
    assert (config.scope, config.servers, config.problem) == ("managed", (), None)


def test_processes_in_another_mount_namespace_lead_nowhere(tmp_path: Path) -> None:
    home, proc = tmp_path / "home", tmp_path / "proc"
    _process(proc, 10, _project(home / "app", "app"))
    for name, namespace in (("self", "mnt:[1]"), ("10", "mnt:[2]")):
        (proc / name / "ns").mkdir(parents=True)
        (proc / name / "ns/mnt").symlink_to(namespace)
    assert names(look(home, proc=proc)) == []
    (proc / "10/ns/mnt").unlink()
    (proc / "10/ns/mnt").symlink_to("mnt:[1]")
    assert names(look(home, proc=proc)) == ["app"]


def test_a_home_that_is_a_link(tmp_path: Path) -> None:
    real = tmp_path / "data/me"
    real.mkdir(parents=True)
    (tmp_path / "me").symlink_to(real)
    write(real / ".claude.json", {"projects": {str(_project(real / "app", "app")): {}}})
    assert names(look(tmp_path / "me")) == ["app"]


def test_thousands_of_projects_and_switches_are_no_square_of_work(tmp_path: Path) -> None:
    projects = {f"{tmp_path}/p{number}": {"disabledMcpjsonServers": [f"s{number}"]} for number in range(1500)}
    write(tmp_path / ".claude.json", {"projects": projects})
    for number in range(1500):
        (tmp_path / f"p{number}").mkdir()
    _project(tmp_path / "p7", "s7")
    _project(tmp_path / "p8", "s9")
    assert {name: entry.disabled for name, entry in servers(look(tmp_path)).items()} == {"s7": True, "s9": False}
