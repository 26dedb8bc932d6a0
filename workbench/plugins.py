"""Find, trust-check and load plugins: the built-in folders and the user's, by one loader.

A folder of plugins is mounted under a package name of its own (``workbench.checks``, ``workbench_user_0.checks``) and
each module in it is one check or one fix; the module's path below the folder is the id. Nothing is ever loaded from
the working directory, and nothing from a place that another account can write.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import itertools
import os
import pkgutil
import re
import shlex
import stat
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from workbench.model.check import Check, Fix, Origin
from workbench.model.record import record
from workbench.model.report import BrokenPlugin
from workbench.text import visible

Kind = Literal["checks", "fixes"]
KINDS: tuple[Kind, ...] = ("checks", "fixes")
HEADINGS = ("What it looks at", "Why it matters", "How an attacker uses it", "How to fix it by hand", "References")
_IDENTITY = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*\Z")
_WRITABLE = stat.S_IWGRP | stat.S_IWOTH


class Untrusted(Exception):  # noqa: N818 - it is an answer, not an error
    """Why a plugin folder or file may not be loaded, with what to do about it."""


@record
class Plugins:
    """What was loaded, by id, and what could not be."""

    checks: Mapping[str, Check]
    fixes: Mapping[str, Fix]
    broken: tuple[BrokenPlugin, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether they are loaded, so that asking for one takes no time."""
        return True

    def repairs_of(self, check: str) -> tuple[str, ...]:
        """The ids of the fixes that repair findings of a check, safest first."""
        order = ("safe", "review", "guide")
        offered = [fix for fix in self.fixes.values() if check in fix.repairs]
        return tuple(fix.id for fix in sorted(offered, key=lambda fix: (order.index(fix.safety), fix.id)))


class LatePlugins(Plugins):
    """The built-in plugins, loaded by the first who asks for one; in whatever thread that is, the others wait."""

    __slots__ = ("_loaded", "_lock")
    _loaded: Plugins | None
    _lock: threading.Lock

    def __init__(self) -> None:
        object.__setattr__(self, "_loaded", None)
        object.__setattr__(self, "_lock", threading.Lock())

    @property
    def ready(self) -> bool:
        """See Plugins."""
        return self._loaded is not None

    @property
    def checks(self) -> Mapping[str, Check]:
        """See Plugins."""
        return self._load().checks

    @property
    def fixes(self) -> Mapping[str, Fix]:
        """See Plugins."""
        return self._load().fixes

    @property
    def broken(self) -> tuple[BrokenPlugin, ...]:
        """See Plugins."""
        return self._load().broken

    def _load(self) -> Plugins:
        with self._lock:
            loaded = self._loaded
            if loaded is None:
                loaded = load()
                object.__setattr__(self, "_loaded", loaded)
            return loaded


def load(user_folders: Iterable[Path] = ()) -> Plugins:
    """Load the built-in plugins, then those below each user folder (its ``checks`` and ``fixes``).

    A plugin that is broken or not to be trusted becomes a BrokenPlugin; it never stops the others.
    """
    checks: dict[str, Check] = {}
    fixes: dict[str, Fix] = {}
    broken: list[BrokenPlugin] = []
    for kind in KINDS:
        _load_folder(kind, f"workbench.{kind}", built_in_folder(kind), Origin.BUILT_IN, checks, fixes, broken)
    for number, folder in enumerate(user_folders):
        for kind in KINDS:
            below = folder / kind
            if below.is_dir() or below.is_symlink():
                name = f"workbench_user_{number}.{kind}"
                _load_folder(kind, name, below, Origin.USER, checks, fixes, broken)
    return Plugins(checks, fixes, tuple(broken))


def user_folder(environment: Mapping[str, str], home: Path) -> Path:
    """``$XDG_CONFIG_HOME/workbench``: where the user's own ``checks`` and ``fixes`` lie."""
    configured = environment.get("XDG_CONFIG_HOME", "")
    base = Path(configured) if configured.startswith("/") else home / ".config"
    return base / "workbench"


def built_in_folder(kind: str) -> Path:
    """``workbench/<kind>`` in an installed wheel, ``../<kind>`` in a checkout."""
    here = Path(__file__).resolve().parent
    inside = here / kind
    return inside if inside.is_dir() else here.parent / kind


def lesson_headings(lesson: str) -> tuple[str, ...]:
    """The headings of a lesson, in order: the lines that are underlined with dashes."""
    lines = lesson.splitlines()
    return tuple(
        line.strip()
        for line, below in itertools.pairwise(lines)
        if line.strip() and below.strip() and set(below.strip()) == {"-"}
    )


def trust(path: Path, *, above: bool = True, of: str = "plugins", change: str = "what runs as you") -> None:
    """Refuse a file or folder that is not the user's or root's, or that another account can write. Raises Untrusted.

    ``of`` is what is read there, in the plural, and ``change`` what who can write it would change by that.

    Every directory above it is held to the same rule, except that a sticky world-writable one (``/tmp``) may hold a
    folder of the user's own.
    """
    if not hasattr(os, "getuid"):
        return
    me = {0, os.getuid()}
    for place in (path, *path.parents) if above else (path,):
        try:
            status = place.lstat()
        except OSError as error:
            raise Untrusted(f"{visible(str(place))} could not be examined: {error.strerror}") from error
        if stat.S_ISLNK(status.st_mode):
            raise Untrusted(f"{visible(str(place))} is a symbolic link; name the real path instead")
        if status.st_uid not in me:
            raise Untrusted(
                f"{visible(str(place))} belongs to another account (uid {status.st_uid}), which could change"
                f" {change}; copy the {of} to a place of your own"
            )
        sticky = place != path and stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
        if status.st_mode & _WRITABLE and not sticky:
            raise Untrusted(
                f"{visible(str(place))} can be written by other accounts (mode {stat.S_IMODE(status.st_mode):04o});"
                f" run: chmod go-w {shlex.quote(visible(str(place)))}"
            )


def _load_folder(
    kind: str,
    package: str,
    folder: Path,
    origin: Origin,
    checks: dict[str, Check],
    fixes: dict[str, Fix],
    broken: list[BrokenPlugin],
) -> None:
    if origin is Origin.USER:
        folder = Path(os.path.abspath(folder))  # noqa: PTH100 - links must stay, to be refused
        try:
            trust(folder)
            _trust_helpers(folder)
        except Untrusted as why:
            broken.append(BrokenPlugin(visible(str(folder)), str(why)))
            return
    _mount(package, folder)
    for name, file in _modules(folder):
        try:
            if origin is Origin.USER:
                for place in (file, *file.parents):
                    if place == folder:
                        break
                    trust(place)
            plugin = _plugin(kind, importlib.import_module(f"{package}.{name}"), name)
            if plugin.id in checks or plugin.id in fixes:
                raise ValueError(f"the id {plugin.id} is taken already; rename the file")
            placed = replace(plugin, file=visible(str(file)), origin=origin)
            if isinstance(placed, Check):
                checks[placed.id] = placed
            else:
                fixes[placed.id] = placed
        except Exception as error:  # noqa: BLE001, RUF100 - whatever a plugin does at import, the others must load
            broken.append(BrokenPlugin(visible(str(file)), visible(f"{type(error).__name__}: {error}", 500)))
        except SystemExit:
            broken.append(BrokenPlugin(visible(str(file)), "it tried to end the program while it was loaded"))


def _trust_helpers(folder: Path) -> None:
    # What a plugin can import from beside itself, and the bytecode that Python would run in its stead, runs as well.
    plugins = {file for _, file in _modules(folder)}
    for place in sorted(folder.rglob("*")):
        if place not in plugins:
            trust(place, above=False)


def _modules(folder: Path) -> Iterator[tuple[str, Path]]:
    for area in sorted(path for path in folder.iterdir() if path.is_dir() and (_IDENTITY.match(path.name))):
        for info in sorted(pkgutil.iter_modules([str(area)]), key=lambda found: found.name):
            if not info.ispkg and not info.name.startswith("_"):
                yield f"{area.name}.{info.name}", area / f"{info.name}.py"


def _mount(package: str, folder: Path) -> None:
    parent = package.rpartition(".")[0]
    if parent != "workbench" and parent not in sys.modules:
        sys.modules[parent] = importlib.util.module_from_spec(
            importlib.machinery.ModuleSpec(parent, None, is_package=True)
        )
    spec = importlib.machinery.ModuleSpec(package, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    module = importlib.util.module_from_spec(spec)
    sys.modules[package] = module
    setattr(sys.modules[parent], package.rpartition(".")[2], module)
    for name in [name for name in sys.modules if name.startswith(package + ".")]:
        del sys.modules[name]
    importlib.invalidate_caches()


def _plugin(kind: str, module: object, name: str) -> Check | Fix:
    wanted: type[Check] | type[Fix] = Check if kind == "checks" else Fix
    area, _, own = name.partition(".")
    if not _IDENTITY.match(own):
        raise ValueError(f"the file name {own!r} is no id: use lower-case words joined by underscores")
    found = [value for value in vars(module).values() if isinstance(value, wanted)]
    if len(found) != 1:
        raise ValueError(f"a module of {kind} holds exactly one {wanted.__name__.lower()}; this one holds {len(found)}")
    lesson = inspect.cleandoc(getattr(module, "__doc__", None) or "")
    headings = lesson_headings(lesson) if kind == "checks" else HEADINGS
    missing = [heading for heading in HEADINGS if heading not in headings]
    if missing:
        raise ValueError(f"its docstring, the lesson, lacks the heading {missing[0]!r}")
    if not lesson:
        raise ValueError("it has no docstring")
    return replace(found[0], id=f"{area}/{own.replace('_', '-')}", lesson=lesson)
