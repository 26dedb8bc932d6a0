"""A container that somebody started by hand, against a real engine: made anew, watched, put back, killed anywhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
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
from workbench.model.recreation import RECREATED, RecreateContainer
from workbench.model.run import Run, RunState
from workbench.model.snapshot import Snapshot
from workbench.planning import fitting, plan, still_found
from workbench.repair import container_engine, container_swap
from workbench.repair.history import history
from workbench.repair.lasting import lasting
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.recovering import recover
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

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
        (wanted,) = made.operations
        assert isinstance(wanted, RecreateContainer)
        return replace(made, operations=(replace(wanted, seconds=1),))  # ten seconds each time would be long
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


def test_every_option_and_every_network_is_the_same(clean: PrivateEngine, tmp_path: Path) -> None:
    for name, subnet in (("back", "172.31.7.0/24"), ("front", "172.31.8.0/24")):
        clean.docker("network", "create", "--subnet", subnet, name)
    folder = tmp_path / "b"
    folder.mkdir()
    options = (
        "--hostname shop --domainname d.example --dns 9.9.9.9 --dns-search x.example --dns-option ndots:3"
        " --add-host a:1.2.3.4 --shm-size 32m --sysctl net.ipv4.ip_unprivileged_port_start=0 --stop-signal SIGTERM"
        " --init --oom-score-adj 300 --cpu-shares 512 --cpus 0.5 --memory 128m --memory-swap -1 --group-add 44"
        " --workdir /srv/new --health-cmd true --health-interval 1s --tmpfs /scratch:size=3m,mode=1770,exec"
        " --ipc shareable --env E= --expose 9000 --cgroup-parent /mine -p 127.0.0.1:8811-8812:91-92 -p 80"
        f" -v {folder}:/cc:ro,private -v nam:/nam:nocopy --mount type=volume,dst=/anon"
        " --mount type=volume,src=nam,dst=/again,readonly --mount type=tmpfs,dst=/tt,tmpfs-size=4m,tmpfs-mode=1700"
        f" --mount type=bind,src={folder},dst=/bb,bind-propagation=private --network back --ip 172.31.7.9"
    )
    started(clean, *options.split())
    clean.docker("network", "connect", "--ip", "172.31.8.8", "front", "files")
    clean.docker("network", "connect", "bridge", "files")
    was = inspect(clean, "files")
    run = applied(clean, tmp_path / "state")
    assert run.state is RunState.APPLIED, run.message
    now = inspect(clean, "files")
    meant = {"Binds", "CapDrop", "PidsLimit", "ReadonlyRootfs", "SecurityOpt", "Tmpfs", "Mounts"}
    hosts = [{key: each or None for key, each in told["HostConfig"].items() if key not in meant} for told in (was, now)]
    assert hosts[0] == hosts[1]
    configs = [{**told["Config"], "Labels": None, "User": ""} for told in (was, now)]
    assert configs[0] == configs[1]
    nets = [
        {
            name: (each["IPAMConfig"] or None, each["IPAddress"])
            for name, each in told["NetworkSettings"]["Networks"].items()
        }
        for told in (was, now)
    ]
    assert nets[0] == nets[1] and set(nets[0]) == {"back", "front", "bridge"}
    kept = ("Type", "Name", "Destination", "RW", "Propagation")
    mounts = [{tuple(str(each.get(key)) for key in kept) for each in told["Mounts"]} for told in (was, now)]
    assert mounts[0] == mounts[1]
    assert undo(tmp_path / "state", run.identity).state is RunState.UNDONE
    again = inspect(clean, "files")
    assert (again["HostConfig"], again["Config"]) == (was["HostConfig"], was["Config"])


def test_an_entry_point_that_was_taken_away_stays_away(clean: PrivateEngine, tmp_path: Path) -> None:
    clean.docker("run", "--detach", "--name", "files", "--entrypoint", "", IMAGE, "/bin/sh", "-c", WAITS)
    was = inspect(clean, "files")
    run = applied(clean, tmp_path / "state")
    assert run.state is RunState.APPLIED, run.message
    now = inspect(clean, "files")
    assert [(each["Path"], each["Args"], each["Config"]["Entrypoint"]) for each in (was, now)] == [
        ("/bin/sh", ["-c", WAITS], None)
    ] * 2


def test_an_undo_while_its_port_is_taken_changes_nothing(clean: PrivateEngine, tmp_path: Path) -> None:
    started(clean, "-p", "127.0.0.1:8899:80")
    run = applied(clean, tmp_path / "state")
    clean.docker("rename", "files", "mine")
    before = standing(clean)
    why = undo(tmp_path / "state", run.identity)
    assert why.state is RunState.REFUSED and "called mine" in why.message and standing(clean) == before
    clean.docker("rm", "--force", "mine")
    started(clean, "-p", "127.0.0.1:8899:80", name="other")
    before = standing(clean)
    why = undo(tmp_path / "state", run.identity)
    assert "already allocated" in why.message and standing(clean) == before, why.message
    clean.docker("rm", "--force", "other")
    assert undo(tmp_path / "state", run.identity).state is RunState.UNDONE


@pytest.mark.parametrize("left", ["bridge", "back"])
def test_a_network_that_it_left_it_is_not_put_into_again(left: str, clean: PrivateEngine, tmp_path: Path) -> None:
    for name in ("back", "front"):
        clean.docker("network", "create", name)
    started(clean, "--network", left)
    clean.docker("network", "connect", "--alias", "shop", "front", "files")
    clean.docker("network", "disconnect", left, "files")
    run = applied(clean, tmp_path / "state")
    assert run.state is RunState.APPLIED, run.message
    assert set(inspect(clean, "files")["NetworkSettings"]["Networks"]) == {"front"}


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


# What it writes when it starts it takes away again: with data in it nothing would be made anew.
WRITES = "{ echo > /mine && /bin/busybox rm /mine; }"
BROKEN: dict[str, tuple[tuple[str, ...], str, dict[str, str], str]] = {
    "it writes elsewhere": ((), f"{WRITES} || exit 1; {WAITS}", {}, "answer writable"),
    "it ends": ((), f"[ -w / ] || exit 3; {WAITS}", {}, "ended with status 3"),
    "it is started again and again": (
        ("--restart", "always"),
        f"[ -w / ] || exit 3; {WAITS}",
        {},
        "does not work, it end",
    ),
    "its health check fails": (
        ("--health-cmd", "test -w /", "--health-interval", "1s", "--health-retries", "1"),
        WAITS,
        {},
        "health check fails",
    ),
    "it says its secret": (
        ("--env", f"TOKEN={TOKEN}"),
        f"{WRITES} || {{ echo no: $TOKEN >&2; exit 1; }}; {WAITS}",
        {},
        "no: <secret",
    ),
    "too little memory": ((), WAITS, {"memory": "1k"}, "the engine says"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_does_not_work_is_put_back(case: str, clean: PrivateEngine, tmp_path: Path) -> None:
    options, command, answers, told = BROKEN[case]
    started(clean, *options, command=command)
    before, was = standing(clean), inspect(clean, "files")
    run = applied(clean, tmp_path / "state", **answers)
    assert run.state in (RunState.ROLLED_BACK, RunState.REFUSED) and told in run.message, run.message
    now = inspect(clean, "files")
    assert standing(clean) == before and (now["HostConfig"], now["Config"]) == (was["HostConfig"], was["Config"])
    assert TOKEN not in run.message + journal_text(tmp_path / "state")
    assert recover(tmp_path / "state") == ()


def test_its_own_health_check_is_waited_for(clean: PrivateEngine, tmp_path: Path) -> None:
    started(clean, "--health-cmd", "true", "--health-interval", "1s")
    made = prepared(clean)
    assert "until its own health check passes" in made.changes[0].words
    steps: list[str] = []
    run = apply(made, tmp_path / "state", lambda: "", steps.append)
    assert run.state is RunState.APPLIED, run.message
    assert inspect(clean, "files")["State"]["Health"]["Status"] == "healthy"
    assert any("waiting for its health check" in step for step in steps)


def test_a_check_that_still_finds_it_rolls_it_back(clean: PrivateEngine, tmp_path: Path) -> None:
    started(clean)
    before = standing(clean)
    run = apply(prepared(clean), tmp_path / "state", lambda: "it is still found")
    assert run.state is RunState.ROLLED_BACK and standing(clean) == before, run.message


REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "--rm": (("--rm",), "--rm"),
    "compose": (("--label", "com.docker.compose.project=shop", "--label", "com.docker.compose.service=x"), "compose"),
    "swarm": (("--label", "com.docker.swarm.task.id=1"), "swarm"),
    "kubernetes": (("--label", "io.kubernetes.pod.name=x"), "Kubernetes"),
    "its input is held": (("--interactive",), "input"),
    "a terminal": (("--tty",), "input"),
    "another's network": (("--network", "container:other"), "namespace of another"),
    "a link": (("--link", "other"), "links"),
    "volumes of another": (("--volumes-from", "other"), "--volumes-from"),
    "a device": (("--device", "/dev/null:/dev/mine"), "devices"),
    "a file of its id": (("--cidfile", "{folder}/id"), "--cidfile"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_exact_is_refused_and_nothing_touched(case: str, clean: PrivateEngine) -> None:
    options, told = REFUSED[case]
    clean.docker("run", "--detach", "--name", "other", "--entrypoint", "/bin/sh", IMAGE, "-c", WAITS)
    (clean.folder / "id").unlink(missing_ok=True)
    started(clean, *[word.replace("{folder}", str(clean.folder)) for word in options])
    before = standing(clean)
    made = of_files(clean)
    refused = prepare(made) if isinstance(made, Plan) else made
    assert isinstance(refused, Refusal) and told in refused.reason, refused
    assert refused.instead and standing(clean) == before


def of_files(engine: PrivateEngine) -> Plan | Refusal:
    """The plan for the one that is called so, where there are others."""
    snapshot = seen(engine)
    (finding,) = [each for each in findings(CHECK, snapshot) if each.subject.key.endswith(":files")]
    return plan(get_fix(FIX), finding, snapshot, {})


def test_what_it_has_written_into_itself_would_be_lost(clean: PrivateEngine) -> None:
    started(clean, command=f"mkdir -p /opt/mine && echo kept > /opt/mine/data; echo no > /tmp/x; {WAITS}")
    eventually(lambda: "/opt/mine/data" in clean.docker("diff", "files").stdout)
    refused = prepare_of(clean)
    assert isinstance(refused, Refusal) and "/opt/mine/data" in refused.reason and "/tmp" not in refused.reason
    clean.docker("exec", "files", "/bin/busybox", "rm", "-r", "/opt")
    assert isinstance(prepare_of(clean), Prepared)


def prepare_of(engine: PrivateEngine) -> Prepared | Refusal:
    made = planned(engine)
    assert isinstance(made, Plan), made
    return prepare(made)


def eventually(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_what_it_writes_after_it_was_shown_is_not_lost_either(clean: PrivateEngine, tmp_path: Path) -> None:
    started(clean, command="trap 'echo late > /late; exit 0' TERM; while :; do sleep 0.1; done")
    before = standing(clean)
    run = applied(clean, tmp_path / "state")
    assert run.state is RunState.ROLLED_BACK and "/late" in run.message, run.message
    assert standing(clean) == before


def test_who_works_in_it_is_not_cut_off(clean: PrivateEngine) -> None:
    started(clean)
    inside = subprocess.Popen(
        ["docker", "exec", "-i", "files", "/bin/cat"], env=clean.environment, stdin=subprocess.PIPE
    )
    try:
        eventually(lambda: bool(inspect(clean, "files")["ExecIDs"]))
        refused = prepare_of(clean)
        assert isinstance(refused, Refusal) and "docker exec" in refused.reason, refused
    finally:
        inside.communicate(timeout=20)
    assert isinstance(prepare_of(clean), Prepared)


def test_what_changed_since_it_was_shown_is_refused(clean: PrivateEngine, tmp_path: Path) -> None:
    started(clean)
    made = prepared(clean)
    clean.docker("update", "--restart", "always", "files")
    run = apply(made, tmp_path / "state", lambda: "")
    assert run.state is RunState.REFUSED and "changed since it was shown" in run.message, run.message
    assert len(standing(clean)) == 1


def test_of_the_same_image_although_its_tag_has_moved_on(clean: PrivateEngine, tmp_path: Path) -> None:
    started(clean)
    image = inspect(clean, "files")["Image"]
    other = tmp_path / "other"
    busybox_root(other)
    (other / "new").write_text("another version")
    clean.import_image(IMAGE, other, 'ENTRYPOINT ["/bin/sh"]')
    try:
        refused = prepare_of(clean)
        assert isinstance(refused, Refusal) and "docker tag" in refused.instead, refused
        clean.docker("tag", image, f"{IMAGE}:old")
        run = applied(clean, tmp_path / "state")
        assert run.state is RunState.APPLIED, run.message
        assert inspect(clean, "files")["Image"] == image
    finally:
        clean.docker("tag", image, IMAGE)


def test_what_is_not_as_it_was_left_is_not_undone_over(clean: PrivateEngine, tmp_path: Path) -> None:
    old = started(clean)
    run = applied(clean, tmp_path / "state")
    assert run.state is RunState.APPLIED, run.message
    clean.docker("rename", "files", "mine")
    clean.docker("run", "--detach", "--name", "files", "--entrypoint", "/bin/sh", IMAGE, "-c", WAITS)
    before = standing(clean)
    refused = undo(tmp_path / "state", run.identity)
    assert refused.state is RunState.REFUSED and "another container" in refused.message, refused.message
    assert standing(clean) == before and lasting(tmp_path / "state")
    clean.docker("rm", "--force", "files")
    clean.docker("rename", "mine", "files")
    clean.docker("rm", f"files-kept-{old[:12]}")
    refused = undo(tmp_path / "state", run.identity)
    assert refused.state is RunState.REFUSED and "was removed" in refused.message, refused.message
    assert not lasting(tmp_path / "state"), "who removes what was kept keeps the repair"
    assert inspect(clean, "files")["State"]["Running"]


def test_what_was_kept_is_told_of_again_once_it_runs(clean: PrivateEngine, tmp_path: Path) -> None:
    old = started(clean)
    assert applied(clean, tmp_path / "state").state is RunState.APPLIED
    assert [each.name for each in look(clean).containers] == ["files"]
    clean.docker("start", old)
    assert {each.name for each in look(clean).containers} == {"files", f"files-kept-{old[:12]}"}


def killed(work: Callable[[], Run], at: int, *, after: bool) -> bool:
    """Do it in a child that kills itself at the so manyth thing that the engine is to do. Whether it came to that."""
    child = os.fork()
    if child == 0:
        left, order = at, container_engine.order

        def orders(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0 and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = order(*arguments, **named)
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        setattr(container_swap, "order", orders)  # noqa: B010 - it is none of its own names
        setattr(container_engine, "order", orders)  # noqa: B010 - nor is this
        work()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_g10_killed_anywhere_the_old_one_runs_again(after: bool, clean: PrivateEngine, tmp_path: Path) -> None:
    started(clean, "--restart", "always", "-v", "/cache")
    before, was = standing(clean), inspect(clean, "files")
    points = 0
    for at in range(1, 20):
        state = tmp_path / f"state-{at}"
        made = prepared(clean)
        if not killed(partial(apply, made, state, lambda: ""), at, after=after):
            break
        points += 1
        recovered = recover(state)
        assert [run.state for run in recovered] == [RunState.RECOVERED], (at, recovered)
        now = inspect(clean, "files")
        assert standing(clean) == before, at
        assert (now["HostConfig"], now["Config"]) == (was["HostConfig"], was["Config"]), at
        assert recover(state) == ()
    assert points >= 6
    (run,) = history(state)
    assert run.state is RunState.APPLIED
    # And of the undo: what it was interrupted in comes back, or it had come to its end.
    applied_now = set(standing(clean))
    for at in range(1, 20):
        if not killed(lambda: undo(state, run.identity), at, after=after):
            break
        recovered = recover(state)
        assert [each.state for each in recovered] == [RunState.RECOVERED], (at, recovered)
        if standing(clean) == before:
            break  # only the new one had to be removed yet, and it was
        assert set(standing(clean)) == applied_now and inspect(clean, "files")["State"]["Running"], at
        assert inspect(clean, "files")["HostConfig"]["RestartPolicy"]["Name"] == "always"
    assert standing(clean) == before
