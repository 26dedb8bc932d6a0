"""What each server can open, asked of the kernel: really confined processes, really opened files."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import builders
from tests.host.client_homes import context_of, write
from tests.live.support import require_program, require_root
from workbench.host.assets import gather
from workbench.host.assets.trying import try_all
from workbench.host.files import path_fact
from workbench.host.processes.details import describe
from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.table import Gaps
from workbench.model.assets import AssetFact, Reach
from workbench.model.clients import ClientFacts
from workbench.model.facts import AccountFacts
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.servers import Server, ServerFacts

pytestmark = pytest.mark.live

OTHER = 60011
FILES = (".ssh/id_rsa", ".npmrc", ".aws/credentials", ".config/gh/hosts.yml", ".netrc")


@pytest.fixture
def home() -> Iterator[Path]:
    require_root()
    with tempfile.TemporaryDirectory(prefix="workbench-assets-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        for name in FILES:
            write(place / name, "secret").chmod(0o600)
        (place / ".npmrc").chmod(0o644)
        (place / ".aws").chmod(0o700)
        (place / ".aws/credentials").chmod(0o644)
        os.chown(place / ".config/gh/hosts.yml", OTHER, OTHER)
        (place / ".netrc").chmod(0o640)
        os.chown(place / ".netrc", 0, 60012)
        yield place


@contextmanager
def running(*wrapper: str) -> Iterator[ServerProcess]:
    """A process behind a wrapper, with all that /proc tells of it."""
    started = subprocess.Popen(
        [*wrapper, "sh", "-c", "echo $$; exec sleep 60"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    try:
        assert started.stdout is not None
        started.stdout.readline()
        table = LinuxTable("/proc")
        pid = _innermost(started.pid)
        uid, gid = os.stat(f"/proc/{pid}").st_uid, os.stat(f"/proc/{pid}").st_gid
        bare = builders.process(pid=pid, chain=(pid,), uid=uid, gid=gid, account="")
        yield describe(table, bare, Gaps())
    finally:
        started.kill()
        started.wait()


def _innermost(pid: int) -> int:
    while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pid = int(children[-1])
    return pid


def reached(home: Path, process: ServerProcess, *, assess: bool) -> dict[str, Reach]:
    server = Server("k", "files", "running", True, "stdio", processes=(process.key,))
    found = {
        "clients": ClientFacts(builders.COMPLETE),
        "accounts": AccountFacts(builders.COMPLETE, (builders.ROOT,)),
        "processes": ProcessFacts(builders.COMPLETE, (process,)),
        "servers": ServerFacts(builders.COMPLETE, (server,)),
    }
    facts = gather(context_of(home, found=found, assess=assess, proc=Path("/proc"), uid=0))
    return {
        reach.asset.removeprefix(f"{home}/"): reach for reach in facts.reaches if reach.asset.startswith(f"{home}/")
    }


def truth(home: Path, process: ServerProcess) -> dict[str, str]:
    """What ``cat`` says in the process's own mounts, as its own account."""
    answers = {}
    for name in FILES:
        done = subprocess.run(
            [
                *("nsenter", f"--mount=/proc/{process.pid}/ns/mnt", f"--root=/proc/{process.pid}/root", "--"),
                *("setpriv", f"--reuid={process.uid}", f"--regid={process.gid}"),
                f"--groups={','.join(map(str, process.groups))}",
                *("--", "cat", str(home / name)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        answers[name] = "yes" if done.returncode == 0 else "no"
    return answers


AS_OTHER = ("setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", "--clear-groups", "--")
IN_GROUP = ("setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", "--groups=60012", "--")


@pytest.mark.parametrize("wrapper", [AS_OTHER, IN_GROUP])
def test_an_account_of_its_own(wrapper: Sequence[str], home: Path) -> None:
    with running(*wrapper) as process:
        real = truth(home, process)
        for assess in (True, False):
            reaches = reached(home, process, assess=assess)
            assert {name: reach.verdict for name, reach in reaches.items()} == real
            assert {reach.basis for reach in reaches.values()} == {"tried" if assess else "computed"}
    assert real[".ssh/id_rsa"] == "no" and real[".npmrc"] == "yes" and real[".config/gh/hosts.yml"] == "yes"
    assert real[".aws/credentials"] == "no"  # readable, in a folder that may not be searched
    assert real[".netrc"] == ("yes" if wrapper is IN_GROUP else "no")


def test_a_sandbox_hides_what_its_account_could_read(home: Path) -> None:
    bwrap = require_program("bwrap")
    system = ("--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64")
    rest = ("--symlink", "usr/bin", "/bin", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp")
    with running(*AS_OTHER, bwrap, *system, *rest, "--unshare-pid") as process:
        for assess in (True, False):
            verdicts = {reach.verdict for reach in reached(home, process, assess=assess).values()}
            assert verdicts == {"no"}


def test_a_sandbox_that_shows_the_home_hides_nothing(home: Path) -> None:
    bwrap = require_program("bwrap")
    with running(*AS_OTHER, bwrap, "--dev-bind", "/", "/", "--unshare-pid") as process:
        for assess in (True, False):
            reaches = reached(home, process, assess=assess)
            assert reaches[".npmrc"].verdict == "yes" and reaches[".ssh/id_rsa"].verdict == "no"


def test_root_without_its_capabilities_is_an_owner_like_any_other(home: Path) -> None:
    bare = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--")
    with running(*bare) as process:
        assert process.uid == 0 and process.capabilities_effective == 0
        for assess in (True, False):
            reaches = reached(home, process, assess=assess)
            assert reaches[".ssh/id_rsa"].verdict == "yes"
            assert reaches[".config/gh/hosts.yml"].verdict == "no"


def test_trying_reads_nothing_and_leaves_nothing_open(home: Path) -> None:
    name = str(home / ".ssh/id_rsa")
    os.utime(name, (1, 1))
    before = set(os.listdir("/proc/self/fd"))
    with running() as process:
        assert try_all(process, [AssetFact("private key", name, path_fact(name))]) == {name: True}
    assert os.stat(name).st_atime == 1
    assert set(os.listdir("/proc/self/fd")) == before


def test_trying_what_is_gone_says_nothing(home: Path) -> None:
    with running() as process:
        pass
    name = str(home / ".npmrc")
    assert try_all(process, [AssetFact("package credential", name, path_fact(name))]) == {}


def test_a_fifo_in_the_place_of_a_file_does_not_hang(home: Path) -> None:
    name = home / ".pypirc"
    os.mkfifo(name, 0o644)
    fact = path_fact(str(name))
    with running() as process:
        assert try_all(process, [AssetFact("package credential", str(name), fact)]) == {}
