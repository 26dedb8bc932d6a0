"""The lines around a finding's place: which, that no secret is among them, and why there are none."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import builders
from workbench.excerpt import AROUND, LIMIT, excerpt
from workbench.host.files import CannotLook
from workbench.model.finding import Location, Pointer
from workbench.model.session import StartupFile
from workbench.model.snapshot import Snapshot

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1eF3gH5"
PASSWORD = "hunter2hunter2"
CONFIG = json.dumps(
    {
        "mcpServers": {
            "files": {"command": "npx", "args": ["-y", "pkg"]},
            "github": {
                "command": "npx",
                "args": ["--token", PASSWORD],
                "env": {"GITHUB_TOKEN": TOKEN, "pwd": PASSWORD},
            },
        }
    },
    indent=2,
)


def _snapshot(path: Path | None = None, **more: str) -> Snapshot:
    made = builders.snapshot()
    if path is None:
        return made
    config = replace(builders.config(), path=builders.path(str(path), 0o600), **more)  # type: ignore[arg-type]
    return replace(made, clients=replace(made.clients, configs=(config,)))


def _written(folder: Path, text: str, name: str = "mcp.json") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_the_lines_around_a_line(tmp_path: Path) -> None:
    path = _written(tmp_path, "".join(f"line {number}\n" for number in range(1, 31)), "rules")
    shown = excerpt(Location(str(path), 10), _snapshot())
    assert shown is not None
    assert (shown.first, shown.at, shown.language) == (10 - AROUND, 10, "text")
    assert shown.lines == tuple(f"line {number}" for number in range(6, 15))
    start = excerpt(Location(str(path), 1), _snapshot())
    assert start is not None and (start.first, start.lines[0]) == (1, "line 1")


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        (("mcpServers", "github", "args", 1), '          "<redacted>"'),
        (("mcpServers", "github"), '    "github": {'),
        (("mcpServers", "github", "gone"), '    "github": {'),
    ],
)
def test_a_pointer_leads_to_its_line(tmp_path: Path, pointer: Pointer, line: str) -> None:
    path = _written(tmp_path, CONFIG)
    shown = excerpt(Location(str(path), pointer=pointer), _snapshot(path))
    assert shown is not None
    at = shown.lines[shown.at - shown.first]
    assert at.strip().startswith(line.strip()[:9]) or "secret" in at, shown


@pytest.mark.parametrize("form", ["json", "jsonc", "yaml"])
def test_no_secret_is_shown_of_a_config(tmp_path: Path, form: str) -> None:
    path = _written(tmp_path, CONFIG)
    for number in range(1, CONFIG.count("\n") + 1):
        shown = excerpt(Location(str(path), number), _snapshot(path, format=form))
        assert shown is not None
        told = "\n".join(shown.lines)
        assert TOKEN[6:20] not in told
        assert PASSWORD not in told


def test_no_secret_is_shown_of_a_config_that_is_broken(tmp_path: Path) -> None:
    path = _written(tmp_path, CONFIG.replace('"command": "npx",', '"command" "npx",', 1))
    for number in range(1, CONFIG.count("\n") + 1):
        shown = excerpt(Location(str(path), number, 3), _snapshot(path))
        assert shown is not None
        assert TOKEN[6:20] not in "\n".join(shown.lines)
        assert PASSWORD not in "\n".join(shown.lines)


@pytest.mark.parametrize(
    "line",
    [
        f"export GITHUB_TOKEN={TOKEN}",
        f"Environment=GITHUB_TOKEN={TOKEN}",
        f'Environment="DB_PASSWORD={PASSWORD}"',
        f"DB_PASSWORD='{PASSWORD}' mcp-server",
        f"ExecStart=/usr/bin/mcp --password {PASSWORD} --token={TOKEN}",
        f"set -gx GITHUB_TOKEN {TOKEN}",
        f"# the old one was {TOKEN}",
        f"postgres://mcp:{PASSWORD}@db/mcp",
    ],
)
@pytest.mark.parametrize("name", [".bashrc", "mcp.service", "90-mcp.conf", "config.fish"])
def test_no_secret_is_shown_of_lines(tmp_path: Path, name: str, line: str) -> None:
    path = _written(tmp_path, f"# before\n{line}\n# after\n", name)
    snapshot = _snapshot()
    if name == "config.fish":
        fish = StartupFile(str(path), 1000, dialect="fish")
        snapshot = replace(snapshot, session=replace(snapshot.session, startup=(fish,)))
    shown = excerpt(Location(str(path), 2), snapshot)
    assert shown is not None
    told = "\n".join(shown.lines)
    assert TOKEN[6:20] not in told
    assert PASSWORD not in told
    assert "# before" in told and "# after" in told


def test_a_key_of_several_lines_is_not_shown(tmp_path: Path) -> None:
    kind = "PRIVATE " + "KEY"
    body = "\n".join("MIIEpAIBAAKCAQEA7x2bS9Q1" + str(number) * 20 for number in range(6))
    path = _written(
        tmp_path, f'x=1\nexport KEY="-----BEGIN RSA {kind}-----\n{body}\n-----END RSA {kind}-----"\ny=2\n', ".env"
    )
    for number in range(1, 11):
        try:
            shown = excerpt(Location(str(path), number), _snapshot())
        except CannotLook as why:
            assert "MII" not in why.why
        else:
            assert shown is not None and "MII" not in "\n".join(shown.lines)


def test_what_acts_on_a_terminal_is_spelled_out(tmp_path: Path) -> None:
    path = _written(tmp_path, "a\x1b[2J\u202eb\n\tindented\n" + "x" * 1_000, "rules")
    shown = excerpt(Location(str(path), 1), _snapshot())
    assert shown is not None
    assert shown.lines[0] == "a\\x1b[2J\\u202eb"
    assert shown.lines[1] == "    indented"
    assert len(shown.lines[2]) < 500


def test_a_file_changed_since_is_told(tmp_path: Path) -> None:
    path = _written(tmp_path, "one\ntwo\n", "rules")
    before = datetime.fromtimestamp(os.stat(path).st_ctime - 60, UTC).isoformat(timespec="seconds")
    after = datetime.fromtimestamp(os.stat(path).st_ctime + 60, UTC).isoformat(timespec="seconds")
    for taken_at, changed in ((before, True), (after, False), ("\x1bnever", False)):
        shown = excerpt(Location(str(path), 1), replace(_snapshot(), taken_at=taken_at))
        assert shown is not None and shown.changed is changed


def test_why_there_are_no_lines(tmp_path: Path) -> None:
    short = _written(tmp_path, "one\n", "short")
    large = _written(tmp_path, "x\n" * LIMIT, "large")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, line, why in (
        (str(tmp_path / "gone"), 1, "does not exist"),
        (str(short), 40, "fewer lines"),
        (str(large), 1, "larger than"),
        (str(pipe), 1, "fifo"),
        (str(tmp_path), 1, "directory"),
        ("/proc/self/environ", 1, "no file that somebody wrote"),
        ("relative", 1, "no file that somebody wrote"),
        (f"{tmp_path}/nul\0", 1, "NUL"),
    ):
        with pytest.raises(CannotLook, match=why):
            excerpt(Location(path, line), _snapshot())
    assert excerpt(Location(str(short)), _snapshot()) is None
