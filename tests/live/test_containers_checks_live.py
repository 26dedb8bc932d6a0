"""The checks of the area containers against a real engine: each bad flag fires what names it, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import builders
from tests.live.docker_engine import PrivateEngine, busybox_root, import_files_server, private_engine
from tests.live.test_containers_live import DATA, HARDENED, NO_FORK, TOKEN, look, serving
from tests.plugins.loading import plugins
from workbench.model.finding import Finding
from workbench.model.report import CheckResult, Status
from workbench.scan import run_check

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("containers")]

AREA = sorted(identity for identity in plugins().checks if identity.startswith("containers/"))
# What a container is told that has nothing to be said of it; each flag then takes one thing away.
GOOD = {
    "--read-only": (),
    "--cap-drop": ("ALL",),
    "--pids-limit": ("64",),
    "--memory": ("64m",),
    "--user": ("65532:65532",),
    "--network": ("none",),
}
NO_NEW_PRIVILEGES = ("--security-opt", "no-new-privileges")


@pytest.fixture(scope="module")
def engine() -> Iterator[PrivateEngine]:
    with private_engine() as started:
        started.import_image("mcp/shell", busybox_root(started.folder / "busybox"), 'ENTRYPOINT ["/bin/sh"]')
        yield started


@pytest.fixture
def clean(engine: PrivateEngine) -> Iterator[PrivateEngine]:
    """The engine, and afterwards none of the containers that the test made."""
    yield engine
    while left := engine.docker("ps", "--all", "--quiet").stdout.split():
        engine.docker("rm", "--force", "--volumes", *left, check=False)


@pytest.fixture(scope="module")
def node_image(engine: PrivateEngine) -> str:
    return import_files_server(engine)


def judged(engine: PrivateEngine) -> dict[str, CheckResult]:
    snapshot = builders.snapshot(containers=look(engine))
    return {identity: run_check(plugins().checks[identity], snapshot) for identity in AREA}


def found(engine: PrivateEngine) -> dict[str, Finding]:
    results = judged(engine)
    assert not {name: result for name, result in results.items() if result.status is Status.ERROR}
    return {name.partition("/")[2]: finding for name, result in results.items() for finding in result.findings}


def flags(*changes: str, without: str = "", security: tuple[str, ...] = NO_NEW_PRIVILEGES) -> tuple[str, ...]:
    good = [word for name, values in GOOD.items() if name != without for word in (name, *values)]
    return (*good, *security, *changes)


HIGH_FLAGS = [
    # flags, the checks that fire, the worst severity
    (flags("--privileged"), {"privileged"}, "high"),
    (flags("--privileged", without="--user"), {"privileged", "root-user"}, "critical"),
    (flags("-v", "/var/run/docker.sock:/var/run/docker.sock:ro"), {"docker-socket"}, "high"),
    (flags("-v", "/run/docker.sock:/x", without="--user"), {"docker-socket", "root-user"}, "critical"),
    (flags("-v", "/:/host:ro"), {"broad-mount"}, "high"),
    (flags("-v", "/etc:/e", without="--user"), {"broad-mount", "root-user"}, "critical"),
    (flags("-v", "/root/.ssh:/keys:ro"), {"broad-mount"}, "high"),
    (flags("--pid", "host"), {"host-namespaces"}, "high"),
    (flags("--ipc", "host"), {"host-namespaces"}, "high"),
    (flags("--uts", "host"), {"host-namespaces"}, "medium"),
    (flags("--network", "host", without="--network"), {"host-namespaces"}, "high"),
    (flags("--cap-add", "SYS_ADMIN"), {"added-capabilities"}, "medium"),
    (flags("--cap-add", "SYS_ADMIN", without="--user"), {"added-capabilities", "root-user"}, "critical"),
    (flags("--cap-add", "NET_BIND_SERVICE"), set(), ""),
    (flags("--security-opt", "seccomp=unconfined"), {"unconfined-seccomp"}, "high"),
    (flags("--security-opt", "systempaths=unconfined"), {"unmasked-paths"}, "high"),
    (
        flags("--security-opt", "systempaths=unconfined", without="--user"),
        {"unmasked-paths", "root-user"},
        "critical",
    ),
    (flags(without="--user"), {"root-user"}, "medium"),
    (flags("--user", "0:0", without="--user"), {"root-user"}, "medium"),
    (flags(without="--read-only"), {"writable-root"}, "low"),
    (flags(without="--cap-drop"), {"no-capability-drop"}, "low"),
    (flags("--cap-drop", "NET_RAW", without="--cap-drop"), {"no-capability-drop"}, "low"),
    (flags(security=()), {"no-new-privileges-off"}, "low"),
    (flags(security=(), without="--cap-drop"), {"no-new-privileges-off", "no-capability-drop"}, "medium"),
    (flags(security=("--security-opt", "no-new-privileges:false")), {"no-new-privileges-off"}, "low"),
    (flags(without="--pids-limit"), {"no-limits"}, "low"),
    (flags(without="--memory"), {"no-limits"}, "low"),
    (flags(without="--network"), {"network-open"}, "low"),
    (flags("-p", "8080:80", without="--network"), {"published-on-all-addresses"}, "high"),
    (flags("-p", "127.0.0.1:8080:80", without="--network"), set(), ""),
    (flags("-e", f"GITHUB_TOKEN={TOKEN}"), {"secret-in-environment"}, "high"),
    (flags("-e", "GITHUB_TOKEN_FILE=/run/secrets/token"), set(), ""),
    (flags("-v", "/srv/workspace:/workspace"), set(), ""),
    (flags("--security-opt", f"seccomp={NO_FORK}"), set(), ""),
    (flags("--security-opt", f"seccomp={DATA / 'as-published.json'}"), {"seccomp-profile"}, "medium"),
    (flags(), set(), ""),
]


@pytest.mark.parametrize(("given", "expected", "worst"), HIGH_FLAGS, ids=[" ".join(row[0][9:]) for row in HIGH_FLAGS])
def test_each_flag_fires_the_check_that_names_it(
    clean: PrivateEngine, given: tuple[str, ...], expected: set[str], worst: str
) -> None:
    # Created and not started: what was asked for is told all the same, and some of it cannot start here.
    clean.create("--name", "one", *given, "mcp/shell", "-c", "true")
    said = found(clean)
    assert set(said) == expected
    assert {finding.severity for finding in said.values()} >= ({worst} if worst else set())
    for finding in said.values():
        for evidence in finding.evidence:
            assert evidence.command
            done = clean.docker(*evidence.command[evidence.command.index("inspect") :])
            assert done.stdout.strip() and TOKEN not in done.stdout


def test_a_network_that_leads_nowhere_passes(clean: PrivateEngine) -> None:
    clean.docker("network", "create", "--internal", "quiet")
    clean.docker("network", "create", "loud")
    try:
        clean.create("--name", "inside", *flags("--network", "quiet", without="--network"), "mcp/shell")
        assert not found(clean)
        clean.create("--name", "outside", *flags("--network", "loud", without="--network"), "mcp/shell")
        said = found(clean)
        assert set(said) == {"network-open"} and said["network-open"].summary.startswith("outside ")
    finally:
        clean.docker("rm", "--force", "inside", "outside", check=False)
        clean.docker("network", "rm", "quiet", "loud")


def test_one_image_of_three_containers_is_one_finding(clean: PrivateEngine) -> None:
    for name in ("one", "two", "three"):
        clean.create("--name", name, *flags(without="--user"), "mcp/shell")
    said = found(clean)
    assert set(said) == {"root-user"}
    assert len(said["root-user"].also) == 2


def test_fully_hardened_it_serves_and_nothing_is_found(clean: PrivateEngine, node_image: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with serving(clean, "-i", "--name", "files", *HARDENED, "-v", f"{tmp_path}:/workspace", node_image, "/workspace"):
        results = judged(clean)
    assert not [finding for result in results.values() for finding in result.findings]
    assert {result.status for result in results.values()} == {Status.PASSED}


def test_as_it_is_usually_started_it_serves_and_what_is_missing_is_found(clean: PrivateEngine, node_image: str) -> None:
    with serving(clean, "-i", "--name", "files", node_image, "/workspace"):
        said = found(clean)
    usual = {"writable-root", "no-capability-drop", "no-new-privileges-off", "no-limits", "network-open"}
    assert set(said) == usual
    assert said["no-new-privileges-off"].severity == "medium"


@pytest.mark.parametrize(
    ("option", "held"),
    [("no-new-privileges", "1"), ("no-new-privileges:true", "1"), ("no-new-privileges:false", "0"), ("", "0")],
)
def test_no_new_privileges_is_what_the_kernel_says(clean: PrivateEngine, option: str, held: str) -> None:
    security = ("--security-opt", option) if option else ()
    status = clean.docker(
        "run", "--name", "one", *flags(security=security), "mcp/shell", "-c", "cat /proc/1/status"
    ).stdout
    assert f"NoNewPrivs:\t{held}" in status.splitlines()
    assert ("no-new-privileges-off" in found(clean)) == (held == "0")


@pytest.mark.parametrize("unconfined", [True, False])
def test_the_kernels_settings_are_roots_where_nothing_covers_them(clean: PrivateEngine, *, unconfined: bool) -> None:
    option = ("--security-opt", "systempaths=unconfined") if unconfined else ()
    # With every capability dropped. It is opened for appending, and nothing is written.
    asked = "( : >> /proc/sys/kernel/core_pattern ) && echo open; exit 0"
    given = flags(*option, without="--user")
    told = clean.docker("run", "--name", "one", *given, "mcp/shell", "-c", asked).stdout
    assert ("open" in told) == unconfined
    assert ("unmasked-paths" in found(clean)) == unconfined


@pytest.mark.parametrize(("given", "filters"), [((), "2"), (("--security-opt", "seccomp=unconfined"), "0")])
def test_a_syscall_filter_is_what_the_kernel_says(clean: PrivateEngine, given: tuple[str, ...], filters: str) -> None:
    own = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("Seccomp:")]
    inherited = own[0].split()[1]
    status = clean.docker("run", "--name", "one", *flags(*given), "mcp/shell", "-c", "cat /proc/1/status").stdout
    assert f"Seccomp:\t{max(filters, inherited)}" in status.splitlines()
    assert ("unconfined-seccomp" in found(clean)) == (filters == "0")


ASK_THE_ENGINE = (
    "const s = require('net').connect('/engine.sock');"
    "s.on('error', e => { console.log(e.code); process.exit() });"
    "s.on('data', d => { console.log(String(d).split('\\r\\n')[0]); process.exit() });"
    "s.write('GET /_ping HTTP/1.0\\r\\n\\r\\n')"
)


@pytest.mark.parametrize(("user", "answer"), [("0:0", "HTTP/1.0 200 OK"), ("65532:65532", "EACCES")])
def test_a_socket_that_is_mounted_read_only_answers_root(
    clean: PrivateEngine, node_image: str, user: str, answer: str
) -> None:
    mount = ("-v", f"{clean.socket}:/engine.sock:ro", "--user", user)
    given = ("--name", "one", *flags(*mount, without="--user"), "--entrypoint", "node")
    # The program is where it is on this machine.
    program = json.loads(clean.docker("inspect", "--format", "{{json .Config.Entrypoint}}", node_image).stdout)[0]
    done = clean.docker("run", *given[:-1], program, "--label", "docker-mcp=true", node_image, "-e", ASK_THE_ENGINE)
    assert done.stdout.strip() == answer
    assert found(clean)["docker-socket"].severity == ("critical" if user == "0:0" else "high")


# Of each what the engine was tried to do with it, in the folder of the check; and one that no program misses.
NEEDED = ("execve", "openat", "fstatfs", "getdents64", "futex", "mprotect", "arch_prctl")
EARLY = ("setgroups", "capset", "prctl", "getcwd")


@pytest.mark.parametrize("no_new_privileges", [True, False])
@pytest.mark.parametrize("call", [*NEEDED, *EARLY, "ptrace", "keyctl"])
def test_a_profile_that_cannot_start_is_told_as_the_engine_does(
    clean: PrivateEngine, call: str, tmp_path: Path, *, no_new_privileges: bool
) -> None:
    profile = tmp_path / "profile.json"
    rule = {"names": [call], "action": "SCMP_ACT_ERRNO"}
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}))
    security = ("--security-opt", f"seccomp={profile}", *(NO_NEW_PRIVILEGES if no_new_privileges else ()))
    done = clean.docker("run", "--name", "one", *flags(security=security), "mcp/shell", "-c", "exit 0", check=False)
    told = found(clean)["seccomp-profile"].evidence[0].actual
    assert told.startswith("no container can start") == (done.returncode != 0), done.stderr


FORK = {"names": ["fork", "vfork"], "action": "SCMP_ACT_ERRNO"}


def test_denying_fork_does_not_deny_processes(clean: PrivateEngine, node_image: str, tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [FORK]}))
    program = json.loads(clean.docker("inspect", "--format", "{{json .Config.Entrypoint}}", node_image).stdout)[0]
    code = f"console.log(String(require('child_process').execFileSync('{program}', ['-p', '6*7'])))"
    security = ("--security-opt", f"seccomp={profile}", *NO_NEW_PRIVILEGES)
    given = ("--name", "one", "--label", "docker-mcp=true", *flags(security=security, without="--memory"))
    done = clean.docker("run", *given, "--entrypoint", program, node_image, "-e", code)
    assert done.stdout.strip() == "42"
    finding = found(clean)["seccomp-profile"]
    assert finding.severity == "high"
    assert finding.summary == "one: its profile denies fork and vfork, but programs make processes with clone (process)"
