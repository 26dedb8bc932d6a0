"""A real Docker engine and a real Podman: what was asked of them is what the facts of a container say."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.live import support
from tests.live.docker_engine import FILES, PrivateEngine, busybox_root, import_files_server, private_engine
from workbench.host import containers, processes
from workbench.host.containers import engines
from workbench.host.containers.joining import pairs
from workbench.host.context import Context
from workbench.model.containers import ContainerFact, ContainerFacts, ContainerMount, PublishedPort
from workbench.model.facts import SectionState

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("containers")]

DATA = Path(__file__).parents[1] / "data" / "containers"
NO_FORK = DATA / "nofork.json"
TOKEN = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}},
}
HARDENED = (
    *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "none"),
    *("--pids-limit", "64", "--memory", "512m", "--cpus", "1.5", "--user", "65532:65532"),
    *("--security-opt", f"seccomp={NO_FORK}", "--tmpfs", "/tmp:size=16m,mode=1777"),
)


@pytest.fixture(scope="session")
def engine() -> Iterator[PrivateEngine]:
    with private_engine() as started:
        busybox = busybox_root(started.folder / "busybox")
        for name in ("mcp/shell", "weather", "postgres:16", "nginx"):
            started.import_image(name, busybox, 'ENTRYPOINT ["/bin/sh"]')
        yield started


@pytest.fixture
def clean(engine: PrivateEngine) -> Iterator[PrivateEngine]:
    """The engine, and afterwards none of the containers that the test made."""
    yield engine
    # One that was run with --rm may be going by itself.
    while left := engine.docker("ps", "--all", "--quiet").stdout.split():
        engine.docker("rm", "--force", "--volumes", *left, check=False)


@pytest.fixture(scope="session")
def node_image(engine: PrivateEngine) -> str:
    """An image with a real server from npm."""
    return import_files_server(engine)


def context_of(*sockets: Path, **more: Any) -> Context:
    return replace(Context.of_this_host(), engines=sockets, **more)


def look(engine: PrivateEngine) -> ContainerFacts:
    facts = containers.gather(context_of(engine.socket))
    assert facts.state.status == "complete", facts.state
    return facts


def only(engine: PrivateEngine) -> ContainerFact:
    (found,) = look(engine).containers
    return found


FLAGS: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    ((), {"privileged": False, "user": "", "readonly_root": False, "no_new_privileges": False, "seccomp": "default"}),
    ((), {"pids_limit": None, "memory": None, "cpus": None, "cap_add": (), "cap_drop": (), "open_stdin": False}),
    (("--privileged",), {"privileged": True, "seccomp": "unconfined", "masked_paths": ()}),
    (("-v", "/var/run/docker.sock:/var/run/docker.sock"), {"mounts": "/var/run/docker.sock"}),
    (("-v", "/:/host:ro"), {"mounts": ContainerMount("bind", "/", "/host", False, "rslave")}),
    (("--mount", "type=bind,src=/etc,dst=/e,bind-propagation=shared"), {"mounts": "/etc"}),
    (("--pid", "host"), {"pid_mode": "host"}),
    (("--ipc", "host"), {"ipc_mode": "host"}),
    (("--network", "host"), {"network_mode": "host", "networks": ("host",)}),
    (("--network", "none"), {"network_mode": "none", "networks": ("none",)}),
    (("--uts", "host"), {"uts_mode": "host"}),
    (("--userns", "host"), {"userns_mode": "host"}),
    (("--cap-add", "SYS_ADMIN", "--cap-add", "net_raw"), {"cap_add": {"SYS_ADMIN", "NET_RAW"}}),
    (("--cap-add", "ALL"), {"cap_add": ("ALL",)}),
    (("--cap-drop", "all"), {"cap_drop": ("ALL",)}),
    (("--security-opt", "seccomp=unconfined"), {"seccomp": "unconfined"}),
    (("--security-opt", "seccomp:unconfined"), {"seccomp": "unconfined"}),
    (("--security-opt", "apparmor=unconfined"), {"apparmor": "unconfined"}),
    (("--security-opt", "label=disable"), {"label": ("disable",)}),
    (("--security-opt", "systempaths=unconfined"), {"masked_paths": (), "readonly_paths": ()}),
    (("--security-opt", "no-new-privileges"), {"no_new_privileges": True}),
    (("--security-opt", "no-new-privileges:true"), {"no_new_privileges": True}),
    (("--security-opt", "no-new-privileges=true"), {"no_new_privileges": True}),
    (("--security-opt", "no-new-privileges:false"), {"no_new_privileges": False}),
    (("--security-opt", "no-new-privileges=0"), {"no_new_privileges": False}),
    (("--device", "/dev/null:/dev/disk:r"), {"devices": (("/dev/null", "/dev/disk", "r"),)}),
    (("--device-cgroup-rule", "b *:* rwm"), {"device_rules": ("b *:* rwm",)}),
    (("--user", "1000:1000", "--group-add", "999"), {"user": "1000:1000", "groups": ("999",)}),
    (("--read-only",), {"readonly_root": True}),
    (("--tmpfs", "/tmp:size=1m"), {"tmpfs": (("/tmp", "size=1m"),)}),
    (("--mount", "type=tmpfs,dst=/x"), {"tmpfs": (("/x", ""),), "mounts": ()}),
    (("--pids-limit", "-1"), {"pids_limit": None}),
    (("--pids-limit", "7", "-m", "64m", "--cpus", "0.5"), {"pids_limit": 7, "memory": 64 << 20, "cpus": 0.5}),
    (("--cpu-quota", "25000"), {"cpus": 0.25}),
    (("--ulimit", "nofile=10:20"), {"ulimits": (("nofile", 10, 20),)}),
    (("-p", "8080:80"), {"ports": (PublishedPort("", 8080, 80, "tcp"),)}),
    (("-p", "127.0.0.1:53:53/udp"), {"ports": (PublishedPort("127.0.0.1", 53, 53, "udp"),)}),
    (("-P", "--expose", "3000"), {"ports": (PublishedPort("", 0, 3000, "tcp"),)}),
    (("--restart", "always", "-i", "-t"), {"restart": "always", "open_stdin": True, "tty": True}),
    (("--sysctl", "net.ipv4.ip_forward=1"), {"sysctls": ("net.ipv4.ip_forward",)}),
    (("--cgroupns", "host"), {"cgroupns_mode": "host"}),
]


@pytest.mark.parametrize(("flags", "expected"), FLAGS, ids=[" ".join(flags) or "plain" for flags, _ in FLAGS])
def test_every_flag_is_read_back(clean: PrivateEngine, flags: tuple[str, ...], expected: dict[str, Any]) -> None:
    # Created and not started: what was asked for is told all the same, and some of it cannot start here.
    made = clean.create("--name", "one", *flags, "mcp/shell", "-c", "true")
    found = only(clean)
    assert (found.id, found.name, found.image, found.running, found.pid) == (made, "one", "mcp/shell", False, 0)
    assert found.started == 0.0 and abs(found.created - time.time()) < 60
    for field, value in expected.items():
        seen = getattr(found, field)
        if field == "mounts" and isinstance(value, str):
            assert [mount.source for mount in seen] == [value]
        elif field == "mounts" and isinstance(value, ContainerMount):
            assert seen == (value,)
        else:
            assert (set(seen) if isinstance(value, set) else seen) == value, field


def test_a_plain_container_keeps_the_masks_that_the_switch_takes_off(clean: PrivateEngine) -> None:
    clean.create("mcp/shell")
    found = only(clean)
    assert found.masked_paths and "/proc/kcore" in found.masked_paths
    assert found.readonly_paths and "/proc/sys" in found.readonly_paths
    assert found.image_user == ""


def test_secrets_never_enter_the_facts(clean: PrivateEngine) -> None:
    flags = ("-e", f"GITHUB_TOKEN={TOKEN}", "-e", "PLAIN=x", "--label", f"key={TOKEN}", "--name", "mcp-server-x")
    clean.create(*flags, "-v", f"/tmp/{TOKEN}:/x", "weather", "-c", f"serve --token {TOKEN}")
    facts = look(clean)
    assert TOKEN not in repr(facts)
    (found,) = facts.containers
    kinds = {entry.name: entry.secret.kind if entry.secret else "" for entry in found.environment}
    assert kinds["GITHUB_TOKEN"] == "github-token" or kinds["GITHUB_TOKEN"].startswith("github")
    assert kinds["PLAIN"] == ""
    assert found.labels == ("key",)
    assert [(secret.place, secret.length) for secret in found.secrets] == [("args[2]", len(TOKEN))]


def test_only_servers_are_found_running_or_not(clean: PrivateEngine) -> None:
    clean.create("--name", "stopped-github-mcp-server", "weather")
    clean.docker("run", "-d", "--name", "running", "--label", "docker-mcp-name=time", "weather", "-c", "sleep 60")
    clean.create("--name", "database-mcp-server", "postgres:16")
    clean.create("--name", "proxy", "nginx", "-c", "true")
    clean.create(
        "--name", "devcontainer", "--label", "devcontainer.local_folder=/home/x/github-mcp-server", "mcp/shell"
    )
    clean.create("--name", "package", "weather", "-c", "exec npx -y @modelcontextprotocol/server-memory")
    facts = look(clean)
    assert facts.seen == 6
    assert {found.name: found.running for found in facts.containers} == {
        "stopped-github-mcp-server": False,
        "running": True,
        "package": False,
    }
    assert all(found.recognised_by for found in facts.containers)
    running = next(found for found in facts.containers if found.running)
    assert Path(f"/proc/{running.pid}/cgroup").read_text().count(running.id)
    assert abs(running.started - time.time()) < 60


def test_the_engine_says_what_it_is(engine: PrivateEngine) -> None:
    (fact,) = look(engine).engines
    assert (fact.socket, fact.kind, fact.seccomp, fact.rootless) == (str(engine.socket), "docker", "builtin", False)
    assert fact.version and fact.api


@contextmanager
def serving(engine: PrivateEngine, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A client's ``docker run``, after the first exchange with the server in the container."""
    client = subprocess.Popen(
        ["docker", "run", "--rm", *arguments],
        env=engine.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert client.stdin is not None and client.stdout is not None and client.stderr is not None
        client.stdin.write(json.dumps(HELLO).encode() + b"\n")
        client.stdin.flush()
        answer = client.stdout.readline()
        assert answer, client.stderr.read().decode()
        assert json.loads(answer)["result"]["serverInfo"]["name"]
        yield client
    finally:
        client.kill()
        client.communicate()


class TestServing:
    def test_fully_hardened_it_serves_and_is_joined_to_its_process(
        self, clean: PrivateEngine, node_image: str, tmp_path: Path
    ) -> None:
        with serving(clean, "-i", "--name", "helper", *HARDENED, node_image, "/workspace"):
            context = context_of(clean.socket, home=tmp_path, homes=())
            running = processes.gather(context)
            facts = containers.gather(replace(context, found={"processes": running}))
            (found,) = facts.containers
            (server,) = [server for server in running.servers if server.container == found.id]
            assert (server.pid, server.uid, server.no_new_privileges) == (found.pid, 65532, True)
            assert found.recognised_by == f"its main process is the server {server.label}"
            (pair,) = pairs(running.servers, facts.containers)
            assert (pair.server, pair.container, pair.tie, pair.main) == (server.key, found.id, "control group", True)
        assert (found.running, found.user, found.image_user) == (True, "65532:65532", "65532")
        assert (found.readonly_root, found.cap_drop, found.no_new_privileges) == (True, ("ALL",), True)
        assert (found.network_mode, found.pids_limit, found.memory, found.cpus) == ("none", 64, 512 << 20, 1.5)
        assert found.open_stdin and found.tmpfs == (("/tmp", "size=16m,mode=1777"),)
        assert found.seccomp == "profile" and found.seccomp_profile is not None
        verdicts = dict(found.seccomp_profile.verdicts)
        assert (verdicts["execve"], verdicts["clone (thread)"]) == ("allowed", "allowed")
        assert (verdicts["clone (process)"], verdicts["fork"], verdicts["clone3"]) == (
            "denied",
            "denied",
            "no such call",
        )

    def test_a_second_look_at_a_server_of_another_name_needs_no_help_of_the_processes(
        self, clean: PrivateEngine, node_image: str
    ) -> None:
        with serving(clean, "-i", "--network", "none", node_image, "/workspace"):
            found = only(clean)
        assert found.recognised_by == f"it runs the package {FILES}"
        assert not found.readonly_root and found.seccomp == "default"


CHMOD = ("chmod", "fchmodat", "fchmodat2")
DENY, ALLOW = "SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW"
AS_SEEN = {"denied": "ermi", "no such call": "not implemented"}
KILLED = 128 + signal.SIGSYS


def rules(*each: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"names": list(CHMOD), "action": action, **more} for action, more in each]


PROFILES = {
    "deny": rules((DENY, {})),
    "deny, then allow": rules((DENY, {}), (ALLOW, {})),
    "allow, then deny": rules((ALLOW, {}), (DENY, {})),
    "deny as missing": rules((DENY, {"errnoRet": 38})),
    "two denials: the first": rules((DENY, {"errnoRet": 38}), (DENY, {"errnoRet": 13})),
    "two denials the other way": rules((DENY, {"errnoRet": 13}), (DENY, {"errnoRet": 38})),
    "killed": rules(("SCMP_ACT_KILL_PROCESS", {})),
    "trapped": rules(("SCMP_ACT_TRAP", {})),
    "logged": rules(("SCMP_ACT_LOG", {})),
    "traced": rules(("SCMP_ACT_TRACE", {})),
    "for a capability it lacks": rules((DENY, {"includes": {"caps": ["CAP_SYS_ADMIN"]}})),
    "for a capability it has": rules((DENY, {"includes": {"caps": ["CAP_CHOWN"]}})),
    "unless it has a capability": rules((DENY, {"excludes": {"caps": ["CAP_SYS_ADMIN"]}})),
    "for another architecture": rules((DENY, {"includes": {"arches": ["s390x"]}})),
    "for a later kernel": rules((DENY, {"includes": {"minKernel": "9.9"}})),
    "for this kernel": rules((DENY, {"includes": {"minKernel": "4.8"}})),
    "in the old form": [{"name": name, "action": DENY} for name in CHMOD],
    "with a call that no kernel has": [{"names": ["nosuchcall", *CHMOD], "action": DENY}],
}


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_worked_out_as_the_kernel_enforces_it(clean: PrivateEngine, name: str, tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps({"defaultAction": ALLOW, "syscalls": PROFILES[name]}))
    flags = ("--name", "one", "--network", "none", "--security-opt", f"seccomp={profile}")
    done = clean.docker("run", *flags, "mcp/shell", "-c", "/bin/busybox chmod 700 /bin", check=False)
    found = only(clean)
    assert found.seccomp_profile is not None and not found.seccomp_profile.problem
    verdict = dict(found.seccomp_profile.verdicts)["chmod"]
    if verdict in ("allowed", "logged"):
        assert done.returncode == 0, done.stderr
    elif verdict == "killed":
        assert done.returncode == KILLED, done.stderr
    else:
        assert done.returncode not in (0, KILLED)
        assert AS_SEEN[verdict] in done.stderr


@pytest.mark.parametrize("allowed", ["thread", "process"])
def test_the_uses_of_clone_are_told_apart_as_the_kernel_does(
    clean: PrivateEngine, allowed: str, tmp_path: Path
) -> None:
    profile = json.loads(NO_FORK.read_text())
    needed = ["geteuid", "setuid", "setgid", "getresuid", "fork", "vfork", "stat", "prctl"]
    profile["syscalls"].append({"names": needed, "action": ALLOW})
    if allowed == "process":
        profile["syscalls"] = [rule for rule in profile["syscalls"] if rule["names"] != ["clone"]]
        masked = {"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
        profile["syscalls"].append({"names": ["clone"], "action": ALLOW, "args": [masked]})
    profile["syscalls"] = [rule for rule in profile["syscalls"] if "vfork" not in rule["names"]] + [
        {"names": [name for name in needed if "fork" not in name], "action": ALLOW}
    ]
    file = tmp_path / "profile.json"
    file.write_text(json.dumps(profile))
    flags = ("--network", "none", "--security-opt", f"seccomp={file}", "--security-opt", "no-new-privileges")
    done = clean.docker("run", *flags, "mcp/shell", "-c", "/bin/busybox cat /dev/null; echo forked", check=False)
    verdicts = dict((only(clean).seccomp_profile or pytest.fail("no profile")).verdicts)
    assert verdicts["clone (thread)"] == "allowed"
    assert verdicts["clone (namespace)"] == "denied"
    assert verdicts["clone (process)"] == ("allowed" if allowed == "process" else "denied")
    assert ("can't fork" in done.stderr) == (allowed == "thread"), done.stderr


def test_the_published_profile_cannot_start_a_container_and_its_verdicts_say_so(clean: PrivateEngine) -> None:
    flags = ("--network", "none", "--security-opt", f"seccomp={DATA / 'as-published.json'}")
    done = clean.docker("run", *flags, "mcp/shell", "-c", "true", check=False)
    assert done.returncode != 0
    profile = only(clean).seccomp_profile
    assert profile is not None
    verdicts = dict(profile.verdicts)
    assert {verdicts[call] for call in ("execve", "fstatfs", "newfstatat", "arch_prctl", "clone3")} == {"denied"}


def test_twenty_containers_are_looked_at_at_once(clean: PrivateEngine, tmp_path: Path) -> None:
    for number in range(20):
        clean.create(
            "--name", f"mcp-server-{number}", "--security-opt", f"seccomp={NO_FORK}", "mcp/shell", "-c", "true"
        )
    code = (
        "import sys, time; from pathlib import Path; from dataclasses import replace\n"
        "from workbench.host import containers; from workbench.host.context import Context\n"
        f"context = replace(Context.of_this_host(), engines=(Path({str(clean.socket)!r}),))\n"
        "began = time.perf_counter(); facts = containers.gather(context)\n"
        "print(len(facts.containers), time.perf_counter() - began)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True
    )
    count, seconds = done.stdout.split()
    print(f"20 containers, the SDK's import included: {float(seconds):.3f} s")
    assert count == "20"
    assert float(seconds) < 2.0  # a fifth of a second on a machine that does nothing else


def as_account(uid: int, context: Context) -> ContainerFacts:
    """What another account sees, in a process of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            state = containers.gather(replace(context, uid=uid)).state
            os.write(writer, json.dumps([state.status, state.reason, state.unlock]).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answers:
        told = json.loads(answers.read())
    os.waitpid(child, 0)
    return ContainerFacts(SectionState(*told))


class TestForbidden:
    def test_another_account_is_told_who_may_look(self, engine: PrivateEngine) -> None:
        state = as_account(65533, context_of(engine.socket)).state
        assert state.status == "failed"
        assert state.reason == f"the container engine at {engine.socket}: permission denied"
        assert state.unlock == "look as root"

    def test_the_group_that_may_look_is_named(self, engine: PrivateEngine) -> None:
        import grp

        group = next(each for each in grp.getgrall() if each.gr_gid not in (0, 65533))
        os.chown(engine.socket, 0, group.gr_gid)
        try:
            state = as_account(65533, context_of(engine.socket)).state
        finally:
            os.chown(engine.socket, 0, 0)
        assert state.unlock == f"look as root or as a member of the group {group.gr_name}"

    def test_a_closed_folder_is_told_only_where_something_listens_in_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # As /run/podman is, on every machine that has Podman: it says nothing by being there.
        support.require_root()
        closed = Path(tempfile.mkdtemp(dir="/tmp"))  # of mode 0700
        context = Context("linux", Path("/nonexistent"), 65533, {}, Path("/nonexistent"))
        monkeypatch.setattr(engines, "_OF_HOME", ())
        monkeypatch.setattr(engines, "_SYSTEM", (str(closed / "podman.sock"),))
        try:
            nothing = as_account(65533, context).state
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(str(closed / "podman.sock"))
                listening.listen()
                told = as_account(65533, context).state
        finally:
            shutil.rmtree(closed)
        assert nothing.status == "not applicable"
        assert (told.status, told.unlock) == ("failed", "look as root")
        assert told.reason == f"the container engine at {closed}/podman.sock: permission denied"


@pytest.fixture(scope="module")
def podman() -> Iterator[tuple[list[str], Path]]:
    """A Podman of its own with its Docker-compatible service: the command and the socket."""
    support.require_root()
    program = support.require_program("podman")
    folder = Path(tempfile.mkdtemp(prefix="podman-", dir="/tmp"))
    command = [
        *(program, "--root", str(folder / "root"), "--runroot", str(folder / "run"), "--storage-driver", "vfs"),
        *("--cgroup-manager", "cgroupfs", "--events-backend", "file", "--tmpdir", str(folder / "tmp")),
    ]
    place = folder / "podman.sock"
    service = subprocess.Popen(
        [*command, "system", "service", "--time", "0", f"unix://{place}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 20
        while not place.exists() and time.monotonic() < end:
            time.sleep(0.1)
        packed = subprocess.run(
            ["tar", "-C", str(busybox_root(folder / "busybox")), "-c", "."], capture_output=True, check=True
        ).stdout
        done = subprocess.run([*command, "import", "-", "mcp/shell"], input=packed, capture_output=True, check=False)
        if done.returncode != 0 or not place.exists():
            support.missing(f"Podman's service does not run here: {done.stderr.decode()[-300:]}")
        yield command, place
    finally:
        subprocess.run([*command, "rm", "--all", "--force", "--time", "0"], capture_output=True, check=False)
        service.kill()
        service.wait()
        # Podman lets a process of its own clean up after a container, and that makes its folders anew.
        for _ in range(10):
            shutil.rmtree(folder, ignore_errors=True)
            time.sleep(0.2)


def test_podman_is_asked_through_its_docker_compatible_socket(podman: tuple[list[str], Path]) -> None:
    command, place = podman
    flags = (
        *("--name", "weak", "--privileged", "--pid", "host", "-v", "/:/host"),
        *("--name", "strong", "--cap-drop", "all", "--read-only", "--security-opt", "no-new-privileges"),
        *("--user", "1000:1000", "--network", "none", "--pids-limit", "10", "-m", "32m"),
    )
    # A limit that this machine's root may set: Podman's own defaults may be above what it was given.
    limits = ("--name", "running", "--network", "none", "--ulimit", "nofile=64:64", "--ulimit", "nproc=64:64")
    started = subprocess.run(
        [*command, "run", "--detach", *limits, "mcp/shell", "sh", "-c", "sleep 60"], capture_output=True, check=False
    )
    for each in (flags[:7], (*flags[7:], "--security-opt", f"seccomp={NO_FORK}")):
        done = subprocess.run(
            [*command, "create", *each, "mcp/shell", "sh"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    facts = containers.gather(context_of(place))
    assert facts.state.status == "complete"
    (engine,) = facts.engines
    assert (engine.kind, engine.seccomp) == ("podman", "builtin")
    by_name = {found.name: found for found in facts.containers}
    weak, strong = by_name["weak"], by_name["strong"]
    running = by_name.get("running")
    if started.returncode == 0:
        assert running is not None and running.running
        assert running.id in Path(f"/proc/{running.pid}/cgroup").read_text()
        assert running.ulimits == (("nofile", 64, 64), ("nproc", 64, 64))
    assert (weak.name, weak.image, weak.privileged, weak.pid_mode) == (
        "weak",
        "localhost/mcp/shell:latest",
        True,
        "host",
    )
    assert [mount.source for mount in weak.mounts] == ["/"]
    assert (strong.cap_drop, strong.readonly_root, strong.no_new_privileges) == (("ALL",), True, True)
    assert (strong.user, strong.network_mode, strong.pids_limit, strong.memory) == ("1000:1000", "none", 10, 32 << 20)
    assert strong.seccomp == "profile"
    assert strong.command == ("sh",)
    assert strong.masked_paths is None  # Podman does not tell
