"""The script of a plan does what the workbench does, takes it back, and leaves everything else alone."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.host.client_homes import TOKEN
from tests.plugins.loading import plugins
from tests.repair.script_cases import FIXES, new_file
from tests.repair.scripts import FINDING, Script, prepared_of, refused, script_of
from tests.repair.support import ACL, DEFAULT_ACL, SECRET, acl, config, edit, mode, plan, tree, written
from workbench.model.operations import EditLine, EditRootFile, EditValue, KeepSecret, Operation, ReplaceSecret
from workbench.repair.fingerprint import Fingerprint
from workbench.repair.paths import Refused
from workbench.repair.prepare import Prepared
from workbench.repair.staged import StagedFile, StagedRoot
from workbench.repair.transaction import apply
from workbench.report.plan_file import document
from workbench.report.script import as_script
from workbench.report.script.forms import step
from workbench.report.script.pieces import pieces

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="repairs are made on Linux only")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir(mode=0o755)
    return tmp_path / "home"


def proven(home: Path, script: Script, made: Prepared) -> None:
    """Apply, again, undo, again; then the workbench itself: each leaves the very same tree."""
    before = tree(home)
    looked = script.run()
    assert (looked.status, looked.err) == (0, "") and "Nothing was done" in looked.out
    assert tree(home) == before and not script.state.exists()
    done = script.run("apply")
    assert (done.status, done.err) == (0, ""), done
    after = tree(home)
    assert after != before
    for operation, content in zip(made.operations, made.contents, strict=True):
        if content:
            assert Path(operation.real).read_bytes() == content
    again = script.run("apply")
    assert again.status == 0 and "nothing was changed" in again.out
    assert tree(home) == after
    for place in (script.state, *script.state.rglob("*")):
        assert place.stat().st_mode & 0o077 == 0, place
    back = script.run("undo")
    assert (back.status, back.err) == (0, ""), back
    assert tree(home) == before
    assert "nothing was changed" in script.run("undo").out
    assert tree(home) == before
    assert script.run("apply").status == 0 and tree(home) == after
    assert script.run("undo").status == 0 and tree(home) == before
    by_workbench = apply(prepared_of(made.plan), home.parent / "journal", lambda: "")
    assert by_workbench.state == "applied", by_workbench.message
    assert tree(home) == after


@pytest.mark.parametrize("name", FIXES)
def test_each_fix_as_a_script_is_as_the_workbench_does_it(name: str, home: Path, tmp_path: Path) -> None:
    made = prepared_of(FIXES[name](home))
    assert made.plan.fix in (name.partition(",")[0], "area/fix")
    script = script_of(made, tmp_path / "script")
    assert TOKEN not in script.text
    proven(home, script, made)


def test_the_cases_are_of_fixes_that_there_are() -> None:
    known = {name.partition(",")[0] for name in FIXES}
    assert known <= set(plugins().fixes)


def test_a_kind_without_a_form_is_refused_in_words(home: Path) -> None:
    class StagedOther:
        path = "/x"

    with pytest.raises(Refused, match="this plan has no script form: what it does with /x"):
        step(1, StagedOther(), b"")


def test_what_moves_a_secret_is_refused_also_where_the_secret_is_kept_already(home: Path, tmp_path: Path) -> None:
    pointer = ("mcpServers", "files", "env", "API_KEY")
    file = written(home)
    kept, reference = home / "secrets/files.env", "${env:API_KEY}"
    put = ReplaceSecret(str(file), "jsonc", pointer, json.dumps(reference))
    keep = KeepSecret(str(kept), "env file", "API_KEY", str(file), "jsonc", pointer)
    why = refused(keep, put)
    assert "moves a secret, which no script may hold" in why.reason and "workbench apply" in why.instead
    kept.parent.mkdir(mode=0o700)
    kept.write_text(f"API_KEY={SECRET}\n")
    kept.chmod(0o600)
    assert refused(keep, put) == why


def test_a_file_of_roots_is_refused_in_words() -> None:
    now = Fingerprint("file", 1, 2, 0o440, 0, 0, 1, 1, 1, "0" * 64)
    there = EditRootFile("/etc/sudoers.d/mcp", "sudoers", 1, ("a",), ("b",))
    with pytest.raises(Refused, match=r"/etc/sudoers\.d/mcp is root's, and no script could bring it back") as raised:
        step(1, StagedRoot(there.path, there.path, now, "1" * 64, there), b"b\n")
    assert raised.value.instead


def test_a_file_that_goes_or_holds_a_secret_is_refused(home: Path) -> None:
    (made,) = prepared_of(new_file(home)).operations
    assert isinstance(made, StagedFile)
    there = Fingerprint("file", 1, 2, 0o600, 0, 0, 1, 1, 1, "0" * 64)
    for operation in (replace(made, before=there), replace(made, secret=True), replace(made, uid=os.geteuid() + 1)):
        with pytest.raises(Refused):
            step(1, operation, b"")


def test_a_folder_that_others_can_write(home: Path) -> None:
    file = written(home)
    home.chmod(0o777)
    assert "other accounts can write" in refused(edit(file)).reason
    assert "other accounts can write" in refused(mode(written(home, "a", mode=0o666))).reason
    home.chmod(0o1777)
    assert isinstance(as_script(*_document(edit(file))), str)


def _document(*operations: Operation) -> tuple[Any, Any, Any]:
    made = prepared_of(plan(*operations))
    return document(made, {}), made, FINDING


def test_attributes_and_access_lists_are_kept(home: Path, tmp_path: Path) -> None:
    file = written(home, mode=0o640)
    try:
        os.setxattr(file, "user.mine", b"1")
        os.setxattr(file, ACL, acl((0x02, 4, 4321)))
    except OSError:
        pytest.skip("this file system keeps no attributes")
    made = prepared_of(plan(edit(file)))
    script = script_of(made, tmp_path / "script")
    assert "--preserve=mode,ownership,xattr" in script.text
    proven(home, script, made)


def test_what_a_folder_gives_new_files_is_not_given(home: Path, tmp_path: Path) -> None:
    file = written(home, mode=0o640)
    try:
        os.setxattr(home, DEFAULT_ACL, acl((0x02, 6, 4321)))
    except OSError:
        pytest.skip("this file system keeps no access lists")
    made = prepared_of(plan(edit(file)))
    proven(home, script_of(made, tmp_path / "script"), made)


def test_a_read_only_file_and_every_odd_mode(home: Path, tmp_path: Path) -> None:
    for number, bits in enumerate((0o400, 0o444, 0o660, 0o2750, 0o4755, 0o666)):
        file = written(home, f"{number}.json", mode=bits)
        made = prepared_of(plan(edit(file)))
        proven(home, script_of(made, tmp_path / f"script{number}"), made)


def test_a_secret_in_new_bytes_is_refused(home: Path) -> None:
    before = config()
    change = edit(Path("/x"), f"--key={SECRET}")
    after = before.replace(b'"pkg"', f'"--key={SECRET}"'.encode())
    with pytest.raises(Refused, match="looks like a secret"):
        pieces(before, after, (change,))


def test_pieces_name_nothing_between_two_edits() -> None:
    before = json.dumps({"a": "x", "secret": "S" * 50, "b": "y"}).encode()
    edits = (
        EditValue("/x", "json", ("b",), "y", "why"),
        EditValue("/x", "json", ("a",), "x", "longer than it was"),
    )
    after = before.replace(b'"y"', b'"why"').replace(b'"x"', b'"longer than it was"')
    made = pieces(before, after, edits)
    assert b"S" not in b"".join(piece for piece in made if isinstance(piece, bytes))
    lines = b"one\ntwo S\nthree\n"
    line_edits = (EditLine("/x", "environment", 1, "one", "1"), EditLine("/x", "environment", 3, "three", "3"))
    made = pieces(lines, b"1\ntwo S\n3\n", line_edits)
    assert [piece for piece in made if isinstance(piece, bytes)] == [b"1", b"3"]
