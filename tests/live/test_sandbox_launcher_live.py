"""Real servers in a real sandbox: they answer, reach their folders and nothing else, and undo is exact."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.host.client_homes import TOKEN
from tests.live import support
from tests.live.support_clients import uvx
from tests.live.support_servers import Client, locked, session_of
from tests.plugins.loading import get_fix, plugins
from tests.plugins.repairing import findings
from tests.repair import small_server
from tests.repair.support import journal_text, tree
from workbench.engine import Workbench
from workbench.host import processes
from workbench.host.context import Context
from workbench.launch.sandbox_script import Sandbox, script_of
from workbench.model.finding import Finding
from workbench.model.plan import Plan, Refusal
from workbench.model.run import Run, RunState
from workbench.model.snapshot import Snapshot
from workbench.planning import plan, still_found
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.recovering import recover
from workbench.repair.transaction import apply
from workbench.repair.undo import undo
from workbench.verifying import Before

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("processes")]

FIX, CHECK = "clients/sandbox-launcher", "clients/no-isolation"
FILES = "@modelcontextprotocol/server-filesystem@2025.8.21"
OWNER = 41237
SESSION = "gsk_" + "Zq7Xw2Lm9Pk4Rt6Yv1Bn8Kd3Hs5Jf0Gc2Ae4Ui6Op8QrSt"
# Where packages come from on this machine, which a server's own entry has to say: the session's is not handed on.
REGISTRY = {
    name: os.environ[name] for name in ("npm_config_registry", "UV_INDEX_URL", "UV_DEFAULT_INDEX") if name in os.environ
}


@pytest.fixture(autouse=True)
def _has_bubblewrap() -> None:
    support.require_program("bwrap")
    probe = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "/usr/bin/true"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        support.missing("bubblewrap cannot make a sandbox here")


@pytest.fixture
def client() -> Iterator[Client]:
    with Client.in_a_home() as made:
        (made.home / ".ssh").mkdir(mode=0o700)
        (made.home / ".ssh/id_ed25519").write_text("the key")
        (made.workspace / "note.txt").write_text("the note")
        yield made


@pytest.fixture
def state() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "state"


def _planned(snapshot: Snapshot, **answers: str) -> Plan:
    (finding,) = findings(CHECK, snapshot)
    made = plan(get_fix(FIX), finding, snapshot, answers)
    assert isinstance(made, Plan), made
    return made


def _applied(client: Client, state: Path, **answers: str) -> Run:
    made = _planned(client.look(), **answers)
    worked_out = prepare(made)
    assert isinstance(worked_out, Prepared), worked_out
    run = apply(worked_out, state, lambda: still_found(made, plugins(), client.look()))
    assert run.state is RunState.APPLIED, run.message
    assert isinstance(prepare(made), Refusal), "a second time there is nothing to do"
    return run


def _entry(client: Client, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.config.read_text())["mcpServers"][name]
    return found


def _answer(server: subprocess.Popen[bytes], identity: int, method: str, parameters: Mapping[str, Any]) -> Any:
    said = {"jsonrpc": "2.0", "id": identity, "method": method, "params": parameters}
    assert server.stdin is not None and server.stdout is not None
    server.stdin.write(json.dumps(said).encode() + b"\n")
    server.stdin.flush()
    while line := server.stdout.readline():
        answer = json.loads(line)
        if answer.get("id") == identity:
            return answer["result"]
    raise AssertionError("it ended without an answer")


def _asked(server: subprocess.Popen[bytes], name: str, **arguments: str) -> dict[str, Any]:
    """Use a tool of a server that was started."""
    result: dict[str, Any] = _answer(server, 9, "tools/call", {"name": name, "arguments": arguments})
    return result


def _text(result: Mapping[str, Any]) -> str:
    return "".join(part["text"] for part in result["content"])


def _started(client: Client, name: str) -> subprocess.Popen[bytes]:
    """The server as its client starts it now, from a session that holds a secret."""
    entry = _entry(client, name)
    session = {**os.environ, "SESSION_TOKEN": SESSION, "HOME": str(client.home)}
    server = client.run([entry["command"], *entry["args"]], **{**session, **entry.get("env", {})})
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}}
    assert _answer(server, 1, "initialize", hello)["serverInfo"]
    return server


def _in_session(leader: int) -> dict[int, Path]:
    """Every process below a process: those of the sandbox lead a session of their own."""
    parents: dict[int, int] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(name)] = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {leader}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {pid: Path(f"/proc/{pid}") for pid in found}


def _prove_confined(client: Client, server: subprocess.Popen[bytes], *, secret: bool = True) -> None:
    """No process shows a secret, every one of the server's has what the sandbox gives."""
    every = _in_session(server.pid)
    assert len(every) >= 3, "the two of bwrap and the server's"
    # The shell became it, and does not stand between the client and the server.
    assert (every[server.pid] / "comm").read_text().strip() == "bwrap"
    # That of bwrap which is the first process inside only waits.
    (first,) = [
        pid
        for pid in every
        if Path(f"/proc/{pid}/status").read_text().partition("\nPPid:\t")[2].split()[0] == str(server.pid)
    ]
    for place in every.values():
        assert TOKEN.encode() not in (place / "cmdline").read_bytes()
        environment = (place / "environ").read_bytes().split(b"\0")
        assert not any(SESSION.encode() in each for each in environment)
        assert (f"API_KEY={TOKEN}".encode() in environment) is secret
        status = dict(line.split(":\t", 1) for line in (place / "status").read_text().splitlines() if ":\t" in line)
        assert status["Umask"] == "0077"
        if place.name != str(server.pid):
            assert status["NoNewPrivs"] == "1"
            assert status["Seccomp"] == "2" or place.name == str(first)
            assert int(status["CapEff"], 16) == 0
        root = place / "root"
        if os.readlink(place / "ns/mnt") != os.readlink("/proc/self/ns/mnt"):
            assert not os.path.exists(f"{root}{client.home}/.ssh")
            assert not os.path.exists(f"{root}/run/docker.sock") and not os.path.exists(f"{root}/run/user")


def _look_running(client: Client, server: subprocess.Popen[bytes]) -> Snapshot:
    """What is found of the one running server, which is that of the entry. Its session is one of its own."""
    context = replace(Context.of_this_host(), home=client.home, environment={"HOME": str(client.home)})
    snapshot = client.look()
    found = processes.gather(replace(context, found={"clients": snapshot.clients}))
    mine = tuple(each for each in found.servers if each.pid in _in_session(server.pid))
    (running,) = mine
    assert running.entry is not None and running.entry.name in json.loads(client.config.read_text())["mcpServers"]
    assert server.pid in running.chain
    snapshot = replace(snapshot, processes=replace(found, servers=mine))
    mended = ("sees-whole-filesystem", "no-new-privileges-off", "no-syscall-filter", "umask")
    for check in (CHECK, *(f"processes/{name}" for name in mended)):
        assert not findings(check, snapshot), check
    return snapshot


def _undone(client: Client, state: Path, run: Run, original: bytes, after: bytes) -> None:
    client.config.write_bytes(after)
    done = undo(state, run.identity)
    assert done.state is RunState.UNDONE, done.message
    assert client.config.read_bytes() == original
    assert not (client.home / ".config/workbench").exists()
    assert TOKEN not in journal_text(state) and SESSION not in journal_text(state)


def test_a_file_server_from_npm_reads_its_folder_and_no_key(client: Client, state: Path) -> None:
    """It is told that it may read the whole home: what it cannot is what the sandbox keeps from it."""
    support.require_program("npx")
    client.configure("files", ["npx", "-y", FILES, str(client.home)], API_KEY=TOKEN, **REGISTRY)
    original = client.config.read_bytes()
    with locked("npm"):
        run = _applied(client, state, folders=str(client.workspace))
    after = client.config.read_bytes()
    server = _started(client, "files")
    assert "the note" in _text(_asked(server, "read_text_file", path=f"{client.workspace}/note.txt"))
    for outside in (f"{client.home}/.ssh/id_ed25519", str(client.config)):
        answer = _asked(server, "read_text_file", path=outside)
        assert "does not exist" in _text(answer), (outside, answer)
    _asked(server, "write_file", path=f"{client.workspace}/new.txt", content="made inside")
    made = client.workspace / "new.txt"
    assert made.read_text() == "made inside" and made.stat().st_mode & 0o777 == 0o600
    _prove_confined(client, server)
    snapshot = _look_running(client, server)
    (known,) = snapshot.clients.configs[0].servers
    assert known.launch is not None and known.launch.package is not None
    assert known.launch.package.name == FILES.rpartition("@")[0]
    assert not findings("clients/broad-root", snapshot), "what is not shown is none of its roots"
    _undone(client, state, run, original, after)


def test_a_server_from_pypi(client: Client, state: Path) -> None:
    command = [uvx(client.home), "--with", "mcp<2", "mcp-server-time@2025.8.4"]
    client.configure("time", command, API_KEY=TOKEN, **REGISTRY)
    original = client.config.read_bytes()
    with locked("uv"):
        run = _applied(client, state)
    after = client.config.read_bytes()
    server = _started(client, "time")
    assert "UTC" in _text(_asked(server, "get_current_time", timezone="UTC"))
    _prove_confined(client, server)
    _look_running(client, server)
    _undone(client, state, run, original, after)


def _small(client: Client, **environment: str) -> Path:
    program = small_server.put(client.home / "srv")
    return client.configure("small", ["/usr/bin/python3", str(program)], API_KEY=TOKEN, **environment)


def test_what_a_server_sees_from_inside(client: Client, state: Path) -> None:
    _small(client, LEVEL="3 'x' $(id)\nline")
    original = client.config.read_bytes()
    run = _applied(client, state, folders=str(client.workspace), network="no")
    after = client.config.read_bytes()
    server = _started(client, "small")
    told = _asked(server, "look", path=f"{client.workspace}/note.txt")
    assert _text(told) == "the note"
    environment = told["environment"]
    assert (environment["API_KEY"], environment["LEVEL"]) == (TOKEN, "3 'x' $(id)\nline")
    assert environment["HOME"] == str(client.home) == told["folder"]
    assert set(environment) <= {
        "API_KEY",
        "LEVEL",
        "HOME",
        "PATH",
        "PWD",
        "LANG",
        "LANGUAGE",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
    }
    # The environment of the first process inside is that of bwrap, which is told of no more.
    first = _text(_asked(server, "look", path="/proc/1/environ"))
    assert SESSION not in first and "npm_config" not in first
    for outside in (f"{client.home}/.ssh/id_ed25519", "/var/lib/dpkg/status", "/root", "/run", "/etc/shadow"):
        assert _text(_asked(server, "look", path=outside)) == "FileNotFoundError", outside
    assert _text(_asked(server, "write", path="/usr/new")) == "OSError", "the system is there to be read only"
    assert _text(_asked(server, "write", path=f"{client.home}/srv/server.py")) == "OSError"
    assert _text(_asked(server, "write", path=f"{client.workspace}/new")) == "written"
    interfaces = _text(_asked(server, "look", path="/proc/net/dev"))
    assert [line.split(":")[0].strip() for line in interfaces.splitlines()[2:]] == ["lo"]
    _prove_confined(client, server)
    _look_running(client, server)
    _undone(client, state, run, original, after)


@pytest.mark.parametrize("first", ["the sandbox", "the secret"])
def test_a_secret_that_is_moved_gets_through_as_well(first: str, client: Client, state: Path) -> None:
    """In either order: the launcher of ``clients/move-secret`` reads its file inside, or hands on what it read."""
    _small(client)

    def move() -> None:
        snapshot = client.look()
        (finding,) = findings("secrets/in-config", snapshot)
        made = plan(get_fix("clients/move-secret"), finding, snapshot, {})
        assert isinstance(made, Plan), made
        worked_out = prepare(made)
        assert isinstance(worked_out, Prepared), worked_out
        assert apply(worked_out, state, lambda: still_found(made, plugins(), client.look())).state is RunState.APPLIED

    if first == "the secret":
        move()
        _applied(client, state)
    else:
        _applied(client, state)
        move()
    assert TOKEN not in client.config.read_text()
    server = _started(client, "small")
    told = _asked(server, "look", path=f"{client.home}/.config/workbench")
    assert told["environment"]["API_KEY"] == TOKEN and SESSION not in repr(told)
    assert _text(told) == ("a folder" if first == "the secret" else "FileNotFoundError")
    assert _text(_asked(server, "look", path=f"{client.home}/.config/workbench/launchers")) == "FileNotFoundError"
    for pid in _in_session(server.pid):
        assert TOKEN.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
    _look_running(client, server)


def test_it_ends_with_its_client(client: Client, state: Path) -> None:
    _small(client)
    _applied(client, state)
    entry = _entry(client, "small")
    # The client is a process that is killed without mercy; what it started must not outlive it.
    script = (
        "import subprocess, sys, time\n"
        "p = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "print(p.pid, flush=True)\ntime.sleep(600)\n"
    )
    started = client.run(["/usr/bin/python3", "-c", script, entry["command"], *entry["args"]], **entry["env"])
    assert started.stdout is not None
    launcher = int(started.stdout.readline())
    deadline = time.monotonic() + 20
    while len(inside := _in_session(launcher)) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    while any(os.path.exists(f"/proc/{pid}") and session_of(pid) for pid in inside):
        assert time.monotonic() < deadline, "it outlives its client"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"programs": ""}, "it misses a file"),
        ({"folders": "/srv/that-is-not-there"}, "make it, or answer another"),
    ],
)
def test_one_that_cannot_start_in_it_is_put_back(
    answers: dict[str, str], said: str, client: Client, state: Path
) -> None:
    _small(client)
    before = tree(client.home)
    worked_out = prepare(_planned(client.look(), own_home=f"{client.home}/.local/share/kept", **answers))
    assert isinstance(worked_out, Prepared)
    run = apply(worked_out, state, lambda: "")
    assert run.state is RunState.ROLLED_BACK
    assert said in run.message and "it said: " in run.message and TOKEN not in run.message
    assert tree(client.home) == before


def test_one_that_never_answers_is_ended_and_put_back(client: Client, state: Path) -> None:
    """With all that it started, also what leads a session of its own and holds on to nothing."""
    program = client.home / "srv/server.py"
    program.parent.mkdir()
    program.write_text(
        "import os, signal, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "    os.closerange(0, 64)\n"
        "time.sleep(600)\n"
    )
    client.configure("small", ["/usr/bin/python3", str(program)])
    before = tree(client.home)
    made = _planned(client.look())
    short = replace(
        made,
        operations=tuple(
            replace(each, seconds=2) if each.operation == "trial-start" else each for each in made.operations
        ),
    )
    worked_out = prepare(short)
    assert isinstance(worked_out, Prepared)
    run = apply(worked_out, state, lambda: "")
    assert run.state is RunState.ROLLED_BACK and "it did not answer within 2 seconds" in run.message
    assert tree(client.home) == before
    assert not _running(str(program))


def _running(text: str) -> list[int]:
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if text.encode() in Path(f"/proc/{name}/cmdline").read_bytes():
                found.append(int(name))
        except OSError:
            continue
    return found


def test_g10_killed_while_the_server_runs(client: Client, state: Path) -> None:
    program = client.home / "srv/server.py"
    program.parent.mkdir()
    program.write_text("import time\ntime.sleep(600)\n")
    client.configure("small", ["/usr/bin/python3", str(program)])
    before = tree(client.home)
    worked_out = prepare(_planned(client.look(), own_home=f"{client.home}/kept"))
    assert isinstance(worked_out, Prepared)
    child = os.fork()
    if child == 0:
        try:
            apply(worked_out, state, lambda: "")
        finally:
            os._exit(0)
    deadline = time.monotonic() + 30
    while len(_running(str(program))) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while _running(str(program)):
        assert time.monotonic() < deadline, "the server outlives the workbench that tried it"
        time.sleep(0.05)
    (run,) = recover(state)
    assert run.state is RunState.RECOVERED, run.message
    assert tree(client.home) == before


def test_root_starts_it_as_the_account_of_the_configuration(client: Client, state: Path) -> None:
    support.require_root()
    file = _small(client)
    for place in (client.home, *client.home.rglob("*")):
        os.chown(place, OWNER, OWNER, follow_symlinks=False)
    before = tree(client.home)
    (client.workspace / "by").touch()
    os.chown(client.workspace / "by", OWNER, OWNER)
    # It writes down whom it runs as, once it is started.
    program = client.home / "srv/server.py"
    program.write_text(
        f"import os\nopen({str(client.workspace / 'by')!r}, 'w').write(str(os.getresuid()))\n" + small_server.TEXT
    )
    (client.workspace / "by").unlink()
    snapshot = client.look()
    config = replace(snapshot.clients.configs[0], owner=0)
    own = replace(snapshot, clients=replace(snapshot.clients, configs=(config,)), host=replace(snapshot.host, uid=0))
    worked_out = prepare(_planned(own, folders=str(client.workspace), network="no"))
    assert isinstance(worked_out, Prepared), worked_out
    run = apply(worked_out, state, lambda: "")
    assert run.state is RunState.APPLIED, run.message
    assert (client.workspace / "by").read_text() == str((OWNER, OWNER, OWNER))
    launcher = Path(json.loads(file.read_text())["mcpServers"]["small"]["command"])
    for place in (launcher, launcher.parent, launcher.parent.parent):
        assert (place.stat().st_uid, place.stat().st_mode & 0o777) == (OWNER, 0o700)
    assert undo(state, run.identity).state is RunState.UNDONE
    (client.workspace / "by").unlink()
    assert tree(client.home).keys() == before.keys()


@pytest.fixture
def settled() -> Iterator[Client]:
    """A home where homes are: what lies in /tmp others may replace, which is a finding of its own."""
    support.require_root()
    home = Path(tempfile.mkdtemp(prefix="workbench-live-", dir="/srv"))
    home.chmod(0o755)
    try:
        yield Client(home)
    finally:
        shutil.rmtree(home)


def test_by_the_whole_report_it_helps_and_makes_nothing_worse(settled: Client, state: Path) -> None:
    """As a person does it: looked at, planned, applied, proven by every check, planned again, undone."""
    client = settled
    _small(client, LEVEL="3")
    for place in (client.home, *client.home.rglob("*")):
        os.chown(place, OWNER, OWNER, follow_symlinks=False)
    context = Context("linux", client.home, OWNER, {"HOME": str(client.home), "PATH": "/usr/bin:/bin"}, client.home)
    bench = Workbench(context, plugins(), state)
    before = tree(client.home)
    snapshot = bench.look()
    report = bench.judge(snapshot)
    mine = [each for each in report.findings() if each.subject.key.startswith(str(client.config))]
    (finding,) = [each for each in mine if each.check == CHECK]
    assert FIX in finding.repairs
    made = bench.plan(get_fix(FIX), finding, snapshot)
    assert isinstance(made, Plan), made
    worked_out = bench.prepare(made)
    assert isinstance(worked_out, Prepared), worked_out
    assert tree(client.home) == before
    run = bench.apply(worked_out, None, Before(report))
    assert run.state is RunState.APPLIED, run.message
    fresh = bench.look()
    left = bench.judge(fresh).findings()
    known = {each.identity for each in report.findings()}
    assert finding.identity not in {each.identity for each in left}
    assert [each.summary for each in left if each.identity not in known and str(client.home) in each.subject.key] == []
    (server,) = [each for each in fresh.servers.servers if each.entry is not None]
    assert server.isolation == ("bwrap",)
    again = bench.plan(get_fix(FIX), finding, snapshot)
    assert isinstance(again, Plan) and isinstance(bench.prepare(again), Refusal)
    assert bench.undo(run.identity).state is RunState.UNDONE
    assert tree(client.home) == before


MENDED = (
    "processes/shares-your-account",
    "processes/sees-whole-filesystem",
    "processes/no-new-privileges-off",
    "processes/no-syscall-filter",
    "secrets/reachable-files",
)


@pytest.mark.parametrize("check", MENDED)
def test_what_is_found_of_a_running_server_is_gone_once_it_is_started_again(
    check: str, settled: Client, state: Path
) -> None:
    client = settled
    client.home.joinpath(".ssh").mkdir(mode=0o700)
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
    client.home.joinpath(".ssh/id_ed25519").write_text(key)
    client.home.joinpath(".ssh/id_ed25519").chmod(0o600)
    _small(client)
    for place in (client.home, *client.home.rglob("*")):
        os.chown(place, OWNER, OWNER, follow_symlinks=False)
    context = Context("linux", client.home, OWNER, {"HOME": str(client.home), "PATH": "/usr/bin:/bin"}, client.home)
    bench = Workbench(context, plugins(), state)

    def about() -> list[Finding]:
        report = bench.judge(bench.look())
        texts = (str(client.config), str(client.home / "srv"))
        return [
            each
            for each in report.findings()
            if each.check == check
            and any(text in subject.key for subject in (each.subject, *each.also) for text in texts)
        ]

    running = _as_owner(client)
    try:
        snapshot = bench.look()
        report = bench.judge(snapshot)
        (finding,) = about()
        assert FIX in finding.repairs
        made = bench.plan(get_fix(FIX), finding, snapshot)
        assert isinstance(made, Plan) and made.later, made
        worked_out = bench.prepare(made)
        assert isinstance(worked_out, Prepared), worked_out
        run = bench.apply(worked_out, None, Before(report))
        assert run.state is RunState.APPLIED, run.message
    finally:
        _end(running)
    running = _as_owner(client)
    try:
        assert about() == []
    finally:
        _end(running)


def _as_owner(client: Client) -> subprocess.Popen[bytes]:
    """The server as a client of the account starts it, answering."""
    entry = _entry(client, "small")
    server = subprocess.Popen(
        [entry["command"], *entry["args"]],
        cwd=client.home,
        env={"HOME": str(client.home), "PATH": "/usr/bin:/bin", **entry["env"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        user=OWNER,
        group=OWNER,
        extra_groups=[],
        start_new_session=True,
    )
    assert _answer(server, 1, "initialize", {"protocolVersion": "2025-06-18"})["serverInfo"]
    return server


def _end(server: subprocess.Popen[bytes]) -> None:
    server.kill()
    server.communicate()


@pytest.fixture
def script() -> Iterator[Callable[[Sandbox], Path]]:
    folder = Path(tempfile.mkdtemp(prefix="launcher-", dir="/tmp"))

    def written(sandbox: Sandbox) -> Path:
        file = folder / "launcher.sh"
        file.write_text(script_of(sandbox))
        file.chmod(0o700)
        return file

    yield written
    shutil.rmtree(folder)


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_every_shell_takes_all_other_variables_away(shell: str, script: Callable[[Sandbox], Path]) -> None:
    """Also those that no shell could name, and values of several lines that look like others."""
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    started = [
        path,
        *(["sh"] if shell == "busybox" else []),
        str(script(Sandbox("/home/u", names=("KEPT", "EMPTY", "name", "names"), filtered=True))),
    ]
    environment = {
        **{
            "KEPT": "a\nLOST=b\n'$(id)'",
            "EMPTY": "",
            "name": "n",
            "names": "",
            "LOST": "1",
            "with.dot": "2",
            "with space": "3",
            "-x": "4",
        },
        **{
            "PATH": "/nonexistent",
            "MULTI": "x\nKEPT=evil",
            "*": "5",
            "BASH_FUNC_env%%": "() { echo evil; }",
            "IFS": "x",
        },
    }
    said = subprocess.run(
        [*started, "/usr/bin/env", "-0"], env=environment, capture_output=True, check=False, text=True, timeout=60
    )
    assert said.returncode == 0, said.stderr
    given = dict(each.split("=", 1) for each in said.stdout.split("\0") if each)
    assert given.pop("PWD", "/home/u") == "/home/u"
    assert given.pop("HOME") == "/home/u"
    assert given == {name: environment[name] for name in ("KEPT", "EMPTY", "name", "names")}


_CALLS = """
import ctypes, errno, os, subprocess, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
def told(name, *arguments):
    return errno.errorcode.get(ctypes.get_errno(), "?") if getattr(libc, name)(*arguments) == -1 else "done"
thread = threading.Thread(target=print, args=("a thread",)); thread.start(); thread.join()
sys.stdout.flush()
subprocess.run(["echo", "a child"], check=True)
unshared, mounted = told("unshare", 0x10000000), told("mount", b"/", b"/", None, 4096, None)
print(unshared, mounted, told("ptrace", 0, 0, None, None))
print(sorted(map(int, os.listdir("/proc/self/fd")))[:-1])
"""


def test_system_calls_are_refused_and_threads_and_children_are_not(script: Callable[[Sandbox], Path]) -> None:
    sandbox = Sandbox("/home/u", search="/usr/bin:/bin", filtered=True)
    command = [str(script(sandbox)), "python3", "-c", _CALLS]
    said = subprocess.run(command, capture_output=True, check=False, text=True, timeout=60)
    assert said.stdout.splitlines() == ["a thread", "a child", "EPERM EPERM EPERM", "[0, 1, 2]"], said.stderr
    # Nothing of it is left where other accounts look.
    left = subprocess.run(
        ["find", "/tmp", "-maxdepth", "1", "-name", "tmp.*", "-newer", command[0]], capture_output=True
    )
    assert not left.stdout
    without = subprocess.run(
        [str(script(replace(sandbox, filtered=False))), *command[1:]],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert without.stdout.splitlines()[2].startswith("done"), "it is the filter that refuses"


@pytest.mark.parametrize("word", ["a b", "$(id)", "`id`", "'", '"', "*", "", "-n", "--bind", "a\nb", "\\", ";"])
def test_no_argument_is_touched_on_the_way(word: str, script: Callable[[Sandbox], Path]) -> None:
    launcher = script(Sandbox("/home/u", search="/usr/bin:/bin"))
    command = [str(launcher), "python3", "-c", "import sys; sys.stdout.write(repr(sys.argv[1:]))", word, "end"]
    said = subprocess.run(command, capture_output=True, check=False, text=True, timeout=60)
    assert said.stdout == repr([word, "end"]), said.stderr
