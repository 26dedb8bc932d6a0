"""The limits of a process: its own, and those of the control groups it is in."""

from __future__ import annotations

import os
from collections.abc import Iterable

from workbench.activity import began, note
from workbench.host.isolation.mounts import Mount

UNLIMITED = -1
_OWN = {b"Max open files": "open files", b"Max processes": "processes", b"Max core file size": "core size"}
_NAME_WIDTH = 26
_FILES = {
    "cgroup2": (("group processes", "pids.max"), ("group memory", "memory.max")),
    "pids": (("group processes", "pids.max"),),
    "memory": (("group memory", "memory.limit_in_bytes"),),
}
_DEEPEST = 32
_SIZE = 64
# Version 1 says "unlimited" with the largest number of whole pages.
_NO_MEMORY_LIMIT = 1 << 62


def own_limits(raw: bytes) -> tuple[tuple[str, int], ...]:
    """The soft limits of a ``limits`` file that matter here, by name; -1 for unlimited."""
    found = []
    for line in raw.split(b"\n"):
        name = _OWN.get(line[:_NAME_WIDTH].strip())
        values = line[_NAME_WIDTH:].split()
        if name and values:
            value = _number(values[0])
            if value is not None:
                found.append((name, value))
    return tuple(found)


class GroupLimits:
    """The limits of control groups, each group asked once. ``mounts`` are the mounts of the one that looks."""

    def __init__(self, mounts: Iterable[Mount]) -> None:
        self._hierarchies: list[tuple[str, Mount]] = []
        for mount in mounts:
            if mount.kind == "cgroup2":
                self._hierarchies.append(("cgroup2", mount))
            elif mount.kind == "cgroup":
                self._hierarchies += [(name, mount) for name in ("pids", "memory") if name in mount.options]
        self._known: dict[tuple[str, str], tuple[tuple[str, int], ...]] = {}

    def of(self, cgroup: bytes) -> tuple[tuple[str, int], ...]:
        """The tightest limits of the groups in a ``cgroup`` file of a process and of those above them."""
        paths: dict[str, str] = {}
        for line in cgroup.split(b"\n"):
            fields = os.fsdecode(line).split(":", 2)
            if len(fields) == 3:
                for controller in fields[1].split(",") if fields[1] else ("cgroup2",):
                    paths.setdefault(controller, fields[2])
        found: dict[str, int] = {}
        for kind, mount in self._hierarchies:
            if kind in paths:
                for name, value in self._tightest(kind, mount, paths[kind]):
                    found[name] = _tighter(found.get(name, UNLIMITED), value)
        return tuple(sorted(found.items()))

    def _tightest(self, kind: str, mount: Mount, path: str) -> tuple[tuple[str, int], ...]:
        key = (mount.point, path)
        if key not in self._known:
            self._known[key] = _read(kind, mount, path)
        return self._known[key]


def _read(kind: str, mount: Mount, path: str) -> tuple[tuple[str, int], ...]:
    if mount.root != "/" and path != mount.root and not path.startswith(mount.root + "/"):
        return ()  # this mount does not show that group
    below = path if mount.root == "/" else path[len(mount.root) :]
    parts = [part for part in below.split("/") if part]
    if ".." in parts or len(parts) > _DEEPEST:
        return ()
    found: dict[str, int] = {}
    for depth in range(len(parts), -1, -1):
        folder = "/".join((mount.point, *parts[:depth]))
        for name, file in _FILES[kind]:
            value = _number(_content(f"{folder}/{file}"))
            if value is not None:
                value = UNLIMITED if value >= _NO_MEMORY_LIMIT else value
                found[name] = _tighter(found.get(name, UNLIMITED), value)
    return tuple(found.items())


def _tighter(one: int, other: int) -> int:
    limits = [value for value in (one, other) if value != UNLIMITED]
    return min(limits, default=UNLIMITED)


def _content(path: str) -> bytes:
    begun = began()
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        content = os.read(handle, _SIZE)
        note("read", path, begun, len(content))
        return content.strip()
    except OSError:
        return b""
    finally:
        os.close(handle)


def _number(text: bytes) -> int | None:
    if text in (b"max", b"unlimited"):
        return UNLIMITED
    return int(text) if text.isdigit() else None
