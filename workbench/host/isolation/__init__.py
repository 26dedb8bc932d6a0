"""What a running server on Linux can reach: its mounts, rights, limits, security label and system call filters.

Everything is read from /proc and compared with what the process that looks sees itself, and with what started the
server. Only ``filters`` touches the server: as root, and when the context lets things be assessed.
"""

from __future__ import annotations

import os

from workbench.host.isolation.asking import syscalls_of
from workbench.host.isolation.capabilities import capability_names
from workbench.host.isolation.comparing import Reference, homes_of, reference, view_of
from workbench.host.isolation.labels import label_of
from workbench.host.isolation.limits import own_limits
from workbench.host.isolation.program import program_paths
from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.table import Gaps, Gone, Hidden
from workbench.model.isolation import IsolationFact
from workbench.model.processes import ServerProcess

__all__ = ["Reference", "describe", "program_paths", "reference"]


def describe(
    table: LinuxTable, server: ServerProcess, known: Reference, gaps: Gaps, *, namespaces_seen: bool
) -> IsolationFact:
    """How a server is confined; its credentials and namespaces are already filled in. Raises Gone and Hidden.

    ``namespaces_seen`` is whether its namespaces could be read: none of its own then means that it shares them all.
    """
    pid = server.pid
    status = table.status(pid)
    view = view_of(table, pid, server.label, known, gaps)
    effective, permitted, ambient, bounding = (
        capability_names(_mask(status, name)) for name in ("CapEff", "CapPrm", "CapAmb", "CapBnd")
    )
    uids = tuple(int(number) for number in status.get("Uid", "").split()[:3] if number.isdecimal())
    label, confines = _label(table, pid, known.enforcing)
    above = _status_above(table, server.chain[0])
    readable, writable = homes_of(server, view, known, effective)
    return IsolationFact(
        root=view.root,
        homes_readable=readable,
        homes_writable=writable,
        homes_hidden=view.hidden,
        private_tmp=view.private_tmp,
        host_proc=view.host_proc,
        host_sys=view.host_sys,
        network="own" if "net" in server.own_namespaces else "host" if namespaces_seen else "unknown",
        uids=uids,
        capabilities_effective=effective,
        capabilities_permitted=permitted,
        capabilities_ambient=ambient,
        capabilities_bounding=bounding,
        label=label,
        label_confines=confines,
        inherited_no_new_privileges=above.get("NoNewPrivs") == "1" if "NoNewPrivs" in above else None,
        filters_added=_added(status, above),
        syscalls=syscalls_of(server, known, gaps),
        limits=_limits(table, pid, known),
        dumpable=_dumpable(table, pid, server.uid),
        hidepid=view.hidepid,
    )


def _label(table: LinuxTable, pid: int, enforcing: bool) -> tuple[str, bool]:
    try:
        return label_of(table.read(pid, "attr/current"), enforcing=enforcing)
    except (Gone, Hidden):
        return "", False  # no module that labels, or one that does not tell: nothing that is seen to confine


def _status_above(table: LinuxTable, pid: int) -> dict[str, str]:
    """The status of what started a process, else of PID 1: a container gives the same filters to all that is in it."""
    for above in (table.parent(pid), 1):
        try:
            if above > 0:
                return table.status(above)
        except (Gone, Hidden):
            continue
    return {}


def _added(status: dict[str, str], above: dict[str, str]) -> int | None:
    mode, count, inherited = status.get("Seccomp"), status.get("Seccomp_filters"), above.get("Seccomp_filters")
    if mode == "0":
        return 0
    if mode == "1":
        return 1  # strict mode: what it has left is reading, writing and ending
    if mode == "2" and count and inherited and count.isdecimal() and inherited.isdecimal():
        return max(0, int(count) - int(inherited))
    if mode == "2" and above.get("Seccomp") == "0":
        return 1  # how many is not known to this kernel, but what started it has none
    return None


def _limits(table: LinuxTable, pid: int, known: Reference) -> tuple[tuple[str, int], ...]:
    found: tuple[tuple[str, int], ...] = ()
    try:
        found += own_limits(table.read(pid, "limits"))
    except (Gone, Hidden):
        pass
    try:
        found += known.groups.of(table.read(pid, "cgroup"))
    except (Gone, Hidden):
        pass
    return found


def _dumpable(table: LinuxTable, pid: int, uid: int) -> bool | None:
    """Whether its account may trace and dump it: the files of one that is not dumpable are root's."""
    if uid <= 0:
        return None
    try:
        return os.stat(f"{table.proc}/{pid}/environ").st_uid == uid
    except OSError:
        return None


def _mask(status: dict[str, str], name: str) -> int:
    try:
        return int(status.get(name, "0"), 16)
    except ValueError:
        return 0
