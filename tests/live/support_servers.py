"""A home with real configs and a client that starts what stands in them, for the tests that look at running servers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests import builders
from workbench.host import accounts, clients, processes, sockets
from workbench.host.context import Context
from workbench.model.facts import HostFacts
from workbench.model.processes import ServerProcess
from workbench.model.snapshot import Snapshot

_CONFIGS = {
    "claude-desktop": (".config/Claude/claude_desktop_config.json", "mcpServers"),
    "claude-code": (".claude.json", "mcpServers"),
    "cursor": (".cursor/mcp.json", "mcpServers"),
    "vscode": (".config/Code/User/mcp.json", "servers"),
}
# What is installed there names its own place: a link to it may be gone at the next run.
CACHE = Path(os.environ.get("WORKBENCH_TEST_CACHE", Path(__file__).parents[2] / ".cache")).resolve() / "processes"


class Client:
    """A home with the configs of several clients, Claude Desktop's first, and one that starts what stands in them."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.workspace = home / "ws"
        self.workspace.mkdir()
        self.workspace.chmod(0o755)
        self.config = home / _CONFIGS["claude-desktop"][0]
        self.started: list[subprocess.Popen[bytes]] = []
        self.entries: dict[str, dict[str, dict[str, Any]]] = {}

    @classmethod
    @contextmanager
    def in_a_home(cls) -> Iterator[Client]:
        """A client whose home and servers end with the test."""
        home = Path(tempfile.mkdtemp(prefix="home-", dir="/tmp"))
        home.chmod(0o755)
        made = cls(home)
        try:
            yield made
        finally:
            for server in made.started:
                try:
                    os.killpg(server.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                server.communicate()
            shutil.rmtree(home)

    def configure(self, name: str, command: Sequence[str], kind: str = "claude-desktop", **environment: str) -> Path:
        """Write an entry into the config of one client, which is given back."""
        place, key = _CONFIGS[kind]
        entries = self.entries.setdefault(kind, {})
        entries[name] = {"command": command[0], "args": list(command[1:]), "env": environment}
        config = self.home / place
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(json.dumps({key: entries}))
        return config

    def start(
        self, name: str, command: Sequence[str], kind: str = "claude-desktop", **environment: str
    ) -> subprocess.Popen[bytes]:
        """Write an entry into a config, start it as a client does and complete the first exchange."""
        config = self.configure(name, command, kind, **environment)
        entry = json.loads(config.read_text())[_CONFIGS[kind][1]][name]
        server = self.run([entry["command"], *entry["args"]], **entry["env"])
        hello = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "test", "version": "0"},
            },
        }
        assert server.stdin is not None and server.stdout is not None
        server.stdin.write(json.dumps(hello).encode() + b"\n")
        server.stdin.flush()
        line = server.stdout.readline()
        assert line, f"{name} ended before it answered: {command}"
        answer = json.loads(line)
        assert answer["id"] == 1 and "result" in answer, answer
        return server

    def run(self, command: Sequence[str], umask: int = 0o022, **environment: str) -> subprocess.Popen[bytes]:
        """Start a program as the client would, its configuration aside."""
        server = subprocess.Popen(
            list(command),
            cwd=self.home,
            env={**npm_environment(), "PATH": os.environ["PATH"], "HOME": str(self.home), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            umask=umask,
            start_new_session=True,
        )
        self.started.append(server)
        return server

    def look(self) -> Snapshot:
        """A Snapshot of this home and of the servers that this client started."""
        context = replace(Context.of_this_host(), home=self.home, environment={"HOME": str(self.home)})
        found = clients.gather(context)
        running = processes.gather(replace(context, found={"clients": found}))
        sessions = {server.pid for server in self.started}
        mine = tuple(server for server in running.servers if session_of(server.pid) in sessions)
        running = replace(running, servers=mine)
        return builders.snapshot(
            host=HostFacts("linux", "", os.getuid(), "", str(self.home)),
            clients=found,
            processes=running,
            accounts=accounts.gather(context),
            sockets=sockets.gather(replace(context, found={"processes": running})),
        )

    def only(self) -> ServerProcess:
        """The one server that is found."""
        (server,) = self.look().processes.servers
        return server


def session_of(pid: int) -> int:
    """The session of a process, 0 when it has ended meanwhile."""
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


def npm_environment() -> dict[str, str]:
    """What npx needs to keep to the shared cache."""
    cache = CACHE / "npm"
    cache.mkdir(parents=True, exist_ok=True)
    return {"npm_config_cache": str(cache), "npm_config_update_notifier": "false", "npm_config_prefer_offline": "true"}


def starts(script: Path) -> bool:
    """Whether the interpreter is still there that a program names in its first line: by the path it had then."""
    try:
        return Path(script.read_text().partition("\n")[0].removeprefix("#!")).exists()
    except OSError:
        return False


@contextmanager
def locked(name: str) -> Iterator[None]:
    """One at a time: the cache is shared with other runs."""
    import fcntl

    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
