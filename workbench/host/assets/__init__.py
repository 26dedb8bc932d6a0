"""What an injected prompt would go for, and which server can open it: the blast radius."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from workbench.access import READ, WRITE, can
from workbench.host.assets import containers
from workbench.host.assets.finding import find
from workbench.host.assets.ports import databases
from workbench.host.assets.reaching import of_process
from workbench.host.context import Context
from workbench.host.processes.linux import LinuxTable
from workbench.model.assets import AssetFact, AssetFacts, Reach
from workbench.model.clients import ClientFacts
from workbench.model.facts import Account, AccountFacts, SectionState
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.servers import Server, ServerFacts


def gather(context: Context) -> AssetFacts:
    """The assets that are there, and the reach of every server that is started on this host."""
    if context.platform != "linux":
        return AssetFacts(SectionState("failed", "what a server can open is worked out on Linux only"))
    clients, accounts = context.found.get("clients"), context.found.get("accounts")
    processes, servers = context.found.get("processes"), context.found.get("servers")
    assets, unread = find(context, clients if isinstance(clients, ClientFacts) else None)
    assets += databases(context.proc)
    assets.sort(key=lambda asset: (asset.kind, asset.name))
    running = {each.key: each for each in processes.servers} if isinstance(processes, ProcessFacts) else {}
    known = {each.uid: each for each in accounts.accounts} if isinstance(accounts, AccountFacts) else {}
    table = LinuxTable(os.fspath(context.proc), context.privileged)
    reaches: list[Reach] = []
    foretold: dict[int, tuple[Account, list[str]]] = {}
    for server in servers.servers if isinstance(servers, ServerFacts) else ():
        copies = [running[key] for key in server.processes if key in running]
        if copies:
            # The copies of one server are started alike; where they differ the one that reaches more counts.
            each = [_tried(context, copy, of_process(server, copy, assets, table), assets) for copy in copies]
            reaches += [max(those, key=_badness) for those in zip(*each, strict=True)]
        elif (options := containers.started_in(server)) is not None:
            starter = known.get(_starter(server, context))
            reaches += containers.foretold(server, options, starter, assets)
        else:
            account = _account_of(server, context, known)
            if account is not None:
                foretold.setdefault(account.uid, (account, []))[1].append(server.key)
    for account, keys in foretold.values():
        reaches += [_foretold(tuple(keys), account, asset) for asset in assets]
    return AssetFacts(
        SectionState("partial" if unread else "complete", unread=tuple(unread)), tuple(assets), tuple(reaches)
    )


def _badness(reach: Reach) -> int:
    return ("no", "unknown", "yes").index(reach.verdict)


def _tried(context: Context, process: ServerProcess, reaches: list[Reach], assets: Sequence[AssetFact]) -> list[Reach]:
    """What root may find out for certain, by opening and closing with the server's own rights."""
    if context.uid != 0 or not context.assess or os.fspath(context.proc) != "/proc":
        return reaches
    from workbench.host.assets.trying import try_all

    opened = try_all(process, assets)
    who = process.account or process.uid
    return [_with_truth(reach, opened[reach.asset], who) if reach.asset in opened else reach for reach in reaches]


def _with_truth(reach: Reach, opens: bool, who: str | int) -> Reach:
    if opens:
        return replace(reach, verdict="yes", why=f"it opened for the account {who}", basis="tried")
    return replace(reach, verdict="no", why=f"it did not open for the account {who}", basis="tried")


def _account_of(server: Server, context: Context, accounts: dict[int, Account]) -> Account | None:
    """As whom a configured server would run, were it started now with nothing around it; None where that is not so."""
    launch = server.launch
    if server.presence not in ("not running", "unknown") or launch is None or not launch.understood or server.units:
        return None
    around = [each for each in server.isolation if each != f"account {launch.account}"]
    if around or launch.sandbox or launch.image is not None:
        return None
    if launch.account:
        return next((each for each in accounts.values() if each.name == launch.account), None)
    return accounts.get(_starter(server, context))


def _starter(server: Server, context: Context) -> int:
    """Whose client starts it: the one in whose home its config lies."""
    place = server.entry.path if server.entry is not None else ""
    return next((home.uid for home in context.inspected if place.startswith(f"{home.path}/")), context.uid)


def _foretold(servers: tuple[str, ...], account: Account, asset: AssetFact) -> Reach:
    if asset.file is None:
        return Reach(servers, asset.name, "yes", "nothing would stand around it", "predicted")
    right = WRITE if asset.file.file.kind == "socket" else READ
    if can(account, asset.file, right):
        return Reach(servers, asset.name, "yes", f"it would run as {account.name}, who may open it", "predicted")
    return Reach(servers, asset.name, "no", f"it would run as {account.name}, who may not open it", "predicted")
