"""A fictional host for screenshots and demonstrations: nobody's machine, the same every time.

The accounts ``dev`` and ``colleague`` share it. Its facts are written by hand, and judged by the real checks.
"""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests import builders
from workbench.engine import Progress, Workbench
from workbench.host.context import Context
from workbench.model.clients import ClientConfig, ClientFacts, EntryReference, InstalledPackage, ServerEntry
from workbench.model.facts import EnvironmentEntry, SecretFact, SectionState, Unread
from workbench.model.launch import Launch, PackageSpec, RootArgument
from workbench.model.plan import EditValue, Plan, SetMode
from workbench.model.processes import ProcessFacts
from workbench.model.run import Change, Run, RunState
from workbench.model.session import SessionFacts
from workbench.model.snapshot import SECTIONS, Snapshot
from workbench.model.sockets import SocketFacts
from workbench.model.sudoers import SudoCommand, SudoersFacts, SudoRule
from workbench.model.units import ExposureItem, IgnoredLine, UnitFact, UnitFacts
from workbench.plugins import load

TAKEN_AT = "2026-03-14T09:26:53+00:00"
DESKTOP = "/home/dev/.config/Claude/claude_desktop_config.json"
CURSOR = "/home/dev/.cursor/mcp.json"
CODE = "/home/dev/.claude.json"
DOCUMENT = {
    "mcpServers": {
        "files": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "/home/dev"]},
        "github": {
            "command": "npx",
            "args": ["-y", "@modelcontextprotocol/server-github@latest"],
            "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "(a secret)"},
        },
    }
}


def snapshot() -> Snapshot:
    """The facts of the host."""
    made = builders.snapshot(
        clients=_clients(),
        processes=_processes(),
        sockets=_sockets(),
        session=SessionFacts(builders.COMPLETE, 0o002, (EnvironmentEntry("PATH"), _secret_variable("OPENAI_API_KEY"))),
        sudoers=_sudoers(),
        units=_units(),
    )
    return replace(made, taken_at=TAKEN_AT, workbench="0")


def _secret_variable(name: str, kind: str = "an OpenAI key", length: int = 51) -> EnvironmentEntry:
    return EnvironmentEntry(name, SecretFact(kind, f"env.{name}", length, "5f2c9a417d3e"))


def _package(name: str, version: str, pin: Any, argument: int, runner: str = "npx") -> PackageSpec:
    text = f"{name}@{version}" if version else name
    return PackageSpec("npm" if runner == "npx" else "pypi", name, version, pin, runner, text, argument)


def _server(name: str, command: tuple[str, ...], package: PackageSpec | None, line: int, **more: Any) -> ServerEntry:
    places = tuple(
        ("mcpServers", name, "args", at - 1) if at else ("mcpServers", name, "command") for at in range(len(command))
    )
    launch = more.pop("launch", None) or Launch(command[0], command[1:], package=package, roots=more.pop("roots", ()))
    return ServerEntry(name, ("mcpServers", name), "stdio", command, places, launch=launch, line=line, **more)


def _clients() -> ClientFacts:
    files = _server(
        "files",
        ("npx", "-y", "@modelcontextprotocol/server-filesystem", "/home/dev"),
        _package("@modelcontextprotocol/server-filesystem", "", "none", 2),
        3,
        roots=(RootArgument("/home/dev", "/home/dev", 3),),
    )
    github = _server(
        "github",
        ("npx", "-y", "@modelcontextprotocol/server-github@latest"),
        _package("@modelcontextprotocol/server-github", "latest", "tag", 2),
        7,
        environment=(_secret_variable("GITHUB_PERSONAL_ACCESS_TOKEN", "a GitHub token", 40),),
    )
    git = _server(
        "git",
        ("uvx", "mcp-server-git==2025.7.1", "--repository", "/home/dev/work"),
        _package("mcp-server-git", "2025.7.1", "exact", 1, "uvx"),
        3,
        roots=(RootArgument("/home/dev/work", "/home/dev/work", 3),),
    )
    notes = _server(
        "notes",
        ("bwrap", "--ro-bind", "/usr", "/usr", "node", "/home/dev/notes/server.js"),
        None,
        12,
        launch=Launch("node", ("/home/dev/notes/server.js",), wrappers=("bwrap",), sandbox="bwrap"),
    )
    configs = (
        ClientConfig(
            "claude-desktop", "Claude Desktop", "user", "json", builders.path(DESKTOP, 0o666), (files, github)
        ),
        ClientConfig("cursor", "Cursor", "user", "json", builders.path(CURSOR, 0o644), (git,)),
        ClientConfig("claude-code", "Claude Code", "user", "json", builders.path(CODE, 0o600), (notes,)),
    )
    installed = (
        InstalledPackage(
            "npm", "@modelcontextprotocol/server-filesystem", "2025.8.21", "/home/dev/.npm/_npx/a3f1", 1773400000.0
        ),
        InstalledPackage(
            "npm", "@modelcontextprotocol/server-github", "2025.4.8", "/home/dev/.npm/_npx/77d0", 1773400000.0
        ),
    )
    return ClientFacts(builders.COMPLETE, configs, (DESKTOP, CURSOR, CODE), installed)


def _processes() -> ProcessFacts:
    files = builders.process(
        key="1000:@modelcontextprotocol/server-filesystem",
        label="server-filesystem",
        environment=(EnvironmentEntry("HOME"), EnvironmentEntry("PATH"), _secret_variable("OPENAI_API_KEY")),
        entry=EntryReference(DESKTOP, ("mcpServers", "files"), "files"),
        client="Claude Desktop",
        started=1773470000.0,
    )
    git = builders.process(
        key="0:mcp-server-git",
        label="mcp-server-git",
        pid=812,
        chain=(812,),
        command=("/opt/mcp/bin/mcp-server-git", "--repository", "/srv/repo"),
        executable="/opt/mcp/bin/python3",
        working_directory="/srv/repo",
        uid=0,
        gid=0,
        groups=(0,),
        account="root",
        started=1773380000.0,
        recognised_by="the unit mcp-git.service starts it",
        unit="mcp-git.service",
        capabilities_effective=0x1FFFFFFFFFF,
        environment=None,
    )
    unread = Unread(
        "environment",
        "the environment of mcp-server-git",
        "it could not be read",
        "look as root",
    )
    return ProcessFacts(SectionState("partial", unread=(unread,)), (files, git), seen=214)


def _sockets() -> SocketFacts:
    where = builders.path("/tmp/mcp-files.sock", 0o777, kind="socket")
    files = builders.socket(where)
    private = builders.socket(
        builders.path("/run/user/1000/mcp/notes.sock", 0o600, kind="socket"),
        inode=78,
        server="1000:notes",
        pids=(4300,),
    )
    return SocketFacts(builders.COMPLETE, (files, private), "sock_diag", seen=61)


def _sudoers() -> SudoersFacts:
    rule = SudoRule(
        ("dev",),
        ("ALL",),
        ("root",),
        (),
        (SudoCommand("/usr/bin/node *", target=builders.path("/usr/bin/node", 0o755, uid=0, gid=0)),),
        passwordless=True,
        file="/etc/sudoers.d/mcp",
        line=2,
    )
    file = builders.entry("/etc/sudoers.d/mcp", 0o440, uid=0, gid=0)
    return SudoersFacts(builders.COMPLETE, (rule,), (file,))


def _units() -> UnitFacts:
    git = UnitFact(
        "mcp-git.service",
        builders.path("/etc/systemd/system/mcp-git.service", 0o644, uid=0, gid=0),
        "system",
        exposure=9.2,
        measured="live",
        items=(
            ExposureItem("User=", "Service runs as root user", 0.4),
            ExposureItem("CapabilityBoundingSet=~CAP_SYS_ADMIN", "Service has administrator privileges", 0.3),
            ExposureItem("RestrictNamespaces=~user", "Service may create user namespaces", 0.3),
            ExposureItem("PrivateNetwork=", "Service has access to the host's network", 0.5),
        ),
        ignored=(
            IgnoredLine(
                "/etc/systemd/system/mcp-git.service",
                14,
                "Failed to parse boolean value, ignoring: yes  # no escalation",
                "NoNewPrivileges=yes  # no escalation",
            ),
        ),
        recognised_by="ExecStart names mcp-server-git",
        command=("/opt/mcp/bin/mcp-server-git", "--repository", "/srv/repo"),
    )
    return UnitFacts(builders.COMPLETE, (git,), seen=148)


class StagedWorkbench(Workbench):
    """The real engine over the staged facts. A repair happens in the facts, for nothing of this host is on a disk."""

    seen: Snapshot
    runs: list[Run]

    def look(self, progress: Progress | None = None) -> Snapshot:
        """The facts as they are now."""
        if progress is not None:
            for section in SECTIONS:
                progress(section, "started")
            for section in SECTIONS:
                progress(section, getattr(self.seen, section).state.status)
        return self.seen

    def prepare(self, plan: Plan) -> Any:
        """What the plan's operations come to, from the facts and the staged document."""
        return SimpleNamespace(plan=plan, changes=tuple(_change(operation) for operation in plan.operations))

    def apply(self, prepared: Any, on_step: Callable[[str], None] | None = None) -> Run:
        """Change the facts."""
        for operation, change in zip(prepared.plan.operations, prepared.changes, strict=True):
            if on_step is not None:
                on_step(change.words)
            if isinstance(operation, SetMode):
                object.__setattr__(self, "seen", with_mode(self.seen, operation.path, operation.mode))
        return self._noted(RunState.APPLIED, prepared.plan, prepared.changes)

    def undo(self, run: str) -> Run:
        """Change the facts back."""
        for place, each in enumerate(self.runs):
            if each.identity == run:
                for operation in each.plan.operations:
                    if isinstance(operation, SetMode):
                        object.__setattr__(self, "seen", with_mode(self.seen, operation.path, operation.expect_mode))
                self.runs[place] = replace(each, state=RunState.UNDONE)
                return self.runs[place]
        raise LookupError(run)

    def history(self) -> tuple[Run, ...]:
        """The runs of this stage."""
        return tuple(self.runs)

    def _noted(self, state: RunState, plan: Plan, changes: tuple[Change, ...]) -> Run:
        identity = f"20260314-092{len(self.runs) + 7}"
        made = Run(
            identity, state, plan, changes, TAKEN_AT.replace("26:53", "27:10"), TAKEN_AT.replace("26:53", "27:11")
        )
        self.runs.insert(0, made)
        return made


def workbench() -> StagedWorkbench:
    """The staged host with the built-in plugins."""
    made = StagedWorkbench(Context("linux", Path("/home/dev"), 1000, {}, Path("/home/dev")), load(), Path("/nowhere"))
    object.__setattr__(made, "seen", snapshot())
    object.__setattr__(made, "runs", [])
    return made


def with_mode(seen: Snapshot, path: str, mode: int) -> Snapshot:
    """The snapshot after a file was given a mode."""

    def moded(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(moded(each) for each in value)
        found = getattr(value, "path", None)
        if found is None or isinstance(found, str):
            return value
        if found.file.path == path:
            return replace(value, path=replace(found, file=replace(found.file, mode=mode)))
        return value

    return replace(
        seen,
        clients=replace(seen.clients, configs=moded(seen.clients.configs)),
        sockets=replace(seen.sockets, sockets=moded(seen.sockets.sockets)),
        units=replace(seen.units, units=moded(seen.units.units)),
    )


def _change(operation: SetMode | EditValue) -> Change:
    if isinstance(operation, SetMode):
        words = f"set the mode of {operation.path} to {operation.mode:04o}"
        return Change(operation.path, words, "", operation.expect_mode, operation.mode)
    before = json.dumps(DOCUMENT, indent=2).splitlines()
    after = [line.replace(json.dumps(operation.expect), json.dumps(operation.value)) for line in before]
    name = operation.path.rpartition("/")[2]
    lines = difflib.unified_diff(before, after, f"a/{name}", f"b/{name}", lineterm="")
    where = " › ".join(map(str, operation.pointer))
    return Change(operation.path, f"replace one value ({where})", "\n".join(lines) + "\n")
