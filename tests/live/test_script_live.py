"""Scripts of repairs before shellcheck, with nothing but busybox, for other accounts, and on a full disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import support
from tests.repair.script_cases import FIXES
from tests.repair.scripts import Script, of_operations, prepared_of, refused, script_of
from tests.repair.support import ACL, acl, config, edit, mode, tree, values, written
from workbench.model.operations import CreateFile

pytestmark = pytest.mark.live

OWNER = 41234


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="workbench-live-"))
    folder.chmod(0o755)
    (folder / "home").mkdir(mode=0o755)
    yield folder / "home"
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", FIXES)
def test_shellcheck_finds_nothing(name: str, home: Path, tmp_path: Path) -> None:
    program = support.require_program("shellcheck")
    script = script_of(prepared_of(FIXES[name](home)), tmp_path / "script")
    done = subprocess.run([program, "--shell=sh", script.file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def _applets(folder: Path) -> Path:
    """A folder with the programs of busybox and none of another kind."""
    busybox = support.require_program("busybox")
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    tools = folder / "applets"
    tools.mkdir()
    for name in listed:
        (tools / name).symlink_to(busybox)
    return tools


def _alone(script: Script, tools: Path, *words: str) -> subprocess.CompletedProcess[str]:
    lines = [f"PATH={tools}" if line.startswith("PATH=") else line for line in script.text.split("\n")]
    file = script.folder / "alone.sh"
    file.write_text("\n".join(lines))
    environment = {"PATH": str(tools), "HOME": "/nonexistent", "XDG_STATE_HOME": str(script.state)}
    return subprocess.run(
        [tools / "sh", file, *words], capture_output=True, text=True, env=environment, check=False, timeout=60
    )


def test_with_nothing_but_busybox(home: Path, tmp_path: Path) -> None:
    tools = _applets(tmp_path)
    file, other = written(home, mode=0o640), written(home, "other.json", mode=0o666)
    new = home / "a/b/new"
    script = of_operations(tmp_path / "script", *values(file), mode(other), CreateFile(str(new), "umask 077\n"))
    before = tree(home)
    done = _alone(script, tools, "apply")
    assert (done.returncode, done.stderr) == (0, "")
    assert new.read_text() == "umask 077\n" and new.stat().st_mode & 0o7777 == 0o600
    assert b'"disabled": true' in file.read_bytes()
    assert [file.stat().st_mode & 0o7777, other.stat().st_mode & 0o7777] == [0o640, 0o600]
    done = _alone(script, tools, "undo")
    assert (done.returncode, done.stderr) == (0, "")
    assert tree(home) == before


def test_a_cp_that_would_lose_an_access_list_is_not_used(home: Path, tmp_path: Path) -> None:
    tools = _applets(tmp_path)
    file = written(home, mode=0o640)
    os.setxattr(file, ACL, acl((0x02, 4, OWNER)))
    script = of_operations(tmp_path / "script", edit(file))
    before = tree(home)
    done = _alone(script, tools, "apply")
    assert done.returncode == 5 and "it is as it was" in done.stderr
    assert tree(home) == before
    assert script.run("apply").status == 0
    assert script.run("undo").status == 0
    assert tree(home) == before


def test_an_ordinary_account_and_no_other(home: Path) -> None:
    support.require_root()
    file = written(home, mode=0o640)
    for place in (home, file):
        os.chown(place, OWNER, OWNER)
    assert "cannot be relied on" in refused(edit(file)).reason, "root does not act by names where an account can write"
    folder = home.parent / "script"
    folder.mkdir()
    os.chown(folder, OWNER, OWNER)
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(OWNER)
        os.setuid(OWNER)
        of_operations(folder, edit(file), CreateFile(str(home / "a/new"), "umask 077\n"))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    before = tree(home)

    def run(word: str, uid: int) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_STATE_HOME": str(folder / f"state-{uid}")}
        command = ["sh", str(folder / "repair.sh"), word]
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, check=False, user=uid, group=uid, extra_groups=[]
        )

    for uid in (0, OWNER + 1):
        assert run("apply", uid).returncode == 5
        assert tree(home) == before
    done = run("apply", OWNER)
    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == config().replace(b'"pkg"', b'"pkg@1.2.3"')
    for place in (file, home / "a", home / "a/new"):
        assert (place.stat().st_uid, place.stat().st_gid) == (OWNER, OWNER)
    assert run("undo", OWNER).returncode == 0
    assert tree(home) == before


def test_a_full_disk_leaves_the_file_as_it_was(home: Path, tmp_path: Path) -> None:
    support.require_root()
    disk = home / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "none", disk], check=False)
    if mounted.returncode:
        support.missing("no file system can be mounted here")
    try:
        file = written(disk, content=config() + b" " * 20_000)
        script = of_operations(tmp_path / "script", edit(file))
        (disk / "filler").write_bytes(b"x" * 36_864)
        before = tree(disk)
        ended = script.run("apply")
        assert ended.status == 5 and "it is as it was" in ended.err, ended
        assert tree(disk) == before
        script = of_operations(tmp_path / "another", CreateFile(str(disk / "a/new"), "# a line\n" * 3000))
        ended = script.run("apply")
        assert ended.status == 5 and "it was not made" in ended.err, ended
        assert tree(disk) == before
    finally:
        subprocess.run(["umount", disk], check=True)
