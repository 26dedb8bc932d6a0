"""The files of a package of JavaScript that one of them takes in, each read once and within bounds."""

from __future__ import annotations

import os
import threading

from workbench.host.code.javascript_exports import Exports, exports_of
from workbench.host.code.javascript_scopes import Scopes
from workbench.host.code.javascript_syntax import CannotParse, Node, Syntax, parse
from workbench.host.code.languages import MINIFIED_LINE, language_of
from workbench.host.files import CannotLook, read_bounded
from workbench.model.record import record

MOST_FILES = 120
MOST_BYTES = 768 * 1024
_LIMIT = 512 * 1024
_MOST_NODES = 120_000
_MOST_NAMES = 1000
_REMEMBERED_NODES = 120_000
_HIGHEST = 16
_MOST_HEIRS = 100
_MANIFEST_LIMIT = 256 * 1024
_ENDINGS = (".js", ".ts", ".mjs", ".mts", ".cjs", ".cts", ".tsx", ".jsx")
# TypeScript names the file that the compiler will make of it.
_COMPILED = {".js": (".ts", ".tsx"), ".mjs": (".mts",), ".cjs": (".cts",), ".jsx": (".tsx",)}


@record
class File:
    """One file: its tree, its names, what of these others may take, and its classes that are made from another."""

    syntax: Syntax
    scopes: Scopes
    exports: Exports
    heirs: tuple[Node, ...]


class _Remembered(threading.local):
    """What was parsed last, by its path, with the bytes it was made of. It is gone with the thread that read it."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, File | None]] = {}
        self.nodes = 0


_REMEMBERED = _Remembered()


class Files:
    """The files that one file is followed into. ``read`` are those that were looked at, ``cut`` where there are more
    than are read for one.
    """

    def __init__(self, path: str) -> None:
        self.read: dict[str, File | None] = {}
        self.cut = False
        self._known: dict[tuple[str, bool], File | None] = {}
        self._bytes = MOST_BYTES
        self._nodes = _MOST_NODES
        self._top = package_folder(path) if os.path.isabs(path) else ""
        self._real = os.path.realpath(self._top) if self._top else ""

    def other(self, path: str, module: str) -> File | None:
        """The file that is taken in under this name by the file at a path; None for what is no file of the package."""
        if not self._top or not module.startswith("."):
            return None
        base = os.path.normpath(f"{os.path.dirname(path)}/{module.partition('?')[0]}")
        if base != self._top and not base.startswith(f"{self._top}/"):
            return None
        key = (base, module.endswith("/"))
        if key not in self._known:
            if len(self._known) >= _MOST_NAMES:
                self.cut = True
                return None
            places = _places(base, module)
            self._known[key] = next((self._file(place) for place in places if self._is_own(place)), None)
        return self._known[key]

    def _is_own(self, place: str) -> bool:
        if place in self.read:
            return True
        try:
            real = os.path.realpath(place)
            if not real.startswith(f"{self._real}/") or "/node_modules/" in real[len(self._real) :]:
                return False
            return language_of(place) is not None and os.path.isfile(real)
        except (OSError, ValueError):
            return False

    def _file(self, place: str) -> File | None:
        if place in self.read:
            return self.read[place]
        made: File | None = None
        if len(self.read) >= MOST_FILES or self._bytes <= 0 or self._nodes <= 0:
            self.cut = True
            return None
        try:
            content = read_bounded(os.path.realpath(place), _LIMIT)
            self._bytes -= len(content)
            made = parsed(place, content) if not _is_minified(content) else None
        except (CannotLook, CannotParse, RecursionError):
            made = None
        self._nodes -= len(made.syntax.nodes) if made is not None else 0
        self.read[place] = made
        return made


def parsed(path: str, content: bytes) -> File:
    """A file by its path and bytes. Raises CannotParse, and ImportError without the parser."""
    known = _REMEMBERED.files.get(path)
    if known is not None and known[0] == content and known[1] is not None:
        return known[1]
    syntax = parse(path, content)
    scopes = Scopes(syntax)
    heirs = tuple(node.parent for node in syntax.nodes if node.kind == "class_heritage" and node.parent is not None)
    made = File(syntax, scopes, exports_of(syntax, scopes), heirs[:_MOST_HEIRS])
    _remember(path, content, made)
    return made


def package_folder(path: str) -> str:
    """The folder of the package that a file belongs to: that with its manifest, or else the file's own."""
    folder = own = os.path.dirname(path)
    for _ in range(_HIGHEST):
        if os.path.basename(folder) == "node_modules" or folder == os.path.dirname(folder):
            break
        try:
            # Folders of what was compiled have a manifest as well, that names the kind of modules and nothing else.
            if b'"name"' in read_bounded(f"{folder}/package.json", _MANIFEST_LIMIT):
                return folder
        except CannotLook:
            pass
        folder = os.path.dirname(folder)
    return own


def _remember(path: str, content: bytes, made: File) -> None:
    files = _REMEMBERED.files
    before = files.pop(path, None)
    for each in (before,) if before is not None else ():
        _REMEMBERED.nodes -= len(each[1].syntax.nodes) if each[1] is not None else 0
    files[path] = (content, made)
    _REMEMBERED.nodes += len(made.syntax.nodes)
    while _REMEMBERED.nodes > _REMEMBERED_NODES and len(files) > 1:
        first = next(iter(files))
        _, old = files.pop(first)
        _REMEMBERED.nodes -= len(old.syntax.nodes) if old is not None else 0


def _places(base: str, module: str) -> list[str]:
    stem, ending = os.path.splitext(base)
    places = [] if module.endswith("/") else [base, *(stem + each for each in _COMPILED.get(ending, ()))]
    places += [f"{base}{each}" for each in _ENDINGS] if places else []
    return [*places, *(f"{base}/index{each}" for each in _ENDINGS)]


def _is_minified(content: bytes) -> bool:
    longest = max((len(line) for line in content.splitlines()), default=0)
    return longest >= MINIFIED_LINE and longest * 4 > len(content)
