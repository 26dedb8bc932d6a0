"""Find the file of a socket's name, as the one who bound it meant it, and look at every step on the way there."""

from __future__ import annotations

import os
from dataclasses import replace

from workbench.host.files import AS_ROOT, CannotLook, file_fact, path_fact, reason
from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.roots import Mount, mounts, path_out_here, resolve_inside, same_file
from workbench.host.processes.table import Gone, Hidden
from workbench.model.facts import FileFact, PathFact
from workbench.model.record import record
from workbench.text import visible


@record
class Place:
    """Where a socket's file is. ``foreign`` when no path of this mount namespace leads to it."""

    path: PathFact
    foreign: bool = False


class Locator:
    """Finds the files of sockets. ``proc`` is the /proc to ask."""

    def __init__(self, table: LinuxTable) -> None:
        self._table = table
        self._ours: tuple[Mount, ...] | None = None

    def locate(self, name: str, owner: int | None) -> Place:
        """The file of a path name that the process ``owner`` bound (None when it is not known). Raises CannotLook."""
        if not name.startswith("/"):
            name = os.path.join(self._folder_of(owner), name)
        if owner is None or self._table.shares_our_files(owner):
            return Place(path_fact(name))
        return self._elsewhere(name, owner)

    def _folder_of(self, owner: int | None) -> str:
        if owner is None:
            raise CannotLook("its name is relative to the working directory of a process that is not known")
        try:
            return self._table.working_directory(owner)
        except Hidden as error:
            raise CannotLook("its name is relative to a working directory that may not be read", AS_ROOT) from error
        except Gone as error:
            raise CannotLook("the process that bound it has ended", absent=True) from error

    def _elsewhere(self, name: str, owner: int) -> Place:
        root = f"{self._table.proc}/{owner}/root"
        try:
            there = resolve_inside(root, name)
        except OSError as error:
            raise reason(error) from error
        out_here = self._out_here(there.removeprefix(root), owner)
        if out_here is not None and same_file(out_here, there):
            return Place(path_fact(out_here))
        return Place(_seen_inside(root, there, name), foreign=True)

    def _out_here(self, inside: str, owner: int) -> str | None:
        try:
            if self._ours is None:
                self._ours = mounts(f"{self._table.proc}/self/mountinfo")
            return path_out_here(inside, mounts(f"{self._table.proc}/{owner}/mountinfo"), self._ours)
        except CannotLook:
            return None


def _seen_inside(root: str, there: str, name: str) -> PathFact:
    # ``there`` is free of links below the root, so its folders are all that the process searches. What is shown are
    # the paths as that process names them.
    parts = there.removeprefix(root).strip("/").split("/")
    steps = [root + "/", *("/".join((root, *parts[:count])) for count in range(1, len(parts)))]
    return PathFact(
        asked=visible(name),
        file=_fact(there, root),
        directories=tuple(_fact(step, root) for step in steps),
    )


def _fact(path: str, root: str) -> FileFact:
    return replace(file_fact(path), path=visible(path.removeprefix(root)) or "/")
