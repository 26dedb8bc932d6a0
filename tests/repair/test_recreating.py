"""A container that is made anew: all the same but what is meant, watched, put back, undone, killed anywhere."""

from __future__ import annotations

import copy
import http.server
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.repair.small_docker import IMAGE, OLD, VERSION, SmallDocker
from tests.repair.support import journal_text, plan
from workbench.model.plan import Refusal
from workbench.model.recreation import RECREATED, RecreateContainer
from workbench.model.run import Run, RunState
from workbench.repair import container_alone, container_engine, container_health, container_swap, recreating
from workbench.repair.container_layer import written_paths
from workbench.repair.container_settings import wanted_settings
from workbench.repair.history import history
from workbench.repair.lasting import lasting
from workbench.repair.paths import Refused
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.recovering import recover, recovering
from workbench.repair.soundness import sound
from workbench.repair.staged import StagedContainer
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

SECRET = "hush-hush-hush"
KEPT = f"files-kept-{OLD[:12]}"


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallDocker]:
    folder = Path(tempfile.mkdtemp(prefix="docker-", dir="/tmp"))  # the name of a socket is short
    monkeypatch.setattr(container_swap, "_UP_SECONDS", 0.0)
    monkeypatch.setattr(container_health, "_NAP", 0.01)
    watched = container_health.require_up
    monkeypatch.setattr(
        recreating,
        "require_up",
        lambda engine, new, _, secrets, tell: watched(engine, new, 0.05, secrets, tell),
    )
    engine = SmallDocker(folder / "docker.sock")
    yield engine
    engine.close()
    shutil.rmtree(folder)


def wanted(docker: SmallDocker, **changes: Any) -> RecreateContainer:
    made = RecreateContainer(str(docker.place), OLD, "files", "1000:1000", "512m", 100, ("/tmp",), seconds=1)
    return replace(made, **changes)


def prepared(docker: SmallDocker, **changes: Any) -> Prepared:
    made = prepare(plan(wanted(docker, **changes)))
    assert isinstance(made, Prepared), made
    return made


def applied(docker: SmallDocker, state: Path, answer: str = "", **changes: Any) -> Run:
    return apply(prepared(docker, **changes), state, lambda: answer)


def refused(docker: SmallDocker, **changes: Any) -> Refusal:
    made = prepare(plan(wanted(docker, **changes)))
    assert isinstance(made, Refusal), made
    return made


def the_old(docker: SmallDocker) -> dict[str, Any]:
    return docker.containers[OLD]


def the_new(docker: SmallDocker) -> dict[str, Any]:
    (found,) = [each for each in docker.containers.values() if each["Config"]["Labels"].get(RECREATED)]
    return found


def test_what_is_meant_is_different_and_nothing_else(docker: SmallDocker, tmp_path: Path) -> None:
    was = copy.deepcopy(the_old(docker))
    made = prepared(docker)
    assert docker.done == [], "to plan is to change nothing"
    assert made.changes[0].diff.splitlines() == [
        *('-Binds: ["/srv/work:/work:ro"]', f'+Binds: ["/srv/work:/work:ro", "{"cd" * 32}:/cache:nocopy"]'),
        *("-CapDrop: null", '+CapDrop: ["ALL"]', "-Memory: 0", f"+Memory: {512 << 20}"),
        *("-PidsLimit: null", "+PidsLimit: 100", "-ReadonlyRootfs: false", "+ReadonlyRootfs: true"),
        *("-SecurityOpt: []", '+SecurityOpt: ["no-new-privileges"]', "-Tmpfs: null", '+Tmpfs: {"/tmp": ""}'),
        *('-User: ""', '+User: "1000:1000"'),
    ]
    run = apply(made, tmp_path, lambda: "")
    assert run.state is RunState.APPLIED, run.message
    now = the_new(docker)
    same = {"Env", "Cmd", "Entrypoint", "Image", "Volumes", "Tty", "OpenStdin"}
    assert {key: now["Config"][key] for key in same} == {key: was["Config"][key] for key in same}
    assert now["Config"]["Labels"] == {"of": "mine", RECREATED: OLD}
    assert now["HostConfig"]["RestartPolicy"] == was["HostConfig"]["RestartPolicy"]
    assert sorted(map(str, now["Mounts"])) != [] and {each["Destination"] for each in now["Mounts"]} == {
        "/work",
        "/cache",
    }
    assert set(docker.standing) == {"files", KEPT}
    assert docker.standing[KEPT] == (OLD, False, {"Name": "no", "MaximumRetryCount": 0})
    assert not lasting(tmp_path)


def test_g17_the_values_that_it_was_given_are_nowhere(docker: SmallDocker, tmp_path: Path) -> None:
    docker.logs = f"cannot: {SECRET}\n".encode()
    docker.broken = {"state": {"Running": False, "ExitCode": 1}}
    the_old(docker)["Config"]["Labels"]["password"] = "of-a-label"
    made = prepared(docker)
    run = apply(made, tmp_path, lambda: "")
    assert run.state is RunState.ROLLED_BACK and "it said: cannot: <secret" in run.message, run.message
    docker.failing = {"create": f"bad variable TOKEN={SECRET} of-a-label"}
    again = applied(docker, tmp_path)
    assert again.state is RunState.REFUSED and "bad variable" in again.message, again.message
    told = repr(made) + run.message + again.message + journal_text(tmp_path)
    assert SECRET not in told and "of-a-label" not in told


def test_g13_a_second_time_there_is_nothing_to_do(docker: SmallDocker, tmp_path: Path) -> None:
    assert applied(docker, tmp_path).state is RunState.APPLIED
    assert refused(docker).reason
    now = the_new(docker)["Id"]
    assert "already is as the plan wants it" in refused(docker, container=now).reason


OPEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "privileged": ({"Privileged": True, "MaskedPaths": None}, {"Privileged": False, "MaskedPaths": None}),
    "seccomp": ({"SecurityOpt": ["seccomp:unconfined", "label=disable"]}, {"SecurityOpt": ["no-new-privileges"]}),
    "no new privileges": ({"SecurityOpt": ["no-new-privileges:false"]}, {"SecurityOpt": ["no-new-privileges"]}),
    "unmasked": ({"MaskedPaths": [], "ReadonlyPaths": []}, {"MaskedPaths": None, "ReadonlyPaths": None}),
    "namespaces": ({"PidMode": "host", "IpcMode": "host"}, {"PidMode": "", "IpcMode": ""}),
    "capabilities": ({"CapAdd": ["CAP_SYS_ADMIN", "CHOWN"]}, {"CapAdd": ["CHOWN"], "CapDrop": ["ALL"]}),
    "the socket": ({"Binds": ["/var/run/docker.sock:/x", "/y:/var/run/docker.sock:ro", "/a:/b"]}, {"Binds": 2}),
    "a mount of it": (
        {"Mounts": [{"Type": "bind", "Source": "/run/podman/podman.sock", "Target": "/p"}]},
        {"Mounts": []},
    ),
    "the host's network stays": ({"NetworkMode": "host"}, {"NetworkMode": "host"}),
}


@pytest.mark.parametrize("case", OPEN)
def test_what_opens_it_is_taken_out_or_kept_as_answered(case: str, docker: SmallDocker) -> None:
    given, then = OPEN[case]
    old = the_old(docker)
    old["HostConfig"].update(copy.deepcopy(given))
    host = wanted_settings(old, wanted(docker), "mcp/files")["HostConfig"]
    for key, value in then.items():
        assert (len(host[key]) if isinstance(value, int) and not isinstance(value, bool) else host.get(key)) == value, (
            key
        )
    kept = wanted_settings(old, wanted(docker, take_out=False), "mcp/files")["HostConfig"]
    for key in set(given) - {"SecurityOpt", "Binds"}:
        assert kept.get(key) == given[key], key
    assert not set(given.get("SecurityOpt", [])) - {*kept["SecurityOpt"], "no-new-privileges:false"}
    assert set(given.get("Binds", [])) <= set(kept["Binds"])


def test_the_hardened_twin_is_left_alone(docker: SmallDocker) -> None:
    old = the_old(docker)
    old["Config"]["User"] = "65532"
    old["HostConfig"] |= {
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true"],
        "PidsLimit": 7,
        "Memory": 1 << 26,
        "Tmpfs": {"/tmp": "size=1m"},
        "Binds": ["/srv/work:/work:ro", f"{'cd' * 32}:/cache"],
    }
    assert "already is as the plan wants it" in refused(docker).reason


REFUSED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "--rm": (lambda old: old["HostConfig"].update(AutoRemove=True), "--rm"),
    "stopped": (lambda old: old["State"].update(Running=False), "does not run"),
    "paused": (lambda old: old["State"].update(Paused=True), "does not run"),
    "compose": (lambda old: old["Config"]["Labels"].update({"com.docker.compose.project": "x"}), "compose made it"),
    "podman-compose": (lambda old: old["Config"]["Labels"].update({"io.podman.compose.project": "x"}), "compose"),
    "swarm": (lambda old: old["Config"]["Labels"].update({"com.docker.swarm.task": "x"}), "swarm"),
    "kubernetes": (lambda old: old["Config"]["Labels"].update({"io.kubernetes.pod.name": "x"}), "Kubernetes"),
    "toolhive": (lambda old: old["Config"]["Labels"].update({"toolhive": "true"}), "gateway"),
    "stdin": (lambda old: old["Config"].update(OpenStdin=True), "input"),
    "tty": (lambda old: old["Config"].update(Tty=True), "input"),
    "foreground": (lambda old: old["Config"].update(AttachStdout=True), "watched by what started it"),
    "network of another": (lambda old: old["HostConfig"].update(NetworkMode="container:x"), "namespace of another"),
    "processes of another": (lambda old: old["HostConfig"].update(PidMode="container:x"), "namespace of another"),
    "links": (lambda old: old["HostConfig"].update(Links=["/a:/b"]), "--link"),
    "links of a network": (
        lambda old: old["NetworkSettings"]["Networks"]["bridge"].update(Links=["a:b"]),
        "--link",
    ),
    "volumes from": (lambda old: old["HostConfig"].update(VolumesFrom=["x"]), "--volumes-from"),
    "devices": (lambda old: old["HostConfig"].update(Devices=[{"PathOnHost": "/dev/x"}]), "devices"),
    "graphics cards": (lambda old: old["HostConfig"].update(DeviceRequests=[{"Count": -1}]), "devices"),
    "a file of its id": (lambda old: old["HostConfig"].update(ContainerIDFile="/x"), "--cidfile"),
    "an image mount": (lambda old: old["Mounts"].append({"Type": "image", "Destination": "/i"}), "kind image"),
    "an hour to stop": (lambda old: old["Config"].update(StopTimeout=3600), "3600 seconds"),
    "for ever to stop": (lambda old: old["Config"].update(StopTimeout=-1), "all the time it wants"),
    "another name by now": (lambda old: old.update(Name="/mine"), "not called files any more"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_not_be_exact_is_refused(case: str, docker: SmallDocker) -> None:
    change, told = REFUSED[case]
    change(the_old(docker))
    assert told in refused(docker).reason
    assert docker.done == []


def test_what_others_need_of_it_is_not_taken_from_them(docker: SmallDocker) -> None:
    beside = docker.add("ef" * 32, "beside")
    for key, value in (("NetworkMode", f"container:{OLD}"), ("PidMode", "container:files"), ("Links", ["/files:/b/x"])):
        before = beside["HostConfig"].get(key)
        beside["HostConfig"][key] = value
        assert "beside" in refused(docker).reason, key
        beside["HostConfig"][key] = before
    the_old(docker)["ExecIDs"] = ["1", "2"]
    the_old(docker)["Config"]["Healthcheck"] = {"Test": ["CMD-SHELL", "ask me"]}
    check = {"ProcessConfig": {"entrypoint": "/bin/sh", "arguments": ["-c", "ask me"]}}
    job = {"ProcessConfig": {"entrypoint": "backup", "arguments": ["/data"]}}
    for session in ({**check, "OpenStdin": True}, {**job, "OpenStdin": False}):
        docker.sessions = {"1": {**check, "Running": True, "OpenStdin": False}, "2": {**session, "Running": True}}
        assert "docker exec" in refused(docker).reason
    docker.sessions["2"]["Running"] = False
    assert prepared(docker)


def test_what_rests_and_needs_it_is_not_left_behind_either(
    docker: SmallDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = docker.add("ef" * 32, "beside", State={"Running": False})
    beside["HostConfig"]["NetworkMode"] = f"container:{OLD}"
    assert "beside" in refused(docker).reason
    beside["HostConfig"]["NetworkMode"] = "default"
    assert prepared(docker)
    monkeypatch.setattr(container_alone, "_MOST_CONTAINERS", 1)
    assert "too many to see" in refused(docker).reason, "those that were not looked at are not known to be well"


def test_who_works_in_the_new_one_is_not_cut_off_by_the_undo(docker: SmallDocker, tmp_path: Path) -> None:
    run = applied(docker, tmp_path)
    new, standing = the_new(docker), docker.standing
    new["ExecIDs"], docker.sessions = ["1"], {"1": {"Running": True, "OpenStdin": True}}
    why = undo(tmp_path, run.identity)
    assert why.state is RunState.REFUSED and "docker exec" in why.message and docker.standing == standing
    docker.sessions["1"]["Running"] = False
    assert undo(tmp_path, run.identity).state is RunState.UNDONE


NETWORKS: dict[str, tuple[str, tuple[str, ...]]] = {
    "that of every container and one more": ("default", ("bridge", "front")),
    "the same, named": ("bridge", ("bridge", "front")),
    "its own and that of every container": ("back", ("back", "bridge")),
    "its own, which it has left": ("back", ("front",)),
    "that of every container, which it has left": ("default", ("front",)),
    "three": ("front", ("back", "bridge", "front")),
    "none": ("none", ("none",)),
}


@pytest.mark.parametrize("case", NETWORKS)
def test_it_is_in_the_very_networks_that_it_was_in(case: str, docker: SmallDocker, tmp_path: Path) -> None:
    mode, names = NETWORKS[case]
    the_old(docker)["HostConfig"]["NetworkMode"] = mode
    given: dict[str, Any] = {name: {"NetworkID": name, "IPAMConfig": {"IPv4Address": "10.0.0.9"}} for name in names}
    given |= {"bridge": {"NetworkID": "b", "IPAMConfig": None}} if "bridge" in names else {}  # it takes no address
    the_old(docker)["NetworkSettings"]["Networks"] = given
    run = applied(docker, tmp_path)
    assert run.state is RunState.APPLIED, run.message
    if mode != "none":
        assert set(the_new(docker)["NetworkSettings"]["Networks"]) == set(names)


def test_a_container_that_left_every_network_is_not_put_into_one(docker: SmallDocker, tmp_path: Path) -> None:
    the_old(docker)["NetworkSettings"]["Networks"] = {}
    before = docker.standing
    run = applied(docker, tmp_path)
    assert run.state is RunState.ROLLED_BACK and "networks" in run.message and docker.standing == before, run.message


@pytest.mark.parametrize(
    ("key", "value"), [("Ulimits", [{"Name": "nofile"}]), ("Init", True), ("DnsSearch", ["x"]), ("CgroupParent", "/m")]
)
def test_an_engine_that_forgets_a_setting_is_not_believed(
    key: str, value: Any, docker: SmallDocker, tmp_path: Path
) -> None:
    the_old(docker)["HostConfig"][key] = value
    made, before = docker._made, docker.standing

    def without(name: str, body: dict[str, Any]) -> tuple[int, Any]:
        return made(name, {**body, "HostConfig": {k: v for k, v in body["HostConfig"].items() if k != key}})

    docker._made = without  # type: ignore[method-assign]
    run = applied(docker, tmp_path)
    assert run.state is RunState.ROLLED_BACK and f"its {key} would be different" in run.message, run.message
    assert docker.standing == before


def test_it_is_said_where_its_engine_chooses_a_port(docker: SmallDocker) -> None:
    bindings = the_old(docker)["HostConfig"]["PortBindings"]
    bindings["80/tcp"] = [{"HostIp": "", "HostPort": "8080"}]
    assert "chooses" not in prepared(docker).changes[0].words
    bindings["81/tcp"] = [{"HostIp": "", "HostPort": ""}]
    assert "engine chooses the port" in prepared(docker).changes[0].words


@pytest.mark.parametrize("word", ["create", "start"])
def test_g17_nor_is_a_password_of_its_log_or_of_a_volume_elsewhere(
    word: str, docker: SmallDocker, tmp_path: Path
) -> None:
    host = the_old(docker)["HostConfig"]
    host["LogConfig"] = {"Type": "splunk", "Config": {"splunk-token": "of-the-log"}}
    options = {"type": "cifs", "o": "username=me,secret=of-the-volume"}
    mount = {"Type": "volume", "Source": "v", "Target": "/v", "VolumeOptions": {"DriverConfig": {"Options": options}}}
    host["Mounts"] = [mount]
    made = prepared(docker)
    docker.failing = {word: "cannot: of-the-log, then of-the-volume"}
    run = apply(made, tmp_path, lambda: "")
    told = repr(made) + run.message + journal_text(tmp_path)
    assert "cannot" in run.message and "of-the" not in told, run.message


def test_data_in_its_own_layer_is_named_and_not_lost(docker: SmallDocker, tmp_path: Path) -> None:
    made = [{"Path": path, "Kind": 1} for path in ("/work", "/cache", "/tmp", "/tmp/x", "/run", "/run/pid", "/var")]
    docker.changes[OLD] = [*made, {"Path": "/var/run", "Kind": 0}]
    ready = prepared(docker)
    docker.changes[OLD] = [*made, {"Path": "/opt", "Kind": 1}, {"Path": "/opt/data", "Kind": 1}]
    assert "/opt/data" in refused(docker).reason and "/tmp" not in refused(docker).reason
    before = docker.standing
    late = apply(ready, tmp_path, lambda: "")
    assert late.state is RunState.REFUSED and "/opt/data" in late.message and docker.standing == before


def test_a_path_beside_a_mount_is_data(docker: SmallDocker) -> None:
    told = {"Mounts": [{"Destination": "/srv/a/b"}], "HostConfig": {"Tmpfs": {"/scratch/": ""}}}
    paths = ["/srv", "/srv/a", "/srv/a/b", "/scratch", "/srv/a/c", "/tmpfile", "/runner/x", "/var/tmp/x"]
    assert written_paths(told, [{"Path": path} for path in paths]) == (
        "/srv/a/c",
        "/tmpfile",
        "/runner/x",
        "/var/tmp/x",
    )
    assert written_paths(told, None) == ()


def test_what_its_engine_makes_in_it_is_no_data() -> None:
    told = {"Config": {"WorkingDir": "/srv/work"}}
    made = ["/srv", "/srv/work", "/sbin", "/sbin/docker-init"]
    assert written_paths(told, [{"Path": path} for path in made]) == ()
    assert written_paths(told, [{"Path": "/srv/work/kept"}, {"Path": "/sbin/mine"}]) == ("/srv/work/kept", "/sbin/mine")


def test_a_hundred_thousand_files_are_no_hour() -> None:
    begun = time.monotonic()
    changes = [{"Path": "//odd"}, *({"Path": f"/data/{number}"} for number in range(100_000))]
    assert len(written_paths({"Mounts": [{"Destination": "//also/odd"}]}, changes)) == 100_001
    assert time.monotonic() - begun < 10


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "it ends": ({"state": {"Running": False, "ExitCode": 3}}, "ended with status 3"),
    "it needs memory": ({"state": {"Running": False, "ExitCode": 137, "OOMKilled": True}}, "needed more memory"),
    "it is started again": ({"top": {"RestartCount": 2}}, "ends soon after its start"),
    "it is unhealthy": ({"state": {"Health": {"Status": "unhealthy"}}}, "health check fails"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_g9_what_does_not_work_is_put_back(case: str, docker: SmallDocker, tmp_path: Path) -> None:
    docker.broken, told = BROKEN[case]
    if "Health" in docker.broken.get("state", {}):
        the_old(docker)["Config"]["Healthcheck"] = {"Test": ["CMD", "true"]}
    before, was = docker.standing, copy.deepcopy(the_old(docker))
    run = applied(docker, tmp_path)
    assert run.state is RunState.ROLLED_BACK and told in run.message, run.message
    assert docker.standing == before and the_old(docker) == was


@pytest.mark.parametrize("word", ["create", "update", "stop", "rename", "start"])
def test_an_engine_that_says_no_leaves_everything_as_it_was(word: str, docker: SmallDocker, tmp_path: Path) -> None:
    before = docker.standing
    made = prepared(docker)
    docker.failing = {word: "not now"}
    steps: list[str] = []

    def tell(step: str) -> None:
        steps.append(step)

    answer = docker.answer

    def once(method: str, target: str, body: Any) -> tuple[int, Any]:
        told = answer(method, target, body)
        if told[0] == 500:
            docker.failing = {}
        return told

    docker.answer = once  # type: ignore[method-assign]
    run = apply(made, tmp_path, lambda: "", tell)
    assert run.state in (RunState.ROLLED_BACK, RunState.REFUSED) and "not now" in run.message, run.message
    assert docker.standing == before


def test_an_engine_that_makes_something_else_is_not_believed(docker: SmallDocker, tmp_path: Path) -> None:
    made = docker._made

    def without(name: str, body: dict[str, Any]) -> tuple[int, Any]:
        return made(name, {**body, "Env": body["Env"][:1]})

    docker._made = without  # type: ignore[method-assign]
    before = docker.standing
    run = applied(docker, tmp_path)
    assert run.state is RunState.ROLLED_BACK and "its variables would be different" in run.message, run.message
    assert docker.standing == before


def test_g12_undo_and_redo(docker: SmallDocker, tmp_path: Path) -> None:
    before, was = docker.standing, copy.deepcopy(the_old(docker))
    run = applied(docker, tmp_path)
    undone = undo(tmp_path, run.identity)
    assert undone.state is RunState.UNDONE, undone.message
    assert docker.standing == before and the_old(docker) == was
    assert undo(tmp_path, history(tmp_path)[0].identity).state is RunState.UNDONE
    assert set(docker.standing) == {"files", KEPT}
    assert undo(tmp_path, history(tmp_path)[0].identity).state is RunState.UNDONE
    assert docker.standing == before and SECRET not in journal_text(tmp_path)


def test_undo_touches_nothing_that_is_not_as_it_was_left(docker: SmallDocker, tmp_path: Path) -> None:
    run = applied(docker, tmp_path)
    new = the_new(docker)
    docker.changes[new["Id"]] = [{"Path": "/data", "Kind": 1}]
    assert "/data" in undo(tmp_path, run.identity).message
    docker.changes.clear()
    new["Name"] = "/mine"
    docker.add("ee" * 32, "files")
    standing = docker.standing
    why = undo(tmp_path, run.identity)
    assert why.state is RunState.REFUSED and "another container" in why.message and docker.standing == standing
    assert [lost.why for lost in lasting(tmp_path)] == ["files is another container than the one that was made"]
    del docker.containers["ee" * 32], docker.containers[OLD]
    new["Name"] = "/files"
    assert "was removed" in undo(tmp_path, run.identity).message
    assert not lasting(tmp_path), "who removes what was kept keeps the repair"


def test_a_repair_after_a_repair(docker: SmallDocker, tmp_path: Path) -> None:
    the_old(docker)["HostConfig"]["PidMode"] = "host"
    first = applied(docker, tmp_path, take_out=False)
    between = docker.standing
    second = apply(prepared(docker, container=the_new(docker)["Id"]), tmp_path, lambda: "")
    assert second.state is RunState.APPLIED, second.message
    assert not lasting(tmp_path)
    assert undo(tmp_path, first.identity).state is RunState.REFUSED
    assert undo(tmp_path, second.identity).state is RunState.UNDONE
    assert docker.standing == between
    assert undo(tmp_path, first.identity).state is RunState.UNDONE
    assert list(docker.standing) == ["files"]


def test_a_new_one_that_was_renamed_is_not_run_beside_the_old_one(docker: SmallDocker, tmp_path: Path) -> None:
    run = applied(docker, tmp_path)
    the_new(docker)["Name"] = "/mine"
    before = docker.standing
    why = undo(tmp_path, run.identity)
    assert why.state is RunState.REFUSED and "is called mine now" in why.message, why.message
    assert docker.standing == before
    del docker.containers[the_new(docker)["Id"]]
    assert undo(tmp_path, run.identity).state is RunState.UNDONE, "one that was removed is in nobody's way"


def test_g9_an_undo_that_cannot_start_the_old_one_leaves_it_kept(docker: SmallDocker, tmp_path: Path) -> None:
    run = applied(docker, tmp_path)
    del docker.containers[the_new(docker)["Id"]]
    before = docker.standing
    docker.failing = {"start": "its port is taken"}
    why = undo(tmp_path, run.identity)
    assert "its port is taken" in why.message and docker.standing == before, why.message
    docker.failing = {}
    assert undo(tmp_path, run.identity).state is RunState.UNDONE


class _Killed(BaseException):
    pass


def _killed(work: Callable[[], Run], at: int, *, after: bool, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Do it until the so manyth thing that the engine is to do, and nothing more from then on, as a kill does."""
    left, order, ended = at, container_engine.order, False

    def orders(*arguments: Any, **named: Any) -> Any:
        nonlocal left, ended
        left -= 1
        if left <= 0:
            if after and not ended:
                order(*arguments, **named)
            ended = True
            raise _Killed
        return order(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(container_swap, "order", orders)
        patched.setattr(container_engine, "order", orders)
        # Its own putting back is not to run either, nor is what ends the journal.
        patched.setattr("workbench.repair.transaction.roll_back", lambda *_, **__: None)
        try:
            work()
        except _Killed:
            return True
    return ended


def _as_shown(docker: SmallDocker, state: Path) -> Run:
    """What recovering gives, which asked of the engine what it was shown to ask: something, or nothing at all."""
    found = recovering(state)
    assert isinstance(found, tuple) and len(found) == 1 and not found[0].unseen
    asked = len(docker.done)
    (run,) = recover(state, agreed=found)
    assert (len(docker.done) > asked) is bool(found[0].changes), (found, docker.done[asked:])
    return run


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_g10_broken_off_anywhere_it_is_put_back(
    after: bool, docker: SmallDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, was = docker.standing, copy.deepcopy(the_old(docker))
    states = set()
    for at in range(1, 40):
        state = tmp_path / f"{at}"
        made = prepared(docker)
        if not _killed(partial(apply, made, state, lambda: ""), at, after=after, monkeypatch=monkeypatch):
            break
        now = docker.standing
        run = _as_shown(docker, state)
        states.add(run.state)
        assert docker.standing == before and the_old(docker) == was, (at, now)
        assert recover(state) == ()
    assert states == {RunState.RECOVERED} and at > 6
    (run,) = history(state)
    done = docker.standing
    for at in range(1, 40):
        if not _killed(lambda: undo(state, run.identity), at, after=after, monkeypatch=monkeypatch):
            break
        told = _as_shown(docker, state)
        assert told.state is RunState.RECOVERED, (at, told)
        if docker.standing == before:
            break  # all that was left to do was to remove the new one, and that was done
        assert docker.standing == done, at
    assert docker.standing == before


def test_an_engine_that_is_not_up_yet_is_waited_for(
    docker: SmallDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = docker.standing
    made = prepared(docker)
    assert _killed(lambda: apply(made, tmp_path, lambda: ""), 5, after=False, monkeypatch=monkeypatch)
    docker.version = {}
    found = recovering(tmp_path)
    assert isinstance(found, tuple) and "no container engine" in found[0].unseen and not found[0].as_root
    (run,) = recover(tmp_path)
    assert run.state is RunState.REFUSED and "no container engine" in run.message
    docker.version = VERSION
    (run,) = recover(tmp_path)
    assert run.state is RunState.RECOVERED and docker.standing == before


def test_what_cannot_be_put_back_is_said_loudly(docker: SmallDocker, tmp_path: Path) -> None:
    made = prepared(docker)
    docker.failing = {"start": "no"}
    run = apply(made, tmp_path, lambda: "")
    assert run.state is RunState.ROLLBACK_FAILED and "files cannot be started" in run.message, run.message
    assert f"workbench undo {run.identity}" in run.message
    docker.failing = {}
    # Nothing was removed, so the same can be done again.
    assert undo(tmp_path, run.identity).state is RunState.UNDONE
    assert docker.standing["files"][:2] == (OLD, True) and len(docker.standing) == 1


def test_g2_what_changed_since_it_was_shown_is_refused(docker: SmallDocker, tmp_path: Path) -> None:
    made = prepared(docker)
    for change in (
        lambda: the_old(docker)["HostConfig"].update(Memory=1),
        lambda: the_old(docker).update(Name="/other"),
        lambda: docker.containers.clear(),
    ):
        change()
        run = apply(made, tmp_path, lambda: "")
        assert run.state is RunState.REFUSED and docker.done == [], run.message


def test_of_which_image_it_is_made(docker: SmallDocker) -> None:
    digest = "mcp/files@sha256:" + "77" * 32
    other = "sha256:" + "2b" * 32
    docker.images["mcp/files"] = {"Id": other}
    docker.images[IMAGE] = {"Id": IMAGE, "RepoTags": [], "RepoDigests": []}
    assert "docker tag" in refused(docker).instead
    docker.images[IMAGE] = {"Id": IMAGE, "RepoTags": ["mcp/files:old"], "RepoDigests": []}
    docker.images["mcp/files:old"] = {"Id": IMAGE}
    assert _reference(docker) == "mcp/files:old"
    docker.images[IMAGE] = {"Id": IMAGE, "RepoTags": [], "RepoDigests": [digest, "else/x@sha256:" + "66" * 32]}
    docker.images[digest] = {"Id": IMAGE}
    assert _reference(docker) == digest
    docker.images["mcp/files"] = {"Id": IMAGE}
    assert (_reference(docker), _reference(docker, pin=True)) == ("mcp/files", digest)
    docker.images[IMAGE]["RepoDigests"] = []
    assert "no digest" in refused(docker, pin=True).reason
    del docker.images[IMAGE]
    assert "gone" in refused(docker).reason


def _reference(docker: SmallDocker, **changes: Any) -> str:
    (operation,) = prepared(docker, **changes).operations
    assert isinstance(operation, StagedContainer)
    return operation.reference


def test_an_engine_of_another_account_or_kind_is_not_asked(
    docker: SmallDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.version = {**VERSION, "Components": [{"Name": "Podman Engine"}]}
    assert "Docker alone" in refused(docker).reason
    docker.version = VERSION
    os.chown(docker.place, 65532, 65532)
    if os.geteuid() == 0:
        assert "another account" in refused(docker).reason


UNSOUND: dict[str, dict[str, Any]] = {
    "another container": {"container": "files"},
    "a name with a way out": {"name": "../x"},
    "an option": {"name": "-x"},
    "an engine beside a path": {"engine": "docker.sock"},
    "an engine behind a way out": {"engine": "/run/../x.sock"},
    "root": {"user": "0"},
    "an hour": {"seconds": 3600},
    "a folder that is none": {"writable": ("/a/../b",)},
}


def test_what_a_journal_may_say_of_it(docker: SmallDocker) -> None:
    (made,) = prepared(docker).operations
    assert isinstance(made, StagedContainer) and sound(made)
    assert sound(replace(made, comes=False, state=""))
    for case, changes in UNSOUND.items():
        other = replace(made.wanted, **changes)
        assert not sound(replace(made, wanted=other, path=other.path, real=other.path)), case
        assert isinstance(prepare(plan(other)), Refusal), case
    others: tuple[dict[str, Any], ...] = (
        {"path": "/x", "real": "/x"},
        {"image": "x"},
        {"reference": "-x"},
        {"restart": "x"},
        {"state": "x"},
    )
    for more in others:
        assert not sound(replace(made, **more)), more


def test_a_forged_journal_cannot_have_another_container_removed(docker: SmallDocker, tmp_path: Path) -> None:
    """What is removed must have been made of the very container, of its image, and have one of two names."""
    other = docker.add("ee" * 32, "other")
    other["Config"]["Labels"][RECREATED] = OLD
    (made,) = prepared(docker).operations
    assert isinstance(made, StagedContainer)
    assert not recreating.put_back(0, made, lambda _: None, lambda _: None)
    assert docker.done == [] and len(docker.containers) == 2


def test_what_is_in_the_journal(docker: SmallDocker) -> None:
    (made,) = prepared(docker).operations
    assert isinstance(made, StagedContainer)
    assert SECRET not in json.dumps(asdict(made)) and "/bin/server" not in json.dumps(asdict(made))


class _Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        assert json.loads(asked)["method"] == "initialize"
        body = b'event: message\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n'
        self.send_response(200 if self.path == "/mcp" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return None


def test_what_answered_mcp_before_must_answer_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_health, "_COMES_UP_SECONDS", 0.1)
    server = http.server.HTTPServer(("127.0.0.1", 0), _Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = str(server.server_port)
    ports = {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": port}], "53/udp": [{"HostIp": "", "HostPort": port}]}
    told = {"NetworkSettings": {"Ports": {**ports, "81/tcp": None, "82/tcp": [{"HostIp": "", "HostPort": "1"}]}}}
    places = container_health.answering(told)
    assert places == (("80/tcp", "/mcp"),)
    container_health.require_answers(told, places, lambda _: None)
    # At a port that its engine chose it is published at another one from then on.
    elsewhere = {"NetworkSettings": {"Ports": {"80/tcp": [{"HostIp": "", "HostPort": "70000"}]}}}
    for other, why in (({}, "does not publish"), (elsewhere, "at port 70000")):
        with pytest.raises(Refused, match=why):
            container_health.require_answers(other, places, lambda _: None)
    server.shutdown()
    server.server_close()
    with pytest.raises(Refused, match="answered MCP"):
        container_health.require_answers(told, places, lambda _: None)
