from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests import builders
from tests.host.fake_proc import FakeProc
from workbench.host import processes
from workbench.host.processes.chains import candidates
from workbench.host.processes.linux import LinuxTable
from workbench.launch import understand
from workbench.model.clients import ClientFacts, ServerEntry
from workbench.model.launch import ImageSpec
from workbench.model.processes import ProcessFacts, ServerProcess

PACKAGE = "@modelcontextprotocol/server-filesystem"


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    return FakeProc(tmp_path / "proc")


@pytest.fixture
def script(tmp_path: Path) -> str:
    folder = tmp_path / "_npx" / "node_modules" / "files"
    (folder / "dist").mkdir(parents=True)
    (folder / "dist" / "index.js").write_text("")
    (folder / "package.json").write_text(json.dumps({"name": PACKAGE, "mcpName": "io.x/files"}))
    return str(folder / "dist" / "index.js")


def look(proc: FakeProc, tmp_path: Path, *entries: ServerEntry) -> ProcessFacts:
    config = builders.config(entries, path=builders.path("/home/dev/claude.json", 0o600), owner=1000)
    return processes.gather(proc.context(tmp_path, found={"clients": ClientFacts(builders.COMPLETE, (config,))}))


def only(facts: ProcessFacts) -> ServerProcess:
    (server,) = facts.servers
    return server


def npx(proc: FakeProc, script: str, *, parent: int = 1, first: int = 50) -> None:
    """What "npx -y PACKAGE /srv" looks like once it runs."""
    title = f"npm exec {PACKAGE} /srv".encode() + b"\0" * 9
    proc.add(first, ["npm"], title=title, comm=f"npm exec {PACKAGE}", parent=parent)
    proc.add(first + 1, ["sh", "-c", "mcp-server-filesystem", "/srv"], parent=first)
    proc.add(first + 2, ["node", script, "/srv"], parent=first + 1)


def entry(*command: str, name: str = "files") -> ServerEntry:
    return replace(builders.server(name, command), launch=understand(command, "/home/dev"))


def test_npx_is_three_processes_and_one_server(proc: FakeProc, tmp_path: Path, script: str) -> None:
    proc.add(40, ["/usr/bin/claude"])
    npx(proc, script, parent=40)
    server = only(look(proc, tmp_path, entry("npx", "-y", PACKAGE, "/srv")))
    assert (server.pid, server.chain, server.client) == (52, (50, 51, 52), "claude")
    assert (server.key, server.label) == (f"1000:{PACKAGE}", "files (server-filesystem)")
    assert server.entry is not None
    assert server.command == ("node", script, "/srv")
    assert server.launch is not None and server.launch.package is not None
    assert server.launch.package.name == PACKAGE


def test_with_other_arguments_it_is_not_that_entrys(proc: FakeProc, tmp_path: Path, script: str) -> None:
    npx(proc, script)
    assert only(look(proc, tmp_path, entry("npx", "-y", PACKAGE, "/elsewhere"))).entry is None


def test_an_exact_version_in_the_entry_is_that_package(proc: FakeProc, tmp_path: Path, script: str) -> None:
    npx(proc, script)
    assert only(look(proc, tmp_path, entry("npx", "-y", f"{PACKAGE}@2026.8.31", "/srv"))).entry is not None


def test_while_npx_still_downloads_the_launcher_stands_for_the_server(proc: FakeProc, tmp_path: Path) -> None:
    proc.add(50, ["npm"], title=f"npm exec {PACKAGE} /srv".encode())
    server = only(look(proc, tmp_path))
    assert (server.pid, server.chain) == (50, (50,))


def test_a_launchers_unknown_program_is_the_server(proc: FakeProc, tmp_path: Path) -> None:
    proc.add(50, ["npm"], title=b"npm exec some-tool /srv")
    proc.add(51, ["sh", "-c", "some-tool", "/srv"], parent=50)
    proc.add(52, ["/usr/bin/some-tool", "/srv"], parent=51)
    server = only(look(proc, tmp_path, entry("npx", "-y", "some-tool", "/srv", name="odd")))
    assert (server.pid, server.chain) == (52, (50, 51, 52))
    assert server.entry is not None and server.entry.name == "odd"


def test_uvx_is_two_processes_and_one_server(proc: FakeProc, tmp_path: Path) -> None:
    folder = tmp_path / "archive" / "bin"
    site = tmp_path / "archive" / "lib" / "python3.12" / "site-packages"
    for name in ("mcp-2.3.0", "mcp_server_time-1.0"):
        (site / f"{name}.dist-info").mkdir(parents=True)
    folder.mkdir()
    (folder / "mcp-server-time").write_text("")
    proc.add(50, ["uv", "tool", "uvx", "mcp-server-time"])
    proc.add(51, [str(folder / "python"), str(folder / "mcp-server-time")], parent=50, comm="mcp-server-time")
    server = only(look(proc, tmp_path, entry("uvx", "mcp-server-time", name="time")))
    assert (server.pid, server.chain, server.key) == (51, (50, 51), "1000:mcp-server-time")
    assert server.entry is not None and server.confidence == "high"


def test_sudo_keeps_the_server_its_own_account(proc: FakeProc, tmp_path: Path, script: str) -> None:
    proc.add(40, ["/usr/bin/claude"])
    command = ["sudo", "-u", "mcp-server", "-n", "node", script, "/srv"]
    proc.add(50, command, parent=40, uid=1000, effective=0)
    proc.add(51, command[4:], parent=50, uid=990)
    server = only(look(proc, tmp_path, entry(*command)))
    assert (server.pid, server.uid, server.chain) == (51, 990, (50, 51))
    assert server.entry is not None
    assert server.launch is not None and server.launch.account == "mcp-server"


def test_the_workers_of_a_server_are_the_server(proc: FakeProc, tmp_path: Path, script: str) -> None:
    proc.add(50, ["node", script, "/srv"])
    proc.add(51, ["node", script, "/srv"], parent=50)
    proc.add(52, ["node", script, "--worker"], parent=51)
    assert only(look(proc, tmp_path)).pid == 50


def test_a_server_behind_a_proxy_is_one_of_its_own(proc: FakeProc, tmp_path: Path, script: str) -> None:
    proc.add(50, ["/usr/bin/mcp-proxy", "--port", "80"])
    proc.add(51, ["sh", "-c", f"node {script}"], parent=50)
    proc.add(52, ["node", script], parent=51)
    servers = look(proc, tmp_path).servers
    assert [(server.pid, server.chain) for server in servers] == [(50, (50,)), (52, (51, 52))]


def test_two_starts_of_one_are_numbered_by_age(proc: FakeProc, tmp_path: Path, script: str) -> None:
    proc.add(60, ["node", script, "/b"], started=100)
    proc.add(50, ["node", script, "/a"], started=900)
    servers = look(proc, tmp_path).servers
    assert [(server.pid, server.key, server.label) for server in servers] == [
        (60, f"1000:{PACKAGE}", "server-filesystem"),
        (50, f"1000:{PACKAGE}#2", "server-filesystem #2"),
    ]
    assert servers[0].started == 1767000000 + 1.0


def test_a_restart_keeps_the_key(proc: FakeProc, tmp_path: Path, script: str) -> None:
    proc.add(50, ["node", script, "/a"])
    before = only(look(proc, tmp_path)).key
    other = FakeProc(tmp_path / "later")
    other.add(777, ["node", script, "/a"], started=99999)
    assert only(look(other, tmp_path)).key == before


CONTAINER = "0" * 60 + "beef"
GROUP = f"0::/system.slice/docker-{CONTAINER}.scope"


def test_docker_run_leads_to_the_process_in_its_container(proc: FakeProc, tmp_path: Path) -> None:
    proc.add(50, ["docker", "run", "-i", "--rm", "mcp/git", "--repo", "/r"], started=1000)
    proc.add(60, ["/usr/bin/containerd-shim-runc-v2", "-id", CONTAINER], uid=0, comm="containerd-shim")
    proc.add(61, ["python", "/app/serve.py", "--repo", "/r"], parent=60, uid=0, cgroup=GROUP, started=1100)
    proc.add(70, ["/usr/bin/containerd-shim-runc-v2", "-id", "f" * 64], uid=0, comm="containerd-shim")
    proc.add(71, ["postgres"], parent=70, uid=70, cgroup=f"0::/docker/{'f' * 64}", started=1100)
    server = only(look(proc, tmp_path, entry("docker", "run", "-i", "--rm", "mcp/git", "--repo", "/r", name="git")))
    assert (server.pid, server.chain, server.container, server.uid) == (61, (50, 61), CONTAINER, 0)
    assert server.entry is not None and server.entry.name == "git"


def test_a_container_that_cannot_be_told_from_another_is_left_open(proc: FakeProc, tmp_path: Path) -> None:
    proc.add(50, ["docker", "run", "-i", "mcp/git"], started=1000)
    proc.add(60, ["/usr/bin/containerd-shim-runc-v2"], uid=0, comm="containerd-shim")
    proc.add(61, ["one"], parent=60, uid=0, cgroup=GROUP, started=1100)
    proc.add(62, ["two"], parent=60, uid=0, cgroup=f"0::/docker/{'f' * 64}", started=1200)
    server = only(look(proc, tmp_path, entry("docker", "run", "-i", "mcp/git")))
    assert (server.pid, server.container) == (50, "")
    assert server.launch is not None and server.launch.image == ImageSpec("mcp/git", "mcp/git", argument=3)


def test_a_service_named_so_runs_a_server(proc: FakeProc, tmp_path: Path) -> None:
    (proc.root / "1" / "stat").write_text("1 (systemd) S 0 " + "0 " * 17 + "1 0\n")
    unit = "1:name=systemd:/system.slice/acme\\x2dmcp.service"
    proc.add(50, ["/opt/acme/agentd"], cgroup=unit, uid=990)
    proc.add(51, ["/opt/acme/worker"], cgroup=unit, uid=990, parent=50)
    proc.add(60, ["/usr/bin/other"], cgroup="0::/system.slice/other.service")
    proc.add(61, ["bash"], cgroup="0::/user.slice/app-mcp-1.scope")
    server = only(look(proc, tmp_path))
    assert (server.pid, server.unit, server.confidence) == (50, "acme-mcp.service", "medium")
    assert server.key == "990:acme-mcp.service"


def test_a_service_whose_server_is_known_already_is_not_told_twice(proc: FakeProc, tmp_path: Path, script: str) -> None:
    (proc.root / "1" / "stat").write_text("1 (systemd) S 0 " + "0 " * 17 + "1 0\n")
    unit = "0::/system.slice/files-mcp.service"
    proc.add(50, ["/opt/start"], cgroup=unit)
    proc.add(51, ["node", script], cgroup=unit, parent=50)
    assert only(look(proc, tmp_path)).pid == 51


def test_the_facts_of_a_server(proc: FakeProc, tmp_path: Path, script: str) -> None:
    token = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"
    proc.add(40, ["/usr/bin/cursor"], seccomp_filters=1)
    proc.add(
        50,
        ["node", script],
        parent=40,
        uid=1000,
        groups=(1000, 998),
        umask="0077",
        seccomp_filters=3,
        environment={"GITHUB_TOKEN": token, "HOME": "/home/dev", "EVIL\x1b": "x"},
        namespaces={"net": "net:[7]", "user": "user:[8]"},
        cwd="/srv",
        exe="/usr/bin/node",
    )
    facts = look(proc, tmp_path)
    server = only(facts)
    assert (server.umask, server.groups, server.gid) == (0o077, (998, 1000), 1000)
    assert (server.seccomp_filters, server.parent_seccomp_filters) == (3, 1)
    assert (server.no_new_privileges, server.seccomp) == (False, 0)
    assert (server.capabilities_effective, server.capabilities_bounding) == (0, 0x1FFFFFFFFFF)
    assert server.own_namespaces == ("net", "user")
    assert (server.executable, server.working_directory, server.client) == ("/usr/bin/node", "/srv", "cursor")
    assert server.environment is not None
    named = {variable.name: variable.secret for variable in server.environment}
    assert set(named) == {"GITHUB_TOKEN", "HOME", "EVIL\\x1b"}
    assert named["GITHUB_TOKEN"] is not None and named["HOME"] is None
    assert token not in repr(facts)
    assert facts.state.status == "complete"


def test_text_of_the_host_is_made_visible(proc: FakeProc, tmp_path: Path) -> None:
    proc.add(50, ["/opt/mcp-server-x", "\x1b[2J\u202e", "\udcff"])
    server = only(look(proc, tmp_path))
    assert server.command == ("/opt/mcp-server-x", "\\x1b[2J\\u202e", "\\xff")


def test_a_process_cannot_break_out_of_its_name(proc: FakeProc, tmp_path: Path) -> None:
    proc.add(50, ["/opt/mcp-server-x"], comm="a) S 1 (b\n)")
    assert only(look(proc, tmp_path)).pid == 50


@pytest.mark.parametrize("count", [2000])
def test_thousands_of_others_are_dismissed_quickly(proc: FakeProc, tmp_path: Path, count: int, script: str) -> None:
    for pid in range(1000, 1000 + count):
        folder = proc.root / str(pid)
        folder.mkdir()
        (folder / "cmdline").write_bytes(b"/usr/lib/some/daemon\0--option\0value\0")
    proc.add(50, ["node", script])
    table = LinuxTable(str(proc.root))
    began = time.thread_time()
    commands = table.commands()
    found = candidates(commands, ())
    used = time.thread_time() - began
    assert found == [50]
    assert used < 0.5, f"{used:.3f} s of processor time"
    assert look(proc, tmp_path).seen == count + 3
