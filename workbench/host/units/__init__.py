"""Gather the systemd units that run MCP servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from workbench.host.context import Context
from workbench.host.files import CannotLook, path_fact
from workbench.host.units import filters, ignored, reading, state
from workbench.host.units.analysis import Analysis, analyse, analyse_as_root
from workbench.host.units.describing import Around, Server, around, describe, fits, server_of
from workbench.host.units.folders import Manager, find, folders_of
from workbench.host.units.later import Later
from workbench.host.units.places import is_known, version
from workbench.model.facts import SectionState, Unread
from workbench.model.units import UnitFact, UnitFacts, UnitFolder, UnitRun
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
            units += _facts(manager, servers, folders, around(found.others, context), context, unread)
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


def _facts(
    manager: Manager,
    servers: Sequence[Server],
    folders: Sequence[Path],
    beside: Around,
    context: Context,
    unread: list[Unread],
) -> list[UnitFact]:
    if not context.assess:
        return [describe(server, beside, context, unread) for server in servers]
    # systemd answers while the units are described.
    analysing = Later(lambda: _analysed(manager, servers, folders, context))
    asking = Later(lambda: state.ask(manager, [server.unit for server in servers], context))
    joins = [describe(server, beside, context, unread) for server in servers]
    known = filters.groups() if any(fact.values("SystemCallFilter") for fact in joins) else {}
    analysis = analysing.outcome()
    runs, gaps = asking.outcome()
    unread += [*analysis.unread, *gaps]
    return [
        _finished(server, fact, analysis, runs.get(server.unit.name, ()), known)
        for server, fact in zip(servers, joins, strict=True)
    ]


def _analysed(manager: Manager, servers: Sequence[Server], folders: Sequence[Path], context: Context) -> Analysis:
    readable = [server.unit for server in servers if server.content.whole and not server.content.as_root]
    analysis = analyse(manager, readable, folders, context)
    closed = [server.unit for server in servers if server.content.whole and server.content.as_root]
    if closed and context.privileged is not None:
        analyse_as_root(manager, closed, context.privileged, analysis)
    return analysis


def _finished(
    server: Server, fact: UnitFact, analysis: Analysis, runs: tuple[UnitRun, ...], known: filters.Groups
) -> UnitFact:
    name = server.unit.name
    exposure = analysis.exposures.get(name)
    messages = analysis.ignored.get(name)
    fact = replace(
        fact,
        ignored=None if messages is None else ignored.shown(messages, dict(server.content.texts)),
        syscalls=filters.answers(fact.values("SystemCallFilter"), fact.value("SystemCallErrorNumber"), known),
        refused=name in analysis.refused,
        runs=runs,
    )
    if exposure is None:
        return fact
    return replace(fact, exposure=exposure.overall, measured=exposure.measured, items=exposure.items)


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
