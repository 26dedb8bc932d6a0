"""Gather the systemd units that run MCP servers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workbench.host.context import Context
from workbench.host.files import CannotLook, path_fact
from workbench.host.units import reading
from workbench.host.units.folders import Manager, find, folders_of
from workbench.host.units.places import is_known, version
from workbench.host.units.serving import Server, fits, server_of
from workbench.model.facts import SectionState, Unread
from workbench.model.units import UnitFact, UnitFacts, UnitFolder
from workbench.text import visible

_AS_ROOT = "run the scan as root"


def gather(context: Context) -> UnitFacts:
    """The units that run MCP servers, and those that were asked for, with systemd's own assessment of each."""
    if context.platform != "linux":
        return UnitFacts(SectionState("not applicable", "systemd runs on Linux only"))
    is_known.cache_clear()
    unread: list[Unread] = []
    units: list[UnitFact] = []
    of_units: list[UnitFolder] = []
    seen = 0
    for manager, folders in folders_of(context).items():
        try:
            found = find(manager, folders)
        except CannotLook as why:
            return UnitFacts(SectionState("failed", why.why, why.unlock))
        seen += found.seen
        unread += [_unread_folder(folder, why) for folder, why in found.unread]
        servers: list[Server] = []
        for unit in found.units:
            gaps: list[Unread] = []
            content = reading.read(unit, context, gaps)
            server = None if content.absent else _server(content, context, gaps)
            # Of a folder of drop-ins that is closed it matters only where the unit runs a server.
            unread += [gap for gap in gaps if server is not None or not gap.what.startswith("the unit files in ")]
            servers += [server] if server is not None else []
        if servers:
            # On most hosts no unit runs a server: what describes and assesses one is not needed then.
            from workbench.host.units.assessing import facts

            units += facts(manager, servers, folders, found.others, context, unread)
            of_units += _folders(manager, folders, unread)
    if not seen and not unread:
        return UnitFacts(SectionState("not applicable", "systemd is not installed: there is no unit file"))
    unread += [
        Unread("content", visible(name), "there is no such unit", "systemctl list-unit-files")
        for name in context.units
        if not any(fits(unit.name, name) for unit in units)
    ]
    gathered = SectionState("partial", unread=tuple(unread)) if unread else SectionState("complete")
    return UnitFacts(gathered, tuple(units), seen, version(), tuple(of_units))


def _server(content: reading.Content, context: Context, unread: list[Unread]) -> Server | None:
    try:
        return server_of(content, context)
    except CannotLook as why:
        unread.append(Unread("content", visible(str(content.unit.file)), why.why, why.unlock or _AS_ROOT))
        return None


def _folders(manager: Manager, folders: Sequence[Path], unread: list[Unread]) -> list[UnitFolder]:
    found = []
    for folder in folders:
        try:
            found.append(UnitFolder(manager, path_fact(folder)))
        except CannotLook as why:
            if not why.absent:
                unread.append(Unread("mode", visible(str(folder)), why.why, why.unlock))
    return found


def _unread_folder(folder: str, why: str) -> Unread:
    return Unread("content", f"the unit files in {visible(str(Path(folder)))}", visible(why), _AS_ROOT)
