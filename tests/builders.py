"""Make small snapshots by hand, so that a test says only what matters to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from workbench.launch.images import parse_image
from workbench.model.assets import AssetFacts
from workbench.model.audit import AuditFacts
from workbench.model.clients import ClientConfig, ClientFacts, ServerEntry
from workbench.model.code import CodeFacts
from workbench.model.containers import ContainerFacts
from workbench.model.facts import (
    Account,
    AccountFacts,
    Acl,
    FileFact,
    HostFacts,
    PathFact,
    SectionState,
    Unread,
)
from workbench.model.finding import Finding, NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.launch import ImageSpec, Launch, PackageSpec, RootArgument
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.servers import ServerFacts
from workbench.model.session import SessionFacts
from workbench.model.snapshot import SNAPSHOT_VERSION, Snapshot
from workbench.model.sockets import SocketFact, SocketFacts
from workbench.model.sudoers import SudoersFacts
from workbench.model.units import UnitFacts

COMPLETE = SectionState("complete")
DEVELOPER = Account(1000, "dev", 1000, (1000,), "/home/dev", "/bin/bash")
COLLEAGUE = Account(1001, "colleague", 1001, (1001, 2000), "/home/colleague", "/bin/bash")
ROOT = Account(0, "root", 0, (0,), "/root", "/bin/bash")
ACCOUNTS = AccountFacts(
    COMPLETE, (ROOT, DEVELOPER, COLLEAGUE), ((0, "root"), (1000, "dev"), (1001, "colleague"), (2000, "team"))
)


def snapshot(**sections: Any) -> Snapshot:
    """A Linux host with the account ``dev`` (1000), a colleague (1001, in group team 2000) and nothing on it."""
    host = sections.pop("host", HostFacts("linux", "6.1.0", 1000, "dev", "/home/dev", "systemd"))
    empty: dict[str, Any] = {
        "accounts": ACCOUNTS,
        "clients": ClientFacts(COMPLETE),
        "processes": ProcessFacts(COMPLETE),
        "sockets": SocketFacts(COMPLETE),
        "session": SessionFacts(COMPLETE),
        "sudoers": SudoersFacts(COMPLETE),
        "units": UnitFacts(COMPLETE),
        "containers": ContainerFacts(COMPLETE),
        "servers": ServerFacts(COMPLETE),
        "assets": AssetFacts(COMPLETE),
        "audit": AuditFacts(COMPLETE, listed=True, files=(), enabled=1, running=True, events=()),
        "code": CodeFacts(COMPLETE),
    }
    return Snapshot(SNAPSHOT_VERSION, "2026-01-02T03:04:05+00:00", "0", host, **{**empty, **sections})


def unread(
    facet: str, what: str = "something", why: str = "permission denied", unlock: str = "run as root"
) -> SectionState:
    """The state of a section of which one part could not be read."""
    return SectionState("partial", unread=(Unread(facet, what, why, unlock),))


def entry(
    path: str, mode: int, kind: str = "file", uid: int = 1000, gid: int = 1000, acl: Acl | None = None
) -> FileFact:
    """One file, directory or socket; its inode is made from its path, so that equal paths are equal files."""
    inode = sum(ord(letter) * place for place, letter in enumerate(path, 1)) + 1
    return FileFact(path, kind, mode, uid, gid, device=1, inode=inode, acl=acl)  # type: ignore[arg-type]


def path(
    name: str,
    mode: int,
    *,
    kind: str = "file",
    uid: int = 1000,
    gid: int = 1000,
    acl: Acl | None = None,
    directories: dict[str, tuple[int, int, int]] | None = None,
) -> PathFact:
    """A path under sane directories: root's 0755, except those given as {path: (mode, uid, gid)}."""
    steps = ["/"]
    for part in name.split("/")[1:-1]:
        steps.append(f"{steps[-1].rstrip('/')}/{part}")
    usual = {"/home/dev": (0o755, 1000, 1000), "/tmp": (0o1777, 0, 0), "/run/user/1000": (0o700, 1000, 1000)}
    given = {**usual, **(directories or {})}
    facts = []
    for step in steps:
        own = (0o755, 1000, 1000) if step.startswith("/home/dev/") else (0o755, 0, 0)
        mode_, uid_, gid_ = given.get(step, own)
        facts.append(entry(step, mode_, "directory", uid_, gid_))
    return PathFact(name, entry(name, mode, kind, uid, gid, acl), tuple(facts))


def config(servers: Sequence[ServerEntry] = (), *, mode: int = 0o600, **more: Any) -> ClientConfig:
    """A Claude Desktop config of ``dev``."""
    where = more.pop("path", None) or path("/home/dev/.config/Claude/claude_desktop_config.json", mode)
    made = ClientConfig("claude-desktop", "Claude Desktop", "user", "json", where, tuple(servers))
    return replace(made, **more)


def server(name: str = "files", command: Sequence[str] = ("npx", "-y", "pkg@1.0.0"), **more: Any) -> ServerEntry:
    """A stdio server of that config."""
    places = tuple(
        ("mcpServers", name, "command") if at == 0 else ("mcpServers", name, "args", at - 1)
        for at in range(len(command))
    )
    made = ServerEntry(
        name,
        ("mcpServers", name),
        "stdio",
        tuple(command),
        places,
        launch=Launch(command[0] if command else "", tuple(command[1:])),
    )
    return replace(made, **more)


def package(name: str, version: str, pin: str, runner: str = "npx", argument: int | None = 2) -> PackageSpec:
    """A package as a launch names it."""
    ecosystem: Any = "npm" if runner in ("npx", "bunx") else "pypi"
    text = f"{name}@{version}" if version else name
    return PackageSpec(ecosystem, name, version, pin, runner, text, argument)  # type: ignore[arg-type]


def image(text: str) -> ImageSpec:
    """An image as a launch names it."""
    return parse_image(text)


def root_argument(where: str, argument: int = 3) -> RootArgument:
    """A root as a launch names it."""
    return RootArgument(where, where, argument)


def process(**more: Any) -> ServerProcess:
    """A running server of ``dev``, unconfined as Claude Desktop starts it."""
    made = ServerProcess(
        key="1000:@modelcontextprotocol/server-filesystem",
        label="server-filesystem",
        pid=4242,
        chain=(4240, 4241, 4242),
        command=("node", "/home/dev/.npm/_npx/a/node_modules/.bin/mcp-server-filesystem", "/home/dev/ws"),
        executable="/usr/bin/node",
        working_directory="/home/dev",
        uid=1000,
        gid=1000,
        groups=(1000,),
        account="dev",
        started=1767323045.0,
        confidence="high",
        recognised_by="package.json names mcpName",
        umask=0o022,
        no_new_privileges=False,
        seccomp=0,
        seccomp_filters=0,
        parent_seccomp_filters=0,
        capabilities_bounding=0x1FFFFFFFFFF,
        environment=(),
    )
    return replace(made, **more)


def socket(where: PathFact, **more: Any) -> SocketFact:
    """A listening socket of that server."""
    made = SocketFact(
        name=where.asked,
        abstract=False,
        inode=77,
        path=where,
        server="1000:@modelcontextprotocol/server-filesystem",
        pids=(4242,),
        uid=1000,
        bound_device=where.file.device,
        bound_inode=where.file.inode,
    )
    return replace(made, **more)


def findings(verdicts: Sequence[Verdict]) -> list[Finding]:
    """Only the findings."""
    return [verdict for verdict in verdicts if isinstance(verdict, Finding)]


def kinds(verdicts: Sequence[Verdict]) -> set[type]:
    """Which kinds of verdict were given."""
    known: tuple[type, ...] = (Finding, Passed, NotAssessed, NotApplicable)
    return {kind for verdict in verdicts for kind in known if isinstance(verdict, kind)}
