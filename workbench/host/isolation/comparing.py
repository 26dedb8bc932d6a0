"""What a server's mounts show of this host: compared with those of the process that looks."""

from __future__ import annotations

import os
from dataclasses import field
from pathlib import Path

from workbench.access import EXECUTE, READ, WRITE, permits, reaches
from workbench.activity import began, note
from workbench.host.context import Context
from workbench.host.files import AS_ROOT, CannotLook, path_fact
from workbench.host.isolation.bpf import Program
from workbench.host.isolation.labels import selinux_enforces
from workbench.host.isolation.limits import GroupLimits
from workbench.host.isolation.mounts import Mount, MountTable
from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.table import Gaps, Hidden
from workbench.model.facts import Account, PathFact
from workbench.model.isolation import RootView
from workbench.model.processes import ServerProcess
from workbench.model.record import draft, record
from workbench.text import visible

_MOUNTS_LIMIT = 4 << 20
_OVERRIDES_MODES = {"CAP_DAC_OVERRIDE"}


@record
class View:
    """What one mount table shows. The homes are by their path on this host, with whether they can be written."""

    root: RootView = "unknown"
    homes: tuple[tuple[str, bool], ...] = ()
    hidden: tuple[str, ...] = ()
    private_tmp: bool | None = None
    host_proc: bool | None = None
    host_sys: bool | None = None
    hidepid: str = ""


@draft
class Reference:
    """What all servers of one scan are compared with, and what was found out once for several of them."""

    homes: tuple[tuple[str, PathFact | None], ...]
    ours: MountTable | None
    groups: GroupLimits
    enforcing: bool
    read_filters: bool
    tables: dict[bytes, MountTable] = field(default_factory=dict)
    views: dict[bytes, View] = field(default_factory=dict)
    answers: dict[tuple[Program, ...], tuple[tuple[str, str], ...]] = field(default_factory=dict)
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


def _own_mounts(table: LinuxTable) -> MountTable | None:
    begun, place = began(), f"{table.proc}/self/mountinfo"
    try:
        with open(place, "rb") as file:
            raw = file.read(_MOUNTS_LIMIT)
        note("read", place, begun, len(raw))
    except OSError:
        return None
    return MountTable(raw) if len(raw) < _MOUNTS_LIMIT else None


def view_of(table: LinuxTable, pid: int, label: str, known: Reference, gaps: Gaps) -> View:
    """What the mounts of a process show; where they cannot be read or compared, nothing and a gap. Raises Gone."""
    what = f"which files {label} can see"
    try:
        raw = table.read(pid, "mountinfo")
        if known.ours is None or len(raw) >= _MOUNTS_LIMIT:
            gaps.add("isolation", what, "the mounts cannot be compared: too many, or /proc does not tell them")
            return View()
        theirs = table_of(raw, known)
        if theirs.top is None and _is_above_a_home(table.link(pid, "root"), known):
            gaps.add("isolation", what, "its root is a plain folder with a home folder in it")
            return View()
    except Hidden:
        gaps.add("isolation", what, "permission denied", AS_ROOT)
        return View()
    if raw not in known.views:
        known.views[raw] = _compared(theirs, known.ours, known.homes)
    return known.views[raw]


def _is_above_a_home(root: str, known: Reference) -> bool:
    return any(home == root or home.startswith(root.rstrip("/") + "/") for home, _ in known.homes)


def table_of(raw: bytes, known: Reference) -> MountTable:
    """The mount table of a ``mountinfo`` file, read once for all processes that have the same."""
    if raw not in known.tables:
        known.tables[raw] = MountTable(raw)
    return known.tables[raw]


def _compared(theirs: MountTable, ours: MountTable, homes: tuple[tuple[str, PathFact | None], ...]) -> View:
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
            hidden.append(visible(home))
    proc = theirs.covering("/proc")
    return View(
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


def homes_of(
    server: ServerProcess, view: View, known: Reference, effective: tuple[str, ...]
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


def _is_filtered() -> bool:
    try:
        with open("/proc/self/status", "rb") as file:
            return b"\nSeccomp:\t0" not in file.read()
    except OSError:
        return True
