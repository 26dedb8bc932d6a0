"""Whose clients are inspected: a named folder's, or those of every account."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from workbench.host.context import Context, Home
from workbench.host.files import CannotLook
from workbench.host.homes import with_every_home, with_home


def context(home: Path) -> Context:
    return Context("linux", home, os.getuid(), {"CODEX_HOME": "/elsewhere"}, home)


def account(name: str, folder: Path, uid: int) -> pwd.struct_passwd:
    return pwd.struct_passwd((name, "x", uid, uid, "", str(folder), "/bin/sh"))


def test_without_a_word_it_is_this_accounts() -> None:
    own = context(Path("/home/dev"))
    assert own.inspected == (Home(Path("/home/dev"), os.getuid(), own.environment),)


def test_a_named_home_stands_in_the_place_of_the_own_without_this_sessions_variables(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    found = with_home(context(tmp_path), other)
    assert found.home == other and found.inspected == (Home(other, os.getuid(), {}),)


def test_the_own_home_by_name_keeps_the_variables(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    found = with_home(context(tmp_path), tmp_path / "link")
    assert found.inspected[0].environment == {"CODEX_HOME": "/elsewhere"}


@pytest.mark.parametrize("name", ["missing", "file", "loop"])
def test_what_is_no_folder_is_refused_with_its_reason(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(CannotLook) as caught:
        with_home(context(tmp_path), tmp_path / name)
    assert caught.value.why


def test_every_home_is_each_accounts_own_folder_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    for folder in (own, other):
        folder.mkdir()
    (tmp_path / "alias").symlink_to(other)
    me = os.getuid()
    monkeypatch.setattr(
        pwd,
        "getpwall",
        lambda: [
            account("me", own, me),
            account("other", other, me),
            account("again", tmp_path / "alias", me),
            account("foreign", other, me + 1),  # a folder of someone else is nobody's home
            account("gone", tmp_path / "gone", me),
            account("nobody", Path("/"), 0),
            account("relative", Path("var"), me),
        ],
    )
    homes = with_every_home(context(own)).inspected
    assert [home.path for home in homes] == [own, other]
    assert homes[0].environment and not homes[1].environment


def test_on_windows_the_homes_lie_beside_the_own(tmp_path: Path) -> None:
    for name in ("me", "You", "Public", "Default"):
        (tmp_path / name).mkdir()
    (tmp_path / "desktop.ini").write_text("")
    (tmp_path / "All Users").symlink_to(tmp_path)
    there = Context("win32", tmp_path / "me", -1, {}, tmp_path)
    assert [home.path.name for home in with_every_home(there).inspected] == ["me", "You"]
