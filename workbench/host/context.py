"""What a collector is told: whose host, where to look, and what the collectors before it found."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.model.record import record

if TYPE_CHECKING:
    from workbench.host.privileged import Privileged
    from workbench.model.probe import PeerVerdict


@record
class Home:
    """A home folder whose clients are inspected. ``uid`` is its account's.

    ``environment`` is what its clients are known to see: the session's for the session's own home, empty for others.
    """

    path: Path
    uid: int
    environment: Mapping[str, str]


@record
class Context:
    """Where to look. The defaults are the live host; tests point the places at folders of their own.

    ``home`` is the account whose clients are inspected, ``homes`` all of them where it is not that one alone.
    ``environment`` is the session's. With ``assess`` false nothing is judged by another program: units are found, but
    systemd is not asked about them. ``privileged`` is there where reading through sudo is offered or was agreed to.
    ``found`` holds the sections gathered so far, by name, for a collector that depends on them.
    ``probes`` are what probes that were asked for found out, by the socket's inode.
    ``engines`` are the sockets of container engines, None for the usual places. ``named_containers`` and ``units``
    are judged whatever they run.
    """

    platform: str
    home: Path
    uid: int
    environment: Mapping[str, str]
    working_directory: Path
    proc: Path = Path("/proc")
    sudoers: Path = Path("/etc/sudoers")
    unit_folders: tuple[Path, ...] | None = None
    managed_root: Path = Path("/")
    engines: tuple[Path, ...] | None = None
    named_containers: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    homes: tuple[Home, ...] = ()
    assess: bool = True
    privileged: Privileged | None = None
    probes: Mapping[int, PeerVerdict] = field(default_factory=dict)
    found: Mapping[str, Any] = field(default_factory=dict)

    @property
    def inspected(self) -> tuple[Home, ...]:
        """Every home folder whose clients are inspected."""
        return self.homes or (Home(self.home, self.uid, self.environment),)

    @classmethod
    def of_this_host(cls) -> Context:
        """The machine this runs on, as the account that runs it."""
        try:
            working_directory = Path.cwd()
        except OSError:
            working_directory = Path(os.sep)
        return cls(
            platform=sys.platform,
            home=Path.home(),
            uid=os.getuid() if hasattr(os, "getuid") else -1,
            environment=dict(os.environ),
            working_directory=working_directory,
        )
