"""What recognition asks of the running processes, whatever the platform answers it from."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import field
from typing import Protocol

from workbench.model.facts import Unread
from workbench.model.record import draft

ENDED = (errno.ENOENT, errno.ESRCH, errno.ENOTDIR, errno.EINVAL)
"""What the system answers when a process has ended."""


class Hidden(Exception):  # noqa: N818 - it is an answer, not an error
    """This part of another account's process may not be read."""


class Gone(Exception):  # noqa: N818 - it is an answer, not an error
    """The process ended while it was looked at."""


def answer_of(error: OSError) -> Hidden | Gone:
    """A refusal of the system, as an answer."""
    # Not to be told for another reason (no descriptor left, an error of the kernel's) is no proof of an end either.
    return Gone(error.errno) if error.errno in ENDED else Hidden(error.errno)


@draft
class Gaps:
    """What could not be read, collected while looking."""

    unread: list[Unread] = field(default_factory=list)

    def add(self, facet: str, what: str, why: str, unlock: str = "") -> None:
        """Note one part that could not be read."""
        gap = Unread(facet, what, why, unlock)
        if gap not in self.unread:
            self.unread.append(gap)


class Table(Protocol):
    """The processes of this host. Paths and commands are exact; undecodable bytes are lone surrogates.

    Every method but ``commands`` raises Gone when the process has ended.
    """

    def commands(self) -> Mapping[int, bytes]:
        """Every process's command line, its arguments ended by NUL; empty for kernel threads and the dead."""

    def command(self, pid: int) -> tuple[str, ...]:
        """The argument vector; a title that the program wrote over it is taken apart at its spaces."""

    def parent(self, pid: int) -> int:
        """The parent's pid; 0 for none."""

    def started(self, pid: int) -> float:
        """When it started, in Unix seconds."""

    def name(self, pid: int) -> str:
        """The kernel's short name: on Linux the first 15 bytes of the program's or script's file name."""

    def uids(self, pid: int) -> tuple[int, int]:
        """The real and the effective uid; -1 where there is no such thing."""

    def working_directory(self, pid: int) -> str:
        """The working directory. Raises Hidden."""

    def locate(self, pid: int, path: str) -> str | None:
        """The path by which this process opens what that process calls ``path``; links are followed.

        None where nothing is there. Raises Hidden where it may not be looked up.
        """

    def may_be_elsewhere(self, pid: int) -> bool:
        """Whether it cannot be told if a path means the same to it, so that what is missing here says nothing."""

    def site_packages(self, pid: int) -> str | None:
        """The Python package folder that its loaded libraries come from, if any, as that process names it."""

    def executable(self, pid: int) -> str:
        """The file it executes, as it names it; it ends in `` (deleted)`` when it is there no more. Raises Hidden."""

    def driven(self, pid: int) -> bool:
        """Whether a pipe or a socket leads from another program to it; False where that is hidden."""

    def unit(self, pid: int) -> str:
        """The systemd service or scope it belongs to, or ""."""

    def in_units_named(self, word: bytes) -> list[int]:
        """The processes in whose units' names the word stands, in small letters."""

    def container(self, pid: int) -> str:
        """The 64-digit id of its container, or ""."""
