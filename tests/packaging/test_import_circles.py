"""Imports run one way: no file needs another that needs it, be it inside a function or for its types alone."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def circle(root: Path, folders: Iterable[str]) -> list[str]:
    """The files of one circle, each imported by the next, the first again at the end; none where there is none."""
    files = {_module(file.relative_to(root)): file for folder in folders for file in (root / folder).rglob("*.py")}
    sorter = TopologicalSorter({module: _imported(file, files.keys()) - {module} for module, file in files.items()})
    try:
        sorter.prepare()
    except CycleError as found:
        return list(found.args[1])
    return []


def _module(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(file: Path, known: Iterable[str]) -> set[str]:
    named: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            named |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None and not node.level, f"{file}: imports are written whole"
            inner = {f"{node.module}.{each.name}" for each in node.names}
            named |= {each if each in known else node.module for each in inner}
    return named.intersection(known)


def test_no_file_needs_one_that_needs_it() -> None:
    assert circle(ROOT, ("workbench", "checks", "fixes")) == []


@pytest.mark.parametrize(
    "back",
    [
        "from house.above import Above",
        "import house.above",
        "from house import above",
        "def late():\n    from house.above import Above",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.above import Above",
    ],
)
def test_every_way_back_is_seen(back: str, tmp_path: Path) -> None:
    house = tmp_path / "house"
    house.mkdir()
    (house / "__init__.py").touch()
    (house / "above.py").write_text("from house.between import Between")
    (house / "between.py").write_text("from house import below")
    (house / "below.py").write_text("import os")
    assert circle(tmp_path, ("house",)) == []
    (house / "below.py").write_text(back)
    assert sorted(set(circle(tmp_path, ("house",)))) == ["house.above", "house.below", "house.between"]
