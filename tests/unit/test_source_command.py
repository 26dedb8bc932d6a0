"""``workbench source``: the code that somebody names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.cli import run
from workbench.exits import Exit

FLAWED = """
import os
from mcp.server.fastmcp import FastMCP
mcp = FastMCP("x")

@mcp.tool()
def show(path: str) -> str:
    return open(path).read()
"""
HARDENED = """
from pathlib import Path
from mcp.server.fastmcp import FastMCP
mcp = FastMCP("x")
ROOT = Path("/srv/workspace").resolve()

@mcp.tool()
def show(path: str) -> str:
    real = (ROOT / path).resolve()
    if not real.is_relative_to(ROOT):
        raise ValueError("outside")
    return real.read_text()
"""


@pytest.fixture
def server(tmp_path: Path) -> Path:
    (tmp_path / "server.py").write_text(FLAWED)
    return tmp_path


@pytest.mark.parametrize("name", ["", "server.py"])
def test_a_folder_or_a_file_is_judged(server: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["source", str(server / name)]) == Exit.FINDINGS
    out = capsys.readouterr().out
    assert out.startswith(
        f"Code in {server / name}: 1 file looked through (1 of Python), 1 of them closely".replace("/:", ":")
    )
    assert "source/path-escape" in out and f"{server}/server.py:8" in out
    assert "sockets/" not in out, "only the code is judged"


def test_json_is_the_report_that_scripts_know(server: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["source", str(server), "--json"]) == Exit.FINDINGS
    document = json.loads(capsys.readouterr().out)
    assert {each["check"].split("/")[0] for each in document["checks"]} == {"source"}
    (finding,) = document["findings"]
    assert (finding["check"], finding["severity"]) == ("source/path-escape", "high")
    assert finding["location"]["line"] == 8


def test_code_in_order_ends_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "server.py").write_text(HARDENED)
    assert run(["source", str(tmp_path)]) == Exit.CLEAN
    assert "Findings: none" in capsys.readouterr().out


def test_the_threshold_counts(server: Path) -> None:
    assert run(["source", str(server), "--fail-on", "critical"]) == Exit.CLEAN
    assert run(["source", str(server), "--fail-on", "high", "--json"]) == Exit.FINDINGS


@pytest.mark.parametrize(("name", "why"), [("nowhere", "does not exist"), ("empty", "no Python, JavaScript")])
def test_what_cannot_be_judged_is_said(tmp_path: Path, name: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert run(["source", str(tmp_path / name)]) == Exit.USAGE
    said = capsys.readouterr()
    assert why in said.err and not said.out


def test_a_file_that_is_no_code_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("x")
    assert run(["source", str(tmp_path / "notes.txt")]) == Exit.USAGE


def test_it_does_not_go_with_the_demo(server: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--demo", "source", str(server)]) == Exit.USAGE
    assert "--demo does not go with source" in capsys.readouterr().err


def test_what_could_not_be_read_counts_against_the_coverage(server: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (server / "broken.py").write_text("import socket\nprint 'x'\n")
    assert run(["source", str(server), "--fail-on", "never", "--min-coverage", "100"]) == Exit.COVERAGE
    assert "no Python that this version understands" in " ".join(capsys.readouterr().out.split())


def test_the_corrected_code_is_printed_where_it_is_asked_for(server: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["source", str(server)]) == Exit.FINDINGS
    assert f"workbench source --suggest {server}" in capsys.readouterr().out
    assert run(["source", str(server), "--suggest"]) == Exit.FINDINGS
    out = capsys.readouterr().out
    assert "is_relative_to" in out and f"{server}/server.py:8" in out
    (server / "server.py").write_text(HARDENED)
    for options in ([], ["--suggest"]):
        assert run(["source", str(server), *options]) == Exit.CLEAN
        assert "--suggest" not in capsys.readouterr().out
