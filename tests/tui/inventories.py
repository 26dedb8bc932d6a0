"""Hosts with servers on them, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests import builders
from workbench.host.audit.records import Occurrence
from workbench.model.assets import AssetFact, AssetFacts, AssetKind, Reach
from workbench.model.audit import AuditEvent, AuditFacts, AuditRule, ServerAccount
from workbench.model.clients import ClientConfig, ClientFacts, ConfigProblem, EntryReference, ServerEntry
from workbench.model.containers import ContainerFact, ContainerFacts
from workbench.model.facts import EnvironmentEntry, SecretFact, SectionState, Unread
from workbench.model.launch import Ability, ImageSpec, Launch, PackageSpec, RootArgument, SetVariable
from workbench.model.processes import ProcessFacts
from workbench.model.servers import Server, ServerFacts
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import PortFact, SocketFacts
from workbench.model.sources import SourceFact
from workbench.model.units import UnitFact, UnitFacts
from workbench.text import visible

CONFIG = "/home/dev/.config/Claude/claude_desktop_config.json"


def server(name: str = "files", **more: Any) -> Server:
    """A server of Claude Desktop that runs as ``dev`` with nothing around it."""
    entry = EntryReference(CONFIG, ("mcpServers", name), name)
    made = Server(
        key=f"{CONFIG}#mcpServers/{name}",
        name=name,
        presence="running",
        configured=True,
        transport="stdio",
        clients=("Claude Desktop",),
        entry=entry,
        command=("npx", "-y", "pkg"),
        pids=(4242,),
        accounts=("dev",),
    )
    return replace(made, **more)


def unnamed(name: str = "stray", **more: Any) -> Server:
    """A server that runs and that nothing configures."""
    given: dict[str, Any] = {"key": f"process 1000:{name}", "configured": False, "clients": (), "entry": None}
    return server(name, **{**given, **more})


def host(*servers: Server, state: SectionState = builders.COMPLETE, **sections: Any) -> Snapshot:
    """A host with these servers."""
    return builders.snapshot(servers=ServerFacts(state, servers), **sections)


def asset(kind: AssetKind = "private key", name: str = "/home/dev/.ssh/id_ed25519", **more: Any) -> AssetFact:
    """A private key of ``dev``."""
    return AssetFact(kind, name, None if more.get("port") else builders.path(name, 0o600), **more)


def reached(*servers: Server, assets: Sequence[AssetFact] = (), reaches: Sequence[Reach] = (), **more: Any) -> Snapshot:
    """A host with these servers, and what they reach of what is worth stealing there."""
    state = more.pop("assets_state", builders.COMPLETE)
    return host(*servers, assets=AssetFacts(state, tuple(assets), tuple(reaches)), **more)


def radius() -> Snapshot:
    """Servers that open everything, something, nothing, that could, that hide it, and whose reach is not known."""
    keys = (asset(), asset(name="/home/dev/.ssh/id_rsa"))
    port = asset("database", "127.0.0.1:5432", port=5432)
    named = {
        "all": ("yes", "yes", "yes"),
        "some": ("no", "no", "yes"),
        "none": ("no", "no", "no"),
        "idle": ("yes", "yes", "yes"),
        "hidden": ("unknown", "unknown", "no"),
    }
    whys = {"yes": "the account dev may open it", "no": "it does not see that place", "unknown": "it may not be seen"}
    reaches = [
        Reach(
            (f"{CONFIG}#mcpServers/{name}",),
            each.name,
            verdict,  # type: ignore[arg-type]
            whys[verdict],
            "predicted" if name == "idle" else "computed",
        )
        for name, verdicts in named.items()
        for each, verdict in zip((*keys, port), verdicts, strict=True)
    ]
    servers = (
        server("none", isolation=("bwrap",)),
        server("idle", presence="not running", pids=()),
        server("all"),
        server("hidden", accounts=("root",)),
        server("some", accounts=("mcp",)),
        server("boxed", presence="not running", isolation=("docker",), pids=()),
        server("far", presence="remote", url="https://mcp.example/x", command=(), pids=(), accounts=()),
    )
    return reached(*servers, assets=(*keys, port), reaches=reaches)


MCP = ServerAccount(990, "mcp", servers=("mail",))
NOON = 1773489600.0
"""2026-03-14 12:00:00 UTC."""
DENIED = AuditRule(
    "-a always,exit -F arch=b64 -S openat -F exit=-EACCES -F uid=990",
    "exit",
    "always",
    "b64",
    ("openat",),
    (("exit", "=", "-13"), ("uid", "=", "990")),
    loaded=True,
)


def event(what: str = "/home/dev/.ssh/id_ed25519", **more: Any) -> AuditEvent:
    """Two denied opens of a private key, by node, at noon and a minute before."""
    given: dict[str, Any] = {"kind": "open", "outcome": "denied", "uid": 990, "account": "mcp", "count": 2}
    given |= {"first": NOON - 60, "last": NOON, "by": "/usr/bin/node"}
    return AuditEvent(what=what, **{**given, **more})


def occurrence(what: str = "/home/dev/.ssh/id_ed25519", moment: float = NOON + 60, **more: Any) -> Occurrence:
    """The same open, denied once more a minute later."""
    given: dict[str, Any] = {"kind": "open", "outcome": "denied", "uid": 990, "by": "/usr/bin/node"}
    return Occurrence(identity=f"{moment}:1", moment=moment, what=what, **{**given, **more})


def audited(*events: AuditEvent, **more: Any) -> Snapshot:
    """A host whose server “mail” runs as ``mcp``, and what was recorded of that account."""
    given: dict[str, Any] = {"listed": True, "enabled": 1, "running": True, "since": NOON - 80_000}
    given |= {"accounts": (MCP,), "events": events}
    facts = AuditFacts(**{"state": builders.COMPLETE, **given, **more})
    return host(server("mail", accounts=("mcp",)), server("files"), audit=facts)


def usual() -> Snapshot:
    """One of each presence, one that nothing configures, one outdated, one config that is broken."""
    problem = ConfigProblem("a comma is missing", 12, 5, "Claude Code takes it for corrupted")
    broken = builders.config(
        path=builders.path("/home/dev/.claude.json", 0o600), client_name="Claude Code", problem=problem
    )
    lost = Unread("content", "/srv/shared/mcp.json", "permission denied", "run as root")
    return host(
        server("aged", outdated="it runs 1.0.0, its config names 2.0.0", pids=(10,)),
        server("caged", isolation=("bwrap",), pids=(11, 12, 13)),
        server("idle", presence="not running", pids=(), accounts=()),
        server("off", presence="switched off", pids=(), accounts=()),
        server("far", presence="remote", url="https://mcp.example/x", command=(), pids=(), accounts=()),
        server("hidden", presence="unknown", pids=(), accounts=()),
        unnamed("stray", pids=(99,)),
        clients=ClientFacts(SectionState("partial", unread=(lost,)), (builders.config(), broken), (CONFIG,)),
    )


def everything(text: str = "", **more: Any) -> Snapshot:
    """A server with something in every field, and ``text`` in each that a host can fill."""
    text = visible(text, 20_000)
    pointer = ("mcpServers", f"files{text}")
    path = f"{CONFIG}{text}"
    launch = Launch(
        f"node{text}",
        (text,),
        wrappers=(f"sudo{text}", "bwrap"),
        sandbox=f"bwrap{text}",
        account=f"mcp{text}",
        image=ImageSpec(f"image{text}", f"docker.io/image{text}", f"1{text}", f"sha256:{text}"),
        package=PackageSpec("npm", f"pkg{text}", f"1.2.3{text}", "exact", f"npx{text}", text),
        roots=(RootArgument(f"~{text}", f"/home/dev/ws{text}", 1),),
        understood=False,
        script=f"/home/dev/server.js{text}",
        environment=(SetVariable(f"SET{text}"),),
        abilities=(Ability("files", f"told by{text}"),),
    )
    secret = SecretFact(f"a token{text}", "env.TOKEN", 40, "0")
    entry = ServerEntry(
        f"files{text}",
        pointer,
        "stdio",
        environment=(EnvironmentEntry(f"TOKEN{text}", secret),),
        client_sandbox=f"seatbelt{text}",
        line=3,
        working_directory=f"/home/dev/wd{text}",
        environment_files=(f"/home/dev/.env{text}",),
    )
    process = builders.process(
        key=f"1000:pkg{text}", executable=f"/usr/bin/node{text}", account=f"dev{text}", orphaned=True, workers=(9,)
    )
    socket = builders.socket(builders.path(f"/tmp/a.sock{text}", 0o777, kind="socket"), server=process.key)
    port = PortFact("0.0.0.0", 3001, 5, "network", process.key)
    unit = UnitFact(f"mcp{text}.service", builders.path("/etc/systemd/system/mcp.service", 0o644), "system")
    container = ContainerFact("c" * 64, f"hopper{text}", f"image{text}", engine=text)
    problem = ConfigProblem(f"a comma is missing{text}", 12, 5, f"it starts none{text}")
    where = builders.path(path, 0o600)
    configs = (
        ClientConfig("x", f"Desktop{text}", "user", "json", where, (entry,), confirmed=False),
        ClientConfig(
            "y", f"Code{text}", "user", "json", builders.path(f"/home/dev/b{text}", 0o600), (), problem=problem
        ),
    )
    lost = Unread("content", f"/srv/mcp.json{text}", f"denied{text}", f"run as root{text}")
    made = Server(
        key=f"{path}#{'/'.join(pointer)}",
        name=f"files{text}",
        presence="running",
        configured=False,
        transport="stdio",
        clients=(f"Desktop{text}", "Cursor"),
        entry=EntryReference(path, pointer, f"files{text}"),
        command=("npx", f"pkg{text}"),
        url=f"http://127.0.0.1:3001/{text}",
        launch=launch,
        processes=(process.key,),
        pids=(4242,),
        containers=(container.id,),
        units=(unit.name,),
        sockets=(socket.inode,),
        ports=(port.shown,),
        accounts=(f"dev{text}",),
        isolation=(f"bwrap{text}", f"account mcp{text}"),
        sources=(SourceFact("npx cache", f"/home/dev/.npm{text}", "npm", f"pkg{text}", f"1.2.3{text}", deleted=True),),
        outdated=f"it runs 1.0.0{text}",
        recognised_by=f"package.json names it{text}",
    )
    far = server(f"far{text}", presence="remote", url=f"https://mcp.example/{text}")
    things = (asset(name=f"/home/dev/.ssh/id{text}"), asset("database", f"127.0.0.1:1{text}", port=1))
    verdicts = (("yes", "tried"), ("unknown", "computed"))
    reaches = tuple(
        Reach((made.key,), thing.name, verdict, f"because{text}", basis)  # type: ignore[arg-type]
        for thing, (verdict, basis) in zip(things, verdicts, strict=True)
    )
    return host(
        replace(made, **more),
        far,
        server(f"boxed{text}", presence="not running", isolation=(f"docker{text}",)),
        assets=AssetFacts(SectionState("partial", unread=(lost,)), things, reaches),
        clients=ClientFacts(SectionState("partial", unread=(lost,)), configs, (f"/home/dev/x{text}",)),
        processes=ProcessFacts(builders.COMPLETE, (process,)),
        sockets=SocketFacts(builders.COMPLETE, (socket,), ports=(port,)),
        units=UnitFacts(builders.COMPLETE, (unit,)),
        containers=ContainerFacts(builders.COMPLETE, (container,)),
    )
