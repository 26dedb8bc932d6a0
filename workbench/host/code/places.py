"""Which files are the code of a server: its own package's, and none of what it depends on."""

from __future__ import annotations

import os
from collections.abc import Iterator

from workbench.host.code.beside import taken_in
from workbench.host.code.languages import language_of
from workbench.host.files import CannotLook, read_bounded, reason
from workbench.host.sources import editable_project
from workbench.model.record import record
from workbench.model.sources import SourceFact

FILE_LIMIT = 400
"""Files of one server that are looked through: none that a person wrote has more."""
_ENTRIES = 20_000
_DEEPEST = 16
_RECORD_LIMIT = 4 * 1024 * 1024
# What is not the server: what it needs, what tests it, what was made of it.
_SKIPPED = frozenset(
    (
        "node_modules", "bower_components", "vendor", "third_party", "site-packages", "__pycache__", "venv", "env",
        "test", "tests", "__tests__", "spec", "specs", "e2e", "fixtures", "__mocks__", "examples", "example", "docs",
        "benchmarks", "coverage", "htmlcov",
    )
)  # fmt: skip
_MADE = frozenset(("dist", "build", "out", "lib", ".next"))
_TEST_ENDINGS = (".test.js", ".spec.js", ".test.ts", ".spec.ts", ".min.js", "_test.py")


@record
class Files:
    """The files of one place, as the system names them. ``cut`` where there are more than are looked through."""

    paths: tuple[str, ...]
    cut: bool = False


def files_of(source: SourceFact) -> Files:
    """The code of a server. Raises CannotLook."""
    if source.ecosystem == "pypi" and source.path.endswith(".dist-info"):
        project = editable_project(source.path)
        return files_below(project) if project else _distribution(source.path)
    return files_below(source.path)


def files_below(place: str) -> Files:
    """The code in a folder, or the one file that was named with what it takes in beside it. Raises CannotLook."""
    if not os.path.isdir(place):
        try:
            os.lstat(place)
        except OSError as error:
            raise reason(error) from error
        return Files(taken_in(place))
    found: list[str] = []
    for path in _walked(place):
        if len(found) >= FILE_LIMIT:
            return Files(tuple(found), cut=True)
        found.append(path)
    return Files(tuple(found))


def _walked(top: str) -> Iterator[str]:
    """Every file of code below a folder, in order. Links are not followed: they lead to what is not the server's."""
    left = [(top, 0)]
    seen = 0
    while left:
        folder, depth = left.pop()
        try:
            with os.scandir(folder) as listed:
                entries = sorted(
                    (entry for entry, _ in zip(listed, range(_ENTRIES), strict=False)), key=lambda e: e.name
                )
        except OSError as error:
            if folder == top:
                raise reason(error) from error
            continue
        seen += len(entries)
        if seen > _ENTRIES:
            return
        folders = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
        # What a compiler made of the sources beside it says the same things twice.
        made = _MADE if "src" in folders and any(entry.name == "tsconfig.json" for entry in entries) else frozenset()
        for entry in entries:
            if entry.name in folders or not entry.is_file(follow_symlinks=False):
                continue
            if language_of(entry.name) is not None and not _is_test(entry.name):
                yield entry.path
        inner = [name for name in sorted(folders) if not name.startswith(".") and name not in _SKIPPED | made]
        if depth < _DEEPEST:
            left.extend((f"{folder}/{name}", depth + 1) for name in reversed(inner))


def _is_test(name: str) -> bool:
    return name.endswith(_TEST_ENDINGS) or name.startswith("test_") or name in ("conftest.py", "setup.py")


def _distribution(metadata: str) -> Files:
    """The files of an installed Python package, as pip noted them."""
    import csv

    try:
        text = read_bounded(f"{metadata}/RECORD", _RECORD_LIMIT).decode("utf-8", "surrogateescape")
    except CannotLook as why:
        raise CannotLook(f"which files it has is not told: {why.why}", why.unlock) from why
    above = os.path.dirname(metadata)
    found: list[str] = []
    try:
        for row in csv.reader(text.splitlines()):
            name = row[0] if row else ""
            if not name.endswith(".py") or name.startswith(("/", "..")) or "/../" in name:
                continue
            if _SKIPPED.intersection(name.split("/")[:-1]):
                continue
            if len(found) >= FILE_LIMIT:
                return Files(tuple(found), cut=True)
            found.append(f"{above}/{name}")
    except csv.Error as error:
        raise CannotLook("its list of files is damaged") from error
    return Files(tuple(found))
