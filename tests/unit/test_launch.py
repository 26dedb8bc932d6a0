"""Command lines as people configure them: wrappers off, account, sandbox, image and package found."""

from __future__ import annotations

import random
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.launch import understand
from workbench.model.launch import ImageSpec, Launch
from workbench.secrets import redact_arguments

HOME = "/home/dev"


def launched(*command: str) -> Launch:
    return understand(command, HOME)


@pytest.mark.parametrize(
    ("command", "wrappers", "program"),
    [
        (["sudo", "-n", "-u", "mcp", "node", "x.js"], ("sudo",), "node"),
        (["sudo", "-nu", "mcp", "--", "node", "x.js"], ("sudo",), "node"),
        (["sudo", "--user=mcp", "-H", "-g", "mcp", "LANG=C", "node", "x.js"], ("sudo",), "node"),
        (["sudo", "-u", "mcp", "-C", "5", "-p", "ask: ", "env", "-i", "A=b", "node"], ("sudo", "env"), "node"),
        (["doas", "-u", "mcp", "node"], ("doas",), "node"),
        (["env", "-i", "-u", "HOME", "PATH=/bin", "A=b", "npx", "x"], ("env",), "npx"),
        (["env", "-S", "node --no-warnings x.js", "/tmp"], ("env",), "node"),
        (["/usr/bin/env", "node", "x.js"], ("env",), "node"),
        (["sh", "-c", "npx -y x"], ("sh",), "npx"),
        (["bash", "-lc", "npx -y x"], ("bash",), "npx"),
        (["zsh", "-i", "-c", "exec npx -y x"], ("zsh",), "npx"),
        (["bash", "-c", "-l", "npx -y x"], ("bash",), "npx"),
        (["bash", "-c", "--", "npx -y x"], ("bash",), "npx"),
        (["bash", "-c", 'npx "x \\"y\\" \\$HOME" 2>&1'], ("bash",), "npx"),
        (["bash", "-c", "mise exec -- npx x"], ("bash", "mise exec"), "npx"),
        (["cmd", "/c", "set A=b && cd /d D:\\x && npx -y x"], ("cmd",), "npx"),
        (["bash", "-euo", "pipefail", "-c", "A=b npx x 2>/dev/null"], ("bash",), "npx"),
        (["bash", "-c", "cd /srv && source .env; export A=b && exec npx x"], ("bash",), "npx"),
        (["cmd", "/c", "npx", "-y", "x"], ("cmd",), "npx"),
        (["C:\\Windows\\System32\\cmd.exe", "/d", "/s", "/c", 'npx -y "x"'], ("cmd",), "npx"),
        (["powershell", "-NoProfile", "-ExecutionPolicy", "Bypass", "-Command", "npx -y x"], ("powershell",), "npx"),
        (["wsl", "npx", "x"], ("wsl",), "npx"),
        (["wsl.exe", "-d", "Ubuntu", "--cd", "/srv", "--", "bash", "-c", "npx x"], ("wsl", "bash"), "npx"),
        (["nice", "-n", "10", "npx", "x"], ("nice",), "npx"),
        (["nice", "-10", "npx", "x"], ("nice",), "npx"),
        (["nohup", "npx", "x"], ("nohup",), "npx"),
        (["timeout", "-k", "5", "--signal=KILL", "30s", "npx", "x"], ("timeout",), "npx"),
        (["setsid", "-w", "npx", "x"], ("setsid",), "npx"),
        (["stdbuf", "-oL", "-e", "0", "npx", "x"], ("stdbuf",), "npx"),
        (["xvfb-run", "-a", "-s", "-screen 0 1x1x24", "npx", "x"], ("xvfb-run",), "npx"),
        (["bwrap", "--unshare-all", "--setenv", "A", "b", "--ro-bind", "/", "/", "npx", "x"], ("bwrap",), "npx"),
        (["firejail", "--net=none", "--noprofile", "npx", "x"], ("firejail",), "npx"),
        (["systemd-run", "--user", "--pipe", "-q", "-p", "A=b", "npx", "x"], ("systemd-run",), "npx"),
        (["sandbox-exec", "-f", "x.sb", "npx", "x"], ("sandbox-exec",), "npx"),
        (["su", "-", "mcp", "-c", "npx x"], ("su",), "npx"),
        (["runuser", "-u", "mcp", "--", "npx", "x"], ("runuser",), "npx"),
        (["uv", "run", "--with", "mcp", "python", "-m", "x"], ("uv run",), "python"),
        (["poetry", "run", "python", "-m", "x"], ("poetry run",), "python"),
        (["op", "run", "--env-file=.env", "--", "npx", "x"], ("op run",), "npx"),
        (["node", "x.js"], (), "node"),
        (["bash", "start.sh", "/tmp"], (), "bash"),
        (["mcp-server-git"], (), "mcp-server-git"),
    ],
)
def test_wrappers_come_off(command: list[str], wrappers: tuple[str, ...], program: str) -> None:
    launch = understand(command, HOME)
    assert (launch.wrappers, launch.program, launch.understood) == (wrappers, program, True)


@pytest.mark.parametrize(
    ("command", "account"),
    [
        (["sudo", "-u", "mcp", "x"], "mcp"),
        (["sudo", "x"], "root"),
        (["sudo", "-g", "docker", "x"], ""),
        (["sudo", "docker", "run", "image"], "root"),
        (["doas", "x"], "root"),
        (["pkexec", "x"], "root"),
        (["su", "mcp", "-c", "x"], "mcp"),
        (["runuser", "-u", "mcp", "--", "x"], "mcp"),
        (["gosu", "mcp:mcp", "x"], "mcp"),
        (["setpriv", "--reuid", "mcp", "--no-new-privs", "x"], "mcp"),
        (["wsl", "-u", "root", "x"], "root"),
        (["systemd-run", "--uid=mcp", "x"], "mcp"),
        (["systemd-run", "-p", "User=mcp", "x"], "mcp"),
        (["systemd-run", "--user", "x"], ""),
        (["systemd-run", "x"], "root"),
        (["docker", "run", "-u", "1000", "image"], ""),
        (["npx", "x"], ""),
    ],
)
def test_account_it_is_switched_to(command: list[str], account: str) -> None:
    assert understand(command, HOME).account == account


@pytest.mark.parametrize(
    ("command", "sandbox"),
    [
        (["bwrap", "--ro-bind", "/", "/", "x"], "bwrap"),
        (["firejail", "x"], "firejail"),
        (["docker", "run", "image"], "docker"),
        (["podman", "run", "image"], "podman"),
        (["docker", "exec", "-i", "name", "x"], "docker"),
        (["docker", "compose", "-f", "x.yaml", "run", "--rm", "service"], "docker"),
        (["sandbox-exec", "-n", "no-network", "x"], "sandbox-exec"),
        (["docker", "run", "--privileged", "img"], ""),
        (["docker", "run", "-v", "/:/host", "img"], ""),
        (["docker", "run", "--mount", "type=bind,src=/,dst=/host", "img"], ""),
        (["docker", "run", "-v", "/:/host:ro", "img"], "docker"),
        (["docker", "run", "-v", "/var/run/docker.sock:/var/run/docker.sock", "img"], ""),
        (["docker", "run", "-v", "/srv/ws:/ws", "img"], "docker"),
        (["bwrap", "--dev-bind", "/", "/", "x"], ""),
        (["bwrap", "--bind", "/", "/", "--tmpfs", "/home", "x"], "bwrap"),
        (["bwrap", "--ro-bind", "/", "/", "x"], "bwrap"),
        (["systemd-run", "--user", "-p", "ProtectHome=tmpfs", "x"], "systemd-run"),
        (["systemd-run", "--user", "-p", "ProtectHome=no", "x"], ""),
        (["systemd-run", "--user", "--scope", "-p", "ProtectHome=yes", "x"], ""),
        (["systemd-run", "--user", "x"], ""),
        (["docker", "mcp", "gateway", "run"], ""),
        (["sudo", "-u", "mcp", "x"], ""),
        (["wsl", "x"], ""),
    ],
)
def test_sandbox_around_it(command: list[str], sandbox: str) -> None:
    assert understand(command, HOME).sandbox == sandbox


@pytest.mark.parametrize(
    ("options", "image"),
    [
        (["-i", "--rm", "mcp/time"], "mcp/time"),
        (["--pids-limit", "100", "mcp/time"], "mcp/time"),
        (["-it", "--memory", "512m", "--security-opt", "no-new-privileges", "mcp/time:1.2"], "mcp/time:1.2"),
        (["-e", "TOKEN", "-eA=b", "--env-file", ".env", "-p8080:80", "-itv", "/a:/b", "mcp/time"], "mcp/time"),
        (["--cap-drop=ALL", "--read-only", "--tmpfs", "/tmp", "--network", "none", "img@sha256:ab"], "img@sha256:ab"),
        (["--gpus", "all", "--ulimit", "nofile=1", "--init", "-l", "a=b", "--name", "n", "img"], "img"),
    ],
)
@pytest.mark.parametrize("engine", [["docker", "run"], ["docker", "container", "run"], ["docker", "-c", "x", "run"]])
def test_image_is_what_follows_the_options(engine: list[str], options: list[str], image: str) -> None:
    launch = understand([*engine, *options, "--flag", "/projects"], HOME)
    assert launch.image is not None and launch.image.text == image
    assert (launch.program, launch.arguments) == ("docker", ("--flag", "/projects"))
    assert (launch.wrappers, launch.understood) == (("docker run",), True)


def test_program_inside_of_an_image_is_found() -> None:
    launch = launched("docker", "run", "-i", "--rm", "node:20", "npx", "-y", "server@1.0.0", "/projects")
    assert (launch.program, launch.image, launch.roots) == ("npx", ImageSpec("node:20", "node", "20", argument=4), ())
    assert launch.package is not None
    assert (launch.package.name, launch.package.argument) == ("server", 7)
    entry = launched("docker", "run", "--entrypoint", "sh", "image", "-c", "npx server")
    assert (entry.program, entry.wrappers) == ("npx", ("docker run", "sh"))


@pytest.mark.parametrize(
    ("command", "name", "version", "pin", "runner", "argument"),
    [
        (["npx", "-y", "@scope/p@1.2.3"], "@scope/p", "1.2.3", "exact", "npx", 2),
        (["npx", "p@1.2.3-rc.1"], "p", "1.2.3-rc.1", "exact", "npx", 1),
        (["npx", "-y", "@scope/p@1.2"], "@scope/p", "1.2", "range", "npx", 2),
        (["npx", "-y", "p@^1"], "p", "^1", "range", "npx", 2),
        (["npx", "-y", "p@1.x"], "p", "1.x", "range", "npx", 2),
        (["npx", "-y", "p@*"], "p", "*", "range", "npx", 2),
        (["npx", "-y", "p@latest"], "p", "latest", "tag", "npx", 2),
        (["npx", "-y", "@scope/p@canary"], "@scope/p", "canary", "tag", "npx", 2),
        (["npx", "-y", "@scope/p"], "@scope/p", "", "none", "npx", 2),
        (["npx", "-y", "alias@npm:real@2.0.0"], "real", "2.0.0", "exact", "npx", 2),
        (["npx", "-y", "github:o/r"], "r", "", "source", "npx", 2),
        (["npx", "-y", "o/r#main"], "r", "", "source", "npx", 2),
        (["npx", "-y", "git+https://github.com/o/r.git"], "r", "", "source", "npx", 2),
        (["npx", "-y", "./local"], "local", "", "source", "npx", 2),
        (["npx", "--yes", "--package", "p@1.0.0", "bin", "x"], "p", "1.0.0", "exact", "npx", 3),
        (["npx", "-p", "p@1.0.0", "bin"], "p", "1.0.0", "exact", "npx", 2),
        (["npx", "--package=p@1.0.0", "--", "bin"], "p", "1.0.0", "exact", "npx", 1),
        (["npx", "-y", "@smithery/cli@latest", "run", "other@1.0.0"], "@smithery/cli", "latest", "tag", "npx", 2),
        (["npm", "exec", "--yes", "p@1.0.0", "--", "-x"], "p", "1.0.0", "exact", "npm exec", 3),
        (["npm", "x", "p"], "p", "", "none", "npm x", 2),
        (["npm exec @scope/p /tmp"], "@scope/p", "", "none", "npm exec", None),
        (["pnpm", "dlx", "p@2"], "p", "2", "range", "pnpm dlx", 2),
        (["pnpm", "--package=p", "dlx", "bin"], "p", "", "none", "pnpm dlx", 1),
        (["pnpx", "tsx", "./local.ts"], "tsx", "", "none", "pnpx", 1),
        (["yarn", "dlx", "-q", "p@1.0.0"], "p", "1.0.0", "exact", "yarn dlx", 3),
        (["bunx", "--bun", "p@1.0.0"], "p", "1.0.0", "exact", "bunx", 2),
        (["bun", "x", "p"], "p", "", "none", "bun x", 2),
        (["deno", "run", "-A", "--allow-net=x", "npm:@scope/p@1.0.0"], "@scope/p", "1.0.0", "exact", "deno run", None),
        (["uvx", "p"], "p", "", "none", "uvx", 1),
        (["uvx", "p@2025.1.1"], "p", "2025.1.1", "exact", "uvx", 1),
        (["uvx", "p@latest"], "p", "latest", "tag", "uvx", 1),
        (["uvx", "--python", "3.12", "-q", "p==1.0"], "p", "1.0", "exact", "uvx", 4),
        (["uvx", "--from", "p[cli]==1.2.3", "bin"], "p", "1.2.3", "exact", "uvx", 2),
        (["uvx", "--from=p>=1,<2", "bin"], "p", ">=1,<2", "range", "uvx", 1),
        (["uvx", "--from", "p==1.*", "bin"], "p", "==1.*", "range", "uvx", 2),
        (["uvx", "--from", "git+https://github.com/o/r@main", "bin"], "r", "", "source", "uvx", 2),
        (
            ["uvx", "--from", "p @ git+https://github.com/o/r", "bin"],
            "p",
            "git+https://github.com/o/r",
            "source",
            "uvx",
            2,
        ),
        (["uv", "tool", "run", "p"], "p", "", "none", "uv tool run", 3),
        (["uv", "--quiet", "tool", "run", "--from", "p==1", "bin"], "p", "1", "exact", "uv tool run", 5),
        (["uv", "run", "--with", "mcp==1.0", "mcp", "run", "x.py"], "mcp", "1.0", "exact", "uv run", 3),
        (["pipx", "run", "p"], "p", "", "none", "pipx run", 2),
        (["pipx", "run", "--spec", "p==1.0", "bin"], "p", "1.0", "exact", "pipx run", 3),
        (["bash", "-c", "npx -y p@0.1.3"], "p", "0.1.3", "exact", "npx", None),
        (["cmd", "/c", "npx", "-y", "p"], "p", "", "none", "npx", 4),
        (["cmd", "/c", "npx -y p"], "p", "", "none", "npx", None),
        (["wsl", "--", "bash", "-c", "uvx p"], "p", "", "none", "uvx", None),
        (["sudo", "-n", "-u", "u", "npx", "p"], "p", "", "none", "npx", 5),
        (["C:\\Program Files\\nodejs\\npx.cmd", "-y", "p"], "p", "", "none", "npx", 2),
    ],
)
def test_package_that_is_fetched(
    command: list[str], name: str, version: str, pin: str, runner: str, argument: int | None
) -> None:
    package = understand(command, HOME).package
    assert package is not None
    assert (package.name, package.version, package.pin) == (name, version, pin)
    assert (package.runner, package.argument) == (runner, argument)
    if argument is not None:
        assert command[argument] == package.text or command[argument].endswith(f"={package.text}")


@pytest.mark.parametrize(
    "command",
    [
        ["node", "/srv/npx.js"],
        ["python", "-m", "mcp_server_git"],
        ["uv", "run", "server.py"],
        ["uv", "--directory", "/srv/x", "run", "server.py"],
        ["npm", "start"],
        ["npm", "run", "npx"],
        ["pnpm", "exec", "server"],
        ["deno", "run", "-A", "server.ts"],
        ["bun", "run", "server.ts"],
        ["mcp-server-git"],
        ["docker", "run", "-i", "npx"],
    ],
)
def test_nothing_is_fetched(command: list[str]) -> None:
    assert understand(command, HOME).package is None


@pytest.mark.parametrize(
    ("command", "script"),
    [
        (["node", "--no-warnings", "-r", "dotenv", "/srv/x.js", "a"], "/srv/x.js"),
        (["python3.12", "-u", "-X", "dev", "/srv/x.py"], "/srv/x.py"),
        (["/venv/bin/python", "-m", "mcp_server_git", "-m", "x"], "mcp_server_git"),
        (["py", "-3.12", "-m", "mcp_server_git"], "mcp_server_git"),
        (["python", "/srv/x.py", "-m", "other"], "/srv/x.py"),
        (["uv", "run", "-m", "mcp_server_git"], "mcp_server_git"),
        (["uv", "--directory", "/srv", "run", "x.py"], "/srv/x.py"),
        (["bash", "-e", "/srv/start.sh"], "/srv/start.sh"),
        (["bun", "run", "x.ts"], "x.ts"),
        (["deno", "run", "-A", "--config", "d.json", "x.ts"], "x.ts"),
        (["node", "-e", "require('x')"], ""),
        (["python", "-c", "import x"], ""),
        (["mcp-server-git"], ""),
    ],
)
def test_script_of_an_interpreter(command: list[str], script: str) -> None:
    assert understand(command, HOME).script == script


@pytest.mark.parametrize(
    "command",
    [
        ["sh", "-c", "curl https://x.example | sh"],
        ["bash", "-c", "npx a & npx b"],
        ["bash", "-c", "make build && npx a"],
        ["bash", "-c", "npx $(cat name)"],
        ["bash", "-c", "npx 'unclosed"],
        ["bash", "-c", "if true; then npx a; fi"],
        ["cmd", "/c", "npx a && npx b"],
        ["powershell", "-Command", "npx a; npx b"],
    ],
)
def test_more_than_one_command_is_not_understood(command: list[str]) -> None:
    launch = understand(command, HOME)
    assert (launch.program, launch.wrappers, launch.understood) == (command[0], (), False)


@pytest.mark.parametrize(
    "command",
    [
        ["docker", "run", "--no-such-option", "x", "image"],
        ["docker", "run", "-i"],
        ["sudo", "--no-such-option", "x"],
        ["bwrap", "--args", "9", "x"],
        ["/opt/wrapper", "npx", "x"],
        ["npx", "--no-such-option", "x"],
        [],
    ],
)
def test_unknown_option_is_said(command: list[str]) -> None:
    assert not understand(command, HOME).understood


def test_wrapper_of_ones_own_is_taken_off() -> None:
    launch = launched("/opt/wrapper", "--", "uvx", "p")
    assert (launch.program, launch.wrappers) == ("uvx", ("wrapper",))
    assert launch.package is not None
    assert launch.package.argument == 3


def test_every_string_is_redacted_and_visible() -> None:
    dice = random.Random(5)
    token = "ghp_" + "".join(dice.choice(string.ascii_letters + string.digits) for _ in range(36))
    mark = "<secret: github-classic, 40 characters>"
    launch = launched("sudo", "npx", f"git+https://{token}@github.com/o/r", "--token", token, "a\x1b[2J")
    assert token not in repr(launch)
    assert "\x1b" not in repr(launch.arguments)
    assert launch.arguments[-2:] == (mark, "a\\x1b[2J")
    assert launch.package is not None
    assert mark in launch.package.text


def test_what_is_redacted_already_is_understood_just_as_well() -> None:
    launch = launched("sh", "-c", "npx -y p --token <secret: generic, 32 characters> --root /srv")
    assert launch.understood
    assert launch.arguments[3] == "<secret: generic, 32 characters>"
    assert launch.roots[0].path == "/srv"


_KNOWN_WORDS = (
    *("sudo", "env", "sh", "bash", "-c", "-u", "--", "npx", "-y", "--package", "uvx", "--from", "docker", "run", "-v"),
    *("--mount", "bwrap", "--bind", "--ro-bind", "wsl", "cmd", "/c", "node", "python", "-m", "uv", "tool", "timeout"),
    *("5", "systemd-run", "-p", "--user", "su", "-", "npm", "exec", "deno", "npm:", "~", "/", "$HOME", "A=b", "-S"),
    *("\x00", "", " ", "a b", "npx x", "'", "--root", "--root=~", "mcp-server-filesystem", "compose", "-vx:y"),
)
_WORDS = st.one_of(st.sampled_from(_KNOWN_WORDS), st.text(max_size=8))


@settings(deadline=None, max_examples=400)
@given(st.lists(_WORDS, max_size=10))
def test_any_words_are_survived(command: list[Any]) -> None:
    launch = understand(command, HOME)
    assert all(0 <= root.argument < len(command) for root in launch.roots)
    if launch.package is not None and launch.package.argument is not None:
        assert 0 <= launch.package.argument < len(command)


def test_endless_wrapping_ends() -> None:
    assert launched(*["sudo"] * 5_000, "npx", "x").wrappers[:2] == ("sudo", "sudo")


@pytest.mark.parametrize(
    "command",
    [
        ["npx", "-y", "@x/y@1.0", "--api-key", "s3cr3t-v4lu3-0f-s0m3-l3ngth"],
        [
            "sudo",
            "-u",
            "mcp",
            "env",
            "TOKEN=ghp_" + "a1B2c3D4e5" * 4,
            "node",
            "x.js",
            "--token=ghp_" + "a1B2c3D4e5" * 4,
        ],
        ["bash", "-c", "npx -y x --password hunter2hunter2"],
        ["docker", "run", "-e", "API_KEY=0123456789abcdef0123", "acme/image", "serve"],
        ["tool", "--key", "npx", "x"],
        ["npx -y x --token 0123456789abcdef0123"],
        ["\u202enode", "x\x1b.js"],
    ],
)
def test_what_is_redacted_already_need_not_be_again(command: list[str]) -> None:
    redacted, _ = redact_arguments(command)
    assert understand(command, HOME, redacted) == understand(command, HOME)
