"""Copies beside configs: by which names they are known, what they hold, and what is none."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.host.client_homes import SERVER, TOKEN, gaps, look, only, write
from workbench.host.clients.backups import is_derived
from workbench.model.clients import Backup

PLAIN = {"mcpServers": {"a": SERVER}}
WITH_SECRET = {"mcpServers": {"a": {**SERVER, "env": {"GITHUB_TOKEN": TOKEN}}}}


def _backups(home: Path) -> list[Backup]:
    return [backup for config in look(home).configs for backup in config.backups]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / ".cursor/mcp.json", PLAIN).parent


@pytest.mark.parametrize(
    "name",
    [
        *(
            "mcp.json.bak",
            "mcp.json~",
            "mcp.json.orig",
            "mcp.json.old",
            "mcp.json.save",
            "mcp.json.backup",
            "mcp.json.tmp",
        ),
        *(
            "mcp.json.BAK",
            "mcp.json.bak2",
            "mcp.json.bak.1",
            "mcp.json_old",
            "mcp.json-backup",
            "mcp.json.swp",
            "mcp.json copy",
        ),
        *(
            "mcp.json.1",
            "mcp.json.~3~",
            "mcp.json.20251126",
            "mcp.json.2025-11-26T10:00:00Z",
            "mcp.json.1764102935.tmp",
        ),
        *(
            "mcp.json.backup.1764102935",
            "mcp.json.bak-2025-11-26",
            "mcp.json.tmp.4242",
            "mcp.json.corrupted.1764102935",
        ),
        *(
            ".mcp.json.swp",
            "#mcp.json#",
            "mcp.bak.json",
            "mcp copy.json",
            "mcp (1).json",
            "mcp-old.json",
            "mcp copy 2.json",
        ),
        *("mcp_20251126.json", "mcp.backup-2025-11-26.json"),
    ],
)
def test_names_of_copies(name: str) -> None:
    assert is_derived(name, "mcp.json")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "mcp.json",
            "mcp.jsonc",
            "mcp.json5",
            "mcp.json.example",
            "mcp.json.lock",
            "mcp.json.md",
            "mcp.json.backed",
            "mcp",
        ),
        *(
            "mcp-config.json",
            "mcp.local.json",
            "mcp.oldies.json",
            "mcp2.json",
            "other.json.bak",
            "xmcp.json.bak",
            "mcp.bak",
        ),
        *(
            "mcp.json.tmpl",
            "mcp.json.template",
            "mcp.json.gpg",
            "mcp.json.d",
            "mcp.schema.json",
            ".mcp.json",
            "mcp.json" + "1" * 300,
        ),
    ],
)
def test_names_of_other_files(name: str) -> None:
    assert not is_derived(name, "mcp.json")


def test_a_copy_with_a_secret(tmp_path: Path, folder: Path) -> None:
    write(folder / "mcp.json.bak", WITH_SECRET).chmod(0o640)
    (backup,) = _backups(tmp_path)
    assert backup.path.asked == str(folder / "mcp.json.bak")
    assert (backup.path.file.mode, backup.servers, backup.parsed) == (0o640, 1, True)
    assert [secret.place for secret in backup.secrets] == ["env.GITHUB_TOKEN"]
    assert TOKEN not in repr(look(tmp_path))


def test_a_copy_that_only_names_servers(tmp_path: Path, folder: Path) -> None:
    write(folder / "mcp.json~", PLAIN)
    (backup,) = _backups(tmp_path)
    assert (backup.servers, backup.secrets) == (1, ())


@pytest.mark.parametrize("content", ["", " \n", "{}", "hello", {"mcpServers": {}}, {"other": 1}, "[1, 2", "\0" * 100])
def test_what_is_no_config(tmp_path: Path, folder: Path, content: object) -> None:
    write(folder / "mcp.json.old", content)
    facts = look(tmp_path)
    assert not only(facts).backups
    assert facts.state.status == "complete"


def test_a_copy_that_was_cut_off_is_searched_for_secrets(tmp_path: Path, folder: Path) -> None:
    write(folder / "mcp.json.tmp", f'{{"mcpServers": {{"a": {{"env": {{"X": "{TOKEN}"')
    write(folder / ".mcp.json.swp", f"b0VIM 9.0\0\0\0junk\0    {TOKEN}\0\0")
    backups = _backups(tmp_path)
    assert [(backup.parsed, len(backup.secrets)) for backup in backups] == [(False, 1), (False, 1)]
    assert TOKEN not in repr(backups)


def test_each_is_read_as_its_client_reads_the_original(tmp_path: Path) -> None:
    for name in ("config.toml", "config.toml.bak"):
        write(
            tmp_path / ".codex" / name, '[mcp_servers.a]\ncommand = "x"\n[mcp_servers.a.env]\nTOKEN = "' + TOKEN + '"\n'
        )
    for name in ("config.yaml", "config.yaml.save"):
        write(tmp_path / ".config/goose" / name, "extensions:\n  a:\n    type: stdio\n    cmd: npx\n")
    for name in ("mcp.json", "mcp.json.1"):
        write(tmp_path / ".config/Code/User" / name, '{ // mine\n "servers": {"a": {"command": "x"}},\n}')
    found = {Path(backup.path.asked).name: (backup.servers, len(backup.secrets)) for backup in _backups(tmp_path)}
    assert found == {"config.toml.bak": (1, 1), "config.yaml.save": (1, 0), "mcp.json.1": (1, 0)}


def test_a_config_is_no_copy_of_another(tmp_path: Path) -> None:
    for name in ("opencode.json", "opencode.jsonc"):
        write(tmp_path / ".config/opencode" / name, {"mcp": {"a": {"command": ["x"]}}})
    write(tmp_path / ".codex/config.toml", '[mcp_servers.a]\ncommand = "x"\n')
    write(tmp_path / ".codex/old.config.toml", '[mcp_servers.b]\ncommand = "x"\n')
    assert not _backups(tmp_path)


def test_the_config_by_another_name_is_no_copy(tmp_path: Path, folder: Path) -> None:
    (folder / "mcp.json.bak").symlink_to("mcp.json")
    os.link(folder / "mcp.json", folder / "mcp.json.old")
    assert not _backups(tmp_path)


def test_what_is_no_file_does_not_block(tmp_path: Path, folder: Path) -> None:
    os.mkfifo(folder / "mcp.json.bak")
    (folder / "mcp.json.old").mkdir()
    (folder / "mcp.json.orig").symlink_to("nowhere")
    (folder / "mcp.json~").symlink_to("/dev/zero")
    assert not _backups(tmp_path)


def test_a_copy_too_large_is_said(tmp_path: Path, folder: Path) -> None:
    with (folder / "mcp.json.bak").open("wb") as file:
        file.truncate(5 << 20)
    facts = look(tmp_path)
    assert [gap.what for gap in gaps(facts, "backup")] == [str(folder / "mcp.json.bak")]


def test_more_copies_than_are_read_is_said(tmp_path: Path, folder: Path) -> None:
    for number in range(40):
        write(folder / f"mcp.json.{number}", PLAIN)
    facts = look(tmp_path)
    assert len(only(facts).backups) == 32
    assert len(gaps(facts, "backup")) == 1


def test_many_names_are_no_square_of_work(tmp_path: Path, folder: Path) -> None:
    for number in range(3000):
        (folder / f"mcp.json.{'1.' * 80}x{number}").touch()
    begun = time.process_time()
    look(tmp_path)
    assert time.process_time() - begun < 3
