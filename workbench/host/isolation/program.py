"""The files that a server runs, by the paths that this host reaches them by."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.host.files import CannotLook, path_fact
from workbench.host.isolation.comparing import Reference, table_of
from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.table import Gaps, Hidden
from workbench.model.facts import PathFact
from workbench.model.processes import ServerProcess
from workbench.secrets import redact


def program_paths(
    table: LinuxTable, server: ServerProcess, paths: Sequence[str], known: Reference, gaps: Gaps
) -> tuple[PathFact, ...]:
    """The files and folders that a server calls by these paths, by the paths that this host reaches them by.

    What is not there is left out, and what lies in a file system that is mounted nowhere here: nobody here can replace
    it. Raises Gone.
    """
    what = f"who can replace the program of {server.label}"
    found = []
    try:
        table.link(server.pid, "ns/mnt")  # a path means nothing as long as it is not known whose path it is
        for path in dict.fromkeys(paths):
            if redact(path) != path:
                gaps.add("program", what, "its path holds a secret")
                continue
            here = path if table.shares_our_files(server.pid) else _out_here(table, server.pid, path, known)
            if here is not None:
                found.append(path_fact(here))
    except CannotLook as why:
        if not why.absent:
            gaps.add("program", what, why.why, why.unlock)
    except Hidden:
        pass  # its executable and its namespaces are refused together, and are said to be
    return tuple(found)


def _out_here(table: LinuxTable, pid: int, path: str, known: Reference) -> str | None:
    inside = table.locate(pid, path)
    root = f"{table.proc}/{pid}/root"
    if inside is None or known.ours is None:
        return None
    place = table_of(table.read(pid, "mountinfo"), known).place(inside.removeprefix(root) or "/")
    return None if place is None else known.ours.path_of(*place)
