"""Started as root: only from files that nobody but root can write is anything changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.support import require_root
from workbench.exits import Exit
from workbench.installation import other_hand

ROOT = Path(__file__).parents[2]
STRANGER = 65534

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("processes")]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    require_root()
    place = tmp_path / "program.py"
    place.write_text("pass\n")
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid != 0 or (folder.stat().st_mode & 0o022 and not folder.stat().st_mode & 0o1000):
            pytest.fail(f"the temporary directory {folder} is not root's alone, so this cannot be told apart")
    return place


def test_what_only_root_can_write_is_fine(program: Path) -> None:
    assert other_hand([str(program)]) == ""


def test_a_file_of_another_account_is_told(program: Path) -> None:
    os.chown(program, STRANGER, -1)
    assert other_hand([str(program)]) == f"{program} belongs to the account nobody"


def test_a_directory_above_of_another_account_is_told(program: Path) -> None:
    os.chown(program.parent, 54321, -1)
    assert other_hand([str(program)]) == f"{program.parent} belongs to another account (uid 54321)"


@pytest.mark.parametrize(("mode", "group", "wrong"), [(0o666, 0, True), (0o664, STRANGER, True), (0o664, 0, False)])
def test_a_mode_that_lets_others_write_is_told(program: Path, mode: int, group: int, wrong: bool) -> None:
    os.chown(program, 0, group)
    program.chmod(mode)
    expected = f"{program} can be written by other accounts (mode {mode:04o})" if wrong else ""
    assert other_hand([str(program)]) == expected


def test_a_file_in_a_shared_directory_is_fine_only_where_others_cannot_replace_it(program: Path) -> None:
    program.parent.chmod(0o1777)
    assert other_hand([str(program)]) == ""
    program.parent.chmod(0o777)
    assert "can be written by other accounts (mode 0777)" in other_hand([str(program)])


def test_the_target_of_a_link_counts_as_well(program: Path) -> None:
    folder = program.parent / "elsewhere"
    folder.mkdir()
    (folder / "real.py").write_text("")
    os.chown(folder / "real.py", STRANGER, -1)
    program.unlink()
    program.symlink_to("elsewhere/real.py")
    assert other_hand([str(program)]) == f"{folder / 'real.py'} belongs to the account nobody"


def test_all_code_below_a_folder_counts_and_so_does_what_it_lies_in(program: Path) -> None:
    folder = program.parent / "code"
    deep = folder / "one" / "two"
    deep.mkdir(parents=True)
    files = [folder / "first.py", folder / "last.py", deep / "deep.py", deep / "other.py"]
    for file in files:
        file.write_text("pass\n")
    (folder / "notes.txt").write_text("")
    os.chown(folder / "notes.txt", STRANGER, -1)  # it is not run
    (folder / "gone.py").symlink_to(program.parent / "theirs" / "gone.py")  # it leads nowhere

    def told() -> str:
        return other_hand((), [str(folder)])

    assert told() == ""
    for place in (*files, deep, folder / "one", folder, program.parent):
        os.chown(place, STRANGER, -1)
        assert told() == f"{place} belongs to the account nobody"
        os.chown(place, 0, -1)
    (program.parent / "theirs").mkdir()
    (program.parent / "theirs" / "gone.py").write_text("")
    os.chown(program.parent / "theirs", STRANGER, -1)
    assert told() == f"{program.parent / 'theirs'} belongs to the account nobody"
    (folder / "gone.py").unlink()
    assert told() == ""


@pytest.mark.parametrize("theirs", [True, False], ids=["of another account", "of root"])
def test_a_workbench_that_another_account_can_write_repairs_nothing_as_root(tmp_path: Path, theirs: bool) -> None:
    require_root()
    installed, home = tmp_path / "installed", tmp_path / "home"
    for name in ("workbench", "checks", "fixes"):
        shutil.copytree(ROOT / name, installed / name, ignore=shutil.ignore_patterns("__pycache__"))
    config = home / ".gemini/settings.json"
    config.parent.mkdir(parents=True)
    config.write_text('{"mcpServers": {"memory": {"command": "/usr/bin/true", "trust": true}}}')
    if theirs:
        os.chown(installed / "checks/clients", 1234, -1)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(installed)}
        command = [sys.executable, "-P", "-m", "workbench", *arguments]
        return subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False)

    report = json.loads(run("--headless", "--json").stdout)
    found = [each for each in report["findings"] if each["check"] == "clients/auto-approve"]
    planned = run("plan", found[0]["identity"], "--json")
    (tmp_path / "plan.json").write_text(planned.stdout)
    applied = run("apply", str(tmp_path / "plan.json"))
    if theirs:
        assert "this workbench runs as root" in planned.stderr
        assert "uid 1234" in planned.stderr
        assert (applied.returncode, "trust" in config.read_text()) == (Exit.REFUSED, True)
        assert "nothing was changed" in applied.stdout + applied.stderr
    else:
        assert "runs as root" not in planned.stderr
        assert (applied.returncode, "trust" in config.read_text()) == (Exit.CLEAN, False), (
            applied.stdout + applied.stderr
        )
