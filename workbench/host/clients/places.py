"""Turn the patterns of the definitions into paths, and find project folders without walking the home."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.host.clients.definitions import Client
from workbench.host.context import Context
from workbench.host.files import CannotLook, read_bounded, reason
from workbench.model.facts import Unread
from workbench.text import visible

MATCH_LIMIT = 2000
"""Names that one ``*`` may stand for, and project folders that are looked into."""

_VARIABLE = re.compile(r"(?:(~)|\{([a-z]+)\}|\$([A-Z_]+))(/.*)\Z")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


@dataclass(frozen=True, slots=True)
class Found:
    """Paths to look at, and what kept from finding more."""

    paths: tuple[str, ...]
    unread: tuple[Unread, ...] = ()


def variables(context: Context) -> Mapping[str, str]:
    """The folders that patterns name, for this platform.

    ``config`` is where applications keep settings: ``$XDG_CONFIG_HOME``, ``~/Library/Application Support`` or
    ``%APPDATA%``. ``etc`` (Linux), ``library`` (macOS), ``local``, ``programs`` and ``programdata`` (Windows) exist on
    their platform only.
    """
    home = str(context.home)
    managed = str(context.managed_root).rstrip("/")
    if context.platform == "darwin":
        return {"config": f"{home}/Library/Application Support", "library": f"{managed}/Library"}
    if context.platform == "win32":
        given = context.environment
        return {
            "config": given.get("APPDATA") or f"{home}/AppData/Roaming",
            "local": given.get("LOCALAPPDATA") or f"{home}/AppData/Local",
            "programs": given.get("PROGRAMFILES") or f"{managed}/Program Files",
            "programdata": given.get("PROGRAMDATA") or f"{managed}/ProgramData",
        }
    configured = context.environment.get("XDG_CONFIG_HOME", "")
    return {"config": configured if configured.startswith("/") else f"{home}/.config", "etc": f"{managed}/etc"}


def expand(pattern: str, context: Context) -> Found:
    """The paths a pattern stands for on this host: none where its variable means nothing here."""
    match = _VARIABLE.match(pattern)
    if match is None:
        raise ValueError(f"a place starts with ~, {{variable}} or $NAME: {pattern}")
    home, variable, name, rest = match.groups()
    if home:
        base: str | None = str(context.home)
    elif variable:
        base = variables(context).get(variable)
    else:
        base = context.environment.get(name, "")
        base = base if is_absolute(base, context.platform) else None
    return below(base, rest) if base else Found(())


def below(base: str, pattern: str) -> Found:
    """The paths below a folder that a relative pattern stands for. Only the pattern's own ``*`` is one."""
    paths = [base]
    unread: list[Unread] = []
    for part in pattern.strip("/").split("/"):
        if "*" not in part:
            paths = [os.path.join(path, part) for path in paths]
            continue
        matched: list[str] = []
        for path in paths:
            try:
                matched += [os.path.join(path, name) for name in _names(path) if fnmatch.fnmatchcase(name, part)]
            except CannotLook as why:
                if not why.absent:
                    unread += gap(path, why, "content", "mode")
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


def named_projects(client: Client, document: Any, context: Context) -> tuple[str, ...]:
    """The project folders that a config of the client names."""
    table = document
    for key in client.projects:
        table = table.get(key) if isinstance(table, dict) else None
    if not client.projects or not isinstance(table, dict):
        return ()
    return tuple(key for key in table if isinstance(key, str) and is_absolute(key, context.platform))


def opened_projects(client: Client, context: Context) -> Found:
    """The project folders that an editor remembers having opened."""
    paths: list[str] = []
    unread: list[Unread] = []
    for pattern in client.workspaces:
        found = expand(f"{pattern}/*/workspace.json", context)
        unread += found.unread
        for file in found.paths:
            try:
                folder = _opened_folder(read_bounded(file, limit=1 << 16), context.platform)
            except CannotLook as why:
                if not why.absent:
                    unread += gap(file, why, "content")
                continue
            if folder:
                paths.append(folder)
    return Found(tuple(paths), tuple(unread))


def surrounding_projects(context: Context) -> Iterator[str]:
    """The working directory and every folder above it: clients look for a project's config in all of them."""
    here = os.path.abspath(str(context.working_directory))
    while True:
        yield here
        above = os.path.dirname(here)
        if above == here:
            return
        here = above


def _opened_folder(raw: bytes, platform: str) -> str:
    try:
        content = json.loads(raw)
        address = content.get("folder") if isinstance(content, dict) else None
        split = urllib.parse.urlsplit(address if isinstance(address, str) else "")
    except (ValueError, RecursionError):
        return ""
    # A folder on another machine (vscode-remote://, vscode-vfs://) is not on this host.
    if split.scheme != "file" or split.netloc not in ("", "localhost"):
        return ""
    path = urllib.parse.unquote(split.path, errors="surrogateescape")
    if platform == "win32" and _DRIVE.match(path[1:]):
        path = path[1:]
    return path if is_absolute(path, platform) else ""


def _names(folder: str) -> list[str]:
    names: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                names.append(entry.name)
                if len(names) > MATCH_LIMIT:
                    break
    except OSError as error:
        raise reason(error) from error
    return sorted(names)
