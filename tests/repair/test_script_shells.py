"""In every shell a script writes the very same bytes, and no name or text is more than that."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.repair.scripts import FINDING, SHELLS, Script, prepared_of, script_of
from tests.repair.support import config, edit, mode, plan, tree, values, written
from workbench.model.finding import Evidence
from workbench.model.operations import Operation, RemoveValue, SetValue
from workbench.repair.fingerprint import read
from workbench.repair.paths import spot
from workbench.report.plan_file import document
from workbench.report.script import as_script
from workbench.report.script.shell import assigned, comment, printed, quoted

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="repairs are made on Linux only")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir(mode=0o755)
    return tmp_path / "home"


_FIRST = ("mcpServers", "files", "args", 0)
OPERATIONS: dict[str, Callable[[Path], tuple[Operation, ...]]] = {
    "a string": lambda file: (edit(file),),
    "values around a secret": values,
    "two edits on both sides of a secret": lambda file: (
        edit(file),
        SetValue(str(file), "jsonc", ("mcpServers", "files", "disabled"), "true"),
    ),
    "nothing but a removal": lambda file: (RemoveValue(str(file), "jsonc", ("mcpServers", "files", "env")),),
    "every byte that a shell reads": lambda file: (
        edit(file, 'it\'s "$(touch /tmp/never)" `id` %s %% \\n \\047 é \U0001f600 !x ~ $IFS'),
    ),
    "a new value that looks like an option": lambda file: (edit(file, "-n"), edit(file, "--", "-y", pointer=_FIRST)),
}


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_shell_writes_the_same_bytes(name: str, shell: list[str], home: Path, tmp_path: Path) -> None:
    file = written(home, mode=0o640)
    other = written(home, "other.json", mode=0o666)
    operations = OPERATIONS[name](file)
    made = prepared_of(plan(*operations, mode(other)))
    script, before = script_of(made, tmp_path / "script"), tree(home)
    done = script.run("apply", shell=shell)
    assert (done.status, done.err) == (0, ""), done
    assert file.read_bytes() == made.contents[0] and other.stat().st_mode & 0o777 == 0o600
    assert script.run("undo", shell=shell).status == 0
    assert tree(home) == before


HOSTILE = [
    "it's",
    '"; touch never; "',
    "$(touch never)",
    "`touch never`",
    "-rf",
    "a\nb",
    "a\n",
    "\n# x\ntouch never\n",
    "back\\slash\\n%s%d",
    "*",
    "caf\u00e9 \udcff",
    "\x1b[2J",
    "a'\n'; touch never; '",
    "{a,b}",
    "~",
    "!",
    " ",
    "=x",
]


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_no_name_is_more_than_a_name(shell: list[str], home: Path, tmp_path: Path) -> None:
    """The names are those of real folders and files; a plan refuses those that cannot be shown before this does."""
    for number, name in enumerate(HOSTILE):
        folder = os.fsencode(home) + b"/" + os.fsencode(name)
        os.mkdir(folder)
        file = os.fsdecode(folder + b"/" + os.fsencode(f"f{name}"))
        with open(file, "wb") as opened:
            opened.write(config())
        os.chmod(file, 0o600)
        script = _of_hostile(file, tmp_path / f"script{number}")
        before = tree(home)
        done = script.run("apply", shell=shell)
        assert done.status == 0, (name, done)
        assert Path(file).read_bytes() == config().replace(b'"pkg"', b'"pkg@1.2.3"'), name
        assert script.run("undo", shell=shell).status == 0
        assert tree(home) == before
        assert not list(home.rglob("never")) and not Path("/never").exists()
        os.remove(file)


def _of_hostile(file: str, folder: Path) -> Script:
    """The script of one edit of a file whose name no plan would take."""
    plain = written(folder.parent, f"{folder.name}.json")
    made = prepared_of(plan(edit(plain)))
    (staged,) = made.operations
    with spot(file) as place:
        fingerprint, _ = read(place)
    moved: Any = replace(staged, path=file, real=file, before=fingerprint)
    hostile = replace(made, operations=(moved,), changes=tuple(replace(each, words=file) for each in made.changes))
    plain.unlink()
    text = as_script(document(hostile, {}), hostile, _finding(file))
    assert isinstance(text, str), text
    assert all(line.startswith("#") for line in text.split("\n\n# Only programs")[0].split("\n"))
    folder.mkdir()
    return Script(text, folder)


def _finding(text: str) -> Any:
    return replace(FINDING, summary=text, evidence=(Evidence(text, text, ("ls", text)),))


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_any_bytes_come_out_as_they_went_in(shell: list[str]) -> None:
    samples = [bytes(range(256)), b"\x0012\x007", b"-n\n-e\n", b"%d\\c\\0101", b"'\"'\n", b"a\r\nb\rc\n\n", b"--"]
    for sample in samples:
        done = subprocess.run([*shell, "-c", "\n".join(printed(sample))], capture_output=True, check=True)
        assert done.stdout == sample
        name = sample.replace(b"\0", b"") + b"\n\n"
        text = f'{assigned("a", name)}\nprintf %s "$a"'
        done = subprocess.run([*shell, "-c", text], capture_output=True, check=True)
        assert done.stdout == name
    for text in ("it's", "$(id)", "`id`", "é\n", "\\"):
        shown = subprocess.check_output([*shell, "-c", f"printf %s {quoted(text)}"], text=True)
        assert shown.replace("\\x0a", "\n").replace("\\xe9", "é") == text


def test_a_comment_stays_one_whatever_it_says() -> None:
    for text in ("a\nrm -rf x", "a\r\nb", "a\u2028b", "\x1b[2J", "x" * 500, "a\x85b\x0bc", ""):
        assert all(line.startswith("#") and line.isascii() and line.isprintable() for line in comment(text))
