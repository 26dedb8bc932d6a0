"""Repairs on a real system: other accounts, full and read-only disks, immutable files, mount points, sudden death."""

from __future__ import annotations

import ctypes
import os
import pickle
import re
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.live.support import missing, require_program, require_root
from tests.repair.support import ACL, acl, applied, config, edit, mode, plan, prepared, refusal, tree, values, written
from workbench.engine import Workbench
from workbench.host.context import Context
from workbench.model.plan import Plan, Refusal
from workbench.model.run import Run, RunState
from workbench.plugins import load
from workbench.repair.history import history
from workbench.repair.journal import Planned
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.recovering import recover
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

pytestmark = pytest.mark.live

# Python itself may lie where only root can read: what the other accounts need is loaded before.
TypeAdapter(Planned)

OWNER, STRANGER = 41234, 41235
_NEW_MOUNTS, _EXCHANGE = 0x00020000, 2


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every account can reach, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="workbench-live-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def home(place: Path) -> Path:
    """The home of an ordinary account."""
    require_root()
    folder = place / "home"
    folder.mkdir()
    os.chown(folder, OWNER, OWNER)
    folder.chmod(0o755)
    return folder


def _owned(file: Path, uid: int = OWNER, gid: int | None = None) -> Path:
    os.chown(file, uid, uid if gid is None else gid, follow_symlinks=False)
    return file


def _in_child(work: Callable[[], Any], uid: int = 0, groups: tuple[int, ...] = (), *, mounts: bool = False) -> Any:
    """The result of some work in a process of its own: as another account, or with mounts that only it sees."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            if mounts:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.unshare(_NEW_MOUNTS) != 0:
                    raise OSError(ctypes.get_errno(), "unshare")
                subprocess.run(["mount", "--make-rprivate", "/"], check=True)
            if uid:
                os.setgroups(groups)
                os.setgid(uid)
                os.setuid(uid)
            answer: Any = ("done", work())
        except BaseException:
            answer = ("failed", traceback.format_exc())
        with os.fdopen(writing, "wb") as stream:
            stream.write(pickle.dumps(answer))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        told, result = pickle.loads(stream.read())
    os.waitpid(child, 0)
    assert told == "done", result
    return result


def _run_of(file: Path, state: Path, *, whole_values: bool = False) -> Run | Refusal:
    """Repair the file, or why it is refused. Made to be called in a child."""
    made = prepare(plan(*(values(file) if whole_values else (edit(file),))))
    return made if isinstance(made, Refusal) else apply(made, state, lambda: "")


@pytest.mark.parametrize("whole_values", [False, True])
def test_an_ordinary_account_repairs_its_own_file(whole_values: bool, home: Path) -> None:
    file = _owned(written(home, mode=0o640), OWNER, 4321)
    os.setxattr(file, ACL, acl((0x02, 4, STRANGER)))
    before, state = tree(home), home / ".local" / "state" / "workbench"

    run: Run = _in_child(lambda: _run_of(file, state, whole_values=whole_values), OWNER, (4321,))

    assert run.state is RunState.APPLIED, run.message
    assert (b'"disabled": true' in file.read_bytes()) is whole_values
    after = tree(home)
    assert [after["mcp.json"][at] for at in (0, 1, 2, 5)] == [before["mcp.json"][at] for at in (0, 1, 2, 5)]
    _in_child(lambda: undo(state, run.identity), OWNER, (4321,))
    shutil.rmtree(home / ".local")
    assert tree(home) == before


def test_a_group_that_could_not_be_kept_is_refused(home: Path) -> None:
    file = _owned(written(home, mode=0o640), OWNER, 4321)
    made: Refusal = _in_child(lambda: _run_of(file, home / "state"), OWNER)
    assert "could not be kept: you are not in it" in made.reason


def test_the_file_of_another_account_is_refused_with_the_command_to_run(home: Path) -> None:
    file = _owned(written(home, mode=0o664))
    before = tree(home)
    made: Refusal = _in_child(lambda: prepare(plan(mode(file))), STRANGER)
    assert f"belongs to another account (uid {OWNER})" in made.reason
    assert f"run: chmod 0600 {file}" in made.instead
    readable: Refusal = _in_child(lambda: prepare(plan(edit(file))), STRANGER)
    assert "as its owner or root" in readable.instead
    assert tree(home) == before


def test_a_directory_that_cannot_be_written_is_refused(home: Path) -> None:
    folder = home / "root-owned"
    folder.mkdir()
    file = _owned(written(folder))
    made: Refusal = _in_child(lambda: _run_of(file, home / "state"), OWNER)
    assert "cannot be written, so the file cannot be replaced safely" in made.reason


def test_root_keeps_the_owner_of_the_file(home: Path) -> None:
    file = _owned(written(home, mode=0o640), OWNER, 4321)
    before = tree(home)
    state = home.parent / "state"
    run = applied(state, edit(file))
    assert run.state is RunState.APPLIED, run.message
    assert (file.stat().st_uid, file.stat().st_gid, stat.S_IMODE(file.stat().st_mode)) == (OWNER, 4321, 0o640)
    undo(state, run.identity)
    assert tree(home) == before


@pytest.mark.parametrize("which", ["file", "directory"])
def test_a_link_of_another_account_is_never_followed(which: str, home: Path, place: Path) -> None:
    precious = place / "precious"
    precious.mkdir()
    target = written(precious, mode=0o644)
    before = tree(precious)
    link = home / ("mcp.json" if which == "file" else "folder")
    link.symlink_to(target if which == "file" else precious)
    _owned(link)
    asked = link if which == "file" else link / "mcp.json"

    assert "is a symbolic link of another account" in refusal(edit(asked)).reason

    made = prepared(edit(target))
    assert tree(precious) == before
    # The same between preview and apply: what was a directory is a foreign link now.
    moved = place / "moved"
    precious.rename(moved)
    precious.symlink_to(moved)
    _owned(precious)
    run = apply(made, place / "state", lambda: "")
    assert run.state is RunState.REFUSED
    assert tree(moved) == before


def test_g5_a_directory_swapped_for_a_link_while_it_is_repaired(home: Path, place: Path) -> None:
    outside, inside, trap = place / "outside", home / "inside", home / "trap"
    for folder in (outside, inside):
        folder.mkdir()
        written(folder, mode=0o666)
    _owned(inside)
    trap.symlink_to(outside)
    _owned(trap)
    before = tree(outside)
    libc = ctypes.CDLL(None, use_errno=True)
    stop = threading.Event()
    swaps = 0

    def swap() -> None:
        nonlocal swaps
        names = os.fsencode(inside), os.fsencode(trap)
        while not stop.is_set():
            assert libc.renameat2(-100, names[0], -100, names[1], _EXCHANGE) == 0
            swaps += 1

    swapper = threading.Thread(target=swap)
    states: list[RunState] = []
    tried = 0
    swapper.start()
    try:
        begun = time.monotonic()
        while time.monotonic() < begun + 5 or (RunState.APPLIED not in states and time.monotonic() < begun + 60):
            tried += 1
            for wanted in (edit(inside / "mcp.json"), edit(inside / "mcp.json", "pkg", "pkg@1.2.3")):
                made = prepare(plan(wanted))
                if isinstance(made, Prepared):
                    states.append(apply(made, place / "state", lambda: "").state)
    finally:
        stop.set()
        swapper.join()
    assert tree(outside) == before, "nothing outside may be touched"
    assert swaps > 1000 and tried > 20
    assert RunState.APPLIED in states, "it was not refused every time, so the race was run"


def _immutable(path: Path, on: bool) -> None:
    subprocess.run(["chattr", "+i" if on else "-i", str(path)], check=True, capture_output=True)


@pytest.fixture
def immutable(place: Path) -> Iterator[Callable[[Path], None]]:
    """Makes files immutable, and takes it back at the end."""
    require_root()
    require_program("chattr")
    marked: list[Path] = []

    def mark(path: Path) -> None:
        try:
            _immutable(path, True)
        except subprocess.CalledProcessError:
            missing("the file system of the temporary folder knows no immutable files")
        marked.append(path)

    try:
        yield mark
    finally:
        for path in marked:
            _immutable(path, False)


def test_an_immutable_file_is_refused_in_the_preview(place: Path, immutable: Callable[[Path], None]) -> None:
    file = written(place, mode=0o664)
    immutable(file)
    for wanted in (edit(file), mode(file)):
        made = refusal(wanted)
        assert "is marked immutable" in made.reason
        assert made.instead == f"to allow the change run as root: chattr -i {file}"


@pytest.mark.parametrize("which", ["file", "directory"])
def test_a_file_that_became_immutable_is_left_as_it_is(
    which: str, place: Path, immutable: Callable[[Path], None]
) -> None:
    folder = place / "folder"
    folder.mkdir()
    file = written(folder, mode=0o664)
    made = [prepared(edit(file)), prepared(mode(file))]
    before = tree(folder)
    immutable(file if which == "file" else folder)
    for each in made if which == "file" else made[:1]:
        run = apply(each, place / "state", lambda: "")
        assert run.state is RunState.REFUSED, run
        assert "the system does not permit it" in run.message and "nothing was changed" in run.message
        assert tree(folder) == before


def test_a_rollback_that_becomes_impossible_is_loud(place: Path, immutable: Callable[[Path], None]) -> None:
    file = written(place, mode=0o664)

    def verify() -> str:
        immutable(file)
        return "still there"

    run = apply(prepared(mode(file)), place / "state", verify)
    assert run.state is RunState.ROLLBACK_FAILED
    assert "NOT everything could be put back" in run.message
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def _bound(file: Path, state: Path) -> tuple[Run, Run, dict[str, Any]]:
    subprocess.run(["mount", "--bind", str(file), str(file)], check=True)
    written_over = apply(prepared(edit(file)), state, lambda: "")
    set_mode = apply(prepared(mode(file)), state, lambda: "")
    return written_over, set_mode, tree(file.parent)


def test_g4_a_file_that_is_a_mount_point(place: Path) -> None:
    require_root()
    folder = place / "folder"
    folder.mkdir()
    file = written(folder, mode=0o664)
    run, set_mode, after = _in_child(lambda: _bound(file, place / "state"), mounts=True)
    assert run.state is RunState.REFUSED
    assert "it is a mount point of its own" in run.message and "nothing was changed" in run.message
    assert set_mode.state is RunState.APPLIED, "a mode can be set there all the same"
    assert after["mcp.json"][4] == tree(folder)["mcp.json"][4] and file.read_bytes() == config()
    assert [path.name for path in folder.iterdir()] == ["mcp.json"]


def _on_small_disk(disk: Path, state_on_it: bool, state: Path) -> tuple[Run, bool]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=True)
    content = config().replace(b"tools I use", b"tools I use " + b"x" * 36_000)
    folder = disk.parent / "elsewhere" if state_on_it else disk
    folder.mkdir(exist_ok=True)
    file = written(folder, content=content)
    if state_on_it:
        (disk / "filler").write_bytes(b"x" * 30_000)
    before = tree(folder)
    run = apply(prepared(edit(file)), disk / "state" if state_on_it else state, lambda: "")
    return run, tree(folder) == before


@pytest.mark.parametrize("state_on_it", [False, True])
def test_g4_a_full_disk(state_on_it: bool, place: Path) -> None:
    require_root()
    disk = place / "disk"
    disk.mkdir()
    run, same = _in_child(lambda: _on_small_disk(disk, state_on_it, place / "state"), mounts=True)
    assert run.state is RunState.REFUSED, run.message
    assert "the disk is full" in run.message and "nothing was changed" in run.message
    assert same


def _read_only(folder: Path, state: Path) -> tuple[Refusal, Run]:
    file = folder / "mcp.json"
    made = prepared(edit(file))
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
    return refusal(edit(file)), apply(made, state, lambda: "")


def test_a_read_only_file_system(place: Path) -> None:
    require_root()
    folder = place / "folder"
    folder.mkdir()
    written(folder)
    before = tree(folder)
    made, run = _in_child(lambda: _read_only(folder, place / "state"), mounts=True)
    assert "on a read-only file system" in made.reason
    assert run.state is RunState.REFUSED and "the file system is read-only; " in run.message
    assert tree(folder) == before


def _connects(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except PermissionError:
            return False
        return True


def test_a_closed_socket_turns_other_accounts_away_at_once(home: Path, place: Path) -> None:
    where = home / "mcp.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(where))
        where.chmod(0o777)
        _owned(where)
        server.listen()
        assert _in_child(lambda: _connects(where), STRANGER)
        run = applied(place / "state", mode(where))
        assert run.state is RunState.APPLIED, run.message
        assert not _in_child(lambda: _connects(where), STRANGER)
        assert _in_child(lambda: _connects(where), OWNER)
        undo(place / "state", run.identity)
        assert _in_child(lambda: _connects(where), STRANGER)


_CHILD = """
import sys
from pathlib import Path
from tests.repair.support import applied, edit, mode, values
home, state = Path(sys.argv[1]), Path(sys.argv[2])
operations = edit(home / "mcp.json"), mode(home / "other.json"), *values(home / "third.json")
print(applied(state, *operations).state.value)
"""


def _under_strace(folder: Path, kill_at: int | None, call: str) -> subprocess.CompletedProcess[str]:
    inject = [] if kill_at is None else ["-e", f"inject={call}:signal=KILL:when={kill_at}"]
    log = folder / "strace.log"
    arguments = ["strace", "-qq", "-f", "-o", str(log), "-e", f"trace={call}", *inject]
    child = [sys.executable, "-c", _CHILD, str(folder / "home"), str(folder / "state")]
    root = Path(__file__).parents[2]
    return subprocess.run([*arguments, *child], cwd=root, capture_output=True, text=True, timeout=120, check=False)


# Which call sets a mode depends on the C library; one of each group is made everywhere.
@pytest.mark.parametrize("calls", ["fsync", "renameat2", "unlinkat", "write,pwrite64", "fchmod,chmod,fchmodat"])
def test_g10_killed_at_a_system_call(calls: str, place: Path) -> None:
    require_program("strace")

    def bench(name: str) -> Path:
        folder = place / name
        (folder / "home").mkdir(mode=0o700, parents=True)
        written(folder / "home")
        written(folder / "home", "other.json", mode=0o664)
        written(folder / "home", "third.json")
        return folder

    rehearsal = bench("rehearsal")
    done = _under_strace(rehearsal, None, calls)
    if "ptrace" in done.stderr.lower():
        missing("strace may not trace here")
    assert done.stdout.strip() == "applied", done.stderr
    log = (rehearsal / "strace.log").read_text()
    counts = {call: len(re.findall(rf"\b{call}\(", log)) for call in calls.split(",")}
    assert any(counts.values())
    for call, kill_at in [(name, number) for name in counts for number in range(1, counts[name] + 1)]:
        folder = bench(f"{call}-{kill_at}")
        before = tree(folder / "home")
        killed = _under_strace(folder, kill_at, call)
        assert "applied" not in killed.stdout or kill_at == counts[call]
        assert all(run.state is RunState.RECOVERED for run in recover(folder / "state")), kill_at
        told = history(folder / "state")
        if told and told[0].state is RunState.APPLIED:
            assert undo(folder / "state", told[0].identity).state is RunState.UNDONE
        assert tree(folder / "home") == before, (call, kill_at)


def test_from_finding_to_repair_to_undo_on_the_live_host(home: Path, place: Path) -> None:
    folder = home / ".config" / "Claude"
    folder.mkdir(parents=True)
    file = folder / "claude_desktop_config.json"
    file.write_text('{"mcpServers": {"time": {"command": "uvx", "args": ["mcp-server-time"]}}}\n')
    for each in (home / ".config", folder, file):
        _owned(each)
    file.chmod(0o666)
    folder.chmod(0o777)
    before = tree(home)
    Workbench(Context.of_this_host(), load(), place / "unused").look()  # loads what the child could not

    told = _in_child(lambda: _repaired(home, place, file), OWNER)

    assert told["found"] == {"clients/config-writable-by-others": 2, "clients/config-readable-by-others": 1}
    assert told["states"] == [RunState.APPLIED, RunState.APPLIED], told
    assert told["left"] == {}
    assert told["modes"] == (0o755, 0o600)
    assert told["undone"] == [RunState.UNDONE, RunState.UNDONE]
    shutil.rmtree(home / "state")
    assert tree(home) == before


def _repaired(home: Path, place: Path, file: Path) -> dict[str, Any]:
    context = Context("linux", home, OWNER, {"HOME": str(home), "PATH": "/usr/bin:/bin"}, place)
    workbench = Workbench(context, load(), home / "state")
    wanted = ("clients/config-writable-by-others", "clients/config-readable-by-others")

    def found() -> list[Any]:
        report = workbench.judge(workbench.look())
        return [finding for finding in report.findings() if finding.check in wanted]

    first = found()
    counted = {check: sum(each.check == check for each in first) for check in wanted}
    runs = []
    for finding in [each for each in first if each.check == wanted[0]]:
        fix = next(each for each in workbench.fixes_for(finding) if each.id == "files/restrict-mode")
        made = workbench.plan(fix, finding, workbench.look())
        assert isinstance(made, Plan), made
        ready = workbench.prepare(made)
        assert isinstance(ready, Prepared), ready
        runs.append(workbench.apply(ready))
    modes = stat.S_IMODE(file.parent.stat().st_mode), stat.S_IMODE(file.stat().st_mode)
    left = {each.check: each.summary for each in found()}
    undone = [workbench.undo(run.identity).state for run in reversed(runs)]
    return {
        "found": counted,
        "states": [run.state for run in runs],
        "messages": [run.message for run in runs],
        "left": left,
        "modes": modes,
        "undone": undone,
    }
