"""The other files of a package of Python, by the names under which one of them imports the others."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import field, replace

from workbench.host.code.python_module import Measure, Module, parsed
from workbench.host.files import CannotLook, read_bounded
from workbench.model.record import draft
from workbench.text import visible

_LIMIT = 512 * 1024
_MOST = 120
_MOST_BYTES = 1024 * 1024
_STEPS = 100_000
_HIGHEST = 4
_MOST_PARSED = 4 * 1024 * 1024
_PARSED: dict[str, tuple[bytes, Module]] = {}


@draft
class Package:
    """What was read of the files beside one file, by their paths. ``left`` is how many more are read, ``bytes_left`` of
    which size together, ``measure`` how much is followed in all of them; ``cut`` where there was more.
    """

    read: dict[str, Module | None]
    left: int = _MOST
    bytes_left: int = _MOST_BYTES
    measure: Measure = field(default_factory=lambda: Measure(_STEPS))
    cut: bool = False


def beside(path: str, package: Package) -> Callable[[str], Module | None]:
    """What gives the modules of the same package as the file at ``path``, each read once.

    What is installed beside the package is not the server's own: of that it gives nothing.
    """
    folder = os.path.dirname(path)
    top = folder
    while os.path.isfile(f"{top}/__init__.py") and os.path.dirname(top) != top:
        top = os.path.dirname(top)
    own = folder[len(top) :].strip("/").partition("/")[0]
    known: dict[str, Module | None] = {}

    def find(name: str) -> Module | None:
        if name not in known:
            there = next((place for place in _places(name, folder, top, own) if os.path.isfile(place)), None)
            known[name] = _module(there, package) if there is not None else None
        return known[name]

    return find


def _places(name: str, folder: str, top: str, own: str) -> list[str]:
    dots = len(name) - len(name.lstrip("."))
    parts = [part for part in name.split(".") if part]
    if dots:
        base = folder
        for _ in range(dots - 1):
            base = os.path.dirname(base)
        if base != top and not base.startswith(f"{top}/"):
            return []
    elif own:
        base = top
        if parts[:1] != [own]:
            return []
    else:
        # A package may go without __init__.py: then it is the folder of that name in which the file lies.
        base = next((above for above in _above(folder) if parts and os.path.basename(above) == parts[0]), "")
        base = os.path.dirname(base) if base else folder
    plain = "/".join([base, *parts])
    return [f"{plain}.py", f"{plain}/__init__.py"] if parts else [f"{base}/__init__.py"]


def _above(folder: str) -> list[str]:
    """A folder and the nearest ones above it."""
    found = [folder]
    while len(found) < _HIGHEST and os.path.dirname(found[-1]) != found[-1]:
        found.append(os.path.dirname(found[-1]))
    return found


def _module(place: str, package: Package) -> Module | None:
    if place in package.read:
        return package.read[place]
    package.left -= 1
    made: Module | None = None
    if package.left < 0 or package.bytes_left <= 0:
        package.cut = True
    else:
        try:
            content = read_bounded(place, _LIMIT)
            package.bytes_left -= len(content)
            made = _parsed(place, content)
        except (CannotLook, SyntaxError, ValueError, RecursionError, MemoryError):
            made = None
    if made is not None:
        made.beside = beside(place, package)
        made.measure = package.measure
    package.read[place] = made
    return made


def _parsed(place: str, content: bytes) -> Module:
    """The module, parsed once for all the files of its package that are followed into it. Raises as ``parsed`` does."""
    known = _PARSED.get(place)
    if known is None or known[0] != content:
        if sum(len(each) for each, _ in _PARSED.values()) > _MOST_PARSED:
            _PARSED.clear()
        known = (content, parsed(visible(place), content))
        _PARSED[place] = known
    # What was noted while one file was followed is not known to the next.
    return replace(known[1], owners={}, meant={}, makers={})
