"""The inventory as the JSON document that ``workbench servers --json`` prints.

The published schema (``schema/servers-v1.json``) is made from these types; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.model.clients import ClientConfig
from workbench.model.finding import Pointer
from workbench.model.launch import Launch
from workbench.model.record import record
from workbench.model.servers import Server
from workbench.model.snapshot import Snapshot
from workbench.report.json_text import json_text

SCHEMA_VERSION = 1
Configs = Mapping[tuple[str, str], tuple[ClientConfig, Mapping[Pointer, int | None]]]
"""Every config, and the line of each of its entries, by its path and its client."""


@record
class PackageDocument:
    """The package a launch names. ``version`` is as written; ``pin`` is exact, range, tag, none or source."""

    ecosystem: str
    name: str
    version: str
    pin: str


@record
class ImageDocument:
    """The container image a launch names; "" for what it does not."""

    name: str
    tag: str
    digest: str


@record
class AbilityDocument:
    """What the server can do by design: files, commands, network, database or browser; and what told so."""

    kind: str
    why: str


@record
class LaunchDocument:
    """How it is started, every wrapper taken off. ``environment`` are names. ``understood`` false: not all is clear."""

    program: str
    wrappers: list[str]
    package: PackageDocument | None
    image: ImageDocument | None
    roots: list[str]
    account: str
    sandbox: str
    script: str
    environment: list[str]
    abilities: list[AbilityDocument]
    understood: bool


@record
class SourceDocument:
    """Where its code lies and which version that is."""

    kind: str
    path: str
    package: str
    version: str
    deleted: bool


@record
class ConfigDocument:
    """The entry that configures it. ``line`` counts from 1; ``confirmed`` false: its client may not read this place."""

    path: str
    pointer: list[str | int]
    line: int | None
    scope: str
    kind: str
    confirmed: bool


@record
class ServerDocument:
    """One server. ``key`` outlives restarts. ``presence`` is running, not running, switched off, remote or unknown."""

    key: str
    name: str
    presence: str
    configured: bool
    outdated: str
    transport: str
    clients: list[str]
    config: ConfigDocument | None
    command: list[str]
    url: str
    launch: LaunchDocument | None
    pids: list[int]
    accounts: list[str]
    isolation: list[str]
    containers: list[str]
    units: list[str]
    sockets: list[str]
    ports: list[str]
    sources: list[SourceDocument]
    confidence: str
    recognised_by: str


@record
class ProblemDocument:
    """A place that could not be read or understood. ``client_behaviour`` is what its client does with it, if known."""

    what: str
    why: str
    line: int | None = None
    column: int | None = None
    client_behaviour: str = ""
    unlock: str = ""


@record
class AssetDocument:
    """One thing worth stealing that is really there, by its path or its address."""

    kind: str
    name: str


@record
class ReachDocument:
    """Whether servers (by key) can open an asset (by name): yes, no or unknown; tried, computed or predicted."""

    servers: list[str]
    asset: str
    verdict: str
    why: str
    basis: str


@record
class InventoryDocument:
    """Every MCP server of one host, what is worth stealing there, and who can open it."""

    schema_version: int
    workbench: str
    taken_at: str
    platform: str
    user: str
    servers: list[ServerDocument]
    assets: list[AssetDocument]
    reach: list[ReachDocument]
    problems: list[ProblemDocument]


def document(snapshot: Snapshot) -> InventoryDocument:
    """The inventory of a Snapshot as the document that scripts read."""
    configs = {
        (config.path.asked, config.client_name): (config, {entry.pointer: entry.line for entry in config.servers[::-1]})
        for config in snapshot.clients.configs
    }
    sockets = {socket.inode: socket.name for socket in snapshot.sockets.sockets}
    return InventoryDocument(
        schema_version=SCHEMA_VERSION,
        workbench=snapshot.workbench,
        taken_at=snapshot.taken_at,
        platform=snapshot.host.platform,
        user=snapshot.host.user,
        servers=[_server(server, configs, sockets) for server in snapshot.servers.servers],
        assets=[AssetDocument(asset.kind, asset.name) for asset in snapshot.assets.assets],
        reach=[
            ReachDocument(list(reach.servers), reach.asset, reach.verdict, reach.why, reach.basis)
            for reach in snapshot.assets.reaches
        ],
        problems=list(problems(snapshot)),
    )


def as_json(snapshot: Snapshot) -> str:
    """The document as JSON text, ASCII only."""
    return json_text(document(snapshot), 2)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the document, made from the types."""
    from pydantic import TypeAdapter

    made = TypeAdapter(InventoryDocument).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "servers-v1.json", **made}


def problems(snapshot: Snapshot) -> Iterator[ProblemDocument]:
    """What kept the inventory from being whole: configs first, each cause once."""
    told: set[tuple[str, str]] = set()
    for config in snapshot.clients.configs:
        problem = config.problem
        if problem is not None:
            told.add((config.path.asked, ""))
            yield ProblemDocument(
                config.path.asked, problem.message, problem.line, problem.column, problem.client_behaviour
            )
    for section in (snapshot.clients, snapshot.processes, snapshot.sockets, snapshot.units, snapshot.containers):
        state = section.state
        gaps = [("", state.reason, state.unlock)] if state.status == "failed" else []
        gaps += [(gap.what, gap.why, gap.unlock) for gap in state.unread if (gap.what, "") not in told]
        for what, why, unlock in gaps:
            if (what, why) not in told:
                told.add((what, why))
                yield ProblemDocument(what, why, unlock=unlock)


def _server(server: Server, configs: Configs, sockets: dict[int, str]) -> ServerDocument:
    return ServerDocument(
        key=server.key,
        name=server.name,
        presence=server.presence,
        configured=server.configured,
        outdated=server.outdated,
        transport=server.transport,
        clients=list(server.clients),
        config=_config(server, configs),
        command=list(server.command),
        url=server.url,
        launch=_launch(server.launch) if server.launch is not None else None,
        pids=list(server.pids),
        accounts=list(server.accounts),
        isolation=list(server.isolation),
        containers=list(server.containers),
        units=list(server.units),
        sockets=[sockets.get(inode, "") for inode in server.sockets],
        ports=list(server.ports),
        sources=[
            SourceDocument(source.kind, source.path, source.package, source.version, source.deleted)
            for source in server.sources
        ],
        confidence=server.confidence,
        recognised_by=server.recognised_by,
    )


def _config(server: Server, configs: Configs) -> ConfigDocument | None:
    if server.entry is None:
        return None
    found = next((configs[key] for name in server.clients if (key := (server.entry.path, name)) in configs), None)
    if found is None:
        return None
    config, lines = found
    pointer = server.entry.pointer
    return ConfigDocument(
        config.path.asked, list(pointer), lines.get(pointer), config.scope, config.kind, config.confirmed
    )


def _launch(launch: Launch) -> LaunchDocument:
    package, image = launch.package, launch.image
    return LaunchDocument(
        program=launch.program,
        wrappers=list(launch.wrappers),
        package=PackageDocument(package.ecosystem, package.name, package.version, package.pin) if package else None,
        image=ImageDocument(image.name, image.tag, image.digest) if image else None,
        roots=[root.path for root in launch.roots],
        account=launch.account,
        sandbox=launch.sandbox,
        script=launch.script,
        environment=[variable.name for variable in launch.environment],
        abilities=[AbilityDocument(ability.kind, ability.why) for ability in launch.abilities],
        understood=launch.understood,
    )
