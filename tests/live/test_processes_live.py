"""Real MCP servers, started from a real config by a small client: each is found once, for what it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests import builders
from tests.live import support
from tests.live.support_servers import CACHE, Client, locked, npm_environment, session_of, starts
from tests.plugins.loading import run_check
from workbench.host import processes
from workbench.host.context import Context
from workbench.model.finding import Passed

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("processes")]

FILES = "@modelcontextprotocol/server-filesystem"
TIME = "mcp-server-time"
TOKEN = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"
SECRET_KEY = "wJalrXUtnFEMIK7MDENGbPxRfiCYzQ3T8sKd9aLv"
SERVICE = 61010


@pytest.fixture(scope="session")
def python_servers() -> Path:
    """The programs of a virtual environment in which a real Python server is installed."""
    with locked("python"):
        folder = CACHE / "python"
        if not starts(folder / "bin" / TIME):
            shutil.rmtree(folder, ignore_errors=True)
            python = shutil.which("python3", path="/usr/bin:/bin") or sys.executable
            subprocess.run([python, "-m", "venv", str(folder)], check=True)
            pip = [str(folder / "bin" / "pip"), "install", "-q", TIME]
            done = subprocess.run(pip, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                shutil.rmtree(folder, ignore_errors=True)
                support.missing(f"pip could not install {TIME}: {done.stderr[-300:]}")
    return folder / "bin"


@pytest.fixture(scope="session")
def node_server() -> Path:
    """The script of a real Node server, installed."""
    npm = support.require_program("npm")
    with locked("node"):
        folder = CACHE / "node"
        script = folder / "node_modules" / FILES / "dist" / "index.js"
        if not script.exists():
            command = [npm, "install", "--prefix", str(folder), "--no-fund", "--no-audit", FILES]
            environment = {**os.environ, **npm_environment()}
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                support.missing(f"npm could not install {FILES}: {done.stderr[-300:]}")
    return script


@pytest.fixture
def client() -> Iterator[Client]:
    with Client.in_a_home() as made:
        yield made


def test_npx(client: Client, node_server: Path) -> None:
    with locked("node"):
        started = client.start("files", [support.require_program("npx"), "-y", FILES, str(client.workspace)])
    server = client.only()
    # Another one may be running on this machine; then this is the second.
    assert server.key.partition("#")[0] == f"{os.getuid()}:{FILES}"
    assert server.confidence == "high"
    assert server.chain[0] == started.pid and server.chain[-1] == server.pid and len(server.chain) == 3
    assert server.entry is not None
    assert (server.entry.path, server.entry.pointer) == (str(client.config), ("mcpServers", "files"))
    assert server.launch is not None and server.launch.package is not None and server.launch.package.name == FILES
    assert Path(f"/proc/{server.pid}/comm").read_text().strip() in ("node", "MainThread")


def test_node_with_its_script_and_through_the_link_in_bin(client: Client, node_server: Path) -> None:
    node = support.require_program("node")
    client.start("one", [node, str(node_server), str(client.workspace)])
    link = node_server.parents[3] / ".bin" / "mcp-server-filesystem"
    client.start("two", [str(link), str(client.workspace)])
    servers = client.look().processes.servers
    assert {server.entry.name for server in servers if server.entry} == {"one", "two"}
    assert {server.key.partition("#")[0] for server in servers} == {f"{os.getuid()}:{FILES}"}


def test_python_as_a_program_and_as_a_module(client: Client, python_servers: Path) -> None:
    client.start("program", [str(python_servers / TIME), "--local-timezone", "UTC"])
    client.start("module", [str(python_servers / "python"), "-m", "mcp_server_time", "--local-timezone", "UTC"])
    servers = client.look().processes.servers
    assert {server.entry.name for server in servers if server.entry} == {"program", "module"}
    assert [server.confidence for server in servers] == ["high", "high"]
    assert {server.key.partition("#")[0] for server in servers} == {f"{os.getuid()}:{TIME}"}


def test_started_by_hand_it_is_known_and_not_joined(client: Client, node_server: Path) -> None:
    client.start("files", [support.require_program("node"), str(node_server), str(client.workspace)])
    other = client.run([support.require_program("node"), str(node_server), "/usr/share"])
    time.sleep(0.3)
    by_pid = {server.pid: server for server in client.look().processes.servers}
    assert by_pid[other.pid].entry is None
    assert len(by_pid) == 2


def test_a_shell_around_it_is_part_of_its_start(client: Client, node_server: Path) -> None:
    script = f"node {node_server} {client.workspace}; true"
    started = client.start("files", ["sh", "-c", script])
    server = client.only()
    assert server.chain == (started.pid, server.pid)
    assert server.entry is not None


def test_the_facts_agree_with_the_kernel(client: Client, python_servers: Path) -> None:
    started = client.start("time", [str(python_servers / TIME)], GITHUB_TOKEN=TOKEN)
    snapshot = client.look()
    (server,) = snapshot.processes.servers
    assert server.pid == started.pid
    assert (server.uid, server.umask) == (os.getuid(), 0o022)
    assert server.executable == os.readlink(f"/proc/{server.pid}/exe")
    assert abs(server.started - time.time()) < 120
    assert server.environment is not None
    assert {variable.name for variable in server.environment if variable.secret} == {"GITHUB_TOKEN"}
    assert TOKEN not in repr(snapshot)


def test_as_root_and_open_it_is_found_and_its_hardened_twin_is_not(client: Client, node_server: Path) -> None:
    support.require_root()
    setpriv = support.require_program("setpriv")
    node = support.require_program("node")
    client.start("open", [node, str(node_server), str(client.workspace)])
    inherits = client.run([node, str(node_server), "/usr/share"], 0o000, AWS_SECRET_ACCESS_KEY=SECRET_KEY)
    hardened = client.start(
        "closed",
        [
            *("sh", "-c", 'umask 077; exec "$0" "$@"'),
            *(setpriv, f"--reuid={SERVICE}", f"--regid={SERVICE}", "--clear-groups", "--no-new-privs"),
            *("env", "-i", "PATH=/usr/bin:/bin", node, str(node_server), str(client.workspace)),
        ],
    )
    snapshot = client.look()
    by_pid = {server.pid: server for server in snapshot.processes.servers}
    assert len(by_pid) == 3
    closed = by_pid[hardened.pid]
    assert (closed.uid, closed.umask, closed.no_new_privileges) == (SERVICE, 0o077, True)
    assert closed.entry is not None and closed.entry.name == "closed"
    for check, expected in (
        ("processes/runs-as-root", {"open", "inherits"}),
        ("processes/umask", {"open", "inherits"}),
        ("secrets/in-process-environment", {"inherits"}),
    ):
        verdicts = run_check(check, snapshot)
        names = {closed.key: "closed", by_pid[inherits.pid].key: "inherits"}
        found = {names.get(finding.subject.key, "open") for finding in builders.findings(verdicts)}
        assert found == expected, check
        passed = {verdict.subject.key for verdict in verdicts if isinstance(verdict, Passed)}
        assert closed.key in passed, check


def test_sandboxed_with_bwrap_the_server_is_its_innermost_process(client: Client, python_servers: Path) -> None:
    bwrap = support.require_program("bwrap")
    wrapper = [bwrap, "--bind", "/", "/", "--dev", "/dev", "--unshare-pid", "--unshare-net", "--proc", "/proc"]
    started = client.start("boxed", [*wrapper, str(python_servers / TIME)])
    server = client.only()
    assert server.chain[0] == started.pid and server.pid != started.pid
    assert {"mnt", "net", "pid"} <= set(server.own_namespaces)
    assert server.entry is not None and server.entry.name == "boxed"
    assert server.launch is not None and server.launch.sandbox
    assert server.source is not None and server.source.kind == "virtual environment"
    assert Path(server.source.path).name.startswith("mcp_server_time-") and Path(server.source.path).is_dir()


def test_what_is_no_server_is_left_alone(client: Client, node_server: Path, tmp_path: Path) -> None:
    node = support.require_program("node")
    client.run([node, "-e", "require('http').createServer().listen(0, '127.0.0.1')"])
    lsp = client.home / "node_modules" / "typescript-language-server" / "lib"
    lsp.mkdir(parents=True)
    (lsp.parent / "package.json").write_text(json.dumps({"name": "typescript-language-server", "version": "4.0.0"}))
    (lsp / "cli.mjs").write_text("process.stdin.resume()")
    client.run([node, str(lsp / "cli.mjs"), "--stdio"])
    project = client.home / "mcp-project"
    project.mkdir()
    (project / "app.js").write_text("setInterval(() => {}, 1000)")
    client.run([node, str(project / "app.js")])
    client.run(["tail", "-f", str(project / "app.js")])
    client.run([sys.executable, "-c", "import time; time.sleep(60)  # mcp"])
    client.run([sys.executable, "-m", "workbench", "--help"])
    time.sleep(0.5)
    assert client.look().processes.servers == ()


def test_an_account_without_rights_finds_the_same_server_and_says_what_it_cannot_see(
    client: Client, node_server: Path
) -> None:
    support.require_root()
    client.start("files", [support.require_program("node"), str(node_server), str(client.workspace)])
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            facts = processes.gather(replace(Context.of_this_host(), home=client.home))
            (server,) = [each for each in facts.servers if session_of(each.pid) == client.started[0].pid]
            gaps = {gap.facet for gap in facts.state.unread if server.label in gap.what}
            seen = (server.confidence, server.umask, server.environment, server.executable, sorted(gaps))
            os.write(write, repr(seen).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        told = answer.read().decode()
    os.waitpid(child, 0)
    assert told == repr(("high", 0o022, None, "", ["environment", "executable", "namespaces"]))


def test_a_look_at_this_machine_is_quick() -> None:
    context = Context.of_this_host()
    processes.gather(context)
    began = time.process_time()
    facts = processes.gather(context)
    used = time.process_time() - began
    assert facts.seen > 5
    assert used < 1.0 + facts.seen / 1000
