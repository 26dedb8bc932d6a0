"""Entries that start a container against a real engine: closed, tried, answered, undone byte for byte."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.live.docker_engine import PrivateEngine, import_files_server, private_engine
from tests.live.support_servers import Client
from tests.live.test_sandbox_launcher_live import _asked, _text
from tests.plugins.loading import get_fix, plugins
from tests.plugins.repairing import findings
from tests.repair.support import journal_text, tree
from workbench.host import containers, servers
from workbench.host.context import Context
from workbench.host.servers import DEPENDS
from workbench.model.plan import Plan, Refusal
from workbench.model.run import Run, RunState
from workbench.model.snapshot import Snapshot
from workbench.planning import plan, still_found
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("containers")]

FIX, CHECK = "containers/harden-run", "clients/container-flags"
IMAGE = "mcp/filesystem"
TOKEN = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"


@pytest.fixture(scope="module")
def engine() -> Iterator[PrivateEngine]:
    with private_engine() as started:
        started.docker("tag", import_files_server(started), IMAGE)
        yield started


@pytest.fixture
def client(engine: PrivateEngine) -> Iterator[Client]:
    with Client.in_a_home() as made:
        (made.workspace / "note.txt").write_text("the note")
        yield made
    while left := engine.docker("ps", "--all", "--quiet").stdout.split():
        engine.docker("rm", "--force", "--volumes", *left, check=False)


@pytest.fixture
def state() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "state"


def configured(
    client: Client, engine: PrivateEngine, *options: str, image: str = IMAGE, **more: str
) -> tuple[str, ...]:
    command = ("docker", "run", *options, image, "/workspace")
    client.configure("files", command, **engine.environment, **more)
    return command


def look(client: Client, engine: PrivateEngine) -> Snapshot:
    """The facts of this home, of the servers that were started from it, and of the private engine."""
    context = replace(
        Context.of_this_host(), home=client.home, environment={"HOME": str(client.home)}, engines=(engine.socket,)
    )
    made = client.look()
    context = replace(context, found={"clients": made.clients, "processes": made.processes})
    made = replace(made, containers=containers.gather(context))
    found = {section: getattr(made, section) for section in DEPENDS}
    return replace(made, servers=servers.gather(replace(context, found=found)))


def planned(snapshot: Snapshot, check: str = CHECK, fix: str = FIX, **answers: str) -> Plan | Refusal:
    (finding,) = findings(check, snapshot)
    assert fix in finding.repairs
    return plan(get_fix(fix), finding, snapshot, answers)


def applied(
    client: Client, engine: PrivateEngine, state: Path, check: str = CHECK, fix: str = FIX, **answers: str
) -> Run:
    made = planned(look(client, engine), check, fix, **answers)
    assert isinstance(made, Plan), made
    worked_out = prepare(made)
    assert isinstance(worked_out, Prepared), worked_out
    return apply(worked_out, state, lambda: still_found(made, plugins(), look(client, engine)))


def entry(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.config.read_text())["mcpServers"]["files"]
    return found


VULNERABLE = {
    "as servers tell you to write it": (),
    "privileged": ("--privileged",),
    "the engine's socket": ("-v", "{socket}:/var/run/docker.sock"),
    "host namespaces": ("--pid=host", "--network", "host", "--ipc", "host"),
    "unconfined": ("--security-opt", "seccomp=unconfined", "--security-opt", "apparmor:unconfined"),
    "too many capabilities": ("--cap-add", "SYS_ADMIN", "--user", "root"),
}


@pytest.mark.parametrize("case", VULNERABLE)
def test_it_is_closed_tried_and_undone(case: str, client: Client, engine: PrivateEngine, state: Path) -> None:
    given = [word.replace("{socket}", str(engine.socket)) for word in VULNERABLE[case]]
    configured(client, engine, "-i", "--rm", *given, "-e", f"TOKEN={TOKEN}", "-v", f"{client.workspace}:/workspace")
    before = tree(client.home)
    run = applied(client, engine, state, user="65532:65532")
    assert run.state is RunState.APPLIED, run.message
    assert engine.docker("ps", "--all", "--quiet").stdout == "", "no container stays"
    after = entry(client)
    assert (after["command"], after["args"][0], after["args"][-2:]) == ("docker", "run", [IMAGE, "/workspace"])
    kept = ["-e", f"TOKEN={TOKEN}", "-v", f"{client.workspace}:/workspace", IMAGE, "/workspace"]
    assert after["args"][-len(kept) :] == kept
    assert not set(given) & set(after["args"]) - {"--user", "--cap-add", "--security-opt", "-v", "--network"}
    assert not findings(CHECK, look(client, engine))
    assert TOKEN not in journal_text(state)
    server = client.run([after["command"], *after["args"]], **after["env"])
    _initialised(server)
    assert "the note" in _text(_asked(server, "read_text_file", path="/workspace/note.txt"))
    told = look(client, engine)
    left = {name for name in plugins().checks if name.startswith("containers/") and findings(name, told)}
    assert left == {"containers/secret-in-environment"}
    assert undo(state, run.identity).state is RunState.UNDONE
    assert tree(client.home) == before


def _initialised(server: Any) -> None:
    from tests.live.test_containers_live import HELLO

    server.stdin.write(json.dumps(HELLO).encode() + b"\n")
    server.stdin.flush()
    assert "result" in json.loads(server.stdout.readline())
