"""A script leaves alone what changed since it was made, and is put back where it is stopped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repair.script_cases import mode_of_a_socket
from tests.repair.scripts import interfering, of_operations, prepared_of, script_of, times
from tests.repair.support import config, edit, mode, tree, written

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="repairs are made on Linux only")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir(mode=0o755)
    return tmp_path / "home"


def _another_byte(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\n")


def _a_link(file: Path) -> None:
    file.rename(file.with_name("real"))
    file.symlink_to("real")


def _a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _a_folder_behind_a_link(file: Path) -> None:
    file.parent.rename(file.parent.with_name("moved"))
    file.parent.symlink_to("moved")


def _in_another_folder(file: Path) -> None:
    file.parent.rename(file.parent.with_name("moved"))
    file.parent.mkdir()
    shutil.copy2(file.parent.with_name("moved") / file.name, file)


DRIFT: list[Callable[[Path], None]] = [
    _another_byte,
    _a_link,
    _a_folder_behind_a_link,
    _in_another_folder,
    lambda file: file.chmod(0o644),
    lambda file: file.unlink(),
    lambda file: os.link(file, file.with_name("second")),
    _a_pipe,
]


@pytest.mark.parametrize("drift", DRIFT)
def test_what_changed_since_is_left_alone(drift: Callable[[Path], None], home: Path, tmp_path: Path) -> None:
    (home / "sub").mkdir()
    first, file = written(home, "first.json"), written(home / "sub")
    script = of_operations(tmp_path / "script", edit(first), edit(file))
    drift(file)
    before = tree(home)
    ended = script.run("apply")
    assert ended.status == 5 and "nothing was changed" in ended.err, ended
    assert tree(home) == before and not script.state.exists()


@pytest.mark.parametrize("drift", DRIFT)
def test_undo_leaves_alone_what_changed_since(drift: Callable[[Path], None], home: Path, tmp_path: Path) -> None:
    (home / "sub").mkdir()
    first, file = written(home, "first.json"), written(home / "sub")
    script = of_operations(tmp_path / "script", edit(first), edit(file))
    assert script.run("apply").status == 0
    drift(file)
    before = tree(home)
    ended = script.run("undo")
    assert ended.status == 5 and "nothing was changed" in ended.err, ended
    assert tree(home) == before


def test_a_backup_that_is_gone_or_damaged_is_not_put_back(home: Path, tmp_path: Path) -> None:
    script = of_operations(tmp_path / "script", edit(written(home)))
    assert script.run("apply").status == 0
    before = tree(home)
    (backup,) = (place for place in script.state.rglob("1") if place.is_file())
    backup.write_bytes(b"{}")
    ended = script.run("undo")
    assert ended.status == 5 and "no backup" in ended.err
    backup.unlink()
    assert script.run("undo").status == 5
    assert tree(home) == before


def test_the_folder_of_the_backups_must_be_ours_alone(home: Path, tmp_path: Path) -> None:
    script = of_operations(tmp_path / "script", edit(written(home)))
    digest = next(line.partition("=")[2] for line in script.text.split("\n") if line.startswith("digest="))
    store = script.state / "workbench" / "scripts" / digest
    before = tree(home)
    store.mkdir(parents=True)
    store.chmod(0o755)
    ended = script.run("apply")
    assert ended.status == 5 and "not yours alone" in ended.err
    store.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    store.symlink_to(tmp_path / "elsewhere")
    assert script.run("apply").status == 5
    assert tree(home) == before


def test_a_socket_that_ended_is_no_obstacle(home: Path, tmp_path: Path) -> None:
    made = prepared_of(mode_of_a_socket(home))
    script = script_of(made, tmp_path / "script")
    assert script.run("apply").status == 0
    (home / "mcp.sock").unlink()
    ended = script.run("undo")
    assert ended.status == 0 and "has ended" in ended.out
    assert script.run("apply").status == 5
    again = socket.socket(socket.AF_UNIX)
    again.bind(str(home / "mcp.sock"))
    os.utime(home / "mcp.sock", (1, 1))
    ended = script.run("undo")
    assert ended.status == 5 and "replaced" in ended.err


def test_a_reader_that_goes_away_leaves_nothing_half_done(home: Path, tmp_path: Path) -> None:
    files = [written(home, f"{number}.json") for number in range(3)]
    script = of_operations(tmp_path / "script", *map(edit, files))
    before = tree(home)
    reading, writing = os.pipe()
    os.close(reading)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(
        ["sh", script.file, "apply"], stdout=writing, stderr=subprocess.DEVNULL, env=environment, check=False
    )
    os.close(writing)
    assert done.returncode != 0 and tree(home) == before


def test_words_that_it_does_not_know(home: Path, tmp_path: Path) -> None:
    script = of_operations(tmp_path / "script", edit(written(home)))
    before = tree(home)
    for word in ("aply", "--help", "apply;", "look"):
        assert script.run(word).status == 5
    assert tree(home) == before


@pytest.mark.parametrize("word", ["apply", "undo"])
def test_killed_at_any_point_every_file_is_the_old_or_the_new_one(word: str, home: Path, tmp_path: Path) -> None:
    files = [written(home, "a.json"), written(home, "b.json", mode=0o640)]
    last = written(home, "c.json", mode=0o666)
    script = of_operations(tmp_path / "script", *map(edit, files), mode(last))
    before, old, new = tree(home), config(), config().replace(b'"pkg"', b'"pkg@1.2.3"')
    for at in range(1, 200):
        if word == "undo":
            assert script.run("apply").status == 0
        tools = interfering(tmp_path, at, "kill -KILL -- -$(ps -o pgid= $$ | tr -d ' ')")
        ended = script.run(word, tools=tools)
        assert {file.read_bytes() for file in files} <= {old, new}
        assert all(file.stat().st_mode & 0o7777 in (0o600, 0o640) for file in files)
        if at % 2:
            finished = script.run("apply")
            assert finished.status == 0, (at, finished)
            assert {file.read_bytes() for file in files} == {new}
        back = script.run("undo")
        assert back.status == 0, (at, back)
        assert tree(home) == before, at
        if times(tools) < at:
            assert ended.status == 0
            assert at > 10
            return
    pytest.fail("it never came to an end")


@pytest.mark.parametrize("act", ["exit 1", "kill -TERM $PPID", "kill -INT -- -$(ps -o pgid= $$ | tr -d ' ')"])
def test_what_fails_halfway_is_put_back(act: str, home: Path, tmp_path: Path) -> None:
    files = [written(home, "a.json"), written(home, "b.json", mode=0o640)]
    last = written(home, "c.json", mode=0o666)
    script = of_operations(tmp_path / "script", *map(edit, files), mode(last))
    before = tree(home)
    failures = 0
    for at in range(1, 200):
        tools = interfering(tmp_path, at, act)
        ended = script.run("apply", tools=tools)
        if ended.status == 0:
            assert script.run("undo").status == 0
        else:
            failures += 1
        assert tree(home) == before, (at, ended)
        if times(tools) < at:
            assert failures > 5
            return
    pytest.fail("it never came to an end")
