from __future__ import annotations

import pytest

from workbench.host.processes.programs import (
    Script,
    as_runner,
    is_container_tool,
    is_launcher,
    names_mcp,
    names_mcp_server,
    program_name,
    script_of,
    split_command,
)


@pytest.mark.parametrize(
    ("raw", "argv"),
    [
        (b"node\0/x/index.js\0/srv\0", ("node", "/x/index.js", "/srv")),
        (b"npm exec @scope/server /srv\0\0\0\0", ("npm", "exec", "@scope/server", "/srv")),
        (b"/opt/My App/server\0", ("/opt/My App/server",)),
        (b"node\0\0x\0", ("node", "", "x")),
        (b"\xff\xfe\0x\0", ("\udcff\udcfe", "x")),
        (b"", ()),
    ],
)
def test_a_command_line_is_taken_apart(raw: bytes, argv: tuple[str, ...]) -> None:
    assert split_command(raw) == argv


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/usr/bin/node", "node"),
        ("/usr/bin/node (deleted)", "node"),
        ("C:\\Program Files\\nodejs\\NODE.EXE", "node"),
        ("npx.cmd", "npx"),
        ("-bash", "bash"),
        ("mcp-server-time", "mcp-server-time"),
    ],
)
def test_a_program_is_its_file_name(path: str, name: str) -> None:
    assert program_name(path) == name


@pytest.mark.parametrize(
    ("argv", "script"),
    [
        (["node", "index.js", "/srv"], Script("script", "index.js", ("/srv",))),
        (["node", "-r", "dotenv/config", "--inspect", "a.js"], Script("script", "a.js")),
        (["node", "--import", "tsx", "a.ts", "b"], Script("script", "a.ts", ("b",))),
        (["node", "-e", "require('http')"], Script("inline", "", ("require('http')",))),
        (["node", "--eval=1"], Script("inline")),
        (["node"], Script("none")),
        (["bun", "run", "s.ts"], Script("script", "s.ts")),
        (["deno", "run", "-A", "s.ts"], Script("script", "s.ts")),
        (
            ["python3", "-m", "mcp_server_git", "--repository", "/r"],
            Script("module", "mcp_server_git", ("--repository", "/r")),
        ),
        (["python3.11", "-um", "x.y"], Script("module", "x.y")),
        (["python", "-X", "dev", "-W", "ignore", "s.py", "a"], Script("script", "s.py", ("a",))),
        (["python", "-Xdev", "s.py"], Script("script", "s.py")),
        (["python", "-c", "pass", "a"], Script("inline", "", ("pass", "a"))),
        (["python", "-"], Script("script", "-")),
        (["python"], Script("none")),
        (["bash", "-lc", "x"], Script("inline", "", ("x",))),
        (["bash", "run.sh", "a"], Script("script", "run.sh", ("a",))),
        (["bash", "--init-file", "/x/integration.sh"], Script("none")),
        (["java", "-Xmx1g", "-jar", "s.jar", "a"], Script("script", "s.jar", ("a",))),
        (["ls", "mcp.js"], Script("none")),
    ],
)
def test_what_an_interpreter_runs(argv: list[str], script: Script) -> None:
    got = script_of(argv)
    if script.kind == "inline":
        assert got.kind == "inline"
    else:
        assert got == script


@pytest.mark.parametrize(
    "argv",
    [
        ["npm", "exec", "x"],
        ["sh", "-c", "mcp-server-filesystem"],
        ["bash", "start.sh"],
        ["uv", "tool", "uvx", "x"],
        ["sudo", "-u", "x", "-n", "node"],
        ["bwrap", "--unshare-all", "node"],
        ["docker", "run", "-i", "x"],
        ["node", "/usr/lib/node_modules/npm/bin/npx-cli.js", "-y", "x"],
        ["node", "/home/x/node_modules/tsx/dist/cli.mjs", "server.ts"],
        ["/usr/bin/python3", "/usr/bin/pipx", "run", "x"],
    ],
)
def test_what_only_starts_another_is_a_launcher(argv: list[str]) -> None:
    assert is_launcher(argv)


@pytest.mark.parametrize(
    "argv",
    [
        ["node", "server.js"],
        ["bash"],
        ["-bash"],
        ["bash", "-i"],
        ["bash", "--rcfile", "/x/shellIntegration-bash.sh"],
        ["docker", "ps"],
        ["python", "-m", "mcp_server_git"],
        [],
    ],
)
def test_what_does_the_work_is_none(argv: list[str]) -> None:
    assert not is_launcher(argv)


def test_runners_are_turned_back_into_what_was_typed() -> None:
    assert as_runner(["npm", "exec", "@a/b", "/x"]) == ("npx", "@a/b", "/x")
    assert as_runner(["uv", "tool", "uvx", "x"]) == ("uvx", "x")
    assert as_runner(["uv", "tool", "run", "x"]) == ("uvx", "x")
    assert as_runner(["node", "/u/npm/bin/npx-cli.js", "-y", "x"]) == ("npx", "-y", "x")
    assert as_runner(["node", "server.js"]) is None
    assert as_runner([]) is None


def test_container_tools() -> None:
    assert is_container_tool(["podman", "run", "-i", "x"])
    assert not is_container_tool(["docker", "build", "run"])
    assert not is_container_tool([])


@pytest.mark.parametrize(
    "name",
    [
        "mcp-server-git",
        "mcp_server_time",
        "github-mcp-server",
        "notion-mcp",
        "myMcpServer",
        "@x/mcp-y",
        "mcp.service",
        "mcp-files",
        "mcpserver",
    ],
)
def test_names_with_the_word(name: str) -> None:
    assert names_mcp(name)


@pytest.mark.parametrize(
    "name",
    [
        "typescript-language-server",
        "tcmcpx",
        "amcp",
        "mcpx",
        "mcp-client",
        "mcp-inspector",
        "test_mcp.py",
        "mcp-hardening-workbench",
        "",
    ],
)
def test_names_without_it_or_of_something_else(name: str) -> None:
    assert not names_mcp(name)


def test_names_built_as_servers_are() -> None:
    assert all(map(names_mcp_server, ["mcp-server-git", "github-mcp-server", "notion-mcp", "mcp_files"]))
    assert not any(map(names_mcp_server, ["old-mcp-thing", "mcp-client", "x"]))
