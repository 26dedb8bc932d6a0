"""Judge the variables that decide which code a server loads, where their values are read: these go no further."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from workbench.expressions import expression
from workbench.host.clients.programs import Files, Start, is_elsewhere
from workbench.model.clients import LoaderPlace, LoaderVariable
from workbench.model.launch import Launch
from workbench.secrets import redact
from workbench.text import visible

# Whatever these name is loaded.
_LOADED = {
    "LD_PRELOAD": re.compile(r"[:\s]+"),
    "LD_AUDIT": re.compile(r":"),
    "DYLD_INSERT_LIBRARIES": re.compile(r":"),
    "PYTHONSTARTUP": None,
    "BASH_ENV": None,
}
# Folders in which code is looked for, and whether an empty name among them is the working directory.
_SEARCHED = {
    "PATH": True,
    "LD_LIBRARY_PATH": True,
    "DYLD_LIBRARY_PATH": True,
    "DYLD_FRAMEWORK_PATH": True,
    "DYLD_FALLBACK_LIBRARY_PATH": True,
    "PYTHONPATH": True,
    "PYTHONHOME": False,
    "NODE_PATH": False,
    "PERL5LIB": False,
    "PERLLIB": False,
    "RUBYLIB": False,
    "ENV": False,
}
# The options that load code, or let somebody else bring it (a debugger listens for commands).
_JAVA = expression(
    r"-javaagent:|-agentlib:|-agentpath:|-Xbootclasspath|-Xrun|--patch-module|-XX:On(?:OutOfMemory)?Error=|-XX:Flags=|@"
)
_OPTIONS = {
    "NODE_OPTIONS": re.compile(
        r"(?:-r|--require|--import|--loader|--experimental-loader|--inspect(?:-brk|-port|-wait)?|--openssl-config"
        r"|--experimental-config-file|--experimental-default-config-file|--env-file(?:-if-exists)?)(?==|\Z)"
    ),
    "PERL5OPT": re.compile(r"-?[A-Za-z]*[MmId]"),
    "RUBYOPT": re.compile(r"-[rIC]|--require\b|-[A-Za-z]*[rI]"),
    "JAVA_TOOL_OPTIONS": _JAVA,
    "JDK_JAVA_OPTIONS": _JAVA,
    "_JAVA_OPTIONS": _JAVA,
}
NAMES = frozenset((*_LOADED, *_SEARCHED, *_OPTIONS))
"""The variables that are judged."""

_REFERENCE = expression(r"\$|%[A-Za-z_]\w*%|\{env:|\{file:")
_BRACED = expression(r"\{[^{}]*\}")
_LIMIT = 64
_LONGEST = 32_768


def loaders_of(tables: Iterable[Any], start: Start, files: Files) -> tuple[LoaderVariable, ...]:
    """The variables of these tables that decide which code is loaded, whatever the tables' shape."""
    return tuple(
        _judged(str(name), value, start, files)
        for table in tables
        if isinstance(table, dict)
        for name, value in table.items()
        if name in NAMES and isinstance(value, str)
    )


def set_on_the_way(
    texts: Sequence[str], launch: Launch | None, start: Start, files: Files
) -> tuple[LoaderVariable, ...]:
    """The same of the variables that the command line itself sets for a program of this host."""
    if launch is None or is_elsewhere(launch):
        return ()
    found: list[LoaderVariable] = []
    for variable in launch.environment:
        at = variable.argument
        if variable.name in NAMES and at is not None and at < len(texts):
            match = re.search(rf"(?:\A|[\s\"'=;]){variable.name}=(\"[^\"]*\"|'[^']*'|[^\s;]*)", texts[at])
            value = match.group(1).strip("\"'") if match else "$"
            found.append(_judged(variable.name, value, start, files))
    return tuple(found)


def path_of(tables: Iterable[Any]) -> str:
    """The PATH that an entry sets, "" where it sets none."""
    return next(
        (table["PATH"] for table in tables if isinstance(table, dict) and isinstance(table.get("PATH"), str)), ""
    )


def _judged(name: str, value: str, start: Start, files: Files) -> LoaderVariable:
    if len(value) > _LONGEST:
        return LoaderVariable(name, "unknown")
    if not value and name != "PATH":
        return LoaderVariable(name, "nothing")
    if name in _OPTIONS:
        return _of_options(name, value, start, files)
    if name in _LOADED:
        separator = _LOADED[name]
        named = [part for part in (separator.split(value) if separator else [value]) if part]
        places, relative, _ = _places(named, start, files)
        return LoaderVariable(name, "code" if named else "nothing", (), places, relative)
    # A word such as "production" is no file: many programs read a variable of this name.
    if name == "ENV" and not value.startswith(("/", "~")):
        return LoaderVariable(name, "nothing")
    parts = [value] if name == "ENV" else _split(value)
    own = re.compile(rf"\$\{{?(?:env:)?{name}(?::-)?\}}?|\{{env:{name}\}}|%{name}%")
    named = [part for part in parts if (part or _SEARCHED[name]) and not own.fullmatch(part)]
    # These two are read again by every program that is started, in whatever folder that is.
    moving = name in ("PATH", "LD_LIBRARY_PATH")
    places, relative, unknown = _places(named, replace(start, folder="") if moving else start, files)
    return LoaderVariable(name, "unknown" if unknown and not relative else "search", (), places, relative)


def _split(value: str) -> list[str]:
    """The parts of a search path. A colon inside of a reference (``${env:HOME}``) separates nothing."""
    text = _BRACED.sub(lambda match: match.group().replace(":", "\0"), value)
    return [part.replace("\0", ":") for part in text.split(":")]


def _places(named: Sequence[str], start: Start, files: Files) -> tuple[tuple[LoaderPlace, ...], int, int]:
    """What the names mean on this host, how many are relative to a folder that is not known, and how many unknown."""
    places: list[LoaderPlace] = []
    relative = unknown = 0
    for name in named[:_LIMIT]:
        path = start.absolute(name) if name else start.folder
        if _REFERENCE.search(path):
            unknown += 1
        elif path:
            places.append(LoaderPlace(visible(redact(path)), files.nearest(path)))
        elif _REFERENCE.search(name):
            unknown += 1
        else:
            relative += 1
    return tuple(places), relative, unknown + max(0, len(named) - _LIMIT)


def _of_options(name: str, value: str, start: Start, files: Files) -> LoaderVariable:
    try:
        words = shlex.split(value)
    except ValueError:
        words = value.split()
    options: list[str] = []
    targets: list[str] = []
    for place, word in enumerate(words[:_LIMIT]):
        match = _OPTIONS[name].match(word)
        if match is None:
            continue
        options.append(visible(match.group()))
        _, equals, attached = word.partition("=")
        target = attached if equals else words[place + 1] if place + 1 < len(words) else ""
        # A name without a folder is that of a package.
        if target.startswith(("/", "./", "../", "~/", "file:///")):
            targets.append(target.removeprefix("file://"))
    if options:
        places, relative, _ = _places(targets, start, files)
        return LoaderVariable(name, "code", tuple(dict.fromkeys(options)), places, relative)
    unknown = any(_REFERENCE.match(word) for word in words) or len(words) > _LIMIT
    return LoaderVariable(name, "unknown" if unknown else "nothing")


def tables_of(value: Mapping[str, Any], keys: Iterable[str]) -> tuple[Any, ...]:
    """Every table of variables of an entry, that of the older shape ``{"command": {"env": …}}`` included."""
    command = value.get("command")
    return (*(value.get(key) for key in keys), command.get("env") if isinstance(command, dict) else None)
