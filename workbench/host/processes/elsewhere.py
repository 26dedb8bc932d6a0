"""The processes of macOS and Windows, from psutil. It tells less than /proc; what it does not tell is a stated gap."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from workbench.host.processes.programs import split_command
from workbench.host.processes.table import Gaps, Gone, Hidden
from workbench.model.facts import EnvironmentEntry
from workbench.model.processes import ServerProcess
from workbench.secrets import environment_entry, redact
from workbench.text import visible

if TYPE_CHECKING:
    import psutil

_Answer = TypeVar("_Answer")
_AS_ADMINISTRATOR = {"darwin": "look as root", "win32": "look as administrator"}


class PsutilTable:
    """The processes that psutil lists, as they were when the table was made."""

    def __init__(self) -> None:
        import psutil

        self._errors = (psutil.NoSuchProcess, psutil.ZombieProcess)
        self._denied = psutil.AccessDenied
        self._processes: dict[int, psutil.Process] = {}
        self._commands: dict[int, bytes] = {}
        self.unreadable: set[int] = set()
        for process in psutil.process_iter():
            try:
                command = process.cmdline()
            except self._errors:
                continue
            except (self._denied, OSError):
                self.unreadable.add(process.pid)
                continue
            self._processes[process.pid] = process
            raw = b"".join(item.encode("utf-8", "surrogateescape") + b"\0" for item in command)
            self._commands[process.pid] = raw

    def commands(self) -> Mapping[int, bytes]:
        """See Table."""
        return self._commands

    def command(self, pid: int) -> tuple[str, ...]:
        """See Table."""
        return split_command(self._commands.get(pid, b""))

    def parent(self, pid: int) -> int:
        """See Table."""
        return self._asked(pid, lambda process: process.ppid(), 0)

    def started(self, pid: int) -> float:
        """See Table."""
        return self._asked(pid, lambda process: process.create_time(), 0.0)

    def name(self, pid: int) -> str:
        """See Table."""
        return self._asked(pid, lambda process: process.name(), "")

    def uids(self, pid: int) -> tuple[int, int]:
        """See Table."""
        if not hasattr(os, "getuid"):
            return (-1, -1)
        return self._asked(pid, lambda process: (process.uids().real, process.uids().effective), (-1, -1))

    def gids(self, pid: int) -> int:
        """The effective group id; -1 where there is none."""
        if not hasattr(os, "getuid"):
            return -1
        return self._asked(pid, lambda process: process.gids().effective, -1)

    def executable(self, pid: int) -> str:
        """The file it executes. Raises Hidden and Gone."""
        return self._told(pid, lambda process: process.exe())

    def working_directory(self, pid: int) -> str:
        """See Table."""
        return self._told(pid, lambda process: process.cwd())

    def environment(self, pid: int) -> dict[str, str]:
        """Its environment. Raises Hidden and Gone."""
        return self._told(pid, lambda process: process.environ())

    def account(self, pid: int) -> str:
        """The name of the account it runs as, or ""."""
        return self._asked(pid, lambda process: process.username(), "")

    def may_be_elsewhere(self, pid: int) -> bool:
        """See Table."""
        return False

    def locate(self, pid: int, path: str) -> str | None:
        """See Table."""
        if not os.path.isabs(path):
            path = os.path.join(self.working_directory(pid), path)
        try:
            return os.path.realpath(path, strict=True)
        except PermissionError as error:
            raise Hidden(path) from error
        except (OSError, ValueError):
            return None

    def site_packages(self, pid: int) -> str | None:
        """Not told: another process's loaded libraries are not for every account to list here."""
        return None

    def driven(self, pid: int) -> bool:
        """Not told."""
        return False

    def unit(self, pid: int) -> str:
        """There are no systemd units here."""
        return ""

    def in_units_named(self, word: bytes) -> list[int]:
        """There are no systemd units here."""
        return []

    def container(self, pid: int) -> str:
        """Containers run in a virtual machine here; their processes are not listed."""
        return ""

    def _told(self, pid: int, ask: Callable[[psutil.Process], _Answer]) -> _Answer:
        process = self._processes.get(pid)
        if process is None:
            raise Gone(pid)
        try:
            return ask(process)
        except self._errors as error:
            raise Gone(pid) from error
        except (self._denied, OSError) as error:
            raise Hidden(pid) from error

    def _asked(self, pid: int, ask: Callable[[psutil.Process], _Answer], unknown: _Answer) -> _Answer:
        try:
            return self._told(pid, ask)
        except Hidden:
            return unknown


def describe(table: PsutilTable, server: ServerProcess, platform: str, gaps: Gaps) -> ServerProcess:
    """The server with all that psutil tells of it. Raises Gone."""
    pid = server.pid
    unlock = _AS_ADMINISTRATOR.get(platform, "look as root")
    executable = working_directory = ""
    environment: tuple[EnvironmentEntry, ...] | None = None
    try:
        executable = visible(redact(table.executable(pid)))
        working_directory = visible(redact(table.working_directory(pid)))
    except Hidden:
        gaps.add("executable", f"the program file of {server.label}", "access denied", unlock)
    try:
        variables = table.environment(pid)
        environment = tuple(environment_entry(name, variables[name]) for name in sorted(variables))
    except Hidden:
        gaps.add("environment", f"the environment of {server.label}", "access denied", unlock)
    if platform != "win32":
        system = "macOS" if platform == "darwin" else "this system"
        gaps.add("status", f"the umask of {server.label}", f"{system} does not tell another process's umask")
    gid = table.gids(pid)
    return replace(
        server,
        executable=executable,
        working_directory=working_directory,
        gid=gid,
        groups=(gid,),
        account=visible(table.account(pid)),
        environment=environment,
    )
