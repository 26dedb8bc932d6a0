"""The processes of a Linux host, from /proc. Every file is read at most once, and only where it is asked for."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Mapping

from workbench.activity import began, note_of_each
from workbench.host.privileged import Privileged
from workbench.host.processes import as_root, channels
from workbench.host.processes.programs import split_command
from workbench.host.processes.roots import resolve_inside
from workbench.host.processes.table import ENDED, Gone, Hidden, answer_of

_READ_STEP = 1 << 16
_READ_LIMIT = 4 << 20
_SITE_PACKAGES = re.compile(rb"(/\S.*/(?:site|dist)-packages)/")
_CONTAINER = re.compile(r"(?<![0-9a-f])([0-9a-f]{64})(?![0-9a-f])")
_THREAD_STARTER = 2
_NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")


class LinuxTable:
    """The processes below one /proc, as they were when each was first asked for."""

    def __init__(self, proc: str, privileged: Privileged | None = None) -> None:
        self.proc = proc
        # What it may answer as root are the processes of this very host.
        self._privileged = privileged if proc == "/proc" else None
        self._read: dict[tuple[int, str], bytes] = {}
        self._links: dict[tuple[int, str], str] = {}
        self._commands: dict[int, bytes] | None = None
        self._boot: float | None = None
        self._own: str | None = None
        self._usual: frozenset[str] | None = None
        self.unreadable: set[int] = set()

    def commands(self) -> Mapping[int, bytes]:
        """Every process's command line. The one stage that touches every process, so it does nothing else."""
        if self._commands is None:
            self._commands = self._of_each((int(name) for name in os.listdir(self.proc) if name.isdecimal()), "cmdline")
        return self._commands

    def in_units_named(self, word: bytes) -> list[int]:
        """See Table."""
        living = (pid for pid, command in self.commands().items() if command)
        return [pid for pid, groups in self._of_each(living, "cgroup").items() if word in groups.lower()]

    def command(self, pid: int) -> tuple[str, ...]:
        """See Table."""
        known = self.commands().get(pid)
        return split_command(known if known is not None else self.read(pid, "cmdline"))

    def read(self, pid: int, name: str) -> bytes:
        """One file of a process, whole. Raises Gone and Hidden."""
        key = (pid, name)
        if key not in self._read:
            try:
                self._read[key] = self._fresh(pid, name)
            except Hidden:
                answer = as_root.content(self._privileged, pid, name)
                if answer is None:
                    raise
                self._read[key] = answer
        return self._read[key]

    def link(self, pid: int, name: str) -> str:
        """Where one link of a process points. Raises Gone and Hidden."""
        key = (pid, name)
        if key not in self._links:
            try:
                self._links[key] = os.readlink(f"{self.proc}/{pid}/{name}")
            except OSError as error:
                answer = answer_of(error)
                known = as_root.links(self._privileged, pid) if isinstance(answer, Hidden) else {}
                if name not in known:
                    raise answer from error
                self._links[key] = known[name]
        return self._links[key]

    def descriptors(self, pid: int) -> tuple[str, ...]:
        """What each open file of a process is (``socket:[123]``, ``/dev/null``). Raises Gone and Hidden."""
        try:
            return tuple(each.target for each in channels.open_files(self.proc, pid))
        except Hidden:
            known = as_root.links(self._privileged, pid)
            if not known:
                raise
            return tuple(target for name, target in known.items() if name.startswith("fd/"))

    def parent(self, pid: int) -> int:
        """See Table."""
        return int(self._stat(pid)[1])

    def started(self, pid: int) -> float:
        """See Table."""
        return self._booted() + int(self._stat(pid)[19]) / os.sysconf("SC_CLK_TCK")

    def name(self, pid: int) -> str:
        """See Table."""
        raw = self.read(pid, "stat")
        return raw[raw.find(b"(") + 1 : raw.rfind(b")")].decode("utf-8", "surrogateescape")

    def uids(self, pid: int) -> tuple[int, int]:
        """See Table."""
        fields = self.status(pid).get("Uid", "").split()
        return (int(fields[0]), int(fields[1])) if len(fields) > 1 else (-1, -1)

    def status(self, pid: int) -> dict[str, str]:
        """The fields of its ``status`` file. Raises Gone and Hidden."""
        text = self.read(pid, "status").decode("utf-8", "surrogateescape")
        pairs = (line.partition(":") for line in text.split("\n"))
        return {name: value.strip() for name, _, value in pairs if name}

    def working_directory(self, pid: int) -> str:
        """See Table."""
        return self.link(pid, "cwd")

    def locate(self, pid: int, path: str) -> str | None:
        """See Table."""
        if not path.startswith("/"):
            path = os.path.join(self.working_directory(pid), path)
        root = ""
        container = self.container(pid)
        if container and container != self._own_container():
            self.link(pid, "root")  # where it may not be entered, the path would be taken for a file of ours
        if not self.shares_our_files(pid):
            root = f"{self.proc}/{pid}/root"
        try:
            if root:
                return resolve_inside(root, path)
            return os.path.realpath(path, strict=True)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM):
                raise Hidden(path) from error
            return None
        except ValueError:
            return None

    def shares_our_files(self, pid: int) -> bool:
        """Whether a path means the same to that process as to this one; taken to be so where it may not be asked."""
        try:
            return self.link(pid, "ns/mnt") == os.readlink(f"{self.proc}/self/ns/mnt") and self.link(pid, "root") == "/"
        except (Hidden, Gone, OSError):
            return True

    def may_be_elsewhere(self, pid: int) -> bool:
        """See Table."""
        try:
            return not self.link(pid, "ns/mnt")
        except (Hidden, Gone):
            return True

    def site_packages(self, pid: int) -> str | None:
        """See Table."""
        try:
            match = _SITE_PACKAGES.search(self.read(pid, "maps"))
        except Hidden:
            return None
        return os.fsdecode(match[1]) if match else None

    def executable(self, pid: int) -> str:
        """See Table."""
        return self.link(pid, "exe")

    def driven(self, pid: int) -> bool:
        """See Table."""
        try:
            target = self.link(pid, "fd/0")
            if target.startswith(("pipe:", "socket:")):
                return True
            if target != "/dev/null":
                return False
            # Servers on newer versions of the library move their transport away from the standard descriptors.
            above = self.parent(pid)
            return above > 1 and channels.joined(self.proc, pid, above)
        except (Hidden, Gone):
            return False

    def unit(self, pid: int) -> str:
        """See Table."""
        unit = ""
        for path in self._groups(pid):
            for part in reversed(path.split("/")):
                if part.endswith((".service", ".scope")):
                    unit = part
                    break
            if unit:
                break
        return re.sub(r"\\x([0-9a-f]{2})", lambda match: chr(int(match[1], 16)), unit)

    def container(self, pid: int) -> str:
        """See Table."""
        return _container_in(self._groups(pid))

    def namespaces(self, pid: int) -> dict[str, str]:
        """Its namespaces by kind. Raises Gone and Hidden."""
        found = {}
        for kind in _NAMESPACES:
            try:
                found[kind] = self.link(pid, f"ns/{kind}")
            except Gone:
                if not os.path.isdir(f"{self.proc}/{pid}"):
                    raise
        return found

    def usual_namespaces(self) -> frozenset[str]:
        """The namespaces that say nothing of a process: the system's first ones, and those of the one that looks."""
        if self._usual is None:
            found: set[str] = set()
            # The kernel's thread starter is in the first ones. PID 1 is too, but often not even root may ask it.
            try:
                if self.name(_THREAD_STARTER) == "kthreadd":
                    found.update(self.namespaces(_THREAD_STARTER).values())
            except (Gone, Hidden):
                pass
            for kind in _NAMESPACES:
                try:
                    found.add(os.readlink(f"{self.proc}/self/ns/{kind}"))
                except OSError:
                    continue
            self._usual = frozenset(found)
        return self._usual

    def _of_each(self, pids: Iterable[int], name: str) -> dict[int, bytes]:
        # Thousands of files: nothing here but open, read and close.
        found: dict[int, bytes] = {}
        prefix = self.proc + "/"
        flags = os.O_RDONLY | os.O_CLOEXEC
        begun = began()
        for pid in pids:
            try:
                handle = os.open(f"{prefix}{pid}/{name}", flags)
            except OSError as error:
                if error.errno not in ENDED:
                    self.unreadable.add(pid)
                continue
            try:
                found[pid] = os.read(handle, _READ_STEP)
            except OSError:
                pass  # it has ended
            finally:
                os.close(handle)
        if found:
            note_of_each(f"{prefix}[pid]/{name}", begun, len(found))
        return found

    def _groups(self, pid: int) -> list[str]:
        try:
            return _groups_in(self.read(pid, "cgroup"))
        except (Gone, Hidden):
            return []

    def _own_container(self) -> str:
        if self._own is None:
            try:
                with open(f"{self.proc}/self/cgroup", "rb") as file:
                    self._own = _container_in(_groups_in(file.read(_READ_STEP)))
            except OSError:
                self._own = ""
        return self._own

    def _stat(self, pid: int) -> list[bytes]:
        raw = self.read(pid, "stat")
        fields = raw[raw.rfind(b")") + 1 :].split()  # the name in parentheses may hold spaces and parentheses
        if len(fields) < 20:
            raise Gone(pid)
        return fields

    def _booted(self) -> float:
        if self._boot is None:
            self._boot = 0.0
            try:
                with open(f"{self.proc}/stat", "rb") as file:
                    self._boot = float(next(line.split()[1] for line in file if line.startswith(b"btime ")))
            except (OSError, StopIteration, ValueError):
                pass
        return self._boot

    def _fresh(self, pid: int, name: str) -> bytes:
        begun = began()
        try:
            handle = os.open(f"{self.proc}/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise answer_of(error) from error
        try:
            pieces: list[bytes] = []
            total = 0
            while total < _READ_LIMIT and (piece := os.read(handle, _READ_STEP)):
                pieces.append(piece)
                total += len(piece)
            note_of_each(f"{self.proc}/[pid]/{name}", begun)
            return b"".join(pieces)
        except OSError as error:
            raise answer_of(error) from error
        finally:
            os.close(handle)


def _groups_in(raw: bytes) -> list[str]:
    lines = raw.decode("utf-8", "surrogateescape").splitlines()
    fields = [line.split(":", 2) for line in lines if line.count(":") >= 2]
    # systemd keeps its own hierarchy, or the only one of version 2; the others may be laid out by anything.
    own = [path for _, controller, path in fields if controller in ("name=systemd", "")]
    return own + [path for _, controller, path in fields if controller not in ("name=systemd", "")]


def _container_in(groups: Iterable[str]) -> str:
    return next((match[1] for path in groups if (match := _CONTAINER.search(path))), "")
