"""Prepare shows exactly what will be done, and refuses what would not be safe."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from tests.repair.support import SECRET, config, edit, mode, plan, prepared, refusal, tree, written
from workbench.host.files import READ_LIMIT
from workbench.model.operations import EditValue, SetMode
from workbench.model.plan import Refusal
from workbench.repair.prepare import prepare


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


def test_g2_it_shows_the_exact_bytes_and_writes_nothing(home: Path) -> None:
    file = written(home)
    before = tree(home)
    made = prepared(edit(file))
    assert made.contents == (config().replace(b'"pkg"', b'"pkg@1.2.3"'),)
    (change,) = made.changes
    assert change.path == str(file)
    assert change.words == "replace 'pkg' by 'pkg@1.2.3' at mcpServers.files.args.1"
    assert [line for line in change.diff.splitlines() if line[:1] in "-+" and line[:3] not in ("---", "+++")] == [
        '-        "files": {"command": "npx",   "args": ["-y", "pkg", "/srv/data"],',
        '+        "files": {"command": "npx",   "args": ["-y", "pkg@1.2.3", "/srv/data"],',
    ]
    assert tree(home) == before


def test_it_shows_the_modes(home: Path) -> None:
    (change,) = prepared(mode(written(home, mode=0o664))).changes
    assert (change.mode_before, change.mode_after, change.diff) == (0o664, 0o600, "")
    assert change.words.endswith("from 0664 to 0600")


def test_the_bytes_are_in_no_repr(home: Path) -> None:
    made = prepared(edit(written(home)))
    assert SECRET in made.contents[0].decode("utf-8-sig")
    assert SECRET not in repr(made)


def test_an_empty_plan_is_refused() -> None:
    assert "no operation" in refusal().reason


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("relative.json", "not an absolute path"),
        ("/", "not an absolute path"),
        ("/tmp/../etc/x", "not an absolute path"),
        ("//etc/x", "not an absolute path"),
        ("/tmp/a\u202eb", "characters that cannot be shown"),
        ("/tmp/a\x1b[2J", "characters that cannot be shown"),
        ("/tmp/\udc80", "characters that cannot be shown"),
    ],
)
def test_a_path_that_is_not_what_it_seems_is_refused(name: str, said: str) -> None:
    made = refusal(SetMode(name, 0o600, 0o644, 1, 1))
    assert said in made.reason
    assert "\x1b" not in made.reason and "\u202e" not in made.reason


def test_what_is_gone_or_replaced_or_changed_is_refused(home: Path) -> None:
    file = written(home, mode=0o644)
    wanted = mode(file)
    assert "does not exist" in refusal(replace(wanted, path=str(home / "gone"))).reason
    assert "does not exist" in refusal(replace(wanted, path=str(home / "no" / "such"))).reason
    assert "replaced since" in refusal(replace(wanted, expect_inode=wanted.expect_inode + 1)).reason
    assert "replaced since" in refusal(replace(wanted, expect_device=wanted.expect_device + 1)).reason
    assert "is 0644, not 0640" in refusal(replace(wanted, expect_mode=0o640)).reason
    assert refusal(edit(file, expect="other")).reason
    assert refusal(edit(file, pointer=("mcpServers", "nobody", "args", 1))).reason


def test_a_mode_that_opens_is_refused(home: Path) -> None:
    file = written(home, mode=0o640)
    for wanted in (0o644, 0o660, 0o4600, 0o2600, 0o10600):
        assert "would give other accounts more" in refusal(mode(file, wanted)).reason
    assert "already has" in refusal(mode(file, 0o640)).reason
    assert prepared(mode(written(home, "locked", mode=0o066), 0o600))


def test_hard_links(home: Path) -> None:
    file = written(home, mode=0o664)
    os.link(file, home / "second")
    assert "2 names (hard links)" in refusal(edit(file)).reason
    if os.geteuid() == 0:
        assert "2 names (hard links)" in refusal(mode(file)).reason


def test_only_regular_files_are_edited(home: Path) -> None:
    (home / "folder").mkdir()
    os.mkfifo(home / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(home / "sock"))
        for name, kind in (("folder", "directory"), ("fifo", "fifo"), ("sock", "socket")):
            assert f"is a {kind}, not a regular file" in refusal(edit(home / name)).reason
    assert "only the mode of a file" in refusal(mode(home / "fifo", 0)).reason


def test_a_directory_that_accounts_share_is_refused(home: Path) -> None:
    shared = home / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    assert "accounts share (sticky)" in refusal(mode(shared, 0o1755)).reason


def test_a_huge_file_is_refused(home: Path) -> None:
    file = written(home)
    os.truncate(file, READ_LIMIT + 1)
    assert "larger than 20 MiB" in refusal(edit(file)).reason


def test_a_link_in_a_directory_that_others_can_write_is_refused(home: Path) -> None:
    file = written(home, mode=0o644)
    door = home / "door"
    door.mkdir()
    (door / "mcp.json").symlink_to(file)
    for opened in (0o777, 0o1777):
        door.chmod(opened)
        for wanted in (edit(door / "mcp.json"), replace(mode(file), path=str(door / "mcp.json"))):
            made = refusal(wanted)
            assert "another account can replace it" in made.reason
            assert made.instead.startswith("close that directory first: chmod go-w")
    door.chmod(0o755)
    assert prepared(edit(door / "mcp.json"))


def test_a_loop_of_links_is_refused(home: Path) -> None:
    (home / "a").symlink_to("b")
    (home / "b").symlink_to("a")
    assert "loop" in refusal(edit(home / "a")).reason


def test_a_link_that_leads_nowhere_is_refused(home: Path) -> None:
    (home / "a").symlink_to("missing")
    assert "does not exist" in refusal(edit(home / "a")).reason
    (home / "b").symlink_to("missing/more")
    assert "does not exist" in refusal(edit(home / "b")).reason


def test_one_file_under_two_names_is_refused(home: Path) -> None:
    file = written(home, mode=0o644)
    (home / "again").symlink_to("mcp.json")
    made = prepare(plan(mode(file), edit(home / "again")))
    assert isinstance(made, Refusal) and "the same file under different names" in made.reason
    made = prepare(plan(mode(file), edit(file)))
    assert isinstance(made, Refusal) and "two operations of the plan change" in made.reason


def test_a_document_that_does_not_parse_is_refused(home: Path) -> None:
    file = written(home, content=b'{"mcpServers": {' + SECRET.encode())
    made = refusal(edit(file))
    assert SECRET not in made.reason + made.instead


@pytest.mark.parametrize("field", ["expect", "value"])
def test_a_plan_never_moves_a_secret(field: str, home: Path) -> None:
    file = written(home)
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2
    wanted: dict[str, str] = {"expect": SECRET, "value": "x"}
    wanted[field] = token
    pointer = ("mcpServers", "files", "env", "API_KEY")
    made = refusal(EditValue(str(file), "jsonc", pointer, wanted["expect"], wanted["value"]))
    assert "looks like a secret" in made.reason
    assert token not in made.reason + made.instead


def test_an_edit_that_is_done_already_is_refused(home: Path) -> None:
    assert refusal(edit(written(home), "pkg", "pkg"))


def test_another_platform_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = edit(written(home))
    monkeypatch.setattr("workbench.repair.prepare.sys.platform", "darwin")
    made = prepare(plan(wanted))
    assert isinstance(made, Refusal) and "Linux only" in made.reason and "by hand" in made.instead
