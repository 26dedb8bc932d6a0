"""Variables that a command line sets or passes on: their names, and never a value of one."""

from __future__ import annotations

import pytest

from workbench.launch import understand

HOME = "/home/dev"


def names(command: list[str]) -> list[tuple[str, int | None]]:
    return [(variable.name, variable.argument) for variable in understand(command, HOME).environment]


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (["env", "-i", "-u", "C", "A=b", "D=", "npx", "x"], [("A", 4), ("D", 5)]),
        (["env", "-S", "A=b C=d node", "x.js"], [("A", 2), ("C", 2)]),
        (["sudo", "-u", "mcp", "A=b", "node"], [("A", 3)]),
        (["sudo", "A=b", "-u", "mcp", "C=d", "node"], [("A", 1), ("C", 4)]),
        (["sudo", "--preserve-env=A,B", "node"], [("A", 1), ("B", 1)]),
        (["sudo", "-E", "node"], []),
        (["runuser", "-u", "mcp", "-w", "A,B", "--", "node"], [("A", 4), ("B", 4)]),
        (["run0", "--setenv=A=b", "node"], [("A", 1)]),
        (["docker", "run", "-e", "A=b", "-eC=d", "--env=E", "-e", "F", "i"], [("A", 3), ("C", 4), ("E", 5), ("F", 7)]),
        (["docker", "run", "--env-file", "/srv/.env", "img"], []),
        (["docker", "run", "-itde", "A=b", "img"], [("A", 3)]),
        (["docker", "run", "img", "-e", "A=b"], []),
        (["docker", "run", "img", "env", "A=b", "node"], [("A", 4)]),
        (["docker", "exec", "-e", "A=b", "name", "node"], [("A", 3)]),
        (["docker", "compose", "run", "-e", "A=b", "service"], [("A", 4)]),
        (["bwrap", "--setenv", "A", "b", "--unsetenv", "C", "node"], [("A", 2)]),
        (["firejail", "--env=A=b", "--noprofile", "node"], [("A", 1)]),
        (["systemd-run", "-E", "A=b", "--setenv=C", "-p", "Environment=D=e \"F=g h\"", "x"],
         [("A", 2), ("C", 3), ("D", 5), ("F", 5)]),
        (["systemd-run", "-p", "EnvironmentFile=/srv/.env", "x"], []),
        (["sh", "-c", "A=b C=d npx x"], [("A", 2), ("C", 2)]),
        (["sh", "-c", "export A=b C; export D='e f' && npx x"], [("A", 2), ("C", 2), ("D", 2)]),
        (["sh", "-c", "A=b; npx x"], []),
        (["su", "mcp", "-c", "A=b npx x"], [("A", 3)]),
        (["npx", "-p", "x", "-c", "A=b x"], [("A", 4)]),
        (["cmd", "/c", "set A=b&& npx x"], [("A", 2)]),
        (["powershell", "-Command", "$env:A = 'b'; npx x"], [("A", 2)]),
        (["npx", "-y", "cross-env", "A=b", "node", "x.js"], [("A", 3)]),
        (["mcp-proxy", "-e", "A", "b", "npx", "x"], [("A", 2)]),
        (["npx", "supergateway", "--stdio", "A=b npx x"], [("A", 3)]),
        (["sh", "-c", "A=b A=c npx x"], [("A", 2)]),
        (["npx", "x", "A=b", "-e", "C=d"], []),
        (["bash", "-c", "curl x | A=b sh"], []),
    ],
)  # fmt: skip
def test_names(command: list[str], found: list[tuple[str, int | None]]) -> None:
    assert names(command) == found


def test_no_value_enters_and_names_are_made_visible() -> None:
    token = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    launch = understand(["docker", "run", "-e", f"TOKEN={token}", "-e", f"{token}", "-e", "A\x1b[2J=x", "img"], HOME)
    assert token not in repr(launch)
    assert [variable.name for variable in launch.environment] == [
        "TOKEN",
        "<secret: github-classic, 40 characters>",
        "A\\x1b[2J",
    ]
