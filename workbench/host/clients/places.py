"""Turn the patterns of the definitions into the paths they stand for on this host."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Mapping

from workbench.host.context import Context, Home
from workbench.host.files import CannotLook, reason
from workbench.model.facts import Unread
from workbench.model.record import record
from workbench.text import visible

MATCH_LIMIT = 2000
"""Names that one ``*`` may stand for, and project folders that are looked into."""

_LISTING_LIMIT = 20_000
_VARIABLE = re.compile(r"(?:(~)|\{([a-z]+)\}|\$([A-Z_]+))(/.*)?\Z")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


@record
class Found:
    """Paths to look at, and what kept from finding more."""

    paths: tuple[str, ...]
    unread: tuple[Unread, ...] = ()


def variables(home: Home, context: Context) -> Mapping[str, str]:
    """The folders that patterns name, for one home on this platform.

    ``config`` is where applications keep settings: ``$XDG_CONFIG_HOME``, ``~/Library/Application Support`` or
    ``%APPDATA%``. ``xdg`` and ``data`` are those of clients that use ``~/.config`` and ``~/.local/share`` on every
    platform, ``settings`` that of clients that use ``~/.config`` everywhere but on Windows. ``etc`` (Linux),
    ``library`` (macOS), ``profile``, ``roaming``, ``local``, ``programs`` and ``programdata`` (Windows) exist on their
    platform only.
    """
    folder = str(home.path)
    given = home.environment
    xdg = _given(given, "XDG_CONFIG_HOME", context.platform) or f"{folder}/.config"
    everywhere = {"xdg": xdg, "data": _given(given, "XDG_DATA_HOME", context.platform) or f"{folder}/.local/share"}
    managed = str(context.managed_root).rstrip("/")
    if context.platform == "darwin":
        support = f"{folder}/Library/Application Support"
        return {**everywhere, "config": support, "settings": xdg, "library": f"{managed}/Library"}
    if context.platform == "win32":
        roaming = given.get("APPDATA") or f"{folder}/AppData/Roaming"
        return {
            **everywhere,
            "config": roaming,
            "roaming": roaming,
            "profile": folder,
            "local": given.get("LOCALAPPDATA") or f"{folder}/AppData/Local",
            "programs": given.get("PROGRAMFILES") or f"{managed}/Program Files",
            "programdata": given.get("PROGRAMDATA") or f"{managed}/ProgramData",
        }
    return {**everywhere, "config": xdg, "settings": xdg, "etc": f"{managed}/etc"}


def expand(pattern: str, home: Home, folders: Mapping[str, str], platform: str) -> Found:
    """The paths a pattern stands for in one home: none where its variable means nothing here."""
    match = _VARIABLE.match(pattern)
    if match is None:
        raise ValueError(f"a place starts with ~, {{variable}} or $NAME: {pattern}")
    tilde, variable, name, rest = match.groups()
    if tilde:
        base: str | None = str(home.path)
    elif variable:
        base = folders.get(variable)
    else:
        base = _given(home.environment, name, platform)
    if not base:
        return Found(())
    return below(base, rest) if rest else Found((base,))


def below(base: str, pattern: str) -> Found:
    """The paths below a folder that a relative pattern stands for. Only the pattern's own ``*`` is one."""
    if "*" not in pattern:
        return Found((os.path.join(base, pattern.lstrip("/")),))
    paths = [base]
    unread: list[Unread] = []
    for part in pattern.strip("/").split("/"):
        if "*" not in part:
            paths = [os.path.join(path, part) for path in paths]
            continue
        matched: list[str] = []
        for path in paths:
            try:
                names, whole = _names(path, part)
            except CannotLook as why:
                if not why.absent:
                    unread += gap(path, why, "content", "mode")
                continue
            matched += [os.path.join(path, name) for name in names]
            if not whole:
                unread += gap(path, CannotLook("it holds too many names; some were left out"), "content")
        if len(matched) > MATCH_LIMIT:
            unread += gap(
                paths[0], CannotLook(f"it holds more than {MATCH_LIMIT} names; the rest was left out"), "content"
            )
        paths = matched[:MATCH_LIMIT]
    return Found(tuple(paths), tuple(unread))


def gap(path: str, why: CannotLook, *facets: str) -> tuple[Unread, ...]:
    """That a path could not be looked at, for each facet it is missing from."""
    return tuple(Unread(facet, visible(path), why.why, why.unlock) for facet in facets)


def is_absolute(path: str, platform: str) -> bool:
    """Whether the text is a whole path on that platform."""
    return path.startswith("/") or (platform == "win32" and _DRIVE.match(path) is not None)


def _given(environment: Mapping[str, str], name: str, platform: str) -> str:
    value = environment.get(name, "")
    return value if is_absolute(value, platform) else ""


def _names(folder: str, pattern: str) -> tuple[list[str], bool]:
    """The names in a folder that a pattern stands for, and whether all of the folder was seen. Raises CannotLook."""
    matched: list[str] = []
    before, _, after = pattern.partition("*")
    try:
        with os.scandir(folder) as entries:
            for seen, entry in enumerate(entries):
                name = entry.name
                if seen >= _LISTING_LIMIT or len(matched) > MATCH_LIMIT:
                    return sorted(matched), len(matched) > MATCH_LIMIT  # the caller says so of too many matches
                if name.startswith(before) and name.endswith(after) and fnmatch.fnmatchcase(name, pattern):
                    matched.append(name)
    except OSError as error:
        raise reason(error) from error
    except ValueError as error:
        raise CannotLook("its name holds a NUL character", absent=True) from error
    return sorted(matched), True
