"""Single lines of startup files: what is shown of them, and that a plan may say nothing else."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.repair.support import mode, prepared, refusal, tree, written
from workbench.model.operations import EditLine, EditValue, RestoreLine
from workbench.model.run import RunState
from workbench.repair.lines import lines_edited
from workbench.repair.paths import Refused
from workbench.repair.preview import diff
from workbench.repair.recovering import recover
from workbench.repair.transaction import apply

ADDED = EditLine("P", "sh", value="umask 077")


def diff_of(before: str, after: str, *edits: EditLine) -> list[str]:
    """The diff without its two lines of names."""
    return diff("/home/me/.profile", before.encode(), after.encode(), edits or (ADDED,)).split("\n")[2:]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("a\n", "a\numask 077\n", ["@@ -2,0 +2,1 @@", "+umask 077"]),
        ("a", "a\numask 077", ["@@ -2,0 +2,1 @@", "+umask 077"]),
        ("a\nb\nc\nd\n", "a\nc\nd\n", ["@@ -2,1 +2,0 @@", "-b"]),
        ("a\nb\nc\nd\n", "a\nx\nc\nd\n", ["@@ -2,1 +2,1 @@", "-b", "+x"]),
        ("a\nb\nc\nd\n", "a\nd\n", ["@@ -2,2 +2,0 @@", "-b", "-c"]),
        ("b\na\nb\n", "x\na\ny\n", ["@@ -1,1 +1,1 @@", "-b", "+x", "@@ -3,1 +3,1 @@", "-b", "+y"]),
        ("a\x1b[2Jb\n", "c\n", ["@@ -1,1 +1,1 @@", "-a\\x1b[2Jb", "+c"]),
    ],
)
def test_only_the_lines_that_change_are_shown(before: str, after: str, shown: list[str]) -> None:
    assert diff_of(before, after) == shown


def test_what_a_plan_may_not_say_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, ".profile", b"a\nb\n")
    path = str(file)
    for operations, said in (
        ((EditLine(path, "sh", 1, "a", "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"),), "looks like a secret"),
        ((EditLine(path, "sh", value="x\ny"),), "looks like a secret"),
        ((RestoreLine(path, "sh", EditLine(path, "sh", 1, "a", "b")),), "only an undo"),
        ((EditLine(path, "sh", 1, "a", "c"), EditLine(path, "sh", 1, "a", "d")), "same part"),
        ((EditLine(path, "sh", value="c"), EditLine(path, "sh", value="d")), "same part"),
        ((EditLine(path, "sh", value="c"), EditValue(path, "json", ("a",), "x", "y")), "same part"),
        ((EditLine(path, "sh", 3, "c", "d"),), "no line 3"),
        ((EditLine(path, "sh", -1, "b", "d"),), "no line -1"),
        ((EditLine(path, "sh", 1, "b", "d"),), "nothing else"),
        ((EditLine(path, "sh", value="c"), mode(file)), "two operations"),
    ):
        assert said in refusal(*operations).reason
        assert file.read_bytes() == b"a\nb\n"


@pytest.mark.parametrize(
    ("meanwhile", "state", "left"),
    [
        (b"new\na\numask 077\n", RunState.APPLIED, b"new\na\numask 077\n"),
        (b"a\nnew\n", RunState.ROLLBACK_FAILED, b"a\nnew\n"),
        (b"a\n", RunState.REFUSED, b"a\n"),
    ],
)
def test_what_another_program_writes_meanwhile_stays(
    tmp_path: Path, meanwhile: bytes, state: RunState, left: bytes
) -> None:
    file = written(tmp_path, ".profile", b"a\n")

    def verify() -> str:
        file.write_bytes(meanwhile)
        return ""

    run = apply(prepared(EditLine(str(file), "sh", value="umask 077")), tmp_path / "state", verify)
    assert (run.state, file.read_bytes()) == (state, left), run.message


@pytest.mark.parametrize("why", ["it did not help", ""])
def test_everything_is_put_back_where_it_did_not_help_or_was_broken_off(tmp_path: Path, why: str) -> None:
    home, state = tmp_path / "home", tmp_path / "state"
    home.mkdir()
    file, other = written(home, ".profile", b"a\r\nb"), written(home, ".bashrc", b"x\nexport A=b\ny\n", 0o644)
    before = tree(home)
    edits = (EditLine(str(file), "sh", value="umask 077"), EditLine(str(other), "bash", 2, variable="A"))

    def verify() -> str:
        assert (file.read_bytes(), other.read_bytes()) == (b"a\r\nb\numask 077", b"x\ny\n")
        if not why:
            raise KeyboardInterrupt
        return why

    if why:
        assert apply(prepared(*edits), state, verify).state is RunState.ROLLED_BACK
    else:
        with pytest.raises(KeyboardInterrupt):
            apply(prepared(*edits), state, verify)
    assert tree(home) == before
    assert recover(state) == ()


@pytest.mark.parametrize(
    "text", ["a='\n", "cat <<E\n", "$(", "A=1 ", "A= ", 'x="', "export A=\\\n", "set -a "], ids=lambda text: text[:4]
)
def test_a_hostile_file_takes_no_time(text: str) -> None:
    content = text * 20_000
    begun = time.monotonic()
    diff_of(content, content + "\numask 077\n")
    try:
        lines_edited(content.encode(), (ADDED,))
    except Refused:
        pass
    assert time.monotonic() - begun < 10
