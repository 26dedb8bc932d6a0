"""The files of its own folder that a single program takes in, and those that these take in."""

from __future__ import annotations

import os
import re

from workbench.host.files import CannotLook, read_bounded

_LIMIT = 512 * 1024
_MOST = 100
_MOST_NAMES = 500
_PYTHON = re.compile(
    rb"^[ \t]*(?:from[ \t]+(\.{0,2}[\w.]*)[ \t]+import[ \t]+(\w+)?|import[ \t]+([\w.]+))", re.MULTILINE
)
_SCRIPT = re.compile(rb"(?:\bfrom|\bimport|\brequire\(|\bimport\()[ \t]{0,4}['\"](\.{1,2}/[\w./-]{1,200})['\"]")
_SCRIPT_ENDINGS = ("", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", "/index.js", "/index.ts")
# TypeScript names the file that the compiler will make of it.
_COMPILED = {".js": ".ts", ".mjs": ".mts", ".cjs": ".cts"}


def taken_in(program: str) -> tuple[str, ...]:
    """The program itself and the files below its folder that it takes in by their names, the first found first.

    What is installed elsewhere is not the program's own. A file that cannot be read takes in nothing.
    """
    top = os.path.dirname(program)
    found = {program: None}
    left = [program]
    while left and len(found) < _MOST:
        file = left.pop(0)
        for each in _named_in(file, top):
            if each not in found and len(found) < _MOST and _is_below(each, top):
                found[each] = None
                left.append(each)
    return tuple(found)


def _named_in(file: str, top: str) -> list[str]:
    try:
        content = read_bounded(file, _LIMIT)
    except CannotLook:
        return []
    folder = os.path.dirname(file)
    if content.startswith(b"\x7fELF"):
        return []
    names = [match.groups() for match, _ in zip(_PYTHON.finditer(content), range(_MOST_NAMES), strict=False)]
    places = [place for groups in names for place in _python_places(groups, folder, top)]
    scripts = [match[1].decode() for match, _ in zip(_SCRIPT.finditer(content), range(_MOST_NAMES), strict=False)]
    for name in scripts:
        base = os.path.normpath(f"{folder}/{name}")
        stem, ending = os.path.splitext(base)
        places += [f"{base}{each}" for each in _SCRIPT_ENDINGS] + [stem + _COMPILED.get(ending, ending)]
    return [place for place in dict.fromkeys(places) if os.path.isfile(place)]


def _python_places(groups: tuple[bytes | None, ...], folder: str, top: str) -> list[str]:
    module, name, plain = (each.decode() if each is not None else "" for each in groups)
    module = module or plain
    dots = len(module) - len(module.lstrip("."))
    parts = [part for part in module.strip(".").split(".") if part]
    base = folder if dots < 2 else os.path.dirname(folder)
    bases = [base] if dots else [top, folder]
    ways = [parts, [*parts, name]] if name else [parts]
    return [
        f"{'/'.join([each, *way])}{ending}"
        for each in bases
        for way in ways
        if way
        for ending in (".py", "/__init__.py")
    ]


def _is_below(path: str, top: str) -> bool:
    real = os.path.realpath(path)
    return (
        real.startswith(f"{os.path.realpath(top)}/") and "/node_modules/" not in real and "/site-packages/" not in real
    )
