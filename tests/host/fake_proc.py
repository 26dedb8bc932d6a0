"""A /proc of one's own, with the processes that a test needs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from workbench.host.context import Context

_NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")


class FakeProc:
    """Writes the files that the collectors read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        (root / "stat").write_text("cpu 0 0\nbtime 1767000000\n")
        self.add(1, ["/sbin/init"], parent=0, comm="init", uid=0)
        self.add(2, [], parent=0, comm="kthreadd", uid=0)
        self._namespaces("self", {})
        (root / "self" / "status").write_text("Name:\tpython\nUmask:\t0022\n")
        (root / "self" / "mountinfo").write_text("27 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
        self.unix([])

    def add(
        self,
        pid: int,
        argv: Sequence[str],
        *,
        parent: int = 1,
        comm: str | None = None,
        uid: int = 1000,
        effective: int | None = None,
        groups: Sequence[int] = (),
        started: int = 1000,
        cgroup: str = "0::/user.slice/session-1.scope",
        environment: Mapping[str, str] | None = None,
        cwd: str = "/",
        exe: str | None = None,
        umask: str = "0022",
        seccomp_filters: int = 0,
        descriptors: Mapping[int, str] | None = None,
        namespaces: Mapping[str, str] | None = None,
        maps: str = "",
        title: bytes | None = None,
        status: str = "",
        root: str = "/",
    ) -> int:
        """Add a process; what is not said is ordinary."""
        folder = self.root / str(pid)
        folder.mkdir()
        raw = title if title is not None else b"".join(os.fsencode(item) + b"\0" for item in argv)
        (folder / "cmdline").write_bytes(raw)
        name = (comm if comm is not None else os.path.basename(argv[0]) if argv else "x")[:15]
        fields = ["S", str(parent), *["0"] * 17, str(started), "0"]
        (folder / "stat").write_text(f"{pid} ({name}) {' '.join(fields)}\n")
        inside = uid if effective is None else effective
        listed = " ".join(map(str, groups or (uid,)))
        (folder / "status").write_text(
            status
            or f"Name:\t{name}\nUmask:\t{umask}\nUid:\t{uid}\t{inside}\t{inside}\t{inside}\n"
            f"Gid:\t{uid}\t{uid}\t{uid}\t{uid}\nGroups:\t{listed} \nCapEff:\t0000000000000000\n"
            f"CapBnd:\t000001ffffffffff\nNoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t{seccomp_filters}\n"
        )
        (folder / "cgroup").write_text(cgroup + "\n")
        entries = (environment or {"PATH": "/usr/bin"}).items()
        (folder / "environ").write_bytes(b"".join(os.fsencode(f"{key}={value}") + b"\0" for key, value in entries))
        (folder / "maps").write_text(maps)
        (folder / "cwd").symlink_to(cwd)
        (folder / "root").symlink_to(root)
        (folder / "exe").symlink_to(exe or (argv[0] if argv and argv[0].startswith("/") else "/usr/bin/thing"))
        (folder / "mountinfo").write_text("27 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
        (folder / "fd").mkdir()
        for number, target in (descriptors or {0: "pipe:[1]"}).items():
            (folder / "fd" / str(number)).symlink_to(target)
        self._namespaces(str(pid), namespaces or {})
        return pid

    def unix(self, lines: Sequence[str]) -> None:
        """What ``net/unix`` says of this network."""
        net = self.root / "net"
        net.mkdir(exist_ok=True)
        (net / "unix").write_text("Num       RefCount Protocol Flags    Type St Inode Path\n" + "".join(lines))

    def context(self, home: Path, **more: object) -> Context:
        """A context that looks here."""
        given: dict[str, object] = {"environment": {}, "found": {}, "platform": "linux", **more}
        return Context(home=home, uid=1000, working_directory=home, proc=self.root, **given)  # type: ignore[arg-type]

    def _namespaces(self, name: str, own: Mapping[str, str]) -> None:
        folder = self.root / name / "ns"
        folder.mkdir(parents=True)
        for kind in _NAMESPACES:
            (folder / kind).symlink_to(own.get(kind, f"{kind}:[1]"))


def listening(name: str, inode: int, *, flags: str = "00010000") -> str:
    """A line of ``net/unix``."""
    return f"ffff8881: 00000002 00000000 {flags} 0001 01 {inode} {name}\n"


def deny(monkeypatch: pytest.MonkeyPatch, *endings: str) -> None:
    """Make the system refuse every path with one of these endings, as it does for other accounts' processes."""

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *arguments: Any, **keywords: Any) -> Any:
            if isinstance(path, str) and path.endswith(endings):
                raise PermissionError(13, "Permission denied", path)
            return real(path, *arguments, **keywords)

        return call

    for name in ("open", "readlink", "listdir"):
        monkeypatch.setattr(os, name, guarded(getattr(os, name)))
