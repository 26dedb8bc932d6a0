"""A whole file for the person who asked for it: in one step, 0600, and over nothing that is not theirs."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from workbench.repair import own_file
from workbench.repair.own_file import make_own_folder, write_own_file
from workbench.repair.paths import Refused


def test_a_new_file_is_only_for_its_owner(tmp_path: Path) -> None:
    os.umask(before := os.umask(0))
    try:
        os.umask(0)
        write_own_file(tmp_path / "new", b"x" * 300_000)
    finally:
        os.umask(before)
    assert (tmp_path / "new").read_bytes() == b"x" * 300_000
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600


def test_the_old_file_stays_whole_until_the_new_one_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def full(handle: int, content: bytes) -> None:
        os.write(handle, content[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(own_file, "write_all", full)
    with pytest.raises(Refused, match="the disk is full"):
        write_own_file(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("kind", ["directory", "fifo", "socket", "device", "dangling"])
def test_only_a_regular_file_is_replaced(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "target"
    if kind == "directory":
        target.mkdir()
    elif kind == "fifo":
        os.mkfifo(target)
    elif kind == "socket":
        import socket

        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(target))
    elif kind == "device":
        target = Path("/dev/null")
    else:
        target.symlink_to(tmp_path / "no" / "where")
    before = target.lstat()
    with pytest.raises(Refused):
        write_own_file(target, b"x")
    assert target.lstat().st_ino == before.st_ino
    assert target.lstat().st_mode == before.st_mode


def test_a_link_of_ones_own_stays_a_link(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write_own_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_link_that_others_could_have_laid_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "open" / "link").symlink_to(tmp_path / "real")
    with pytest.raises(Refused, match="another account can replace it"):
        write_own_file(tmp_path / "open" / "link", b"new")
    assert (tmp_path / "real").read_bytes() == b"old"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make a file of another account")
def test_a_file_of_another_account_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(b"old")
    os.chown(tmp_path / "theirs", 65534, 65534)
    with pytest.raises(Refused, match="belongs to another account"):
        write_own_file(tmp_path / "theirs", b"new")
    assert (tmp_path / "theirs").read_bytes() == b"old"


def test_it_must_still_be_what_was_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"now")
    with pytest.raises(Refused, match="changed by another program"):
        write_own_file(tmp_path / "a", b"new", instead_of=b"then")
    with pytest.raises(Refused, match="changed by another program"):
        write_own_file(tmp_path / "a", b"new", instead_of=b"")
    write_own_file(tmp_path / "a", b"new", instead_of=b"now")
    write_own_file(tmp_path / "b", b"new", instead_of=b"")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == b"new"


def test_where_directories_have_no_handles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_file, "_HAS_HANDLES", False)
    write_own_file(tmp_path / "a", b"new")
    write_own_file(tmp_path / "a", b"newer", instead_of=b"new")
    assert (tmp_path / "a").read_bytes() == b"newer"
    (tmp_path / "folder").mkdir()
    with pytest.raises(Refused, match="not a regular file"):
        write_own_file(tmp_path / "folder", b"x")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a", "folder"]


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    make_own_folder(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    make_own_folder(tmp_path / "a" / "b")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refused, match="was not made"):
        make_own_folder(tmp_path / "file" / "below")
