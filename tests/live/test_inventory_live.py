"""Real servers, however they are started, each found once, with its entry and the code that it really runs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live import support
from tests.live.support_servers import CACHE, Client, locked, npm_environment, starts
from workbench.host.processes.linux import LinuxTable
from workbench.model.processes import ServerProcess
from workbench.model.sources import SourceFact

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("processes")]

SCOPE = "@modelcontextprotocol"
FILES, MEMORY, EVERYTHING = (f"{SCOPE}/server-{name}" for name in ("filesystem", "memory", "everything"))
NODE_PACKAGES = (FILES, MEMORY, EVERYTHING, "typescript", "typescript-language-server", "pyright")
PYTHON_PACKAGES = ("mcp-server-git", "mcp-server-time", "mcp-server-fetch", "uv")
SERVERS = Path(__file__).parent / "servers"
PATIENCE = 30.0


@dataclass(frozen=True)
class Installed:
    """Where the real packages lie: ``node_modules`` and the ``bin`` of a virtual environment."""

    modules: Path
    bin: Path

    def script(self, package: str) -> str:
        """The script of an npm server."""
        return str(self.modules / package / "dist" / "index.js")

    def version(self, package: str) -> str:
        """The version that is installed, as the package managers wrote it down."""
        manifest = self.modules / package / "package.json"
        if manifest.exists():
            return str(json.loads(manifest.read_text())["version"])
        told = subprocess.run([self.bin / "pip", "show", package], capture_output=True, text=True, check=True).stdout
        return next(line.split()[1] for line in told.splitlines() if line.startswith("Version:"))


@pytest.fixture(scope="session")
def installed() -> Installed:
    npm = support.require_program("npm")
    modules = CACHE / "inventory-node" / "node_modules"
    environment = CACHE / "inventory-python"
    with locked("inventory"):
        if not all((modules / name / "package.json").exists() for name in NODE_PACKAGES):
            command = [npm, "install", "--prefix", str(modules.parent), "--no-fund", "--no-audit", *NODE_PACKAGES]
            got(command, {**os.environ, **npm_environment()}, "the servers for Node")
        if not (starts(environment / "bin" / "mcp-server-time") and (environment / "bin" / "uvx").exists()):
            shutil.rmtree(environment, ignore_errors=True)
            python = shutil.which("python3", path="/usr/bin:/bin") or sys.executable
            subprocess.run([python, "-m", "venv", str(environment)], check=True)
            command = [str(environment / "bin" / "pip"), "install", "-q", *PYTHON_PACKAGES]
            got(command, dict(os.environ), "the servers for Python")
        # Once with what the session knows of proxies and mirrors; from then on what is started needs no network.
        command = [str(environment / "bin" / "uvx"), "mcp-server-time", "--help"]
        got(command, {**os.environ, **uv_environment(environment / "bin")}, "mcp-server-time with uvx")
    return Installed(modules, environment / "bin")


def uv_environment(programs: Path) -> dict[str, str]:
    """What uvx needs to keep to the shared cache."""
    return {"UV_CACHE_DIR": str(CACHE / "uv"), "UV_PYTHON": str(programs / "python")}


def got(command: Sequence[str], environment: dict[str, str], what: str) -> None:
    """Install something, or say that it is missing."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        support.missing(f"could not install {what}: {done.stderr[-300:]}")


@pytest.fixture
def client() -> Iterator[Client]:
    with Client.in_a_home() as made:
        yield made


def eventually(client: Client, true: Callable[[list[ServerProcess]], bool]) -> list[ServerProcess]:
    """The servers, once what is waited for has come true."""
    until = time.monotonic() + PATIENCE
    while True:
        servers = list(client.look().processes.servers)
        if true(servers) or time.monotonic() > until:
            assert true(servers), servers
            return servers
        time.sleep(0.2)


def test_every_way_to_start_one_and_what_is_none_beside_them(client: Client, installed: Installed) -> None:
    node, npx = support.require_program("node"), support.require_program("npx")
    workspace = str(client.workspace)
    programs = installed.bin
    uv = {**uv_environment(programs), "UV_OFFLINE": "1"}
    code = "from mcp_server_fetch import main; main()"
    library = installed.modules / MEMORY / "dist" / "index.js"
    starts: list[tuple[str, str, list[str], dict[str, str], str, str]] = [
        ("npx", "claude-desktop", [npx, "-y", MEMORY], {}, MEMORY, "npx cache"),
        ("script", "cursor", [node, installed.script(FILES), workspace], {}, FILES, "node_modules"),
        ("link", "vscode", [str(installed.modules / ".bin" / "mcp-server-everything")], {}, EVERYTHING, "node_modules"),
        ("node-code", "cursor", [node, "-e", f"import('{library}')"], {}, MEMORY, "node_modules"),
        ("module", "claude-code", [str(programs / "python"), "-m", "mcp_server_git"], {}, "mcp-server-git", "venv"),
        ("program", "vscode", [str(programs / "mcp-server-time")], {}, "mcp-server-time", "venv"),
        ("code", "claude-code", [str(programs / "python"), "-c", code], {}, "mcp-server-fetch", "venv"),
        ("uvx", "claude-desktop", [str(programs / "uvx"), "mcp-server-time"], uv, "mcp-server-time", "uv cache"),
    ]
    with locked("npx"):
        for name, kind, command, environment, _, _ in starts:
            client.start(name, command, kind, **environment)
    client.run([str(installed.modules / ".bin" / "typescript-language-server"), "--stdio"])
    client.run([str(installed.modules / ".bin" / "pyright-langserver"), "--stdio"])
    web = client.home / "server.js"
    web.write_text("require('http').createServer((q, r) => r.end()).listen(0, '127.0.0.1')")
    client.run([node, str(web)])
    client.run([str(programs / "python"), "-m", "http.server", "0", "--bind", "127.0.0.1"])
    time.sleep(1.0)
    by_name = {server.entry.name if server.entry else server.key: server for server in client.look().processes.servers}
    assert sorted(by_name) == sorted(start[0] for start in starts)
    for name, _, _, _, package, kind in starts:
        server = by_name[name]
        source = server.source
        assert source is not None, name
        kind = {"venv": "virtual environment"}.get(kind, kind)
        ecosystem = "npm" if package.startswith("@") else "pypi"
        assert (source.kind, source.ecosystem, source.package) == (kind, ecosystem, package), name
        assert (server.confidence, server.outdated, server.orphaned, source.deleted) == ("high", "", False, False), name
        assert Path(source.path).is_dir(), name
        if "cache" not in kind:
            assert source.version == installed.version(package), name
    assert (len(by_name["npx"].chain), len(by_name["uvx"].chain)) == (3, 2)
    assert all(by_name[name].source.version for name in ("npx", "uvx"))  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["npm global", "uv tool", "pipx"])
def test_what_the_package_managers_install_for_good(client: Client, installed: Installed, kind: str) -> None:
    place = client.home / "tools"
    session = {**os.environ, **npm_environment(), **uv_environment(installed.bin), "HOME": str(client.home)}
    name = MEMORY if kind == "npm global" else "mcp-server-time"
    program = place / "bin" / name.split("/")[-1].replace("server-memory", "mcp-server-memory")
    if kind == "npm global":
        got([support.require_program("npm"), "install", "-g", "--prefix", str(place), MEMORY], session, MEMORY)
    elif kind == "uv tool":
        session |= {"UV_TOOL_DIR": str(place / "all"), "UV_TOOL_BIN_DIR": str(place / "bin")}
        got([str(installed.bin / "uv"), "tool", "install", name], session, f"{name} with uv")
    else:
        session |= {"PIPX_HOME": str(place / "all"), "PIPX_BIN_DIR": str(place / "bin")}
        python = str(installed.bin / "python")
        got([str(installed.bin / "uvx"), "pipx", "install", "--python", python, name], session, f"{name} with pipx")
    client.start("it", [str(program)])
    server = client.only()
    assert server.entry is not None and server.source is not None
    assert (server.source.kind, server.source.package, server.source.deleted) == (kind, name, False)
    assert server.source.version and Path(server.source.path).is_dir()


def test_over_http_its_port_is_told_and_a_web_server_is_none(client: Client, installed: Installed) -> None:
    node = support.require_program("node")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [node, installed.script(EVERYTHING), "streamableHttp"]
    client.configure("web", command, PORT=str(port))
    server = client.run(command, PORT=str(port))
    client.run([str(installed.bin / "python"), "-m", "http.server", "0"])
    eventually(client, lambda servers: bool(client.look().sockets.ports))
    snapshot = client.look()
    (found,) = snapshot.processes.servers
    (fact,) = snapshot.sockets.ports
    assert (fact.shown, fact.reach, fact.server) == (f"[::]:{port}", "network", found.key)
    assert (fact.pids, fact.uid) == ((server.pid,), os.getuid())
    assert found.entry is not None and found.entry.name == "web"


@pytest.mark.parametrize(
    ("address", "shown", "reach"),
    [
        ("127.0.0.1", "127.0.0.1", "host"),
        ("0.0.0.0", "0.0.0.0", "network"),
        ("::1", "[::1]", "host"),
        ("::", "[::]", "network"),
        ("::ffff:127.0.0.1", "127.0.0.1", "host"),
    ],
)
def test_the_address_is_the_one_that_was_really_bound(client: Client, address: str, shown: str, reach: str) -> None:
    family = "AF_INET6" if ":" in address else "AF_INET"
    script = client.home / "bound.py"
    script.write_text(
        "import socket, sys, time\n"
        f"bound = socket.socket(socket.{family})\nbound.bind(({address!r}, 0))\nbound.listen()\n"
        "print(bound.getsockname()[1], flush=True)\ntime.sleep(60)\n"
        "def serve():\n    from mcp.server import Server\n"
    )
    server = client.run([sys.executable, str(script)])
    assert server.stdout is not None
    port = server.stdout.readline().decode().strip()
    if not port:
        support.missing("this machine has no IPv6")
    snapshot = client.look()
    (fact,) = snapshot.sockets.ports
    assert (fact.shown, fact.reach) == (f"{shown}:{port}", reach)


def test_in_a_network_of_its_own_only_that_reaches_it(client: Client) -> None:
    support.require_root()
    unshare = support.require_program("unshare")
    script = str(SERVERS / "stays_on_a_port.py")
    client.run([unshare, "--net", "sh", "-c", f"ip link set lo up; exec {sys.executable} {script}"])
    eventually(client, lambda servers: len(client.look().sockets.ports) == 1)
    (fact,) = client.look().sockets.ports
    assert (fact.address, fact.reach) == ("127.0.0.1", "namespace")


def test_under_an_account_of_its_own_by_sudo(client: Client, installed: Installed) -> None:
    support.require_root()
    sudo, node = support.require_program("sudo"), support.require_program("node")
    account = f"wbserver{os.getpid()}"
    useradd, userdel = support.require_program("useradd"), support.require_program("userdel")
    subprocess.run([useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", account], check=True)
    try:
        command = [sudo, "-n", "-u", account, node, installed.script(FILES), str(client.workspace)]
        started = client.start("own", command)
        server = client.only()
        assert (server.account, server.chain[0]) == (account, started.pid)
        assert server.uid != os.getuid()
        assert server.entry is not None and server.entry.name == "own"
        assert server.source is not None and server.source.package == FILES
        # The same start before the config named the account is not what the config says now.
        plain = client.run(command[4:])
        time.sleep(1.2)
        client.configure("own", command)
        by_pid = {each.pid: each for each in client.look().processes.servers}
        assert by_pid[server.pid].outdated == ""
        assert by_pid[plain.pid].entry is None
    finally:
        for process in client.started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        subprocess.run([userdel, account], check=True)


def test_its_transport_is_seen_where_its_standard_input_is_not(client: Client, installed: Installed) -> None:
    started = client.start("time", [str(installed.bin / "mcp-server-time")])
    script = client.home / "plain.py"
    script.write_text("import time\ntime.sleep(60)\n")
    alone = subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    client.started.append(alone)
    table = LinuxTable("/proc")
    if table.link(started.pid, "fd/0") != "/dev/null":
        support.missing("this version of the library leaves its transport where it was")
    assert table.driven(started.pid)
    assert not table.driven(alone.pid)


def test_one_that_was_started_before_its_config_was_changed(client: Client, installed: Installed) -> None:
    node = support.require_program("node")
    old, new = client.home / "old", client.home / "new"
    old.mkdir()
    new.mkdir()
    command = [node, installed.script(FILES)]
    client.start("files", [*command, str(old)])
    time.sleep(1.2)
    assert client.only().outdated == ""
    client.configure("files", [*command, str(new)])
    server = client.only()
    assert server.entry is not None and server.entry.name == "files"
    assert server.outdated == f"it was started with {old}; the config now gives {new}"
    # Started again, the new one is what the config says, and the old one has no claim to the entry.
    again = client.start("files", [*command, str(new)])
    by_pid = {each.pid: each for each in client.look().processes.servers}
    assert by_pid[again.pid].entry is not None and by_pid[again.pid].outdated == ""
    assert by_pid[server.pid].entry is None and by_pid[server.pid].outdated == ""


def test_a_variable_that_the_config_has_only_now(client: Client, installed: Installed) -> None:
    command = [str(installed.bin / "mcp-server-time")]
    client.start("time", command, API_BASE="x")
    time.sleep(1.2)
    client.configure("time", command, API_BASE="x")
    assert client.only().outdated == ""
    client.configure("time", command, API_BASE="x", API_KEY="y")
    assert client.only().outdated == "it was started without API_KEY, which the config now sets"


def test_a_version_that_the_config_names_only_now(client: Client, installed: Installed) -> None:
    with locked("npx"):
        client.start("memory", [support.require_program("npx"), "-y", MEMORY])
    version = client.only().source.version  # type: ignore[union-attr]
    time.sleep(1.2)
    client.configure("memory", ["npx", "-y", f"{MEMORY}@{version}"])
    assert client.only().outdated == ""
    client.configure("memory", ["npx", "-y", f"{MEMORY}@0.0.1"])
    server = client.only()
    assert server.outdated == f"it runs version {version}; the config now names 0.0.1"
    assert server.entry is not None


NODE_CLIENT = (
    "const c = require('child_process').spawn(process.argv[1], process.argv.slice(2), {stdio: ['pipe', 'pipe', 2]});"
    "console.log(c.pid); setInterval(() => {}, 1000)"
)
PYTHON_CLIENT = (
    "import subprocess, sys, time\n"
    "p = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
    "print(p.pid, flush=True)\ntime.sleep(60)"
)


@pytest.mark.parametrize("kind", ["pipes", "socketpairs"])
def test_when_its_client_is_killed_it_is_orphaned(client: Client, kind: str) -> None:
    support.require_root()
    program = [support.require_program("node"), "-e", NODE_CLIENT] if kind == "socketpairs" else None
    above = client.run([*(program or [sys.executable, "-c", PYTHON_CLIENT]), sys.executable, str(SERVERS / "stays.py")])
    assert above.stdout is not None
    pid = int(above.stdout.readline())
    time.sleep(0.5)
    (server,) = client.look().processes.servers
    assert (server.pid, server.orphaned) == (pid, False)
    os.kill(above.pid, signal.SIGKILL)
    above.wait()
    time.sleep(0.2)
    (server,) = client.look().processes.servers
    assert (server.pid, server.orphaned) == (pid, True)


@pytest.mark.parametrize(
    ("shell", "script"),
    [
        ("nohup {command} </dev/null >/dev/null 2>&1 &", "stays.py"),
        ("setsid {command} >/dev/null 2>&1 &", "stays.py"),
        ("tail -f /dev/null | {command} &", "stays.py"),
        ("sleep 0.1 | {command} &", "stays_on_a_port.py"),
    ],
)
def test_what_was_started_to_stay_is_not_orphaned(client: Client, shell: str, script: str) -> None:
    command = f"{sys.executable} {SERVERS / script}"
    starter = client.run(["sh", "-c", shell.format(command=command)])
    starter.wait()
    time.sleep(0.8)
    pids = [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    table = LinuxTable("/proc")
    (pid,) = [each for each in pids if table.command(each)[1:] == (str(SERVERS / script),) and is_in(client, each)]
    try:
        from workbench.host import processes
        from workbench.host.context import Context

        (server,) = [each for each in processes.gather(Context.of_this_host()).servers if each.pid == pid]
        assert not server.orphaned
    finally:
        os.kill(pid, signal.SIGKILL)


def is_in(client: Client, pid: int) -> bool:
    """Whether a process was started in this client's home."""
    try:
        return os.readlink(f"/proc/{pid}/cwd") == str(client.home)
    except OSError:
        return False


def test_a_cluster_of_node_is_one_server(client: Client, installed: Installed) -> None:
    shutil.copy(SERVERS / "clustered.cjs", client.home)
    (client.home / "node_modules").symlink_to(installed.modules)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started = client.run([support.require_program("node"), str(client.home / "clustered.cjs"), str(port)])
    (server,) = eventually(client, lambda servers: len(servers) == 1 and len(servers[0].workers) == 2)
    assert (server.pid, server.chain) == (started.pid, (started.pid,))
    eventually(client, lambda servers: bool(client.look().sockets.ports))
    (fact,) = client.look().sockets.ports
    assert (fact.shown, fact.reach) == (f"127.0.0.1:{port}", "host")


def test_an_application_server_with_workers_is_one_server(client: Client, installed: Installed) -> None:
    shutil.copy(SERVERS / "web_app.py", client.home)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(installed.bin / "uvicorn"), "web_app:app", "--workers", "2", "--port", str(port)]
    client.run(command)
    (server,) = eventually(client, lambda servers: len(servers) == 1 and len(servers[0].workers) >= 2)
    assert server.confidence == "high"
    eventually(client, lambda servers: bool(client.look().sockets.ports))
    (fact,) = client.look().sockets.ports
    assert fact.port == port and {*server.workers} & {*fact.pids}


def test_a_package_that_was_removed_under_a_running_server(client: Client, installed: Installed) -> None:
    modules = client.home / "node_modules"
    shutil.copytree(installed.modules, modules, symlinks=True, ignore=shutil.ignore_patterns("typescript", "pyright"))
    client.start("memory", [support.require_program("node"), str(modules / MEMORY / "dist" / "index.js")])
    shutil.rmtree(modules)
    source = client.only().source
    assert source is not None
    assert (source.kind, source.package, source.version, source.deleted) == ("node_modules", MEMORY, "", True)


def test_a_program_that_was_replaced_under_a_running_server(client: Client) -> None:
    program = client.home / "acme-mcp-server"
    shutil.copy("/bin/sleep", program)
    client.configure("acme", [str(program), "60"])
    client.run([str(program), "60"])
    time.sleep(0.3)
    assert client.only().source == SourceFact("program", str(program))
    fresh = client.home / "fresh"
    shutil.copy("/bin/sleep", fresh)
    fresh.replace(program)
    server = client.only()
    assert server.source == SourceFact("program", str(program), deleted=True)
    assert server.entry is not None


def test_processes_that_come_and_go_are_no_trouble(client: Client) -> None:
    flicker = "import subprocess, time\nend = time.time() + 8\nwhile time.time() < end:\n"
    flicker += "    subprocess.run(['mcp-server-flicker'], executable='/bin/true')\n"
    client.run([sys.executable, "-c", flicker])
    until = time.monotonic() + 3
    while time.monotonic() < until:
        client.look()
