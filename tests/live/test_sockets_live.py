"""The check of sockets and the kernel must agree on who can connect: every case is tried by really connecting."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests import builders
from tests.live import support
from tests.plugins.loading import run_check
from workbench.access import WRITE, who_can
from workbench.host import processes, sockets
from workbench.host.context import Context
from workbench.model.facts import Account, AccountFacts, SectionState
from workbench.model.finding import Finding, NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.processes import ProcessFacts
from workbench.model.severity import Severity
from workbench.model.sockets import SocketFact, SocketFacts

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("sockets")]

OWNER = Account(61000, "owner", 61000, (61000,))
MEMBER = Account(61001, "member", 61001, (61001, 62000))
NAMED = Account(61002, "named", 61002, (61002,))
NOBODY = Account(65534, "nobody", 65534, (65534,))
ACCOUNTS = AccountFacts(SectionState("complete"), (OWNER, MEMBER, NAMED, NOBODY))
SERVERS = Path(__file__).parent / "servers"
RUNTIMES = ("node", "python")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of the owner's that every account reaches, at a path short enough for the name of a socket."""
    support.require_root()
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="sockets-"))
    folder.chmod(0o755)
    for file in ("mcp_socket_server.py", "mcp-socket-server.mjs"):
        shutil.copy(SERVERS / file, folder)
    os.chown(folder, OWNER.uid, OWNER.gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def serving(
    runtime: str, place: Path, name: str, *, umask: int = 0o022, wrapper: Sequence[str] = (), user: int = OWNER.uid
) -> Iterator[int]:
    """A server that listens on ``name``; gives the pid of the process that was started."""
    if runtime == "node":
        command = [support.require_program("node"), str(place / "mcp-socket-server.mjs"), name]
    else:
        python = shutil.which("python3", path="/usr/bin:/bin") or support.missing("the system has no python3")
        command = [python, str(place / "mcp_socket_server.py"), name]
    server = subprocess.Popen(
        [*wrapper, *command],
        cwd=place,
        env={"PATH": "/usr/bin:/bin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        user=user,
        group=user,
        extra_groups=[],
        umask=umask,
        start_new_session=True,
    )
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        yield server.pid
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def as_account(account: Account, act: Callable[[], int]) -> int:
    """What an act gives when that account does it, in a process of its own."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            os.setgroups(list(account.groups))
            os.setgid(account.gid)
            os.setuid(account.uid)
            code = act()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def connects(account: Account, name: str | bytes) -> bool:
    """Whether the account can really connect and be served."""

    def act() -> int:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(5)
                client.connect(name)
                return 0 if client.recv(16) == b"hello\n" else 3
        except PermissionError:
            return 1
        except OSError as error:
            return 2 if error.errno == errno.ECONNREFUSED else 4

    code = as_account(account, act)
    assert code in (0, 1, 2), f"connecting failed in an unexpected way: {code}"
    return code == 0


def look() -> tuple[ProcessFacts, SocketFacts]:
    """What the collectors find on this machine."""
    context = Context.of_this_host()
    found = processes.gather(context)
    return found, sockets.gather(replace(context, found={"processes": found}))


def socket_of(folder: Path) -> SocketFact:
    """The one socket that the collector found of the server in this folder."""
    return only_in(look()[1], folder)


def only_in(facts: SocketFacts, folder: Path) -> SocketFact:
    names = (str(folder), folder.name)
    (fact,) = [fact for fact in facts.sockets if any(name in _places(fact) for name in names)]
    return fact


def _places(fact: SocketFact) -> str:
    return f"{fact.name} {fact.path.asked if fact.path else ''}"


def judged(fact: SocketFact, check: str = "sockets/connectable-by-others") -> list[Verdict]:
    """What a check says, when a stranger to all of these accounts looks."""
    host = replace(builders.snapshot().host, uid=60999)
    facts = SocketFacts(builders.COMPLETE, (fact,))
    snapshot = builders.snapshot(accounts=ACCOUNTS, sockets=facts, host=host)
    return run_check(check, snapshot)


def agree(fact: SocketFact, name: str) -> Severity | None:
    """Ask the kernel for every account, compare, and give the severity of the finding."""
    assert fact.path is not None
    truth = {account.name for account in ACCOUNTS.accounts if connects(account, name)}
    audience = who_can(fact.path, WRITE, ACCOUNTS, frozenset())
    assert set(audience.accounts) == truth
    assert audience.everyone == (NOBODY.name in truth)
    verdicts = judged(fact)
    others = truth - {OWNER.name}
    found = builders.findings(verdicts)
    assert bool(found) == bool(others), (verdicts, truth)
    if not found:
        assert builders.kinds(verdicts) == {Passed}
        return None
    assert (found[0].severity is Severity.CRITICAL) == (NOBODY.name in others)
    return found[0].severity


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize(
    ("umask", "mode", "severity"),
    [
        (0o000, 0o777, Severity.CRITICAL),
        (0o022, 0o755, None),
        (0o002, 0o775, None),
        (0o077, 0o700, None),
        (0o117, 0o660, None),
        (0o111, 0o666, Severity.CRITICAL),
    ],
)
def test_the_umask_decides(runtime: str, umask: int, mode: int, severity: Severity | None, place: Path) -> None:
    name = f"{place}/server.sock"
    with serving(runtime, place, name, umask=umask) as pid:
        fact = socket_of(place)
        assert fact.path is not None and fact.path.file.mode == mode
        assert (fact.pids, fact.uid) == ((pid,), OWNER.uid)
        assert fact.server.startswith(f"{OWNER.uid}:")
        assert agree(fact, name) is severity


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_group_and_an_access_list_decide_too_and_a_live_socket_obeys_chmod(runtime: str, place: Path) -> None:
    setfacl = support.require_program("setfacl")
    name = f"{place}/server.sock"
    with serving(runtime, place, name, umask=0o077):
        assert agree(socket_of(place), name) is None
        os.chown(name, OWNER.uid, 62000)
        os.chmod(name, 0o770)
        assert agree(socket_of(place), name) is Severity.MEDIUM
        os.chmod(name, 0o600)
        assert agree(socket_of(place), name) is None
        subprocess.run([setfacl, "-m", f"u:{NAMED.uid}:rw", name], check=True)
        fact = socket_of(place)
        assert fact.path is not None and fact.path.file.mode == 0o660
        assert agree(fact, name) is Severity.MEDIUM
        subprocess.run([setfacl, "-m", "m::r", name], check=True)
        assert agree(socket_of(place), name) is None
        subprocess.run([setfacl, "-b", name], check=True)
        os.chmod(name, 0o606)
        assert agree(socket_of(place), name) is Severity.CRITICAL
        os.chmod(name, 0o666)
        os.chmod(place, 0o700)
        assert agree(socket_of(place), name) is None
        os.chmod(place, 0o711)
        assert agree(socket_of(place), name) is Severity.CRITICAL


def test_odd_modes(place: Path) -> None:
    name = f"{place}/server.sock"
    with serving("python", place, name):
        for mode in (0o001, 0o002, 0o004, 0o005, 0o007, 0o070, 0o200, 0o400, 0o722, 0o744, 0o750):
            os.chmod(name, mode)
            agree(socket_of(place), name)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_an_abstract_name_admits_everyone_and_is_never_passed(runtime: str, place: Path) -> None:
    name = f"mcp-{place.name}"
    with serving(runtime, place, f"@{name}", umask=0o077):
        fact = socket_of(place)
        assert (fact.abstract, fact.name, fact.path) == (True, name, None)
        padded = f"\0{name}".encode().ljust(108, b"\0") if runtime == "node" else f"\0{name}".encode()
        exact = f"\0{name}".encode()
        assert connects(NOBODY, exact) or connects(NOBODY, padded)
        assert builders.kinds(judged(fact)) == {NotApplicable}
        assert builders.kinds(judged(fact, "sockets/abstract")) == {Finding}


def test_a_relative_name_is_followed_from_the_servers_folder(place: Path) -> None:
    with serving("python", place, "server.sock", umask=0o000):
        _, facts = look()
        fact = next(fact for fact in facts.sockets if fact.path and fact.path.asked == f"{place}/server.sock")
        assert fact.name == "server.sock"
        assert agree(fact, f"{place}/server.sock") is Severity.CRITICAL


def test_a_name_that_acts_on_a_terminal_is_shown_harmless(place: Path) -> None:
    name = f"{place}/mcp\x1b[2J\u202e"
    with serving("python", place, name, umask=0o000):
        fact = socket_of(place)
        assert fact.name == f"{place}/mcp\\x1b[2J\\u202e"
        assert agree(fact, name) is Severity.CRITICAL


def test_another_file_in_its_place_is_noticed(place: Path) -> None:
    name = f"{place}/mcp.sock"
    with serving("python", place, name, umask=0o000):
        os.rename(name, f"{place}/aside.sock")
        with socket.socket(socket.AF_UNIX) as squatter:
            squatter.bind(name)
            os.chmod(name, 0o600)
            assert builders.kinds(judged(socket_of(place))) == {NotAssessed}


def test_a_private_file_system_is_judged_by_the_path_that_leads_there(place: Path) -> None:
    bwrap = support.require_program("bwrap")
    shared = place / "shared"
    shared.mkdir()
    os.chown(shared, OWNER.uid, OWNER.gid)
    wrapper = [bwrap, "--bind", "/", "/", "--bind", str(shared), "/mnt", "--dev", "/dev", "--proc", "/proc"]
    with serving("python", place, "/mnt/mcp.sock", umask=0o000, wrapper=wrapper):
        fact = socket_of(shared)
        assert (fact.name, fact.foreign_namespace) == ("/mnt/mcp.sock", False)
        assert agree(fact, f"{shared}/mcp.sock") is Severity.CRITICAL
        shared.chmod(0o700)
        assert agree(socket_of(shared), f"{shared}/mcp.sock") is None


def test_a_file_system_that_nobody_else_has_is_not_found_open(place: Path) -> None:
    bwrap = support.require_program("bwrap")
    name = f"/mnt/mcp-{place.name}.sock"
    wrapper = [bwrap, "--bind", "/", "/", "--tmpfs", "/mnt", "--dev", "/dev", "--proc", "/proc"]
    with serving("python", place, name, umask=0o000, wrapper=wrapper):
        fact = socket_of(place)
        assert fact.foreign_namespace
        assert fact.path is not None and fact.path.file.mode == 0o777
        assert not Path(name).exists()
        assert builders.kinds(judged(fact)) == {NotAssessed}


def test_a_network_of_its_own_is_looked_into(place: Path) -> None:
    unshare = support.require_program("unshare")
    name = f"{place}/mcp.sock"
    setpriv = support.require_program("setpriv")
    wrapper = [unshare, "--net", setpriv, f"--reuid={OWNER.uid}", f"--regid={OWNER.gid}", "--clear-groups"]
    with serving("python", place, name, umask=0o000, wrapper=wrapper, user=0):
        fact = socket_of(place)
        assert fact.server.startswith(f"{OWNER.uid}:")
        assert agree(fact, name) is Severity.CRITICAL  # a path crosses networks


def test_an_account_without_rights_sees_the_same_sockets_and_says_what_it_cannot(place: Path) -> None:
    name = f"{place}/mcp.sock"
    with serving("python", place, name, umask=0o000):

        def act() -> int:
            found, facts = look()
            fact = only_in(facts, place)
            gaps = {gap.facet for gap in facts.state.unread}
            right = (
                facts.source == "sock_diag"
                and (fact.server, fact.pids, fact.uid) == ("", (), OWNER.uid)
                and "owner" in gaps
                and facts.state.status == "partial"
                and bool(builders.findings(judged(fact)))
                and any(server.uid == OWNER.uid and server.environment is None for server in found.servers)
            )
            return 0 if right else 1

        assert as_account(NOBODY, act) == 0


def test_both_lists_of_the_kernel_agree() -> None:
    from workbench.host.sockets.diag import listening
    from workbench.host.sockets.table import listening_in

    # Only sockets of our own are compared: others come and go, and the text list cannot tell a name with a line end.
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{folder}/mcp.sock".encode(), b"\0mcp-" + os.urandom(8).hex().encode(), f"{folder}/\x1b[2J".encode()]
        bound = [socket.socket(socket.AF_UNIX) for _ in names]
        for each, name in zip(bound, names, strict=True):
            each.bind(name)
            each.listen()
        try:
            told = {each.inode: each.name.rstrip(b"\0") for each in listening() if each.name}
            shown = {each.inode: each.name for each in listening_in("/proc/self/net/unix")}
        finally:
            for each in bound:
                each.close()
    mine = {inode: name for inode, name in told.items() if name in names}
    assert sorted(mine.values()) == sorted(names)
    assert {inode: shown.get(inode) for inode in mine} == mine


def test_predictable_and_private_places() -> None:
    support.require_root()
    private = Path(tempfile.mkdtemp(prefix="mcp-Ab3xYz"))
    fixed = Path(f"/tmp/mcp-fixed-{os.getpid()}")
    fixed.mkdir(mode=0o700)
    shutil.copy(SERVERS / "mcp_socket_server.py", private)
    private.chmod(0o700)
    try:
        for folder, found in ((private, False), (fixed, True)):
            shutil.copy(SERVERS / "mcp_socket_server.py", folder)
            with serving("python", folder, f"{folder}/s.sock", user=0):
                facts = SocketFacts(builders.COMPLETE, (socket_of(folder),))
                verdicts = run_check("sockets/predictable-path", builders.snapshot(sockets=facts))
                assert bool(builders.findings(verdicts)) is found, folder
    finally:
        shutil.rmtree(private)
        shutil.rmtree(fixed)
