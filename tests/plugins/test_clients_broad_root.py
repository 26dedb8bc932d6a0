"""clients/broad-root."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import get_check, run_check
from workbench.launch import understand
from workbench.model.clients import ClientFacts, ServerEntry
from workbench.model.facts import HostFacts
from workbench.model.finding import NotApplicable, Passed, Verdict
from workbench.model.launch import Launch, RootArgument
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.scan import run_check as scan_check

CHECK = "clients/broad-root"
MAC = HostFacts("darwin", "24.0", 501, "dev", "/Users/dev")
WINDOWS = HostFacts("win32", "10.0.22631", -1, "dev", "C:\\Users\\dev")
WSL = HostFacts("linux", "5.15.153.1-microsoft-standard-WSL2", 1000, "dev", "/home/dev")


def _server(*paths: str, **more: Any) -> ServerEntry:
    roots = tuple(RootArgument(path, path, 3 + number) for number, path in enumerate(paths))
    command = ("npx", "-y", "@modelcontextprotocol/server-filesystem@1.0.0", *paths)
    launch = Launch("npx", command[1:], roots=roots, **more)
    return builders.server(command=command, launch=launch)


def _said(*servers: ServerEntry, **more: Any) -> list[Verdict]:
    clients = ClientFacts(builders.COMPLETE, configs=(builders.config(servers),))
    return run_check(CHECK, builders.snapshot(clients=clients, **more))


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/", "whole file system"),
        ("/home/dev", "your whole home"),
        ("/home", "above your home"),
        ("/home/dev/.ssh", "inside ~/.ssh"),
        ("/home/dev/.ssh/keys", "inside ~/.ssh"),
        ("/home/dev/.aws", "inside ~/.aws"),
        ("/home/dev/.gnupg", "inside ~/.gnupg"),
        ("/home/dev/.config", "inside ~/.config"),
        ("/home/dev/.config/Claude", "inside ~/.config"),
        ("/home/dev/.kube", "inside ~/.kube"),
        ("/home/dev/.docker", "inside ~/.docker"),
        ("/home/dev/.dotfiles", "dotfiles"),
        ("/home/dev/src/dotfiles/zsh", "dotfiles"),
        ("/home/colleague", "the home of colleague"),
        ("/etc", "inside /etc"),
        ("/etc/nginx", "inside /etc"),
        ("/root", "inside /root"),
    ],
)
def test_vulnerable(path: str, why: str) -> None:
    (finding,) = builders.findings(_said(_server(path)))
    assert finding.severity is Severity.HIGH
    assert why in finding.summary
    assert finding.evidence[0].command == ("ls", "-lda", "--", path)
    assert finding.location is not None
    assert finding.location.pointer == ("mcpServers", "files", "args", 2)


@pytest.mark.parametrize(
    "path",
    [
        "/home/dev/mcp-workspace",
        "/home/dev/src/project",
        "/home/dev/.sshx",
        "/home/dev/.configuration",
        "/home/device",
        "/srv/data",
        "/home/dev/notes-on-dotfiles",
        "/home/colleague/shared",
        "/etcetera",
        "/mnt/c",
    ],
)
def test_hardened(path: str) -> None:
    assert builders.kinds(_said(_server(path))) == {Passed}


@pytest.mark.parametrize(
    ("path", "broad"),
    [
        ("/Users/dev", True),
        ("/users/DEV/", True),
        ("/Users", True),
        ("/Volumes/Macintosh HD", True),
        ("/Users/dev/Library", True),
        ("/Users/dev/Library/Keychains", True),
        ("/Users/dev/Library/Mobile Documents/com~apple~CloudDocs/Notes", False),
        ("/Users/dev/Library/CloudStorage/Dropbox/work", False),
        ("/Users/dev/Documents/work", False),
        ("/Volumes/data/work", False),
    ],
)
def test_macos_paths(path: str, broad: bool) -> None:
    """Path logic alone: the host is a simulated one."""
    assert bool(builders.findings(_said(_server(path), host=MAC))) is broad


@pytest.mark.parametrize(
    ("path", "broad"),
    [
        ("C:\\", True),
        ("D:/", True),
        ("d:", True),
        ("C:\\Users\\dev", True),
        ("c:/users/dev/", True),
        ("C:\\Users", True),
        ("C:\\Users\\dev\\AppData\\Roaming\\Claude", True),
        ("C:\\Users\\dev\\.ssh", True),
        ("D:\\work", False),
        ("C:\\Users\\dev\\Documents\\work", False),
        ("C:\\Users\\dev\\AppData\\Local\\Temp\\work", False),
    ],
)
def test_windows_paths(path: str, broad: bool) -> None:
    """Path logic alone: the host is a simulated one."""
    assert bool(builders.findings(_said(_server(path), host=WINDOWS))) is broad


def test_a_windows_drive_seen_from_wsl() -> None:
    assert builders.findings(_said(_server("/mnt/c"), host=WSL))
    assert not builders.findings(_said(_server("/mnt/c/work"), host=WSL))


def test_the_home_of_root_is_its_own_home() -> None:
    root = HostFacts("linux", "6.1", 0, "root", "/root")
    assert builders.findings(_said(_server("/root"), host=root))
    assert builders.kinds(_said(_server("/root/workspace"), host=root)) == {Passed}


def test_accounts_of_services_have_no_home_to_protect() -> None:
    service = replace(builders.COLLEAGUE, uid=998, home="/srv/data")
    accounts = replace(builders.ACCOUNTS, accounts=(*builders.ACCOUNTS.accounts, service))
    assert builders.kinds(_said(_server("/srv/data"), accounts=accounts)) == {Passed}


def test_a_directory_with_the_config_of_a_client() -> None:
    cursor = builders.config(path=builders.path("/home/dev/.cursor/mcp.json", 0o600), client_name="Cursor")
    given = builders.config([_server("/home/dev/.cursor")])
    clients = ClientFacts(builders.COMPLETE, configs=(given, cursor))
    (finding,) = builders.findings(run_check(CHECK, builders.snapshot(clients=clients)))
    assert "configuration of Cursor" in finding.summary


def test_the_config_of_a_project_in_its_own_workspace_is_usual() -> None:
    project = builders.config(
        [_server("/home/dev/src/app")], path=builders.path("/home/dev/src/app/.mcp.json", 0o600), scope="project"
    )
    clients = ClientFacts(builders.COMPLETE, configs=(project,))
    assert builders.kinds(run_check(CHECK, builders.snapshot(clients=clients))) == {Passed}


def test_one_finding_names_every_broad_directory() -> None:
    (finding,) = builders.findings(_said(_server("/home/dev/work", "/", "/home/dev/.ssh")))
    assert [evidence.actual.split(" ")[0] for evidence in finding.evidence] == ["/", "/home/dev/.ssh"]


def test_its_identity_does_not_depend_on_the_directory() -> None:
    (first,) = builders.findings(_said(_server("/")))
    (second,) = builders.findings(_said(_server("/home/dev")))
    assert first.identity == second.identity


def test_not_applicable_without_directories() -> None:
    assert builders.kinds(_said()) == {NotApplicable}
    assert builders.kinds(_said(builders.server())) == {NotApplicable}


def test_not_applicable_when_it_is_switched_off() -> None:
    assert builders.kinds(_said(replace(_server("/"), disabled=True))) == {NotApplicable}


def test_vulnerable_what_a_sandbox_shows_of_the_host() -> None:
    (finding,) = builders.findings(_said(_server("/", sandbox="docker", image=builders.image("mcp/files"))))
    assert "whole file system" in finding.summary
    assert builders.kinds(_said(_server("/home/dev/work", sandbox="bwrap"))) == {Passed}


def test_not_assessed_when_the_content_could_not_be_read() -> None:
    clients = ClientFacts(builders.unread("content"))
    assert scan_check(get_check(CHECK), builders.snapshot(clients=clients)).status is Status.NOT_ASSESSED


@pytest.mark.parametrize("path", ["/home/colleague/.ssh", "/home/colleague", "/home/colleague/src/dotfiles"])
def test_vulnerable_in_the_home_of_the_one_whose_config_it_is(path: str) -> None:
    """With many homes looked at, "your home" is that of the config's owner, not that of the one who looks."""
    config = builders.config([_server(path)], owner=1001)
    root = HostFacts("linux", "6.1.0", 0, "root", "/root")
    said = run_check(CHECK, builders.snapshot(clients=ClientFacts(builders.COMPLETE, configs=(config,)), host=root))
    assert len(builders.findings(said)) == 1


USR = ("--unshare-all", "--ro-bind", "/usr", "/usr", "--ro-bind", "/etc/ssl", "/etc/ssl")


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ((*USR, "--bind", "/home/dev", "/workspace"), "/home/dev"),
        ((*USR, "--ro-bind", "/home/dev/", "/home/dev"), "/home/dev"),
        ((*USR, "--ro-bind-try", "/home", "/home"), "/home"),
        ((*USR, "--ro-bind", "/home/dev/.ssh", "/keys"), "/home/dev/.ssh"),
        (("--ro-bind", "/", "/", "--unshare-net"), "/"),
        (("--ro-bind", "/", "/", "--tmpfs", "/tmp"), "/"),
        (("--ro-bind", "/", "/", "--tmpfs", "/home"), ""),
        (("--ro-bind", "/", "/", "--tmpfs", "/home/dev", "--bind", "/home/dev/ws", "/home/dev/ws"), ""),
        (("--ro-bind", "/", "/", "--ro-bind", "/var/empty", "/home"), ""),
        (("--ro-bind", "/", "/", "--ro-bind", "/home/dev/ws", "/home/dev/ws"), "/"),
        (("--tmpfs", "/home", "--ro-bind", "/", "/"), "/"),
        ((*USR, "--bind", "/home/dev/ws", "/workspace"), ""),
        (USR, ""),
    ],
)
def test_what_bubblewrap_shows_counts(options: tuple[str, ...], shown: str) -> None:
    command = ("bwrap", *options, "/usr/bin/node", "/usr/lib/mcp/x.js", "--bind", "/home/dev", "/home/dev")
    said = _said(builders.server("box", command, launch=understand(command, "/home/dev")))
    found = builders.findings(said)
    assert [finding.summary.split(": ")[0] for finding in found] == ([f"box is given {shown}"] if shown else [])
