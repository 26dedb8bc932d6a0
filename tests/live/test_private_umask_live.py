"""Real servers are repaired in their config and started from it again: their umask is 0077 for the kernel too."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import support
from tests.live.support_servers import Client
from tests.plugins.loading import make_plan, plugins, run_check
from tests.plugins.repairing import findings
from workbench.model.finding import Finding, Passed
from workbench.model.plan import Plan
from workbench.model.run import RunState
from workbench.planning import still_found
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("processes")]

FIX, CHECK = "sockets/private-umask", "processes/umask"
FILES = "@modelcontextprotocol/server-filesystem"


@pytest.fixture
def client() -> Iterator[Client]:
    with Client.in_a_home() as made:
        yield made


def _umask(pid: int) -> str:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(line.split()[1] for line in status.splitlines() if line.startswith("Umask:"))


@pytest.mark.parametrize(
    "command", [["npx", "-y", FILES, "WORKSPACE"], ["sudo", "-n", "-E", "npx", "-y", FILES, "WORKSPACE"]]
)
def test_started_again_its_umask_is_private(command: list[str], client: Client, tmp_path: Path) -> None:
    support.require_program("node")
    program, *arguments = (str(client.workspace) if word == "WORKSPACE" else word for word in command)
    if program == "sudo":
        support.require_root()
    first = client.start("server", [support.require_program(program), *arguments])
    seen = client.look()
    (finding,) = findings(CHECK, seen)
    made = make_plan(FIX, finding, seen)
    assert isinstance(made, Plan), made
    prepared = prepare(made)
    assert isinstance(prepared, Prepared), prepared
    run = apply(prepared, tmp_path / "state", lambda: still_found(made, plugins(), client.look()))
    assert run.state is RunState.APPLIED, run.message
    first.terminate()
    first.wait(10)
    client.started.remove(first)

    entry = json.loads(client.config.read_text())["mcpServers"]["server"]
    again = client.start("server", [entry["command"], *entry["args"]])
    after = client.look()
    (server,) = after.processes.servers
    assert _umask(server.pid) == "0077" and _umask(again.pid) == "0077"
    assert server.entry is not None and server.entry.name == "server", "it is still known what starts it"
    assert not server.outdated
    said = run_check(CHECK, after)
    assert any(isinstance(each, Passed) for each in said) and not any(isinstance(each, Finding) for each in said)

    assert undo(tmp_path / "state", run.identity).state is RunState.UNDONE
    assert json.loads(client.config.read_text())["mcpServers"]["server"]["args"] == arguments


@pytest.mark.parametrize(
    ("wrapper", "umask"),
    [
        (["sudo", "-n", "-u", "nobody"], "0077"),
        (["bwrap", "--dev-bind", "/", "/"], "0077"),
        (["firejail", "--quiet", "--noprofile"], "0077"),
        (["setpriv", "--reuid=65534"], "0077"),
        (["env", "A=b"], "0077"),
        (["timeout", "10"], "0077"),
        (["unshare", "--ipc"], "0077"),
    ],
)
def test_these_hand_on_the_umask_that_is_set_around_them(wrapper: list[str], umask: str) -> None:
    support.require_root()
    support.require_program(wrapper[0])
    words = ["/bin/sh", "-c", 'umask 077; exec "$@"', "sh", *wrapper, "sh", "-c", "umask"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, umask=0o022)
    if done.returncode and wrapper[0] in ("bwrap", "firejail", "unshare"):
        support.missing(f"{wrapper[0]} cannot make a sandbox here: {done.stderr[-200:]}")
    assert done.stdout.strip() == umask, done.stderr
