"""Describe the units that run servers, and have systemd assess them meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from workbench.host.context import Context
from workbench.host.units import filters, ignored, state
from workbench.host.units.analysis import Analysis, analyse, analyse_as_root
from workbench.host.units.describing import around, describe
from workbench.host.units.folders import Manager, UnitFile
from workbench.host.units.later import Later
from workbench.host.units.serving import Server
from workbench.model.facts import Unread
from workbench.model.units import UnitFact, UnitRun


def facts(
    manager: Manager,
    servers: Sequence[Server],
    folders: Sequence[Path],
    others: Mapping[str, UnitFile],
    context: Context,
    unread: list[Unread],
) -> list[UnitFact]:
    """The facts of the units of a manager that run servers, with what systemd says of each where that is asked for."""
    beside = around(others, context)
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
