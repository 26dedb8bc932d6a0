"""The directories that a server is given, and what only looks like one."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.launch import understand

HOME = "/home/dev"
_NPX = ["npx", "-y", "@modelcontextprotocol/server-filesystem"]


def paths(command: list[str]) -> list[tuple[str, int]]:
    return [(root.path, root.argument) for root in understand(command, HOME).roots]


@pytest.mark.parametrize(
    ("argument", "path"),
    [
        ("/", "/"),
        ("~", HOME),
        ("~/work", f"{HOME}/work"),
        ("$HOME", HOME),
        ("$HOME/work", f"{HOME}/work"),
        ("${HOME}/sub", f"{HOME}/sub"),
        ("${env:HOME}/sub", f"{HOME}/sub"),
        ("${userHome}", HOME),
        ("/srv/data/../other/", "/srv/other"),
        ("C:\\", "C:\\"),
        ("D:/x", "D:/x"),
        ("\\\\server\\share", "\\\\server\\share"),
        ("/mnt/c", "/mnt/c"),
    ],
)
def test_operand_of_a_file_server(argument: str, path: str) -> None:
    assert paths([*_NPX, argument]) == [(path, 3)]


@pytest.mark.parametrize(
    "argument",
    [
        "${workspaceFolder}",
        "${HOMEWORK}/x",
        "$HOMEWORK/x",
        "~other",
        ".",
        "relative/dir",
        "",
        "https://x.example",
        "C:",
    ],
)
def test_what_names_no_directory_that_can_be_known(argument: str) -> None:
    assert [path for path, _ in paths([*_NPX, argument]) if path != "C:"] == []


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (["mcp-server-filesystem", "/a", "/b"], [("/a", 1), ("/b", 2)]),
        (["/usr/local/bin/rust-mcp-filesystem", "--allow-write", "/a"], [("/a", 2)]),
        (["node", "/srv/servers/src/filesystem/dist/index.js", "/a"], [("/a", 2)]),
        (["sudo", "-n", "-u", "mcp", "node", "/srv/mcp-server-filesystem/index.js", "/a"], [("/a", 6)]),
        (["python", "-m", "mcp_filesystem_server", "/a"], [("/a", 3)]),
        (
            ["npx", "--package=@modelcontextprotocol/server-filesystem", "--", "mcp-server-filesystem", "/a"],
            [("/a", 4)],
        ),
        (["uvx", "--from", "mcp-file-server==1.0", "files", "/a"], [("/a", 4)]),
        (["cmd", "/c", "npx", "-y", "@modelcontextprotocol/server-filesystem", "D:\\x"], [("D:\\x", 5)]),
        (["bash", "-c", "npx -y @modelcontextprotocol/server-filesystem ~ /a"], [(HOME, 2), ("/a", 2)]),
        (["sh", "-c", 'mcp-server-filesystem "$@"', "sh", "/a"], [("/a", 4)]),
        (["npm exec @modelcontextprotocol/server-filesystem /a"], [("/a", 0)]),
        (["uvx", "mcp-server-git", "--repository", "/a"], [("/a", 3)]),
        (["python", "-m", "mcp_server_git", "--repository=/a"], [("/a", 3)]),
        (["server", "--root", "/a", "--db-path", "/b/x"], [("/a", 2)]),
        (["server", "--allowed-directories", "/a", "/b", "--port", "1"], [("/a", 2), ("/b", 3)]),
        (["server", "--allowed-dirs=/a,~/b"], [("/a", 1), (f"{HOME}/b", 1)]),
        (["server", "--workspace", "~", "/not/a/root"], [(HOME, 2)]),
        (["server", "--allowed_dir", "/a"], [("/a", 2)]),
        (["server", "--path", "/a/data.sqlite"], []),
        (["server", "/a", "/b"], []),
        (["mcp-server-sqlite", "--db-path", "/home/dev/x"], []),
        (["mcp-server-filesystem", "--log-file", "/var/log", "/a"], [("/a", 3)]),
        (["uv", "--directory", "/srv/x", "run", "server.py"], []),
        (["node", "/srv/files/my-server/dist/index.js", "/a"], []),
        (["claude", "--settings", '{"bash": {"rm -rf /": "deny", "~": "x"}}'], []),
        (["server", "--root"], []),
    ],
)
def test_roots(command: list[str], found: list[tuple[str, int]]) -> None:
    assert paths(command) == found


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["-v", "/home/dev/ws:/projects/ws"], [("/home/dev/ws", 3)]),
        (["-v/:/host:ro"], [("/", 2)]),
        (["--volume=~/ws:/ws"], [("/home/dev/ws", 2)]),
        (["-v", "${HOME}:/home"], [(HOME, 3)]),
        (["-v", "C:\\Users\\dev:/data"], [("C:\\Users\\dev", 3)]),
        (["--mount", "type=bind,src=/home/dev/ws,dst=/projects"], [("/home/dev/ws", 3)]),
        (["--mount", "type=bind,source=/a,target=/b,readonly"], [("/a", 3)]),
        (["--mount", "type=volume,src=data,dst=/data"], []),
        (["--mount", "type=tmpfs,dst=/data"], []),
        (["-v", "data:/data"], []),
        (["-v", "/data"], []),
        (["-v", "/var/run/docker.sock:/var/run/docker.sock"], []),
        (["-v", "${workspaceFolder}:/projects"], []),
        (["-v", "${WS:-/a}:/projects"], []),
        (["-w", "/projects"], []),
    ],
)
def test_of_a_container_it_is_the_host_side(options: list[str], found: list[tuple[str, int]]) -> None:
    command = ["docker", "run", *options, "mcp/filesystem", "/projects", "--root", "/data"]
    assert paths(command) == found


def test_inside_of_bubblewrap_it_is_what_is_mounted_there() -> None:
    command = [
        "bwrap",
        "--ro-bind",
        "/usr",
        "/usr",
        "--bind",
        "/home/dev/ws",
        "/workspace",
        "--tmpfs",
        "/workspace/tmp",
    ]
    server = ["/usr/bin/mcp-server-filesystem", "/workspace", "/workspace/sub", "/workspace/tmp/x", "/home"]
    assert paths([*command, *server]) == [("/home/dev/ws", 10), ("/home/dev/ws/sub", 11)]
    whole = ["bwrap", "--bind", "/", "/", "mcp-server-filesystem", "/srv"]
    assert paths(whole) == [("/srv", 5)]


def test_links_are_resolved(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    root = understand([*_NPX, f"{tmp_path}/link"], HOME).roots[0]
    assert root.path == str((tmp_path / "real").resolve())
    assert root.text == f"{tmp_path}/link"
