"""Versions on disk. The layouts are those that npx, uvx, uv tool and pipx leave behind."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from workbench.host import packages
from workbench.host.packages import installed, normalised
from workbench.model.clients import InstalledPackage

FILES = "@acme/files-server"


def _npm(modules: Path, name: str, version: object, modified: float = 1000.0) -> Path:
    folder = modules / name
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"name": name, "version": version}))
    os.utime(folder, (modified, modified))
    return folder


def _python(environment: Path, name: str, version: str, modified: float = 1000.0, python: str = "python3.11") -> Path:
    folder = environment / "lib" / python / "site-packages" / f"{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    os.utime(folder, (modified, modified))
    return folder


def _look(home: Path, *names: tuple[str, str], **environment: str) -> list[tuple[str, str]]:
    found = installed(home, names, environment=environment, root=home / "system")  # type: ignore[arg-type]
    return [(item.name, item.version) for item in found]


def test_the_cache_of_npx(tmp_path: Path) -> None:
    place = _npm(tmp_path / ".npm/_npx/0cf317c41bb7e3f3/node_modules", FILES, "2025.8.21", 50.0)
    found = installed(tmp_path, [("npm", FILES)], root=tmp_path / "system")
    assert found == (InstalledPackage("npm", FILES, "2025.8.21", str(place), 50.0),)


def test_of_many_names_those_that_are_there(tmp_path: Path) -> None:
    _npm(tmp_path / "system/usr/lib/node_modules", FILES, "2.0.0", 20.0)
    _npm(tmp_path / "system/usr/lib/node_modules", "plain-server", "1.0.0", 10.0)
    others = [("npm", f"{scope}server-{number}") for number in range(50) for scope in ("", "@acme/", "@none/")]
    found = _look(tmp_path, ("npm", FILES), ("npm", "plain-server"), *others)
    assert found == [(FILES, "2.0.0"), ("plain-server", "1.0.0")]


def test_every_version_newest_first(tmp_path: Path) -> None:
    _npm(tmp_path / ".npm/_npx/a/node_modules", FILES, "1.0.0", 10.0)
    _npm(tmp_path / ".npm/_npx/b/node_modules", FILES, "3.0.0", 30.0)
    _npm(tmp_path / "system/usr/lib/node_modules", FILES, "2.0.0", 20.0)
    assert [version for _, version in _look(tmp_path, ("npm", FILES))] == ["3.0.0", "2.0.0", "1.0.0"]


@pytest.mark.parametrize(
    "folder",
    [
        ".npm-global/lib/node_modules",
        ".nvm/versions/node/v20.1.0/lib/node_modules",
        ".bun/install/global/node_modules",
        "system/usr/lib/node_modules",
        "system/usr/local/lib/node_modules",
    ],
)
def test_global_installations_of_npm(tmp_path: Path, folder: str) -> None:
    _npm(tmp_path / folder, FILES, "1.2.3")
    assert _look(tmp_path, ("npm", FILES)) == [(FILES, "1.2.3")]


def test_the_caches_that_the_environment_names(tmp_path: Path) -> None:
    _npm(tmp_path / "n/_npx/a/node_modules", FILES, "1.0.0")
    _python(tmp_path / "u/archive-v0/abc", "git_server", "2.0.0")
    _python(tmp_path / "x/uv/archive-v0/abc", "git_server", "3.0.0")
    assert _look(tmp_path, ("npm", FILES)) == []
    assert _look(tmp_path, ("npm", FILES), npm_config_cache=str(tmp_path / "n")) == [(FILES, "1.0.0")]
    asked = ("pypi", "git-server")
    assert _look(tmp_path, asked, UV_CACHE_DIR=str(tmp_path / "u")) == [("git-server", "2.0.0")]
    assert _look(tmp_path, asked, XDG_CACHE_HOME=str(tmp_path / "x")) == [("git-server", "3.0.0")]
    assert _look(tmp_path, asked, UV_CACHE_DIR="relative") == []


@pytest.mark.parametrize(
    "environment",
    [
        ".cache/uv/archive-v0/7EH8onanQeb71vj8",
        ".local/share/uv/tools/git-server",
        ".local/share/pipx/venvs/git-server",
        ".local/pipx/venvs/git-server",
        ".cache/pipx/0123456789abcde",
    ],
)
def test_environments_of_python(tmp_path: Path, environment: str) -> None:
    _python(tmp_path / environment, "git_server", "1.4.0")
    assert _look(tmp_path, ("pypi", "git-server")) == [("git-server", "1.4.0")]


@pytest.mark.parametrize("asked", ["Git.Server", "git-server", "GIT_SERVER", "git--server"])
def test_python_names_are_compared_as_pep_503_says(tmp_path: Path, asked: str) -> None:
    _python(tmp_path / ".local/share/uv/tools/x", "Git_Server", "1.4.0")
    assert _look(tmp_path, ("pypi", asked)) == [(asked, "1.4.0")]
    assert normalised(asked) == "git-server"


def test_an_unpacked_archive_is_not_an_installation(tmp_path: Path) -> None:
    folder = tmp_path / ".cache/uv/archive-v0/ymg5ZX/git_server-9.9.9.dist-info"
    folder.mkdir(parents=True)
    assert _look(tmp_path, ("pypi", "git-server")) == []


def test_a_name_that_begins_alike_is_another_package(tmp_path: Path) -> None:
    _python(tmp_path / ".local/share/uv/tools/x", "git_server_extras", "1.4.0")
    _npm(tmp_path / ".npm/_npx/a/node_modules", f"{FILES}-more", "1.0.0")
    assert _look(tmp_path, ("pypi", "git-server"), ("npm", FILES)) == []


@pytest.mark.parametrize("name", ["../../secret", "/etc", "..", "@a/../b", "a/b/c", "", "x\0y", "@/x", "."])
def test_a_hostile_name_leads_nowhere(tmp_path: Path, name: str) -> None:
    _npm(tmp_path / ".npm/_npx/a", "secret", "1.0.0")
    (tmp_path / ".npm/_npx/a/node_modules").mkdir()
    assert _look(tmp_path, ("npm", name), ("pypi", name)) == []


@pytest.mark.parametrize("content", ["", "[]", "null", '{"version": 3}', '{"version": ""}', "{", "[" * 100_000])
def test_broken_metadata_is_passed_over(tmp_path: Path, content: str) -> None:
    folder = _npm(tmp_path / ".npm/_npx/a/node_modules", FILES, "1.0.0")
    (folder / "package.json").write_text(content)
    assert _look(tmp_path, ("npm", FILES)) == []


def test_hostile_metadata_is_made_visible(tmp_path: Path) -> None:
    _npm(tmp_path / ".npm/_npx/a/node_modules", FILES, "1.0.0\x1b[31m")
    assert _look(tmp_path, ("npm", FILES)) == [(FILES, "1.0.0\\x1b[31m")]


def test_metadata_in_a_fifo_does_not_block(tmp_path: Path) -> None:
    folder = _npm(tmp_path / ".npm/_npx/a/node_modules", FILES, "1.0.0")
    (folder / "package.json").unlink()
    os.mkfifo(folder / "package.json")
    assert _look(tmp_path, ("npm", FILES)) == []


def test_nothing_asked_nothing_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object) -> list[str]:
        raise AssertionError(f"looked into {path}")

    monkeypatch.setattr(os, "listdir", refuse)
    assert installed(tmp_path, []) == ()


def test_the_number_of_folders_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        _python(tmp_path / f".local/share/uv/tools/tool-{number:02}", "git_server", f"1.{number}")
    monkeypatch.setattr(packages, "FOLDER_LIMIT", 11)
    assert 1 <= len(_look(tmp_path, ("pypi", "git-server"))) <= 5


def test_a_large_cache_is_looked_through_quickly(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f".npm/_npx/{number:016x}/node_modules").mkdir(parents=True)
        _python(tmp_path / f".cache/uv/archive-v0/{number:016x}", "other", "1.0")
    begun = time.perf_counter()
    assert _look(tmp_path, ("npm", FILES), ("pypi", "git-server")) == []
    assert time.perf_counter() - begun < 10


def test_windows_layouts(tmp_path: Path) -> None:
    """The folders of Windows, simulated on this host."""
    _npm(tmp_path / "AppData/Local/npm-cache/_npx/a/node_modules", FILES, "1.0.0")
    _npm(tmp_path / "Roaming/npm/node_modules", "plain", "2.0.0")
    (tmp_path / "AppData/Local/uv/cache/archive-v0/x/Lib/site-packages/git_server-3.0.dist-info").mkdir(parents=True)
    found = installed(
        tmp_path,
        [("npm", FILES), ("npm", "plain"), ("pypi", "git-server")],
        environment={"APPDATA": str(tmp_path / "Roaming")},
        platform="win32",
        root=tmp_path / "system",
    )
    assert {(item.name, item.version) for item in found} == {
        (FILES, "1.0.0"),
        ("plain", "2.0.0"),
        ("git-server", "3.0"),
    }
