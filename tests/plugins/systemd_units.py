"""Units by hand, as the collector describes them, so that a test says only what matters to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests import builders
from workbench.host.units.filters import answers
from workbench.host.units.settings import kept
from workbench.host.units.unit_file import effective
from workbench.launch import understand
from workbench.model.facts import PathFact, SectionState
from workbench.model.snapshot import Snapshot
from workbench.model.units import UnitFact, UnitFacts, UnitFolder, UnitPlace

NAME = "mcp-files.service"
FILE = f"/etc/systemd/system/{NAME}"
USER_FILE = f"/home/dev/.config/systemd/user/{NAME}"
COMMAND = ("/usr/local/bin/mcp-filesystem-server", "/srv/ws")
GROUPS = {
    "@default": frozenset(("execve",)),
    "@system-service": frozenset(("read",)),
    "@pkey": frozenset(("pkey_alloc",)),
}


def unit(service: str = "", *, file: str = FILE, command: tuple[str, ...] = COMMAND, **more: Any) -> UnitFact:
    """A system unit (a user unit where ``file`` is one) whose section Service is the given text."""
    where = builders.path(file, 0o644, uid=1000 if file.startswith("/home/") else 0)
    settings = kept(effective([(file, f"[Service]\n{service}\n")]))
    made = UnitFact(
        NAME,
        where,
        "user" if file.startswith("/home/") else "system",
        command=command,
        launch=understand(command, "/home/dev"),
        owner=1000 if file.startswith("/home/") else 0,
        files=(where,),
        settings=settings,
        ignored=(),
    )
    filters = answers(made.values("SystemCallFilter"), made.value("SystemCallErrorNumber"), GROUPS)
    return replace(made, **{"syscalls": filters, **more})


def place(key: str, path: str, *, exists: bool | None = True, optional: bool = False) -> UnitPlace:
    """A path that a setting names."""
    return UnitPlace(key, path, exists, optional)


def host(
    *units: UnitFact,
    state: SectionState = builders.COMPLETE,
    version: int = 252,
    folders: tuple[PathFact, ...] = (),
    **sections: Any,
) -> Snapshot:
    """A host with these units."""
    of_units = tuple(UnitFolder("system", path) for path in folders)
    return builders.snapshot(units=UnitFacts(state, units, 100, version, of_units), **sections)
