"""A mount table with its layers, and what one process sees through it of the file systems of another."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator

from workbench.model.record import record

_OCTAL = re.compile(rb"\\([0-7]{3})")


@record
class Mount:
    """One mount: the folder ``root`` of the file system ``device`` at ``point``, on top of the mount ``parent``."""

    identity: int
    parent: int
    device: str
    root: str
    point: str
    writable: bool
    kind: str
    options: tuple[str, ...]


class MountTable:
    """The mounts that a process can reach. To look a path up costs as much as it is deep, however many there are.

    ``top`` is what its root lies on; None where its root is no mount at all (a plain chroot).
    """

    def __init__(self, raw: bytes) -> None:
        self._over: dict[tuple[int, str], Mount] = {}
        self._of_device: defaultdict[str, list[Mount]] = defaultdict(list)
        at_root: dict[int, Mount] = {}
        for line in raw.split(b"\n"):
            mount = _parsed(line)
            if mount is None:
                continue
            self._over[mount.parent, mount.point] = mount
            self._of_device[mount.device].append(mount)
            if mount.point == "/":
                at_root[mount.identity] = mount
        lowest = next((mount for mount in at_root.values() if mount.parent not in at_root), None)
        self.top = self._uppermost(lowest, "/") if lowest is not None else None

    def all(self) -> tuple[Mount, ...]:
        """Every mount, also one that something else is mounted over."""
        return tuple(mount for mounts in self._of_device.values() for mount in mounts)

    def covering(self, path: str) -> Mount | None:
        """The mount that an absolute path without links lies on."""
        here = self.top
        walked = ""
        for part in path.split("/"):
            if part and here is not None:
                walked = f"{walked}/{part}"
                here = self._uppermost(here, walked)
        return here

    def place(self, path: str) -> tuple[str, str] | None:
        """The device and the path in its file system that a path without links means here."""
        mount = self.covering(path)
        return None if mount is None else (mount.device, _join(mount.root, _below(path, mount.point)))

    def showing(self, device: str, within: str) -> Iterator[Mount]:
        """The mounts through which a path of a file system can be reached here, whatever it is called."""
        for mount in self._of_device.get(device, ()):
            if _is_below(within, mount.root):
                candidate = _join(mount.point, _below(within, mount.root))
                if self.covering(candidate) == mount:  # else something else is mounted over it
                    yield mount

    def path_of(self, device: str, within: str) -> str | None:
        """A path by which a path of a file system can be reached here, the shortest."""
        found = [_join(mount.point, _below(within, mount.root)) for mount in self.showing(device, within)]
        return min(found, key=lambda path: (len(path), path), default=None)

    def _uppermost(self, mount: Mount, point: str) -> Mount:
        seen = {mount.identity}
        while (over := self._over.get((mount.identity, point))) is not None and over.identity not in seen:
            seen.add(over.identity)
            mount = over
        return mount


def _parsed(line: bytes) -> Mount | None:
    # 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
    before, separator, after = line.partition(b" - ")
    fields, rest = before.split(b" "), after.split(b" ")
    if not separator or len(fields) < 6 or len(rest) < 3:
        return None
    if not (fields[0].isdigit() and fields[1].isdigit()):
        return None
    of_mount, of_file_system = fields[5].split(b","), rest[2].split(b",")
    return Mount(
        identity=int(fields[0]),
        parent=int(fields[1]),
        device=fields[2].decode("ascii", "replace"),
        root=_plain(fields[3]),
        point=_plain(fields[4]),
        writable=b"ro" not in of_mount and b"ro" not in of_file_system,
        kind=rest[0].decode("ascii", "replace"),
        options=tuple(option.decode("ascii", "replace") for option in of_file_system),
    )


def _plain(field: bytes) -> str:
    return os.fsdecode(_OCTAL.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), field))


def _is_below(path: str, folder: str) -> bool:
    return folder == "/" or path == folder or path.startswith(folder + "/")


def _below(path: str, folder: str) -> str:
    return path.lstrip("/") if folder == "/" else path[len(folder) :].lstrip("/")


def _join(folder: str, rest: str) -> str:
    return f"{folder.rstrip('/')}/{rest}" if rest else folder
