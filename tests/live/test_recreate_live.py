"""A container that somebody started by hand, against a real engine: made anew, watched, put back, killed anywhere."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.live.docker_engine import PrivateEngine, busybox_root, private_engine
from tests.live.test_containers_live import look
from tests.plugins.containers import host
from tests.plugins.loading import get_fix, plugins
from tests.plugins.repairing import findings
from tests.repair.support import journal_text
from workbench.model.plan import Plan, Refusal
from workbench.model.recreation import RECREATED
from workbench.model.run import Run, RunState
from workbench.model.snapshot import Snapshot
from workbench.planning import fitting, plan, still_found
from workbench.repair import recreating
from workbench.repair.history import history
from workbench.repair.lasting import lasting
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.transaction import apply
from workbench.repair.undo import recover, undo

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("containers")]

FIX, CHECK = "containers/recreate", "containers/writable-root"
IMAGE = "mcp/shell"
TOKEN = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"
WAITS = "trap 'exit 0' TERM; while :; do sleep 0.1; done"
OPEN = {
    *("containers/root-user", "containers/writable-root", "containers/no-capability-drop", "containers/no-limits"),
    *("containers/no-new-privileges-off", "containers/network-open"),
}


@pytest.fixture(scope="module")
def engine() -> Iterator[PrivateEngine]:
    with private_engine() as started:
        root = busybox_root(started.folder / "busybox")
        started.import_image(IMAGE, root, 'ENTRYPOINT ["/bin/sh"]', "VOLUME /data", "LABEL of.image=yes")
        yield started


@pytest.fixture
def clean(engine: PrivateEngine) -> Iterator[PrivateEngine]:
    yield engine
    while left := engine.docker("ps", "--all", "--quiet").stdout.split():
        engine.docker("rm", "--force", "--volumes", *left, check=False)
    for name in ("back", "front"):
        engine.docker("network", "rm", name, check=False)


def started(engine: PrivateEngine, *options: str, name: str = "files", command: str = WAITS) -> str:
    """Run a container in the background, as somebody does by hand; gives its id."""
    return engine.docker("run", "--detach", "--name", name, *options, IMAGE, "-c", command).stdout.strip()


def inspect(engine: PrivateEngine, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(engine.docker("inspect", name).stdout)[0]
    return found


def standing(engine: PrivateEngine) -> dict[str, tuple[str, bool, str]]:
    """Every container by its name: its id, whether it runs, its restart policy."""
    names = engine.docker("ps", "--all", "--format", "{{.Names}}").stdout.split()
    told = {name: inspect(engine, name) for name in names}
    return {
        name: (each["Id"], each["State"]["Running"], each["HostConfig"]["RestartPolicy"]["Name"])
        for name, each in told.items()
    }


def seen(engine: PrivateEngine) -> Snapshot:
    return replace(host(), containers=look(engine))


def found(engine: PrivateEngine) -> set[str]:
    snapshot = seen(engine)
    return {name for name in plugins().checks if name.startswith("containers/") and findings(name, snapshot)}


def planned(engine: PrivateEngine, check: str = CHECK, **answers: str) -> Plan | Refusal:
    snapshot = seen(engine)
    (finding,) = findings(check, snapshot)
    made = plan(get_fix(FIX), finding, snapshot, answers)
    if isinstance(made, Plan):
        (wanted,) = made.operations  # it would be watched for ten seconds each time
        return replace(made, operations=(replace(wanted, seconds=1),))  # type: ignore[type-var]
    return made


def prepared(engine: PrivateEngine, check: str = CHECK, **answers: str) -> Prepared:
    made = planned(engine, check, **answers)
    assert isinstance(made, Plan), made
    worked_out = prepare(made)
    assert isinstance(worked_out, Prepared), worked_out
    return worked_out


def applied(engine: PrivateEngine, state: Path, check: str = CHECK, **answers: str) -> Run:
    made = prepared(engine, check, **answers)
    return apply(made, state, lambda: still_found(made.plan, plugins(), seen(engine)))


SAME = ("Env", "Cmd", "Entrypoint", "Labels", "WorkingDir", "Image", "Healthcheck", "ExposedPorts", "StopSignal")


def test_it_is_the_same_but_closed_and_undo_brings_the_old_one_back(clean: PrivateEngine, tmp_path: Path) -> None:
    state, work = tmp_path / "state", tmp_path / "work"
    work.mkdir(mode=0o777)
    for name in ("back", "front"):
        clean.docker("network", "create", name)
    given = ("--env", f"TOKEN={TOKEN}", "--label", f"of.mine={TOKEN}", "--restart", "on-failure:3", "-v", "/cache")
    more = ("--network", "back", "--network-alias", "shop", "-v", f"{work}:/work:ro", "-p", "127.0.0.1:8899:80")
    old = started(clean, *given, *more, "--log-opt", "max-size=1m", "--stop-timeout", "7", "--ulimit", "nofile=99:100")
    clean.docker("network", "connect", "--alias", "second", "front", "files")
    before, was = standing(clean), inspect(clean, "files")
    made = prepared(clean)
    assert standing(clean) == before, "to plan is to change nothing"
    shown = json.dumps([str(change) for change in made.changes])
    assert "-ReadonlyRootfs: false" in shown and "+ReadonlyRootfs: true" in shown and TOKEN not in shown
    run = apply(made, state, lambda: still_found(made.plan, plugins(), seen(clean)))
    assert run.state is RunState.APPLIED, run.message
    now = inspect(clean, "files")
    kept = f"files-kept-{old[:12]}"
    assert standing(clean) == {"files": (now["Id"], True, "on-failure"), kept: (old, False, "no")}
    assert now["Id"] != old and now["Image"] == was["Image"]
    labels = now["Config"]["Labels"]
    assert labels.pop(RECREATED) == old
    assert {key: now["Config"].get(key) for key in SAME} == {key: was["Config"].get(key) for key in SAME}
    assert (now["Path"], now["Args"]) == (was["Path"], was["Args"])
    assert sorted(map(str, now["HostConfig"]["PortBindings"])) == sorted(map(str, was["HostConfig"]["PortBindings"]))
    assert now["HostConfig"]["RestartPolicy"] == was["HostConfig"]["RestartPolicy"]
    mounts = [
        {(each["Type"], each.get("Name"), each["Destination"], each["RW"]) for each in told["Mounts"]}
        for told in (was, now)
    ]
    assert mounts[0] == mounts[1] and len(mounts[0]) == 3
    nets = [
        {name: set(each["Aliases"]) - {told["Id"][:12]} for name, each in told["NetworkSettings"]["Networks"].items()}
        for told in (was, now)
    ]
    assert nets[0] == nets[1] == {"back": {"shop"}, "front": {"second"}}
    for key in ("LogConfig", "Ulimits", "ShmSize", "Runtime"):
        assert now["HostConfig"][key] == was["HostConfig"][key], key
    assert found(clean) == {"containers/secret-in-environment"}, "and what is kept is nobody's server"
    assert TOKEN not in journal_text(state) and not lasting(state)
    assert isinstance(planned_again(made), Refusal)
    undone = undo(state, run.identity)
    assert undone.state is RunState.UNDONE, undone.message
    assert standing(clean) == before
    again = inspect(clean, "files")
    assert again["HostConfig"] == was["HostConfig"] and again["Config"] == was["Config"]
    redone = undo(state, history(state)[0].identity)
    assert redone.state in (RunState.UNDONE, RunState.APPLIED), redone.message
    assert set(standing(clean)) == {"files", kept} and TOKEN not in journal_text(state)


def planned_again(made: Prepared) -> Prepared | Refusal:
    return prepare(made.plan)


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "containers/unconfined-seccomp": (("--security-opt", "seccomp=unconfined"), "SecurityOpt"),
    "containers/unmasked-paths": (("--security-opt", "systempaths=unconfined"), "MaskedPaths"),
    "containers/docker-socket": (("-v", "{socket}:/var/run/docker.sock"), "Binds"),
    "containers/host-namespaces": (("--pid", "host", "--ipc", "host"), "PidMode"),
    "containers/root-user": (("--user", "0:0"), "User"),
    "containers/no-capability-drop": ((), "CapDrop"),
    "containers/no-new-privileges-off": (("--security-opt", "no-new-privileges:false"), "SecurityOpt"),
    "containers/no-limits": ((), "PidsLimit"),
    "containers/network-open": ((), "NetworkMode"),
}


@pytest.mark.parametrize("check", WRONG)
def test_each_finding_is_gone_and_comes_back_with_the_undo(check: str, clean: PrivateEngine, tmp_path: Path) -> None:
    options, key = WRONG[check]
    started(clean, *[word.replace("{socket}", str(clean.socket)) for word in options])
    before, wrong = standing(clean), found(clean)
    assert check in wrong
    made = prepared(clean, check, network="no")
    assert f"+{key}: " in made.changes[0].diff
    run = apply(made, tmp_path / "state", lambda: still_found(made.plan, plugins(), seen(clean)))
    assert run.state is RunState.APPLIED, run.message
    assert found(clean) == set()
    assert undo(tmp_path / "state", run.identity).state is RunState.UNDONE
    assert standing(clean) == before and found(clean) == wrong


def test_the_hardened_twin_has_nothing_to_be_made_anew(clean: PrivateEngine) -> None:
    started(
        clean,
        *("--user", "65532:65532", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *("--pids-limit", "64", "--memory", "64m", "--network", "none"),
    )
    assert found(clean) == set()


def test_nothing_known_starts_it_so_this_fix_is_the_one(clean: PrivateEngine) -> None:
    started(clean)
    snapshot = seen(clean)
    for check in OPEN - {"containers/network-open"}:
        (finding,) = findings(check, snapshot)
        offered = tuple(get_fix(each) for each in finding.repairs)
        assert len(offered) > 1 and [each.id for each in fitting(offered, finding, snapshot)] == [FIX], check
