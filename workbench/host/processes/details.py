"""The facts of one recognised server on Linux: its rights, its confinement, its environment's names."""

from __future__ import annotations

from dataclasses import replace

from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.table import Gaps, Gone, Hidden
from workbench.model.facts import EnvironmentEntry
from workbench.model.processes import ServerProcess
from workbench.secrets import environment_entry, redact
from workbench.text import visible

_AS_ROOT = "look as root"


def describe(table: LinuxTable, server: ServerProcess, gaps: Gaps) -> ServerProcess:
    """The server with all that /proc tells of its main process. What may not be read is a gap. Raises Gone, Hidden."""
    pid = server.pid
    status = table.status(pid)
    groups = status.get("Groups", "").split()
    gid = int(status.get("Gid", "-1 -1").split()[1])
    no_new_privileges = _number(status, "NoNewPrivs")
    try:
        namespaces = table.namespaces(pid)
        own = tuple(kind for kind in sorted(namespaces) if namespaces[kind] not in table.usual_namespaces())
    except Hidden:
        gaps.add("namespaces", f"the namespaces of {server.label}", "permission denied", _AS_ROOT)
        own = ()
    return replace(
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
        gaps.add("environment", f"the environment of {label}", "permission denied", _AS_ROOT)
        return None


def _link(table: LinuxTable, pid: int, name: str, what: str, gaps: Gaps) -> str:
    try:
        return visible(redact(table.link(pid, name)))
    except Hidden:
        gaps.add("executable", what, "permission denied", _AS_ROOT)
        return ""


def _parent_filters(table: LinuxTable, pid: int) -> int | None:
    try:
        above = table.parent(pid)
        return _number(table.status(above), "Seccomp_filters") if above > 0 else None
    except (Gone, Hidden):
        return None
