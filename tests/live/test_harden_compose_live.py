"""A compose project against a real engine: as it is usually written, with the override beside it, and without again."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.live import support
from tests.live.docker_engine import PrivateEngine, busybox_root, private_engine
from tests.live.test_containers_live import look
from tests.plugins.containers import host
from tests.plugins.loading import get_fix, plugins
from tests.plugins.repairing import findings
from tests.repair.support import tree
from workbench.model.plan import Plan, Refusal
from workbench.model.run import RunState
from workbench.model.snapshot import Snapshot
from workbench.planning import plan, still_found
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("containers")]

FIX = "containers/harden-compose"
USUAL = """version: "3.9"
services:
  files:
    image: mcp/shell
    command: ["-c", "sleep 600"]
    privileged: %s
    volumes: ["./work:/work"]
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[PrivateEngine]:
    with private_engine() as started:
        started.import_image("mcp/shell", busybox_root(started.folder / "busybox"), 'ENTRYPOINT ["/bin/sh"]')
        yield started


@pytest.fixture
def project(engine: PrivateEngine) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="shop-", dir="/tmp") as folder:
        (Path(folder) / "work").mkdir()
        yield Path(folder)
    while left := engine.docker("ps", "--all", "--quiet").stdout.split():
        engine.docker("rm", "--force", "--volumes", *left, check=False)
    engine.docker("network", "prune", "--force")


def compose(engine: PrivateEngine, folder: Path, *arguments: str) -> str:
    """Run whichever compose is here, as its user does."""
    tool = [support.require_program("docker-compose")]
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        tool = ["docker", "compose"]
    done = subprocess.run(
        [*tool, *arguments],
        cwd=folder,
        env=engine.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def seen(engine: PrivateEngine) -> Snapshot:
    return replace(host(), containers=look(engine))


def what_is_found(engine: PrivateEngine) -> set[str]:
    snapshot = seen(engine)
    return {name for name in plugins().checks if name.startswith("containers/") and findings(name, snapshot)}


MENDED = {
    *("containers/root-user", "containers/writable-root", "containers/no-capability-drop", "containers/no-limits"),
    *("containers/no-new-privileges-off", "containers/network-open"),
}


@pytest.mark.parametrize("name", ["docker-compose.yml", "mine.yml"])
def test_the_override_closes_what_is_open_and_undo_opens_it_again(
    name: str, engine: PrivateEngine, project: Path, tmp_path: Path
) -> None:
    (project / name).write_text(USUAL % "false")
    compose(engine, project, "-f", str(project / name), "up", "-d")
    assert what_is_found(engine) == MENDED
    before, snapshot = tree(project), seen(engine)
    (finding,) = findings("containers/writable-root", snapshot)
    made = plan(get_fix(FIX), finding, snapshot, {"user": "65532:65532", "network": "no"})
    assert isinstance(made, Plan), made
    worked_out = prepare(made)
    assert isinstance(worked_out, Prepared), worked_out
    run = apply(worked_out, tmp_path / "state", lambda: still_found(made, plugins(), seen(engine)))
    assert run.state is RunState.APPLIED, run.message
    assert what_is_found(engine) == MENDED, "it takes effect when the service is brought up"
    command = made.later.partition(": ")[2].split()
    assert command[:2] == ["docker", "compose"]
    assert "65532" in compose(engine, project, *command[2 : command.index("up")], "config")
    compose(engine, project, *command[2:])
    assert what_is_found(engine) == set()
    (running,) = look(engine).containers
    assert running.running and [each.source for each in running.mounts] == [str(project / "work")]
    if name == "docker-compose.yml":
        compose(engine, project, "up", "-d", "--force-recreate")
        assert what_is_found(engine) == set(), "compose reads it by itself"
    assert isinstance(prepare(made), Refusal)
    assert undo(tmp_path / "state", run.identity).state is RunState.UNDONE
    assert tree(project) == before
    compose(engine, project, "-f", str(project / name), "up", "-d")
    assert what_is_found(engine) == MENDED


def test_what_is_privileged_is_not_any_more(engine: PrivateEngine, project: Path, tmp_path: Path) -> None:
    (project / "docker-compose.yml").write_text(USUAL % "true")
    # Created and not started: not every machine lets its engine start what is privileged.
    compose(engine, project, "-f", str(project / "docker-compose.yml"), "up", "--no-start")
    (finding,) = findings("containers/privileged", snapshot := seen(engine))
    made = plan(get_fix(FIX), finding, snapshot, {"user": "65532:65532"})
    assert isinstance(made, Plan), made
    worked_out = prepare(made)
    assert isinstance(worked_out, Prepared), worked_out
    assert apply(worked_out, tmp_path / "state", lambda: "").state is RunState.APPLIED
    compose(engine, project, "up", "-d")
    assert what_is_found(engine) == {"containers/network-open"}
