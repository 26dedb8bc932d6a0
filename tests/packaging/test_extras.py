"""The parser of JavaScript is an extra: whoever wants none of it gets along without, and everybody else has it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PARSERS = ("tree-sitter", "tree-sitter-javascript", "tree-sitter-typescript")


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!\[ ]", requirement)[0] for requirement in requirements}


def test_the_parser_is_no_dependency_but_an_extra_and_part_of_development() -> None:
    assert not names(PROJECT["dependencies"]) & set(PARSERS)
    assert names(PROJECT["optional-dependencies"]["source"]) == set(PARSERS)
    assert "mcp-hardening-workbench[source]" in PROJECT["optional-dependencies"]["dev"]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_what_make_installs_has_the_parser(lock: str) -> None:
    pinned = {line.partition("==")[0] for line in (ROOT / lock).read_text().splitlines() if "==" in line}
    assert set(PARSERS) <= pinned


def test_one_module_alone_imports_the_parser_and_only_when_it_parses() -> None:
    importing = re.compile(r"^( *)(?:import|from)\s+tree_sitter", re.M)
    for file in (ROOT / "workbench").rglob("*.py"):
        found = importing.findall(file.read_text())
        if file.name == "javascript_syntax.py":
            assert found and all(found), "an import at the module's own level is paid for by everybody"
        else:
            assert not found, file


def test_without_the_parser_the_code_is_told_as_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "index.js").write_text("require('net').createServer(h).listen('/tmp/a.sock');\n")
    program = (
        "import sys\n"
        "from importlib.machinery import PathFinder\n"
        "class Hiding(PathFinder):\n"
        "    @classmethod\n"
        "    def find_spec(cls, name, path=None, target=None):\n"
        "        return None if name.startswith('tree_sitter') else super().find_spec(name, path, target)\n"
        "sys.meta_path[sys.meta_path.index(PathFinder)] = Hiding\n"
        f"from workbench.cli import run\nsys.exit(run(['source', {str(tmp_path)!r}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert "Traceback" not in done.stderr, done.stderr
    assert "pip install 'mcp-hardening-workbench[source]'" in done.stdout
