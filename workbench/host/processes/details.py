"""The facts of one recognised server on Linux: its rights, its confinement, its environment's names."""

from __future__ import annotations

import os
from dataclasses import replace
from weakref import WeakKeyDictionary

from workbench.host import isolation
from workbench.host.context import Context
from workbench.host.files import AS_ROOT
from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.programs import script_of
from workbench.host.processes.table import Gaps, Gone, Hidden
from workbench.model.facts import EnvironmentEntry
from workbench.model.processes import ServerProcess
from workbench.secrets import environment_entry, redact
from workbench.text import visible

_DELETED = " (deleted)"
_COMPARED_WITH: WeakKeyDictionary[LinuxTable, isolation.Reference] = WeakKeyDictionary()


def describe(table: LinuxTable, server: ServerProcess, gaps: Gaps, context: Context | None = None) -> ServerProcess:
    """The server with all that /proc tells of its main process. What may not be read is a gap. Raises Gone, Hidden.

    ``context`` says whose homes are looked for, and whether the server may be stopped to read its filters; without one
    that is the home of the account that looks, and no filter is read.
    """
    pid = server.pid
    known = _COMPARED_WITH.get(table)
    if known is None:
        known = _COMPARED_WITH[table] = isolation.reference(table, context)
    status = table.status(pid)
    groups = status.get("Groups", "").split()
    gid = int(status.get("Gid", "-1 -1").split()[1])
    no_new_privileges = _number(status, "NoNewPrivs")
    namespaces_seen = True
    try:
        namespaces = table.namespaces(pid)
        own = tuple(kind for kind in sorted(namespaces) if namespaces[kind] not in table.usual_namespaces())
    except Hidden:
        gaps.add("namespaces", f"the namespaces of {server.label}", "permission denied", AS_ROOT)
        own, namespaces_seen = (), False
    seen = replace(
        server,
        executable=_link(table, pid, "exe", f"the program file of {server.label}", gaps),
        working_directory=_link(table, pid, "cwd", f"the working directory of {server.label}", gaps),
        gid=gid,
        groups=tuple(sorted({gid, *map(int, groups)})),
        umask=_number(status, "Umask", 8),
        no_new_privileges=None if no_new_privileges is None else bool(no_new_privileges),
        seccomp=_number(status, "Seccomp"),
        seccomp_filters=_number(status, "Seccomp_filters"),
        parent_seccomp_filters=_parent_filters(table, server.chain[0]),
        capabilities_effective=_number(status, "CapEff", 16) or 0,
        capabilities_bounding=_number(status, "CapBnd", 16) or 0,
        unit=visible(table.unit(pid)),
        container=table.container(pid),
        own_namespaces=own,
        environment=_environment(table, pid, server.label, gaps),
    )
    return replace(
        seen,
        isolation=isolation.describe(table, seen, known, gaps, namespaces_seen=namespaces_seen),
        program=isolation.program_paths(table, seen, _program(table, seen), known, gaps),
    )


def environment_of(raw: bytes) -> tuple[EnvironmentEntry, ...]:
    """The variables of an ``environ`` file by name, each with the secret that it holds."""
    found: dict[str, EnvironmentEntry] = {}
    for piece in raw.split(b"\0"):
        name, equals, value = piece.decode("utf-8", "surrogateescape").partition("=")
        if equals and name:
            # Of two entries of one name a program sees the first.
            entry = environment_entry(name, value)
            found.setdefault(entry.name, entry)
    return tuple(found[name] for name in sorted(found))


def account_name(uid: int) -> str:
    """The name of an account, or "" for a uid without one."""
    try:
        import pwd

        return visible(pwd.getpwuid(uid).pw_name)
    except (ImportError, KeyError, OverflowError):
        return ""


def _number(status: dict[str, str], field: str, base: int = 10) -> int | None:
    try:
        return int(status[field].split()[0], base)
    except (KeyError, IndexError, ValueError):
        return None  # this kernel does not have it


def _environment(table: LinuxTable, pid: int, label: str, gaps: Gaps) -> tuple[EnvironmentEntry, ...] | None:
    try:
        return environment_of(table.read(pid, "environ"))
    except Hidden:
        gaps.add("environment", f"the environment of {label}", "permission denied", AS_ROOT)
        return None


def _link(table: LinuxTable, pid: int, name: str, what: str, gaps: Gaps) -> str:
    try:
        return visible(redact(table.link(pid, name)))
    except Hidden:
        gaps.add("executable", what, "permission denied", AS_ROOT)
        return ""


def _program(table: LinuxTable, server: ServerProcess) -> list[str]:
    """The exact paths of what it runs, as it names them: the executable, the script and the folder of its source."""
    paths = []
    script = script_of(table.command(server.pid))
    try:
        paths.append(table.link(server.pid, "exe").removesuffix(_DELETED))
        if script.kind == "script":
            paths.append(os.path.join(table.working_directory(server.pid), script.text))
    except Hidden:
        pass  # said with the facts of the same name
    if server.source is not None:
        paths.append(server.source.path)
    return [path for path in paths if path.startswith("/")]


def _parent_filters(table: LinuxTable, pid: int) -> int | None:
    try:
        above = table.parent(pid)
        return _number(table.status(above), "Seccomp_filters") if above > 0 else None
    except (Gone, Hidden):
        return None
