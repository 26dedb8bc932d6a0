"""Gather the systemd units that run MCP servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.host.context import Context
from workbench.host.files import CannotLook, path_fact, read_bounded
from workbench.host.units import ignored
from workbench.host.units.analysis import Analysis, analyse
from workbench.host.units.folders import UnitFile, find, folders_of
from workbench.host.units.recognition import recognise
from workbench.host.units.unit_file import start_command
from workbench.launch import understand
from workbench.model.facts import SectionState, Unread
from workbench.model.units import UnitFact, UnitFacts
from workbench.secrets import redact_arguments
from workbench.text import visible

_FILE_LIMIT = 1024 * 1024
_AS_ROOT = "run the scan as root"


def gather(context: Context) -> UnitFacts:
    """The units that run MCP servers, with systemd's own assessment of each."""
    if context.platform != "linux":
        return UnitFacts(SectionState("not applicable", "systemd runs on Linux only"))
    unread: list[Unread] = []
    units: list[UnitFact] = []
    seen = 0
    for manager, folders in folders_of(context).items():
        try:
            found = find(manager, folders)
        except CannotLook as why:
            return UnitFacts(SectionState("failed", why.why, why.unlock))
        seen += found.seen
        unread += [_unread_folder(folder, why) for folder, why in found.unread]
        servers = [server for unit in found.units if (server := _server(unit, context, unread)) is not None]
        whole = [server.unit for server in servers if server.whole]
        analysis = analyse(manager, whole, folders, context) if context.assess else Analysis()
        unread += analysis.unread
        units += [_with_analysis(server, analysis) for server in servers]
    if not seen and not unread:
        return UnitFacts(SectionState("not applicable", "systemd is not installed: there is no unit file"))
    state = SectionState("partial", unread=tuple(unread)) if unread else SectionState("complete")
    return UnitFacts(state, tuple(units), seen)


@dataclass(frozen=True, slots=True)
class _Server:
    """A unit that runs an MCP server. ``whole`` is false when a part of it could not be read, so not be assessed."""

    unit: UnitFile
    fact: UnitFact
    whole: bool


def _server(unit: UnitFile, context: Context, unread: list[Unread]) -> _Server | None:
    contents: list[str] = []
    whole = True
    for file in (unit.file, *unit.drop_ins):
        try:
            contents.append(read_bounded(file, _FILE_LIMIT).decode("utf-8", "surrogateescape"))
        except CannotLook as why:
            if why.absent and file == unit.file:
                return None  # a link to a file that is gone starts nothing
            if not why.absent:
                whole = False
                unread.append(_unread(file, why))
    command, _ = redact_arguments(tuple(_resolved(start_command(contents), unit, context)))
    launch = understand(command, str(context.home)) if command else None
    reason = recognise(unit.name, command, launch)
    if not reason:
        return None
    for folder, said in unit.unread:
        whole = False
        unread.append(_unread_folder(folder, said))
    try:
        path = path_fact(unit.file)
    except CannotLook as why:
        unread.append(_unread(unit.file, why))
        return None
    fact = UnitFact(
        name=visible(unit.name),
        path=path,
        manager=unit.manager,
        drop_ins=tuple(visible(str(file)) for file in unit.drop_ins),
        recognised_by=visible(reason),
        command=command,
        launch=launch,
    )
    return _Server(unit, fact, whole)


def _unread(file: Path, why: CannotLook) -> Unread:
    return Unread("content", visible(str(file)), why.why, why.unlock or _AS_ROOT)


def _resolved(command: tuple[str, ...], unit: UnitFile, context: Context) -> Iterator[str]:
    home = str(context.home) if unit.manager == "user" else "/root"
    for word in command:
        yield "%".join(part.replace("%h", home) for part in word.split("%%"))


def _with_analysis(server: _Server, analysis: Analysis) -> UnitFact:
    exposure = analysis.exposures.get(server.unit.name)
    messages = analysis.ignored.get(server.unit.name)
    fact = replace(server.fact, ignored=None if messages is None else ignored.shown(messages))
    if exposure is None:
        return fact
    return replace(fact, exposure=exposure.overall, measured=exposure.measured, items=exposure.items)


def _unread_folder(folder: str, why: str) -> Unread:
    return Unread("content", f"the unit files in {visible(str(Path(folder)))}", visible(why), _AS_ROOT)
