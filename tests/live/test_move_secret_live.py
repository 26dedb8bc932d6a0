"""A real MCP server that is started through the launcher: it gets its secret, and it is the same server as before."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.host.client_homes import TOKEN
from tests.live import support
from tests.live.support_servers import Client, locked, session_of
from tests.plugins.loading import get_fix
from tests.plugins.repairing import findings, seen
from tests.repair.support import prepared, refusal, tree
from workbench.model.operations import CreateFile, KeepSecret, RemoveValue
from workbench.model.plan import Plan
from workbench.model.run import RunState
from workbench.planning import plan
from workbench.repair.history import history
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

pytestmark = pytest.mark.live

MEMORY = "@modelcontextprotocol/server-memory"
OWNER = 41236


def _environments(leader: int) -> dict[int, bytes]:
    """The environment of every process that the client started, by process id."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return {pid: Path(f"/proc/{pid}/environ").read_bytes() for pid in pids if session_of(pid) == leader}


def test_a_real_server_gets_its_secret_from_the_file() -> None:
    support.require_program("npx")
    with Client.in_a_home() as client, tempfile.TemporaryDirectory() as kept_in:
        state = Path(kept_in) / "state"
        command = ["npx", "-y", f"{MEMORY}@2025.8.4"]
        file = client.configure("memory", command, API_KEY=TOKEN, MEMORY_FILE_PATH=str(client.home / "memory.json"))
        before = tree(client.home)
        (finding,) = findings("secrets/in-config", seen(client.home))
        made = plan(get_fix("clients/move-secret"), finding, seen(client.home), {})
        assert isinstance(made, Plan), made
        worked_out = prepare(made)
        assert isinstance(worked_out, Prepared), worked_out
        run = apply(worked_out, state, lambda: "")
        assert run.state is RunState.APPLIED, run.message
        entry = json.loads(file.read_text())["mcpServers"]["memory"]
        assert entry["command"] == "/bin/sh" and TOKEN not in file.read_text()
        with locked("npm"):
            server = client.start("memory", [entry["command"], *entry["args"]], **entry["env"])
        environments = _environments(server.pid)
        assert environments and all(f"API_KEY={TOKEN}".encode() in each.split(b"\0") for each in environments.values())
        for pid in environments:
            assert TOKEN.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
        # The shell became the server: it does not stand between the client and it.
        assert Path(f"/proc/{server.pid}/comm").read_text().strip() != "sh"

        snapshot = client.look()
        (running,) = snapshot.processes.servers
        assert running.entry is not None and running.entry.name == "memory"
        (known,) = snapshot.clients.configs[0].servers
        assert known.launch is not None and known.launch.package is not None
        assert (known.launch.package.name, known.launch.package.version) == (MEMORY, "2025.8.4")
        for check in ("secrets/in-config", "secrets/in-process-arguments", "secrets/in-process-environment"):
            assert not findings(check, snapshot), check

        file.write_text(json.dumps({"mcpServers": {"memory": entry}}))
        again = undo(state, run.identity)
        assert again.state is RunState.UNDONE, again.message
        assert tree(client.home).keys() - {"memory.json"} <= before.keys() | {".npm", ".cache"}
        assert json.loads(file.read_text())["mcpServers"]["memory"]["env"]["API_KEY"] == TOKEN


def test_root_gives_what_it_makes_to_the_owner_of_the_home() -> None:
    support.require_root()
    place = Path(tempfile.mkdtemp(prefix="workbench-live-"))
    try:
        place.chmod(0o755)
        home = place / "home"
        home.mkdir(mode=0o755)
        file = home / "mcp.json"
        file.write_text(json.dumps({"env": {"API_KEY": TOKEN}}))
        for each in (home, file):
            os.chown(each, OWNER, OWNER)
        before = tree(home)
        kept = KeepSecret(str(home / "a/b/kept.env"), "shell", "API_KEY", str(file), "json", ("env", "API_KEY"))
        removed = RemoveValue(str(file), "json", ("env", "API_KEY"))
        state = place / "state"
        run = apply(prepared(kept, removed, CreateFile(str(home / ".profile"), "umask 077\n")), state, lambda: "")
        assert run.state is RunState.APPLIED, run.message
        for name, mode in (("a", 0o700), ("a/b", 0o700), ("a/b/kept.env", 0o600), (".profile", 0o600), ("mcp.json", 0)):
            status = (home / name).stat()
            assert (status.st_uid, status.st_gid) == (OWNER, OWNER), name
            assert not mode or status.st_mode & 0o7777 == mode, name
        assert undo(state, run.identity).state is RunState.UNDONE
        assert tree(home) == before
        undone = history(state)[0]
        assert undo(state, undone.identity).state is RunState.UNDONE
        assert (home / "a/b/kept.env").stat().st_uid == OWNER
        # A folder of theirs that leads elsewhere is not followed by root.
        (home / "link").symlink_to("/etc")
        os.chown(home / "link", OWNER, OWNER, follow_symlinks=False)
        assert "another account" in refusal(CreateFile(str(home / "link/new"), "umask 077\n")).reason
    finally:
        shutil.rmtree(place)
