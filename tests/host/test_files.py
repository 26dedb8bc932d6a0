"""Bounded reading and path facts, on real files of every awkward kind."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from workbench.host.files import CannotLook, file_fact, path_fact, read_bounded


def why(path: Path | str, limit: int = 1000) -> str:
    with pytest.raises(CannotLook) as caught:
        read_bounded(path, limit)
    return caught.value.why


def test_a_regular_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 1000)
    assert read_bounded(tmp_path / "a", 1000) == b"x" * 1000
    (tmp_path / "empty").touch()
    assert read_bounded(tmp_path / "empty") == b""


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 1001)
    assert "larger than" in why(tmp_path / "a")
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.truncate(1 << 40)
    assert "larger than" in why(tmp_path / "sparse")


def test_a_fifo_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.append(why(tmp_path / "fifo")), daemon=True)
    reader.start()
    reader.join(5)
    assert said == ["it is a fifo, not a regular file"]


@pytest.mark.parametrize(("name", "words"), [("dir", "a directory"), ("absent", "does not exist"), ("a\0b", "NUL")])
def test_what_is_no_file(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "dir").mkdir()
    assert words in why(f"{tmp_path}/{name}")


def test_links(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    assert "does not exist" in why(tmp_path / "dangling")
    assert "loop" in why(tmp_path / "loop")
    with pytest.raises(CannotLook):
        path_fact(tmp_path / "loop")
    with pytest.raises(CannotLook) as caught:
        path_fact(tmp_path / "dangling")
    assert caught.value.absent


def test_a_device_is_not_read() -> None:
    assert why("/dev/zero") == "it is a device, not a regular file"


def test_a_proc_file_without_a_size_is_read() -> None:
    assert b"Umask" in read_bounded("/proc/self/status", 1 << 20)


def test_the_facts_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("x")
    file.chmod(0o640)
    fact = file_fact(file)
    status = file.stat()
    assert (fact.kind, fact.mode, fact.uid, fact.inode) == ("file", 0o640, status.st_uid, status.st_ino)
    assert fact.exact
    assert fact.acl is None


def test_a_name_that_cannot_be_shown_is_marked(tmp_path: Path) -> None:
    for name in (b"evil\x1b[2J", b"bad\xff"):
        path = os.path.join(os.fsencode(tmp_path), name)
        os.close(os.open(path, os.O_CREAT))
        fact = file_fact(os.fsdecode(path))
        assert not fact.exact
        assert fact.path.isprintable()


def test_a_path_names_every_directory_and_link_on_the_way(tmp_path: Path) -> None:
    real = tmp_path / "real" / "deep"
    real.mkdir(parents=True)
    (real / "file").touch()
    (tmp_path / "link").symlink_to("real/deep")
    (real / "up").symlink_to("../deep/file")
    fact = path_fact(tmp_path / "link" / "up")
    assert fact.file.path == str(real / "file")
    assert [directory.path for directory in fact.directories][-1] == str(real)
    assert str(tmp_path / "real") in [directory.path for directory in fact.directories]
    assert [link.path for link in fact.links] == [str(tmp_path / "link"), str(real / "up")]
    assert fact.directories[0].path == "/"


def test_an_absolute_link_starts_again_at_the_root(tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    assert path_fact(tmp_path / "link").file.path == str(tmp_path / "target")


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotLook):
        path_fact(tmp_path / "file" / "below")


def test_two_dots_lead_up_from_where_a_link_leads(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "file").touch()
    (tmp_path / "link").symlink_to("a/b")
    assert path_fact(f"{tmp_path}/link/../file").file.path == str(tmp_path / "a" / "file")
