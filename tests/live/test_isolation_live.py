"""What real sandboxes leave of the host to a server: bubblewrap, setpriv, unshare, chroot, and nothing at all."""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests import builders
from tests.live import lab as lab_machine
from tests.live import support
from tests.plugins.loading import run_check
from workbench.host import accounts, isolation
from workbench.host.context import Context
from workbench.host.isolation import filters
from workbench.host.processes import details
from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.table import Gaps
from workbench.model.facts import HostFacts
from workbench.model.finding import Finding, Passed
from workbench.model.isolation import IsolationFact
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.snapshot import Snapshot

pytestmark = pytest.mark.live

DEVELOPER, SERVICE, SECOND_GROUP = 61021, 61022, 61023
# Looks for what it is asked for, and says whether the kernel lets it: the truth that the facts are held to.
PROBE = """
import os, sys, time
for line in sys.stdin:
    kind, _, path = line.strip().partition(" ")
    try:
        if kind == "list":
            os.listdir(path)
        else:
            os.close(os.open(path + "/probe", os.O_CREAT | os.O_WRONLY))
            os.unlink(path + "/probe")
        print("yes", flush=True)
    except OSError:
        print("no", flush=True)
"""
# Run inside a machine, where every process already has the filters of the container.
INSIDE = """
import json, sys
sys.path.insert(0, "/opt/checkout")
from dataclasses import asdict, replace
from pathlib import Path
from workbench.host.context import Context
from workbench.host.processes import details
from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.table import Gaps
from workbench.model.processes import ServerProcess
context = replace(Context.of_this_host(), home=Path("/home/dev"))
told = {}
for unit, pid in zip(sys.argv[1::2], map(int, sys.argv[2::2])):
    table = LinuxTable("/proc")
    outline = ServerProcess("k", unit, pid, (pid,), (), "", "", table.uids(pid)[1], -1, (), "", 0.0, "high", "a test")
    server = details.describe(table, outline, Gaps(), context)
    told[unit] = {**asdict(server.isolation), "barriers": server.isolation.barriers, "filters": server.seccomp_filters}
print(json.dumps(told))
"""
UNITS = {
    "plain": "",
    "strict": "ProtectSystem=strict\nProtectHome=yes\nPrivateTmp=yes\nSystemCallFilter=@system-service\n",
    "readonly": "ProtectSystem=strict\nProtectHome=read-only\n",
    "hides-nothing": "PrivateTmp=yes\nReadWritePaths=/var\n",
}
SANDBOX = (
    *("--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--setenv", "PATH", "/usr/bin:/bin"),
    *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--cap-drop", "ALL"),
)


class Lab:
    """A home on a file system that every account reaches, and servers that are started in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a probe behind a command that puts something around it."""
        process = subprocess.Popen(
            [*command, python(), "-c", PROBE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        if ask(process, "list", "/") != "yes":
            support.missing(f"{command[0]} does not work here: {process.communicate()[1][-300:]}")
        return process

    def look(self, process: subprocess.Popen[str]) -> ServerProcess:
        """The server at the end of the chain that a command made, described as a scan does it."""
        table = LinuxTable("/proc")
        pid = innermost(process.pid)
        outline = builders.process(
            key=f"probe:{process.pid}", label="probe", pid=pid, chain=(process.pid, pid), uid=table.uids(pid)[1]
        )
        context = replace(Context.of_this_host(), home=self.home)
        return details.describe(table, replace(outline, account=str(outline.uid)), Gaps(), context)

    def isolation(self, process: subprocess.Popen[str]) -> IsolationFact:
        found = self.look(process).isolation
        assert found is not None
        return found

    def snapshot(self, server: ServerProcess) -> Snapshot:
        return builders.snapshot(
            host=HostFacts("linux", "", DEVELOPER, "", str(self.home)),
            accounts=accounts.gather(Context.of_this_host()),
            processes=ProcessFacts(builders.COMPLETE, (server,)),
        )


def python() -> str:
    """A Python that every account and every sandbox with /usr reaches."""
    found = shutil.which("python3", path="/usr/bin:/bin")
    if found is None:
        support.missing("no python3 in /usr/bin")
    return found


def ask(process: subprocess.Popen[str], kind: str, path: object) -> str:
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(f"{kind} {path}\n")
        process.stdin.flush()
    except BrokenPipeError:
        return ""
    return process.stdout.readline().strip()


def innermost(pid: int) -> int:
    """The last of the processes that a command started, one below the other."""
    while True:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if not below:
            return pid
        pid = int(below[0])


@pytest.fixture
def lab() -> Iterator[Lab]:
    support.require_root()
    home = Path(tempfile.mkdtemp(prefix="workbench-home-", dir="/var/tmp"))
    (home / "workspace").mkdir()
    for place in (home, home / "workspace"):
        os.chown(place, DEVELOPER, DEVELOPER)
        place.chmod(0o700)
    made = Lab(home)
    try:
        yield made
    finally:
        for process in made.started:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.communicate()
        shutil.rmtree(home)


def as_account(uid: int, *more: str) -> tuple[str, ...]:
    return (support.require_program("setpriv"), f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *more, "--")


def bwrap(*arguments: str) -> tuple[str, ...]:
    system: list[str] = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "lib", "lib64", "sbin"):
        link = Path("/") / name
        system += (
            ["--symlink", os.readlink(link), f"/{name}"] if link.is_symlink() else ["--ro-bind-try", f"/{name}"] * 2
        )
    return (support.require_program("bwrap"), *SANDBOX, *system, *arguments, "--")


def test_with_nothing_around_it(lab: Lab) -> None:
    process = lab.start(*as_account(DEVELOPER))
    found = lab.isolation(process)
    assert (found.root, found.homes_writable, found.homes_hidden) == ("host", (str(lab.home),), ())
    assert (found.network, found.private_tmp, found.host_proc) == ("host", False, True)
    assert (found.barriers, found.filters_added, found.capabilities_effective) == ((), 0, ())
    assert found.uids == (DEVELOPER,) * 3
    assert {"open files", "processes", "core size"} <= {name for name, _ in found.limits}


@pytest.mark.parametrize(
    ("mode", "account", "listed", "written"),
    [
        (0o700, DEVELOPER, "yes", "yes"),
        (0o700, SERVICE, "no", "no"),
        (0o755, SERVICE, "yes", "no"),
        (0o711, SERVICE, "no", "no"),
        (0o777, SERVICE, "yes", "yes"),
        (0o733, SERVICE, "no", "yes"),
        (0o500, DEVELOPER, "yes", "no"),
    ],
)
def test_what_an_account_reaches_is_what_the_kernel_lets_it(
    lab: Lab, mode: int, account: int, listed: str, written: str
) -> None:
    lab.home.chmod(mode)
    process = lab.start(*as_account(account))
    assert (ask(process, "list", lab.home), ask(process, "write", lab.home)) == (listed, written)
    found = lab.isolation(process)
    assert bool(found.homes_readable) == (listed == "yes")
    assert bool(found.homes_writable) == (written == "yes")


@pytest.mark.parametrize(
    ("arguments", "root", "listed", "written"),
    [
        (("--bind", "/", "/"), "host", "yes", "yes"),
        (("--ro-bind", "/", "/"), "host read-only", "yes", "no"),
        (("--bind", "/", "/", "--tmpfs", "{home}"), "host", "", ""),
        (("--ro-bind", "/", "/", "--bind", "{home}", "{home}"), "host read-only", "yes", "yes"),
        (("--bind", "{home}/workspace", "/workspace"), "own", "", ""),
        (("--bind", "{home}", "/data"), "own", "", ""),
    ],
)
def test_what_bubblewrap_shows(lab: Lab, arguments: Sequence[str], root: str, listed: str, written: str) -> None:
    filled = tuple(each.format(home=lab.home) for each in arguments)
    whole = "/" in arguments
    command = (support.require_program("bwrap"), *filled, "--dev", "/dev", "--") if whole else bwrap(*filled)
    process = lab.start(*as_account(DEVELOPER), *command)
    found = lab.isolation(process)
    assert found.root == root
    if listed:
        assert (ask(process, "list", lab.home), ask(process, "write", lab.home)) == (listed, written)
        assert bool(found.homes_readable) == (listed == "yes")
        assert bool(found.homes_writable) == (written == "yes")
    elif "/data" in arguments:
        assert ask(process, "write", "/data") == "yes"
        assert found.homes_writable == (str(lab.home),)
    else:
        assert ask(process, "write", lab.home / "workspace") == "no"
        assert (found.homes_readable, found.homes_hidden) == ((), (str(lab.home),))


def test_a_network_of_its_own_and_a_namespace_that_hides_nothing(lab: Lab) -> None:
    unshare = support.require_program("unshare")
    alone = lab.isolation(lab.start(unshare, "--net", "--"))
    assert (alone.network, alone.root, alone.file_barriers) == ("own", "host", ())
    assert alone.barriers == ("a network of its own",)
    copied = lab.look(lab.start(unshare, "--mount", "--"))
    assert copied.isolation is not None
    assert "mnt" in copied.own_namespaces
    assert (copied.isolation.root, copied.isolation.file_barriers) == ("host", ())


def test_a_chroot_has_a_root_of_its_own(lab: Lab) -> None:
    jail = lab.home / "jail"
    unshare = support.require_program("unshare")
    places = [name for name in ("usr", "bin", "lib", "lib64") if (Path("/") / name).exists()]
    for name in places:
        (jail / name).mkdir(parents=True)
    mounts = "; ".join(f"mount --rbind /{name} {jail}/{name}" for name in places)
    script = f'{mounts}; exec chroot {jail} "$0" "$@"'
    process = lab.start(unshare, "--mount", "--propagation", "private", "sh", "-c", script)
    assert ask(process, "list", lab.home) == "no"
    found = lab.isolation(process)
    assert (found.root, found.homes_hidden) == ("own", (str(lab.home),))


def test_capabilities_and_groups_are_those_of_the_kernel(lab: Lab) -> None:
    bound = ("--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service", "--no-new-privs")
    server = lab.look(lab.start(*as_account(SERVICE, *bound)))
    assert server.isolation is not None
    assert server.isolation.capabilities_effective == ("CAP_NET_BIND_SERVICE",)
    assert server.isolation.capabilities_ambient == server.isolation.capabilities_permitted == ("CAP_NET_BIND_SERVICE",)
    assert server.no_new_privileges and server.isolation.inherited_no_new_privileges is False
    assert run_kinds("processes/capabilities", lab.snapshot(server)) == {Passed}
    traces = ("--inh-caps=+sys_ptrace", "--ambient-caps=+sys_ptrace")
    strong = lab.look(lab.start(*as_account(SERVICE, *traces)))
    assert run_kinds("processes/capabilities", lab.snapshot(strong)) == {Finding}


def test_capabilities_in_a_user_namespace_of_its_own_have_no_power_here(lab: Lab) -> None:
    server = lab.look(
        lab.start(*as_account(DEVELOPER), support.require_program("unshare"), "--user", "--map-root-user")
    )
    assert server.isolation is not None
    assert "CAP_SYS_ADMIN" in server.isolation.capabilities_effective
    assert server.uid == DEVELOPER
    assert run_kinds("processes/capabilities", lab.snapshot(server)) == {Passed}


def test_no_new_privileges_closes_the_way_through_sudo(lab: Lab) -> None:
    """The fact that the group sudo is not counted for such a server rests on."""
    sudo = support.require_program("sudo")
    done = subprocess.run(
        [*as_account(DEVELOPER, "--no-new-privs"), sudo, "-n", "true"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "no new privileges" in done.stderr


def test_the_developers_server_is_found_by_every_check_and_its_hardened_twin_by_none(lab: Lab) -> None:
    checks = (
        *("processes/shares-your-account", "processes/sees-whole-filesystem", "processes/no-new-privileges-off"),
        "processes/no-syscall-filter",
    )
    plain = lab.snapshot(lab.look(lab.start(*as_account(DEVELOPER))))
    for check in checks:
        (finding,) = builders.findings(run_check(check, plain))
        shown = subprocess.run(finding.evidence[0].command, capture_output=True, text=True, check=False)
        assert shown.returncode == 0 and shown.stdout, finding.evidence[0].command
    command = bwrap("--bind", f"{lab.home}/workspace", "/workspace", "--chdir", "/workspace", "--seccomp", "9")
    filtered = lab.start(*as_account(DEVELOPER), "sh", "-c", f'exec 9<{filter_file(lab)}; exec "$0" "$@"', *command)
    hardened = lab.look(filtered)
    assert hardened.isolation is not None
    try:
        filters.read_filters(hardened.pid)
    except filters.CannotRead as why:
        support.missing(f"filters cannot be read here: {why}")
    assert dict(hardened.isolation.syscalls)["ptrace"] == "EPERM"
    for check in (*checks, "processes/privileged-groups", "processes/capabilities", "processes/program-replaceable"):
        assert run_kinds(check, lab.snapshot(hardened)) == {Passed}, check


def filter_file(lab: Lab) -> Path:
    """A filter that refuses ptrace, as bubblewrap takes it."""
    known = {"x86_64": (0xC000003E, 101), "aarch64": (0xC00000B7, 117)}.get(platform.machine())
    if known is None:
        support.missing(f"the calls of {platform.machine()} are not known")
    # Without the first three lines the 32-bit interface would lead around it.
    rows = [(0x20, 0, 0, 4), (0x15, 1, 0, known[0]), (6, 0, 0, 0x80000000)]
    rows += [(0x20, 0, 0, 0), (0x15, 0, 1, known[1]), (6, 0, 0, 0x00050001), (6, 0, 0, 0x7FFF0000)]
    file = lab.home / "workspace" / "filter"
    file.write_bytes(b"".join(struct.pack("=HBBI", *row) for row in rows))
    file.chmod(0o644)
    return file


def test_an_engine_that_pretends(lab: Lab) -> None:
    """``bwrap --bind / /`` is a sandbox by name only, and the process shows it."""
    pretends = lab.look(lab.start(*as_account(DEVELOPER), support.require_program("bwrap"), "--bind", "/", "/", "--"))
    assert pretends.no_new_privileges
    snapshot = lab.snapshot(pretends)
    assert run_kinds("processes/sees-whole-filesystem", snapshot) == {Finding}


def test_the_program_of_a_sandboxed_server_is_judged_where_it_lies_here(lab: Lab) -> None:
    if "--symlink" not in bwrap():
        support.missing("/bin is no link to /usr/bin here")
    found = lab.look(lab.start(*as_account(DEVELOPER), *bwrap())).program
    assert [path.file.path for path in found] == [os.path.realpath(python())]
    assert run_kinds("processes/program-replaceable", lab.snapshot(builders.process(program=found))) == {Passed}


def test_a_look_from_another_account_sees_the_same_files_and_says_what_it_cannot_see(lab: Lab) -> None:
    process = lab.start(*as_account(DEVELOPER))
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            table, gaps = LinuxTable("/proc"), Gaps()
            outline = builders.process(label="probe", pid=process.pid, chain=(process.pid,), uid=DEVELOPER)
            context = replace(Context.of_this_host(), home=lab.home)
            found = details.describe(table, outline, gaps, context)
            assert found.isolation is not None
            facets = sorted({gap.facet for gap in gaps.unread})
            os.write(write, repr((found.isolation.root, found.isolation.network, found.program, facets)).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        told = answer.read().decode()
    os.waitpid(child, 0)
    assert told == repr(("host", "unknown", (), ["environment", "executable", "namespaces"]))


def test_ten_servers_are_described_in_a_moment() -> None:
    servers = [subprocess.Popen(["sleep", "60"]) for _ in range(10)]
    try:
        wait = time.monotonic() + 10
        while any(os.readlink(f"/proc/{each.pid}/exe") == os.path.realpath(sys.executable) for each in servers):
            assert time.monotonic() < wait
        context = replace(Context.of_this_host(), assess=False)
        used = []
        for _ in range(5):
            table, gaps = LinuxTable("/proc"), Gaps()
            outlines = [builders.process(pid=each.pid, chain=(each.pid,), uid=os.getuid()) for each in servers]
            for outline in outlines:
                table.status(outline.pid)
            began = time.process_time()
            known = isolation.reference(table, context)
            for outline in outlines:
                isolation.describe(table, outline, known, gaps, namespaces_seen=True)
            used.append(time.process_time() - began)
        assert min(used) < 0.015
    finally:
        for each in servers:
            each.kill()
            each.wait()


def run_kinds(check: str, snapshot: Snapshot) -> set[type]:
    return builders.kinds(run_check(check, snapshot))


@pytest.mark.xdist_group("systemd")
def test_what_systemd_leaves_to_its_units() -> None:
    with lab_machine.systemd_container() as machine:
        assert machine.run("useradd", "--create-home", "dev").returncode == 0
        machine.path("/run/look.py").write_text(INSIDE)
        for unit, settings in UNITS.items():
            text = f"[Service]\nUser=dev\nExecStart=/bin/sleep 300\n{settings}"
            machine.path(f"/run/systemd/system/{unit}.service").write_text(text)
        machine.run("systemctl", "daemon-reload")
        asked = []
        for unit in UNITS:
            assert machine.run("systemctl", "start", unit).returncode == 0
            asked += [unit, machine.run("systemctl", "show", "-p", "MainPID", "--value", unit).stdout.strip()]
        looked = machine.run("python3", "/run/look.py", *asked)
        assert looked.returncode == 0, looked.stderr
        told = json.loads(looked.stdout)
    assert {unit: facts["root"] for unit, facts in told.items()} == {
        "plain": "host",
        "strict": "host read-only",
        "readonly": "host read-only",
        "hides-nothing": "host",
    }
    written = {unit for unit, facts in told.items() if facts["homes_writable"]}
    listed = {unit for unit, facts in told.items() if facts["homes_readable"]}
    assert (written, listed) == ({"plain", "hides-nothing"}, {"plain", "readonly", "hides-nothing"})
    assert told["strict"]["homes_hidden"] == ["/home/dev"]
    assert {unit for unit, facts in told.items() if facts["private_tmp"]} == {"strict", "hides-nothing"}
    # The container gives filters to all that is in it: they are not the unit's.
    assert {unit for unit, facts in told.items() if facts["filters_added"]} == {"strict"}
    assert told["plain"]["filters"] > 0 and told["plain"]["barriers"] == []
