"""Socket files that are named like an MCP server's and that nobody listens on."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator

from workbench.host.context import Context
from workbench.host.files import CannotLook, names_in, path_fact
from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.table import Gone, Hidden
from workbench.host.sockets.diag import Listening
from workbench.host.sockets.table import listening_in
from workbench.model.facts import PathFact

_MCP = re.compile(r"(?<![a-z])mcp(?![a-z])", re.I)
_NAME_LIMIT = 5000
_FOUND_LIMIT = 100


def stale_sockets(
    context: Context, table: LinuxTable, here: Iterable[Listening], used: Iterable[str]
) -> list[PathFact]:
    """The stale ones in the places where servers put their sockets. ``used`` are the folders of living ones.

    Nothing is connected to: a file is stale when no network namespace that may be looked into holds a listener that
    bound it.
    """
    found: list[PathFact] = []
    for path in _candidates(context, used):
        try:
            found.append(path_fact(path))
        except CannotLook:
            continue  # it went away, or belongs to somebody whose folder may not be searched
    if not found:
        return []
    bound = {(each.device, each.file_inode) for each in here if each.file_inode}
    names = {each.name for each in here}
    found = [
        each
        for each in found
        if (each.file.device, each.file.inode & 0xFFFFFFFF) not in bound and os.fsencode(each.asked) not in names
    ]
    if found:
        names |= {each.name for each in _in_every_network(table)}
    return [each for each in found if os.fsencode(each.asked) not in names][:_FOUND_LIMIT]


def _candidates(context: Context, used: Iterable[str]) -> Iterator[str]:
    folders = dict.fromkeys(("/tmp", "/run", *used))  # noqa: S108 - where servers put theirs
    for home in context.inspected:
        given = home.environment.get("XDG_RUNTIME_DIR", "")
        folders[given if given.startswith("/") else f"/run/user/{home.uid}"] = None
    for folder in folders:
        for name in names_in(folder, _NAME_LIMIT):
            if not _MCP.search(name):
                continue
            path = f"{folder.rstrip('/')}/{name}"
            if _is_socket(path):
                yield path
            else:
                yield from (inner for each in names_in(path, _NAME_LIMIT) if _is_socket(inner := f"{path}/{each}"))


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.lstat(path).st_mode)
    except OSError:
        return False


def _in_every_network(table: LinuxTable) -> Iterator[Listening]:
    done: set[str] = set()
    for pid, command in table.commands().items():
        if not command:
            continue
        try:
            network = table.link(pid, "ns/net")
            if network not in done:
                done.add(network)
                yield from listening_in(f"{table.proc}/{pid}/net/unix")
        except (Gone, Hidden, CannotLook):
            continue
