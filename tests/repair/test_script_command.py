"""``workbench plan FINDING --script``: the real command, and the script that it prints."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.homes import open_home
from tests.repair.support import SECRET, tree
from workbench.cli import run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="repairs are made on Linux only")
OPEN, BROAD = "clients/config-writable-by-others", "clients/broad-root"


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with open_home(monkeypatch) as made:
        yield made


@pytest.fixture
def config(home: Path) -> Path:
    file = home / ".config" / "Claude" / "claude_desktop_config.json"
    file.parent.mkdir(parents=True)
    package = "@modelcontextprotocol/server-filesystem@2025.8.21"
    server = {"command": "npx", "args": ["-y", package, str(home)], "env": {"API_KEY": SECRET}}
    file.write_text(json.dumps({"mcpServers": {"files": server}}, indent=2))
    for place in (home / ".config", file.parent):
        place.chmod(0o755)
    file.chmod(0o666)
    return file


def _finding(check: str, capsys: pytest.CaptureFixture[str]) -> str:
    run(["--headless", "--json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    return str(next(each["identity"] for each in found if each["check"] == check))


@pytest.mark.parametrize("check", [OPEN, BROAD])
def test_the_script_repairs_and_takes_back(
    check: str, config: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = _finding(check, capsys)
    before = tree(home)
    assert run(["plan", finding[:8], "--script"]) == 0
    said = capsys.readouterr()
    assert tree(home) == before and not said.err
    assert SECRET not in said.out and said.out.isascii() and said.out.startswith("#!/bin/sh\n")
    assert run(["plan", finding, "--json"]) == 0
    digest = json.loads(capsys.readouterr().out)["digest"]
    assert f"\ndigest={digest}\n" in said.out and f"# Plan {digest}" in said.out
    assert "# What may stop working: " in said.out and finding in said.out
    assert run(["plan", finding, "--script"]) == 0
    assert capsys.readouterr().out == said.out, "the same plan gives the same script"

    script = tmp_path / "repair.sh"
    script.write_text(said.out)
    assert subprocess.run(["sh", script, "apply"], check=False).returncode == 0
    run(["--headless", "--json"])
    assert finding not in capsys.readouterr().out
    assert subprocess.run(["sh", script, "undo"], check=False).returncode == 0
    assert _finding(check, capsys) == finding
    assert {name: facts for name, facts in tree(home).items() if ".local" not in name} == before


@pytest.mark.parametrize("other", ["--json", "--diff"])
def test_it_excludes_the_other_forms(other: str, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "0123", "--script", other]) == 2
    assert "not allowed with" in capsys.readouterr().err


def test_what_has_no_script_is_refused(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finding = _finding(BROAD, capsys)
    config.parent.chmod(0o777)
    assert run(["plan", finding, "--script"]) == 5
    said = capsys.readouterr()
    assert said.out == "" and "no script: other accounts can write" in said.err and "nothing was changed" in said.err
