"""A script makes a file only where nothing is, and takes away only what it made."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repair.script_cases import new_file
from tests.repair.scripts import SHELLS, Script, interfering, of_operations, prepared_of, refused, script_of, times
from tests.repair.support import DEFAULT_ACL, acl, edit, tree, written
from workbench.model.operations import CreateFile

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="repairs are made on Linux only")

_CONTENT = "umask 077\n"
_KILL = "kill -KILL -- -$(ps -o pgid= $$ | tr -d ' ')"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir(mode=0o755)
    return tmp_path / "home"


def _made(home: Path, folder: Path, place: str = "a/b/new") -> tuple[Script, Path]:
    """A script that edits one file and makes another one."""
    made = of_operations(folder, edit(written(home)), CreateFile(str(home / place), _CONTENT))
    return made, home / place


def _another_file(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("of somebody else")


def _the_very_same(file: Path) -> None:
    _another_file(file)
    file.write_text(_CONTENT)
    file.chmod(0o644)


def _a_link_to_nothing(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.symlink_to("nowhere")


def _a_folder_of_that_name(file: Path) -> None:
    file.mkdir(parents=True)


def _a_link_on_the_way(file: Path) -> None:
    (file.parents[2] / "elsewhere" / "b").mkdir(parents=True)
    file.parents[1].symlink_to("elsewhere")


def _a_file_on_the_way(file: Path) -> None:
    file.parents[1].write_text("")


def _a_folder_that_others_write(file: Path) -> None:
    file.parents[1].mkdir()
    file.parents[1].chmod(0o777)


@pytest.mark.parametrize(
    "drift",
    [
        _another_file,
        _the_very_same,
        _a_link_to_nothing,
        _a_folder_of_that_name,
        _a_link_on_the_way,
        _a_file_on_the_way,
        _a_folder_that_others_write,
    ],
)
def test_nothing_is_put_in_the_place_of_another(drift: Callable[[Path], None], home: Path, tmp_path: Path) -> None:
    script, file = _made(home, tmp_path / "script")
    drift(file)
    before = tree(home)
    for word in ("apply", "undo"):
        ended = script.run(word)
        assert ended.status == 5 and "nothing was changed" in ended.err, ended
        assert tree(home) == before and not script.state.exists()


def _given_to_others(file: Path) -> None:
    file.chmod(0o644)


def _written_again(file: Path) -> None:
    file.write_text(_CONTENT + "# mine\n")


def _a_second_name(file: Path) -> None:
    os.link(file, file.with_name("second"))


def _a_link_to_the_same(file: Path) -> None:
    file.rename(file.with_name("real"))
    file.symlink_to("real")


def _its_folder_behind_a_link(file: Path) -> None:
    file.parent.rename(file.parents[1] / "moved")
    file.parent.symlink_to("moved")


@pytest.mark.parametrize(
    "drift", [_given_to_others, _written_again, _a_second_name, _a_link_to_the_same, _its_folder_behind_a_link]
)
def test_undo_leaves_what_was_changed_since(drift: Callable[[Path], None], home: Path, tmp_path: Path) -> None:
    script, file = _made(home, tmp_path / "script")
    assert script.run("apply").status == 0
    drift(file)
    before = tree(home)
    ended = script.run("undo")
    assert ended.status == 5 and "nothing was changed" in ended.err, ended
    assert tree(home) == before


def test_undo_removes_only_the_folders_that_it_made_and_that_are_empty(home: Path, tmp_path: Path) -> None:
    script, file = _made(home, tmp_path / "script")
    (home / "a").mkdir()
    assert script.run("apply").status == 0
    assert script.run("undo").status == 0
    assert (home / "a").is_dir() and not (home / "a/b").exists()
    assert script.run("apply").status == 0
    (file.with_name("mine")).write_text("")
    assert script.run("undo").status == 0
    assert not file.exists() and file.with_name("mine").exists()
    before = tree(home)
    assert "nothing was changed" in script.run("undo").out
    assert tree(home) == before


def test_a_file_that_was_removed_by_hand(home: Path, tmp_path: Path) -> None:
    before_all = tree(home)
    script = script_of(prepared_of(new_file(home, "a/b/new")), tmp_path / "script")
    assert script.run("apply").status == 0
    (home / "a/b/new").unlink()
    assert script.run("undo").status == 0
    assert tree(home) == before_all


def test_a_file_that_the_script_did_not_make_is_not_taken_away(home: Path, tmp_path: Path) -> None:
    script = script_of(prepared_of(new_file(home, "a/b/new")), tmp_path / "script")
    assert script.run("apply").status == 0
    shutil.rmtree(script.state)
    before = tree(home)
    ended = script.run("undo")
    assert ended.status == 5 and "no backup" in ended.err
    assert tree(home) == before


@pytest.mark.parametrize("word", ["apply", "undo"])
def test_killed_at_any_point_it_is_finished_or_taken_back(word: str, home: Path, tmp_path: Path) -> None:
    script, file = _made(home, tmp_path / "script")
    before = tree(home)
    assert script.run("apply").status == 0
    after = tree(home)
    assert script.run("undo").status == 0
    for at in range(1, 200):
        if word == "undo":
            assert script.run("apply").status == 0
        tools = interfering(tmp_path, at, _KILL)
        ended = script.run(word, tools=tools)
        assert not file.exists() or file.read_text() == _CONTENT
        if at % 2:
            finished = script.run("apply")
            assert finished.status == 0, (at, finished)
            assert tree(home) == after, at
        back = script.run("undo")
        assert back.status == 0, (at, back)
        assert tree(home) == before, at
        if times(tools) < at:
            assert ended.status == 0 and at > 10
            return
    pytest.fail("it never came to an end")


@pytest.mark.parametrize("act", ["exit 1", "kill -TERM $PPID"])
def test_what_fails_halfway_is_put_back(act: str, home: Path, tmp_path: Path) -> None:
    script, _ = _made(home, tmp_path / "script")
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


def test_a_name_that_another_program_takes_this_very_moment(home: Path, tmp_path: Path) -> None:
    script = script_of(prepared_of(new_file(home, "new")), tmp_path / "script")
    for number, taken in enumerate(
        (f"echo theirs >{home}/new", f"/usr/bin/ln -s nowhere {home}/new", f"/usr/bin/mkdir {home}/new")
    ):
        tools = tmp_path / f"taken{number}"
        tools.mkdir()
        (tools / "ln").write_text(f'#!/bin/bash\n{taken}\nexec /usr/bin/ln "$@"\n')
        (tools / "ln").chmod(0o755)
        ended = script.run("apply", tools=tools)
        assert ended.status == 5 and "another file has it now" in ended.err, ended
        (there,) = home.iterdir()
        assert there.name == "new" and (there.is_symlink() or there.is_dir() or there.read_text() == "theirs\n")
        if there.is_dir():
            assert not list(there.iterdir())
            there.rmdir()
        else:
            there.unlink()


def test_what_is_written_the_moment_it_is_removed_is_not_lost(home: Path, tmp_path: Path) -> None:
    script = script_of(prepared_of(new_file(home, "a/new")), tmp_path / "script")
    assert script.run("apply").status == 0
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "mv").write_text(f'#!/bin/bash\necho mine >>{home}/a/new\nexec /usr/bin/mv "$@"\n')
    (tools / "mv").chmod(0o755)
    ended = script.run("undo", tools=tools)
    assert ended.status == 5 and "could not be taken back" in ended.err, ended
    (there,) = (home / "a").iterdir()
    assert there.name == "new" and there.read_text().endswith("mine\n")


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_every_shell_makes_the_same(shell: list[str], home: Path, tmp_path: Path) -> None:
    before = tree(home)
    made = prepared_of(new_file(home))
    script = script_of(made, tmp_path / "script")
    done = script.run("apply", shell=shell)
    assert (done.status, done.err) == (0, ""), done
    assert (home / "a b/it's/new").read_bytes() == made.contents[0]
    assert script.run("undo", shell=shell).status == 0
    assert tree(home) == before


def test_a_folder_with_a_list_for_what_is_new_in_it(home: Path) -> None:
    try:
        os.setxattr(home, DEFAULT_ACL, acl((0x02, 6, 4321)))
    except OSError:
        pytest.skip("this file system keeps no access lists")
    assert "access list" in refused(CreateFile(str(home / "new"), _CONTENT)).reason


def test_a_set_group_id_folder_gives_its_bit_to_nothing(home: Path, tmp_path: Path) -> None:
    home.chmod(0o2755)
    script = script_of(prepared_of(new_file(home, "a/b/new")), tmp_path / "script")
    done = script.run("apply")
    assert done.status == 0, done
    assert (home / "a/b").stat().st_mode & 0o7777 == 0o700


def test_what_was_written_and_then_moved_aside_by_a_killed_undo_comes_back(home: Path, tmp_path: Path) -> None:
    script, file = _made(home, tmp_path / "script")
    assert script.run("apply").status == 0
    passing = next(line for line in script.text.splitlines() if "staged='.new." in line).split("'")[1]
    file.write_text("precious")
    file.rename(file.with_name(f"{passing}.aside"))
    script.run("undo")
    assert file.read_text() == "precious"
    assert [each.name for each in file.parent.iterdir()] == ["new"]
