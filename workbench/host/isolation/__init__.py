"""What a running server on Linux can reach: its mounts, rights, limits, security label and system call filters.

Everything is read from /proc and compared with what the process that looks sees itself, and with what started the
server. Only ``filters`` touches the server: as root, and when the context lets things be assessed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.access import EXECUTE, READ, WRITE, permits, reaches
from workbench.host.context import Context
from workbench.host.files import CannotLook, path_fact
from workbench.host.isolation.capabilities import capability_names
from workbench.host.isolation.labels import label_of, selinux_enforces
from workbench.host.isolation.limits import GroupLimits, own_limits
from workbench.host.isolation.mounts import Mount, MountTable
from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.table import Gaps, Gone, Hidden
from workbench.model.facts import Account, PathFact
from workbench.model.isolation import IsolationFact, RootView
from workbench.model.processes import ServerProcess
from workbench.secrets import redact
from workbench.text import visible

FILTER_SECONDS = 2.0
"""How long a scan may take to read filters, in all."""

_AS_ROOT = "look as root"
_MOUNTS_LIMIT = 4 << 20
_OVERRIDES_MODES = {"CAP_DAC_OVERRIDE"}


@dataclass(frozen=True, slots=True)
class _View:
    """What one mount table shows. The homes are by their path on this host, with whether they can be written."""

    root: RootView = "unknown"
    homes: tuple[tuple[str, bool], ...] = ()
    hidden: tuple[str, ...] = ()
    private_tmp: bool | None = None
    host_proc: bool | None = None
    host_sys: bool | None = None
    hidepid: str = ""


@dataclass(slots=True)
class Reference:
    """What all servers of one scan are compared with, and what was found out once for several of them."""

    homes: tuple[tuple[str, PathFact | None], ...]
    ours: MountTable | None
    groups: GroupLimits
    enforcing: bool
    read_filters: bool
    tables: dict[bytes, MountTable] = field(default_factory=dict)
    views: dict[bytes, _View] = field(default_factory=dict)
    filters_until: float = 0.0


def reference(table: LinuxTable, context: Context | None) -> Reference:
    """What the servers of a table are compared with: this process, and the homes that the context inspects.

    Without a context that is the home of the account that looks, and no filter is read.
    """
    folders = [home.path for home in context.inspected] if context is not None else [Path.home()]
    homes: list[tuple[str, PathFact | None]] = []
    for folder in dict.fromkeys(os.path.realpath(folder) for folder in folders):
        try:
            homes.append((folder, path_fact(folder)))
        except CannotLook:
            homes.append((folder, None))
    mounts = _own_mounts(table)
    # A number of another /proc may be the process of somebody else here.
    live = context is not None and context.assess and os.geteuid() == 0 and os.path.normpath(table.proc) == "/proc"
    return Reference(
        homes=tuple(homes),
        ours=mounts,
        groups=GroupLimits(mounts.all() if mounts is not None else ()),
        enforcing=selinux_enforces(),
        read_filters=live and not _is_filtered(),
    )


def describe(
    table: LinuxTable, server: ServerProcess, known: Reference, gaps: Gaps, *, namespaces_seen: bool
) -> IsolationFact:
    """How a server is confined; its credentials and namespaces are already filled in. Raises Gone and Hidden.

    ``namespaces_seen`` is whether its namespaces could be read: none of its own then means that it shares them all.
    """
    pid = server.pid
    status = table.status(pid)
    view = _view(table, pid, server.label, known, gaps)
    effective, permitted, ambient, bounding = (
        capability_names(_mask(status, name)) for name in ("CapEff", "CapPrm", "CapAmb", "CapBnd")
    )
    uids = tuple(int(number) for number in status.get("Uid", "").split()[:3] if number.isdecimal())
    label, confines = _label(table, pid, known.enforcing)
    above = _status_above(table, server.chain[0])
    readable, writable = _homes(server, view, known, effective)
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
        syscalls=_syscalls(server, known, gaps),
        limits=_limits(table, pid, known),
        dumpable=_dumpable(table, pid, server.uid),
        hidepid=view.hidepid,
    )


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
    place = _table(table.read(pid, "mountinfo"), known).place(inside.removeprefix(root) or "/")
    return None if place is None else known.ours.path_of(*place)


def _own_mounts(table: LinuxTable) -> MountTable | None:
    try:
        with open(f"{table.proc}/self/mountinfo", "rb") as file:
            raw = file.read(_MOUNTS_LIMIT)
    except OSError:
        return None
    return MountTable(raw) if len(raw) < _MOUNTS_LIMIT else None


def _view(table: LinuxTable, pid: int, label: str, known: Reference, gaps: Gaps) -> _View:
    what = f"which files {label} can see"
    try:
        raw = table.read(pid, "mountinfo")
    except Hidden:
        gaps.add("isolation", what, "permission denied", _AS_ROOT)
        return _View()
    if known.ours is None or not raw or len(raw) >= _MOUNTS_LIMIT:
        gaps.add("isolation", what, "the mounts cannot be compared: there are too many, or /proc does not tell them")
        return _View()
    if raw not in known.views:
        known.views[raw] = _compared(_table(raw, known), known.ours, known.homes)
    return known.views[raw]


def _table(raw: bytes, known: Reference) -> MountTable:
    if raw not in known.tables:
        known.tables[raw] = MountTable(raw)
    return known.tables[raw]


def _compared(theirs: MountTable, ours: MountTable, homes: tuple[tuple[str, PathFact | None], ...]) -> _View:
    place = ours.place("/")
    shown = tuple(theirs.showing(*place)) if place is not None else ()
    seen: list[tuple[str, bool]] = []
    hidden = []
    for home, _ in homes:
        at = ours.place(home)
        mounts = tuple(theirs.showing(*at)) if at is not None else ()
        if mounts:
            seen.append((home, any(mount.writable for mount in mounts)))
        else:
            hidden.append(home)
    proc = theirs.covering("/proc")
    return _View(
        root="host" if any(mount.writable for mount in shown) else "host read-only" if shown else "own",
        homes=tuple(seen),
        hidden=tuple(hidden),
        private_tmp=theirs.place("/tmp") != ours.place("/tmp"),  # noqa: S108 - it is the place that is asked about
        host_proc=_is_same(proc, ours.covering("/proc"), "proc"),
        host_sys=_is_same(theirs.covering("/sys"), ours.covering("/sys"), "sysfs"),
        hidepid=_hidepid(proc),
    )


def _is_same(theirs: Mount | None, ours: Mount | None, kind: str) -> bool:
    return theirs is not None and ours is not None and theirs.kind == kind and theirs.device == ours.device


def _hidepid(proc: Mount | None) -> str:
    options = proc.options if proc is not None and proc.kind == "proc" else ()
    value = next((option.removeprefix("hidepid=") for option in options if option.startswith("hidepid=")), "")
    return "" if value in ("0", "off") else visible(value, 20)


def _homes(
    server: ServerProcess, view: _View, known: Reference, effective: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The homes that it may list and that it may change: what its mounts show, as far as its account is let in."""
    facts = dict(known.homes)
    overrides = bool(_OVERRIDES_MODES & set(effective)) and "user" not in server.own_namespaces
    account = Account(0 if overrides else server.uid, "", server.gid, server.groups)
    readable, writable = [], []
    for home, by_mount in view.homes:
        fact = facts[home]
        if fact is None or (reaches(account, fact) and _may(account, fact, READ)):
            readable.append(visible(home))
        if by_mount and (fact is None or (reaches(account, fact) and _may(account, fact, WRITE))):
            writable.append(visible(home))
    return tuple(readable), tuple(writable)


def _may(account: Account, folder: PathFact, right: int) -> bool:
    return permits(account, folder.file, right) and permits(account, folder.file, EXECUTE)


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


def _syscalls(server: ServerProcess, known: Reference, gaps: Gaps) -> tuple[tuple[str, str], ...]:
    if not known.read_filters or server.seccomp != 2:
        return ()
    from workbench.host.isolation import filters
    from workbench.host.isolation.bpf import NotAFilter
    from workbench.host.isolation.syscalls import answers, is_known

    what = f"what the system call filters of {server.label} let through"
    machine = filters.machine()
    if not is_known(machine):
        return ()
    if not known.filters_until:
        known.filters_until = time.monotonic() + FILTER_SECONDS
    if time.monotonic() > known.filters_until:
        gaps.add("seccomp", what, f"reading filters took longer than {FILTER_SECONDS:g} s in all")
        return ()
    try:
        programs = filters.read_filters(server.pid)
        return answers(programs, machine, i386=filters.has_i386(), x32=filters.has_x32())
    except filters.CannotRead as why:
        gaps.add("seccomp", what, str(why))
    except NotAFilter:
        gaps.add("seccomp", what, "the kernel handed out something that is no filter")
    return ()


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


def _is_filtered() -> bool:
    try:
        with open("/proc/self/status", "rb") as file:
            return b"\nSeccomp:\t0" not in file.read()
    except OSError:
        return True
