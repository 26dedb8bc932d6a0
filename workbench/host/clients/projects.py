"""Find project folders without walking a home: what clients remember, where one is, and where processes are."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.host.clients.definitions import Client
from workbench.host.clients.places import Found, expand, gap, is_absolute
from workbench.host.context import Context, Home
from workbench.host.files import CannotLook, read_bounded, reason
from workbench.model.facts import Unread

_DRIVE = re.compile(r"/[A-Za-z]:[\\/]")
_RECORD_LIMIT = 1 << 16
_PROCESS_LIMIT = 8192
_PLACE_LIMIT = 256
_DEPTH_LIMIT = 64
# Where the system's own programs run: no project of a person.
_SYSTEM = frozenset(
    ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/var", "/proc", "/sys", "/dev", "/run", "/boot", "/snap")
)


def named_projects(client: Client, document: Any, platform: str) -> tuple[str, ...]:
    """The project folders that a config of the client names."""
    table = document
    for key in client.projects:
        table = table.get(key) if isinstance(table, dict) else None
    if not client.projects or not isinstance(table, dict):
        return ()
    return tuple(key for key in table if isinstance(key, str) and is_absolute(key, platform))


def opened_projects(client: Client, home: Home, folders: Mapping[str, str], platform: str) -> Found:
    """The project folders that a client remembers having opened: an editor's, or those of its database."""
    paths: list[str] = []
    unread: list[Unread] = []
    for pattern, read in (
        *((f"{place}/*/workspace.json", _of_workspace) for place in client.workspaces),
        *((place, _of_record) for place in client.records),
    ):
        found = expand(pattern, home, folders, platform)
        unread += found.unread
        for file in found.paths:
            try:
                folder = read(read_bounded(file, limit=_RECORD_LIMIT), platform)
            except CannotLook as why:
                if not why.absent:
                    unread += gap(file, why, "content")
                continue
            if folder:
                paths.append(folder)
    for pattern in client.databases:
        found = expand(pattern, home, folders, platform)
        unread += found.unread
        for file in found.paths:
            # Only where there is one: it brings SQLite along.
            from workbench.host.clients.databases import projects_in

            try:
                paths += (path for path in projects_in(file) if is_absolute(path, platform))
            except CannotLook as why:
                if not why.absent:
                    unread += gap(file, why, "projects")
                continue
            if _size(f"{file}-wal"):
                late = "its client has not yet written the latest into it"
                unread += gap(file, CannotLook(late, "close that client and look again"), "projects")
    return Found(tuple(paths), tuple(unread))


def surrounding_projects(context: Context) -> Iterator[str]:
    """The working directory and every folder above it: clients look for a project's config in all of them."""
    return _upwards(os.path.abspath(str(context.working_directory)))


def lived_in_projects(context: Context, homes: frozenset[str]) -> Found:
    """The folders in which processes of the inspected accounts run, and those above them up to their git root."""
    if context.platform != "linux":
        return Found(())
    owners = {home.uid for home in context.inspected}
    try:
        names = [name for name in os.listdir(context.proc) if name.isdecimal()]
    except OSError as error:
        why = reason(error)
        return Found((), () if why.absent else gap(str(context.proc), why, "projects"))
    wanted: dict[str, None] = {}
    passed: set[str] = set()
    unread: list[Unread] = []
    own = _mounts(f"{context.proc}/self")
    for name in names[:_PROCESS_LIMIT]:
        folder = f"{context.proc}/{name}"
        try:
            # Most processes of a host share a few folders: whose they are is asked only where that is still of use.
            place = os.readlink(f"{folder}/cwd")
            if place in wanted or place in passed:
                continue
            if not is_absolute(place, "linux") or _is_system(place, homes):
                passed.add(place)
            # In a container or a sandbox the same path may name another folder.
            elif os.stat(folder).st_uid in owners and _mounts(folder) == own:
                wanted[place] = None
        except OSError:
            continue  # it has ended, or it hides where it is
    if len(names) > _PROCESS_LIMIT or len(wanted) > _PLACE_LIMIT:
        why = CannotLook("there are too many; only the first were looked into")
        unread += gap("the working directories of processes", why, "projects")
    found = dict.fromkeys(folder for place in list(wanted)[:_PLACE_LIMIT] for folder in _up_to_git(place, homes))
    return Found(tuple(found), tuple(unread))


def comparable(path: str) -> str:
    """The path as ``is_below`` compares it: without ``..``, and as the platform's own case and separators are."""
    return os.path.normcase(os.path.normpath(path))


def is_below(path: str, folders: frozenset[str]) -> bool:
    """Whether a path is one of the folders, given as ``comparable`` makes them, or below one, by its text."""
    normal = comparable(path)
    return any(normal == folder or normal.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


def _mounts(process: str) -> str:
    try:
        return os.readlink(f"{process}/ns/mnt")
    except OSError:
        return ""


def _up_to_git(place: str, homes: frozenset[str]) -> tuple[str, ...]:
    """A folder and those above it up to the root of its repository; the folder alone where it is in none."""
    passed: list[str] = []
    for folder in _upwards(place):
        if folder in homes or folder == os.sep or len(passed) >= _DEPTH_LIMIT:
            break
        passed.append(folder)
        if os.path.lexists(f"{folder}/.git"):
            return tuple(passed)
    return (place,)


def _is_system(place: str, homes: frozenset[str]) -> bool:
    # What stands right below / holds projects at most.
    return os.path.dirname(place) == "/" or place in homes or is_below(place, _SYSTEM)


def _upwards(folder: str) -> Iterator[str]:
    while True:
        yield folder
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0


def _of_workspace(raw: bytes, platform: str) -> str:
    content = _table(raw)
    folder = _opened(content.get("folder"), platform)
    # Several folders opened as one workspace: its file lies in a folder too.
    several = "" if folder else _opened(content.get("workspace", content.get("configuration")), platform)
    return folder or os.path.dirname(several)


def _of_record(raw: bytes, platform: str) -> str:
    folder = _table(raw).get("worktree")
    return folder if isinstance(folder, str) and is_absolute(folder, platform) else ""


def _table(raw: bytes) -> dict[str, Any]:
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _opened(address: Any, platform: str) -> str:
    import urllib.parse

    try:
        split = urllib.parse.urlsplit(address if isinstance(address, str) else "")
    except ValueError:
        return ""
    # A folder on another machine (vscode-remote://, vscode-vfs://) is not on this host.
    if split.scheme != "file" or split.netloc not in ("", "localhost"):
        return ""
    path = urllib.parse.unquote(split.path, errors="surrogateescape")
    if platform == "win32" and _DRIVE.match(path):
        path = path[1:]
    return path if is_absolute(path, platform) else ""
