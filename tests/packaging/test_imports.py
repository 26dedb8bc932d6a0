"""Which code may import what: proved in fresh interpreters, and by reading the imports."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.test_snapshot_file import full
from workbench.report.snapshot_file import to_json

ROOT = Path(__file__).parents[2]
SOURCES = [file for folder in ("workbench", "checks", "fixes") for file in (ROOT / folder).rglob("*.py")]


def modules_after(code: str, home: Path) -> set[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT)}
    program = "\n".join(
        (
            "import sys, contextlib, io",
            "with contextlib.redirect_stdout(io.StringIO()):",
            f"    {code}",
            "for name in sys.modules: print(name)",
        )
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, cwd=home, check=True
    )
    return {name.partition(".")[0] for name in done.stdout.split()} | set(done.stdout.split())


@pytest.mark.parametrize(
    "arguments", [["--headless"], ["--headless", "--json"], ["list", "checks"], ["snapshot"], ["servers"]]
)
def test_headless_imports_neither_textual_nor_docker(arguments: list[str], tmp_path: Path) -> None:
    loaded = modules_after(f"from workbench.cli import run; run({arguments!r})", tmp_path)
    assert "workbench.cli" in loaded
    assert not loaded & {"textual", "rich", "docker", "requests"}


def test_a_headless_scan_needs_no_pydantic(tmp_path: Path) -> None:
    # Its import costs more than the whole scan; it guards the edges where data comes in from outside.
    assert "pydantic" not in modules_after("from workbench.cli import run; run(['--headless', '--json'])", tmp_path)


def test_nobody_pays_for_the_demo_who_does_not_ask_for_it(tmp_path: Path) -> None:
    assert "workbench.demo" not in modules_after("from workbench.cli import run; run(['--headless'])", tmp_path)


def test_the_app_loads_what_plays_the_demo_only_where_it_is_asked_for(tmp_path: Path) -> None:
    loaded = modules_after("import workbench.tui.app, workbench.tui.flow, workbench.tui.unlocking", tmp_path)
    assert "textual" in loaded
    assert {name for name in loaded if name.startswith("workbench.demo.")} == set()


@pytest.mark.parametrize("arguments", [["--headless", "--demo"], ["servers", "--demo"], ["report", "--demo"]])
def test_the_texts_of_the_demo_need_no_app_and_play_nothing(arguments: list[str], tmp_path: Path) -> None:
    loaded = modules_after(f"from workbench.cli import run; run({arguments!r})", tmp_path)
    assert "workbench.demo" in loaded
    assert not loaded & {"textual", "rich", "docker", "requests", "workbench.demo.playing"}


def test_replaying_checks_the_file_with_pydantic(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text(to_json(full()))
    loaded = modules_after("from workbench.cli import run; run(['--headless', '--replay', 'host.json'])", tmp_path)
    assert "pydantic" in loaded
    assert "textual" not in loaded


def test_version_imports_nothing_else_of_the_workbench(tmp_path: Path) -> None:
    code = "sys.argv = ['workbench', '--version']; from workbench.__main__ import main; main()"
    loaded = {name for name in modules_after(code, tmp_path) if name.startswith("workbench")}
    assert loaded == {"workbench", "workbench.__main__"}


def test_only_the_tui_imports_textual() -> None:
    for file in [
        *(ROOT / "workbench").rglob("*.py"),
        *(ROOT / "checks").rglob("*.py"),
        *(ROOT / "fixes").rglob("*.py"),
    ]:
        if "tui" not in file.relative_to(ROOT).parts:
            assert not re.search(r"^\s*(?:import|from)\s+(?:textual|rich)\b", file.read_text(), re.M), file


def test_only_repair_changes_the_machine() -> None:
    writing = re.compile(
        r"\.(?:write_text|write_bytes|chmod|unlink|rename|touch|mkdir|symlink_to)\("
        r"|os\.(?:chmod|chown|replace|rename|unlink|remove|mkdir|makedirs|link|symlink)\("
        r"|shutil\.(?:move|copy\w*|rmtree)\("
    )
    for file in [
        *(ROOT / "workbench").rglob("*.py"),
        *(ROOT / "checks").rglob("*.py"),
        *(ROOT / "fixes").rglob("*.py"),
    ]:
        if file.relative_to(ROOT).parts[:2] != ("workbench", "repair"):
            found = [line for line in file.read_text().splitlines() if writing.search(line)]
            assert not found, f"{file}: {found}"
