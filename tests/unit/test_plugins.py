"""The plugin loader: ids, lessons, trust, and broken plugins that break nothing else."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from workbench.model.check import Origin
from workbench.plugins import HEADINGS, LatePlugins, load, user_folder

ROOT = Path(__file__).parents[2]
LESSON = "A title.\n\n" + "\n\n".join(f"{heading}\n{'-' * len(heading)}\nWords." for heading in HEADINGS)
CODE = f'''"""{LESSON}
"""
from workbench.api import NotApplicable, Severity, check

@check(title="mine", severities=(Severity.LOW,), needs=("session",))
def mine(snapshot):
    yield NotApplicable("nothing here")
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


def write(folder: Path, name: str = "session/mine", code: str = CODE, kind: str = "checks") -> Path:
    file = folder / kind / f"{name}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    for made in (folder / kind, file.parent):
        made.chmod(0o755)
    file.write_text(code)
    file.chmod(0o644)
    return file


def test_the_built_in_plugins_all_load() -> None:
    plugins = load()
    assert plugins.broken == ()
    assert len(plugins.checks) >= 16
    assert {"files/restrict-mode", "sockets/restrict-mode", "clients/pin-version"} <= set(plugins.fixes)


def test_every_fix_names_checks_that_exist() -> None:
    plugins = load()
    for fix in plugins.fixes.values():
        assert set(fix.repairs) <= set(plugins.checks), fix.id


def test_a_plugin_imports_the_api_and_nothing_else_of_the_workbench() -> None:
    for file in [*(ROOT / "checks").rglob("*.py"), *(ROOT / "fixes").rglob("*.py")]:
        for line in file.read_text().splitlines():
            imported = re.match(r"\s*(?:from|import)\s+(workbench\S*)", line)
            assert imported is None or imported.group(1) == "workbench.api", f"{file}: {line}"


def test_a_users_plugin_is_loaded_by_its_path(folder: Path) -> None:
    write(folder)
    plugins = load([folder])
    assert plugins.broken == ()
    assert plugins.checks["session/mine"].origin is Origin.USER
    assert plugins.checks["session/mine"].lesson.startswith("A title.")


def test_two_user_folders_do_not_mix(folder: Path) -> None:
    write(folder / "a", "session/one")
    write(folder / "b", "session/two")
    for made in (folder / "a", folder / "b"):
        made.chmod(0o755)
    assert {"session/one", "session/two"} <= set(load([folder / "a", folder / "b"]).checks)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise RuntimeError('boom')", "RuntimeError: boom"),
        ("import sys; sys.exit(3)", "end the program"),
        ("def broken(:", "SyntaxError"),
        ('"""No check here."""', "exactly one check"),
        (CODE.replace("Why it matters", "Why"), "lacks the heading 'Why it matters'"),
        (CODE.replace("def mine", "def other") + CODE.split('"""\n', 1)[1], "exactly one check"),
    ],
)
def test_a_broken_plugin_is_a_row_and_the_rest_loads(folder: Path, code: str, words: str) -> None:
    write(folder, "session/broken", code)
    write(folder)
    plugins = load([folder])
    assert "session/mine" in plugins.checks
    assert [words in broken.reason for broken in plugins.broken] == [True], plugins.broken


def test_an_id_is_taken_only_once(folder: Path) -> None:
    write(folder, "session/umask")
    plugins = load([folder])
    assert "taken already" in plugins.broken[0].reason
    assert plugins.checks["session/umask"].origin is Origin.BUILT_IN


def test_a_bad_file_name_is_no_id(folder: Path) -> None:
    write(folder, "session/Bad__Name")
    assert "no id" in load([folder]).broken[0].reason


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777])
def test_a_folder_that_others_can_write_is_refused(folder: Path, mode: int) -> None:
    write(folder)
    (folder / "checks").chmod(mode)
    plugins = load([folder])
    assert "session/mine" not in plugins.checks
    assert "can be written by other accounts" in plugins.broken[0].reason
    assert "chmod go-w" in plugins.broken[0].reason


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_g21_a_file_that_others_can_write_is_refused(folder: Path, mode: int) -> None:
    write(folder).chmod(mode)
    assert "session/mine" not in load([folder]).checks


def test_a_parent_that_others_can_write_is_refused(folder: Path) -> None:
    write(folder)
    folder.chmod(0o777)
    assert "session/mine" not in load([folder]).checks


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a file away")
def test_g21_what_belongs_to_another_account_is_refused(folder: Path) -> None:
    os.chown(write(folder), 65534, 65534)
    reason = load([folder]).broken[0].reason
    assert "belongs to another account (uid 65534), which could change what runs as you" in reason
    assert reason.endswith("; copy the plugins to a place of your own")


@pytest.mark.parametrize("name", ["_helper.py", "__pycache__", "__pycache__/mine.cpython-311.pyc", "__init__.py"])
def test_what_a_plugin_would_run_beside_itself_is_held_to_the_same(folder: Path, name: str) -> None:
    beside = write(folder).parent / name
    beside.parent.mkdir(exist_ok=True)
    beside.parent.chmod(0o755)
    if name == "__pycache__":
        beside.mkdir()
    else:
        beside.touch()
    beside.chmod(0o777)
    plugins = load([folder])
    assert "session/mine" not in plugins.checks
    assert "can be written by other accounts" in plugins.broken[0].reason
    beside.chmod(0o755)
    assert "session/mine" in load([folder]).checks


def test_a_link_is_refused(folder: Path) -> None:
    file = write(folder)
    (folder / "checks" / "session" / "linked.py").symlink_to(file)
    plugins = load([folder])
    assert "session/linked" not in plugins.checks
    assert "symbolic link" in plugins.broken[0].reason


def test_nothing_is_loaded_from_the_working_directory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder)
    monkeypatch.chdir(folder)
    assert "session/mine" not in load().checks


def test_where_the_users_plugins_lie() -> None:
    assert user_folder({"XDG_CONFIG_HOME": "/x"}, Path("/home/dev")) == Path("/x/workbench")
    assert user_folder({"XDG_CONFIG_HOME": "relative"}, Path("/home/dev")) == Path("/home/dev/.config/workbench")
    assert user_folder({}, Path("/home/dev")) == Path("/home/dev/.config/workbench")


def test_the_template_in_contributing_is_a_check_that_runs(folder: Path) -> None:
    from tests import builders
    from workbench.model.report import Status
    from workbench.model.session import SessionFacts
    from workbench.scan import run_check

    text = (ROOT / "CONTRIBUTING.md").read_text()
    code = text.split("```python\n", 1)[1].split("```", 1)[0]
    name = re.search(r"checks/(\w+/\w+)\.py", text)
    assert name is not None
    write(folder, name.group(1), code)
    plugins = load([folder])
    assert plugins.broken == ()
    made = plugins.checks[name.group(1).replace("_", "-")]
    for umask, status in ((0o000, Status.FOUND), (0o077, Status.PASSED)):
        facts = SessionFacts(builders.COMPLETE, umask=umask)
        assert run_check(made, builders.snapshot(session=facts)).status is status


def test_late_plugins_are_those_that_are_loaded_when_one_is_asked_for() -> None:
    late, loaded = LatePlugins(), load()
    assert not late.ready and loaded.ready
    assert set(late.checks) == set(loaded.checks) and late.ready
    assert set(late.fixes) == set(loaded.fixes) and late.broken == loaded.broken
    assert late.checks is late.checks
    assert late.repairs_of("clients/unpinned-package") == loaded.repairs_of("clients/unpinned-package")
