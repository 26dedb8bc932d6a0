"""Where a command line names the account, the sandbox, the script and the folder, so that it can be edited there."""

from __future__ import annotations

import pytest

from workbench.launch import understand

HOME = "/home/dev"


@pytest.mark.parametrize(
    ("command", "account", "place"),
    [
        (["sudo", "-n", "-u", "mcp", "node"], "mcp", 3),
        (["sudo", "--user=mcp", "node"], "mcp", 1),
        (["sudo", "-numcp", "node"], "mcp", 1),
        (["sudo", "node"], "root", None),
        (["sudo", "-u", "a", "sudo", "-u", "b", "node"], "b", 5),
        (["su", "-", "mcp", "-c", "node"], "mcp", 2),
        (["su", "-c", "node"], "root", None),
        (["runuser", "-u", "mcp", "--", "node"], "mcp", 2),
        (["gosu", "mcp", "node"], "mcp", 1),
        (["gosu", "mcp:mcp", "node"], "mcp", None),
        (["setpriv", "--reuid=mcp", "node"], "mcp", 1),
        (["systemd-run", "--uid", "mcp", "node"], "mcp", 2),
        (["systemd-run", "-p", "User=mcp", "node"], "mcp", None),
        (["run0", "-u", "mcp", "node"], "mcp", 2),
        (["wsl", "-u", "root", "node"], "root", 2),
        (["sh", "-c", "sudo -u mcp node"], "mcp", None),
        (["docker", "run", "-u", "mcp", "img"], "", None),
        (["docker", "run", "img", "sudo", "-u", "mcp", "node"], "", None),
        (["node", "-u", "mcp"], "", None),
    ],
)
def test_account(command: list[str], account: str, place: int | None) -> None:
    launch = understand(command, HOME)
    assert (launch.account, launch.account_argument) == (account, place)


@pytest.mark.parametrize(
    ("command", "sandbox", "place"),
    [
        (["bwrap", "--ro-bind", "/", "/", "node"], "bwrap", 0),
        (["sudo", "-u", "mcp", "bwrap", "--ro-bind", "/", "/", "node"], "bwrap", 3),
        (["docker", "run", "img"], "docker", 0),
        (["firejail", "docker", "run", "img"], "firejail", 0),
        (["sh", "-c", "firejail node"], "firejail", None),
        (["bwrap", "--dev-bind", "/", "/", "node"], "", None),
        (["npx", "supergateway", "--stdio", "docker run -i img"], "", None),
        (["node"], "", None),
    ],
)
def test_sandbox(command: list[str], sandbox: str, place: int | None) -> None:
    launch = understand(command, HOME)
    assert (launch.sandbox, launch.sandbox_argument) == (sandbox, place)


@pytest.mark.parametrize(
    ("command", "script", "place"),
    [
        (["node", "--no-warnings", "/srv/x.js", "a"], "/srv/x.js", 2),
        (["node", "--import", "tsx", "x.ts"], "x.ts", 3),
        (["npx", "tsx", "./x.ts"], "./x.ts", 2),
        (["npx", "-y", "tsx", "watch", "x.ts"], "x.ts", 4),
        (["python", "-m", "mcp_server_git"], "mcp_server_git", 2),
        (["python", "-um", "mcp_server_git"], "mcp_server_git", 2),
        (["python", "-W", "-m", "x.py"], "x.py", 3),
        (["python", "x.py", "-m", "y"], "x.py", 1),
        (["uv", "run", "x.py"], "x.py", 2),
        (["uv", "run", "python", "x.py"], "x.py", 3),
        (["uv", "--directory", "/srv", "run", "x.py"], "/srv/x.py", 4),
        (["uv", "run", "--directory", "/srv", "-m", "x.y"], "x.y", 5),
        (["uv", "run", "--with", "mcp", "mcp", "run", "x.py"], "x.py", 6),
        (["fastmcp", "run", "x.py:server"], "x.py", None),
        (["python", "-m", "fastmcp", "run", "x.py"], "x.py", 4),
        (["env", "-C", "/srv", "fastmcp", "run", "-m", "x"], "x", 6),
        (["env", "-C", "/srv", "fastmcp", "run", "x.py", "--transport", "stdio"], "/srv/x.py", 5),
        (["sh", "-c", "cd /srv && node dist/x.js"], "/srv/dist/x.js", None),
        (["sh", "-c", "cd /srv && cd app && node x.js"], "/srv/app/x.js", None),
        (["sh", "-c", "cd ${workspaceFolder} && node x.js"], "x.js", None),
        (["sh", "-c", 'cd /srv && node "$1"', "sh", "x.js"], "/srv/x.js", 4),
        (["env", "-C", "/srv", "node", "x.js"], "/srv/x.js", 4),
        (["env", "-C", "/srv", "node", "/opt/x.js"], "/opt/x.js", 4),
        (["cmd", "/c", "cd /d C:\\srv && node x.js"], "C:\\srv\\x.js", None),
        (["bash", "start.sh"], "start.sh", 1),
        (["go", "run", "-C", "/srv", "./cmd/server"], "/srv/cmd/server", 4),
        (["bwrap", "--bind", "/srv", "/w", "sh", "-c", "cd /w/app && node x.js"], "/srv/app/x.js", None),
        (["bwrap", "--tmpfs", "/w", "sh", "-c", "cd /w/app && node x.js"], "x.js", None),
        (["npx", "supergateway", "--stdio", "node /srv/x.js"], "/srv/x.js", None),
        (["npx", "supergateway", "--stdio", "docker run img node x.js"], "", None),
        (["docker", "run", "img", "node", "x.js"], "x.js", 4),
        (["docker", "run", "img", "sh", "-c", "cd /app && node x.js"], "x.js", None),
        (["npx", "x"], "", None),
    ],
)
def test_script(command: list[str], script: str, place: int | None) -> None:
    launch = understand(command, HOME)
    assert (launch.script, launch.script_argument) == (script, place)


@pytest.mark.parametrize(
    ("command", "directory"),
    [
        (["uv", "--directory", "/srv", "run", "server"], "/srv"),
        (["uv", "--directory", "~/app", "run", "server"], "/home/dev/app"),
        (["uv", "--project", "/srv", "run", "server"], ""),
        (["npm", "--prefix", "/srv", "run", "start"], "/srv"),
        (["npm", "run", "start", "--prefix", "/srv"], "/srv"),
        (["npm", "run", "start", "--", "--prefix", "/srv"], ""),
        (["pnpm", "-C", "/srv", "exec", "server"], "/srv"),
        (["poetry", "-C", "/srv", "run", "server"], "/srv"),
        (["sudo", "-D", "/srv", "server"], "/srv"),
        (["systemd-run", "--working-directory=/srv", "server"], "/srv"),
        (["sh", "-c", "cd && server"], "/home/dev"),
        (["sh", "-c", "cd /srv && cd - && server"], ""),
        (["docker", "run", "-w", "/srv", "img"], ""),
        (["node", "x.js"], ""),
    ],
)
def test_folder_that_is_changed_into(command: list[str], directory: str) -> None:
    assert understand(command, HOME).directory == directory


def test_relative_root_is_in_the_folder() -> None:
    launch = understand(["sh", "-c", "cd /srv && mcp-server-filesystem . data"], HOME)
    assert [root.path for root in launch.roots] == ["/srv", "/srv/data"]
    assert understand(["mcp-server-filesystem", ".", "data"], HOME).roots == ()
