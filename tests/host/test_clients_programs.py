"""The files of this host that servers run: found as a client finds them, each looked at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.host.client_homes import look, servers, write
from workbench.host.clients.ways import fact_below
from workbench.host.files import path_fact
from workbench.model.clients import ClientFacts


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a program and two scripts."""
    folder = tmp_path / "srv"
    for name in ("tool", "server.py", "build/index.js", "bin/wrap"):
        write(folder / name, "#!/bin/sh\n").chmod(0o755)
    (folder / "data").touch(0o644)
    return folder


def _runs(home: Path, entry: dict[str, Any], config: str = ".cursor/mcp.json", **more: Any) -> list[str]:
    write(home / config, {"mcpServers": {"a": entry}})
    return list(servers(look(home, **more))["a"].runs)


def test_a_program_by_its_path(tmp_path: Path, place: Path) -> None:
    assert _runs(tmp_path, {"command": str(place / "tool")}) == [str(place / "tool")]
    assert _runs(tmp_path, {"command": "~/srv/tool"}) == [str(place / "tool")]
    assert _runs(tmp_path, {"command": "${HOME}/srv/tool"}) == [str(place / "tool")]


def test_a_program_by_name_is_looked_for_as_the_client_does(tmp_path: Path, place: Path) -> None:
    entry: dict[str, Any] = {"command": "tool"}
    assert _runs(tmp_path, entry) == []
    assert _runs(tmp_path, entry, environment={"PATH": f"relative:{place}/bin:{place}"}) == [str(place / "tool")]
    assert _runs(tmp_path, {**entry, "env": {"PATH": f"/nowhere:{place}"}}) == [str(place / "tool")]
    # What is no program is passed over, as the system does.
    assert _runs(tmp_path, {"command": "data"}, environment={"PATH": str(place)}) == []


def test_what_the_path_of_an_entry_refers_to_is_what_the_client_sees(tmp_path: Path, place: Path) -> None:
    entry = {"command": "tool", "env": {"PATH": "/nowhere:${PATH}"}}
    assert _runs(tmp_path, entry, environment={"PATH": str(place)}) == [str(place / "tool")]


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (["sudo", "-n", "-u", "x", "{}/tool"], ["tool"]),
        (["env", "A=b", "{}/tool"], ["tool"]),
        (["sh", "-c", "exec {}/tool"], ["tool"]),
        (["{}/bin/wrap", "npx", "-y", "x"], ["bin/wrap"]),
        (["node", "{}/build/index.js"], ["build/index.js"]),
        (["python3", "-u", "{}/server.py", "{}/data"], ["server.py"]),
        (["uv", "--directory", "{}", "run", "server.py"], ["server.py"]),
        (["sh", "-c", "cd {} && python3 server.py"], ["server.py"]),
        (["{}/gone"], []),
        (["python3", "-m", "server"], []),
    ],
)
def test_behind_other_programs(tmp_path: Path, place: Path, command: list[str], names: list[str]) -> None:
    first, *rest = (word.replace("{}", str(place)) for word in command)
    found = _runs(tmp_path, {"command": first, "args": rest}, environment={"PATH": "/nowhere"})
    assert found == [str(place / name) for name in names]


@pytest.mark.parametrize("key", ["cwd", "workingDirectory"])
def test_a_script_in_the_working_directory(tmp_path: Path, place: Path, key: str) -> None:
    assert _runs(tmp_path, {"command": "./tool", "args": [], key: str(place)}) == [str(place / "tool")]
    node = {"command": "node", "args": ["build/index.js"], key: str(place)}
    assert str(place / "build/index.js") in _runs(tmp_path, node)


def test_a_script_in_the_folder_of_its_project(tmp_path: Path, place: Path) -> None:
    entry = {"command": "node", "args": ["build/index.js"]}
    assert str(place / "build/index.js") in _runs(tmp_path, entry, "srv/.mcp.json", working_directory=place)
    (place / ".mcp.json").unlink()
    write(tmp_path / ".claude.json", {"projects": {str(place): {"mcpServers": {"b": entry}}}})
    assert str(place / "build/index.js") in servers(look(tmp_path))["b"].runs


def test_a_relative_script_of_an_unknown_folder_is_not_guessed(tmp_path: Path, place: Path) -> None:
    entry = {"command": "srv/tool", "args": []}
    assert _runs(tmp_path, entry, working_directory=tmp_path) == []


@pytest.mark.parametrize(
    "command",
    [
        ["docker", "run", "-i", "python:3", "python3", "{}/server.py"],
        ["podman", "exec", "-i", "name", "{}/tool"],
        ["bwrap", "--ro-bind", "/usr", "/usr", "{}/tool"],
    ],
)
def test_paths_of_a_container_or_a_sandbox_are_not_this_hosts(tmp_path: Path, place: Path, command: list[str]) -> None:
    first, *rest = (word.replace("{}", str(place)) for word in command)
    assert _runs(tmp_path, {"command": first, "args": rest}, environment={"PATH": "/nowhere"}) == []


def test_nothing_is_looked_at_of_a_server_that_is_switched_off(tmp_path: Path, place: Path) -> None:
    assert _runs(tmp_path, {"command": str(place / "tool"), "disabled": True}) == []


def test_the_way_to_a_file_is_told_once_as_the_kernel_takes_it(tmp_path: Path, place: Path) -> None:
    (tmp_path / "link").symlink_to(place / "tool")
    entries = {f"s{number}": {"command": str(tmp_path / "link")} for number in range(50)}
    write(tmp_path / ".cursor/mcp.json", {"mcpServers": entries})
    facts = look(tmp_path)
    assert facts.files == (path_fact(tmp_path / "link"),)


def test_thousands_of_servers_of_one_program_cost_one_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    real = fact_below

    def count(path: str, folders: Any) -> Any:
        looked.append(path)
        return real(path, folders)

    monkeypatch.setattr("workbench.host.clients.programs.fact_below", count)
    entries = {f"s{number}": {"command": "sh", "args": ["/srv/x.sh"]} for number in range(4000)}
    write(tmp_path / ".cursor/mcp.json", {"mcpServers": entries})
    look(tmp_path)
    assert len(looked) == 2


def test_hostile_programs(tmp_path: Path) -> None:
    commands = [
        "/" + "a/" * 5000,
        "/\0",
        "a\0b",
        "\ud800",
        "/" + "x" * 300,
        "/proc/self/mem",
        "~",
        "",
        "/",
        "../../x",
        "~root/x",
    ]
    write(tmp_path / ".cursor/mcp.json", {"mcpServers": {f"s{n}": {"command": c} for n, c in enumerate(commands)}})
    facts = look(tmp_path)
    assert isinstance(facts, ClientFacts)
    assert len(facts.configs[0].servers) == len(commands)
