"""What the staged host is put together from: accounts, places, and short ways to write an entry or a process."""

from __future__ import annotations

import hashlib
from typing import Any

from tests import builders
from workbench.launch import understand
from workbench.model.clients import EntryReference, ServerEntry
from workbench.model.facts import Account, AccountFacts, EnvironmentEntry, SecretFact
from workbench.model.isolation import IsolationFact
from workbench.model.launch import Launch, PackageSpec
from workbench.model.processes import ServerProcess

HOME = "/home/dev"
DESKTOP = "/home/dev/.config/Claude/claude_desktop_config.json"
CURSOR = "/home/dev/.cursor/mcp.json"
CODE = "/home/dev/.claude.json"
CODEX = "/home/dev/.codex/config.toml"
WINDSURF = "/home/dev/.codeium/windsurf/mcp_config.json"
CONTAINER = "9f2c" * 16
WORKSPACE = "41d7" * 16
GROUPS = (1000, 27, 998)
ACCOUNTS = AccountFacts(
    builders.COMPLETE,
    (
        builders.ROOT,
        Account(1000, "dev", 1000, GROUPS, HOME, "/bin/bash"),
        builders.COLLEAGUE,
        Account(990, "mcp", 990, (990,), "/var/lib/mcp", "/usr/sbin/nologin"),
        Account(991, "mcp-ops", 991, (991,), "/var/lib/mcp-ops", "/usr/sbin/nologin"),
    ),
    (
        (0, "root"),
        (27, "sudo"),
        (990, "mcp"),
        (991, "mcp-ops"),
        (998, "docker"),
        (1000, "dev"),
        (1001, "colleague"),
        (2000, "team"),
    ),
)
OPEN = IsolationFact(
    root="host",
    homes_readable=(HOME,),
    homes_writable=(HOME,),
    private_tmp=False,
    host_proc=True,
    host_sys=True,
    network="host",
    uids=(1000, 1000, 1000),
    inherited_no_new_privileges=False,
    filters_added=0,
)
"""Nothing stands around it."""
BOXED = IsolationFact(
    root="own",
    homes_hidden=(HOME,),
    private_tmp=True,
    host_proc=False,
    host_sys=False,
    network="own",
    inherited_no_new_privileges=False,
    filters_added=1,
    syscalls=(("execve", "allowed"), ("ptrace", "EPERM"), ("mount", "EPERM"), ("bpf", "EPERM")),
)
"""In a box of its own, behind a filter."""


def secret_variable(name: str, kind: str = "llm-key", length: int = 51) -> EnvironmentEntry:
    return EnvironmentEntry(name, secret(name, kind, f"env.{name}", length))


def secret(name: str, kind: str, place: str, length: int) -> SecretFact:
    """The secret of that name at a place; the same one has the same fingerprint wherever it stands."""
    return SecretFact(kind, place, length, hashlib.sha256(name.encode()).hexdigest()[:12])


def package(name: str, version: str, pin: Any, argument: int, runner: str = "npx") -> PackageSpec:
    text = f"{name}@{version}" if version else name
    return PackageSpec("npm" if runner == "npx" else "pypi", name, version, pin, runner, text, argument)


def configured(name: str, command: tuple[str, ...], package: PackageSpec | None, line: int, **more: Any) -> ServerEntry:
    places = tuple(
        ("mcpServers", name, "args", at - 1) if at else ("mcpServers", name, "command") for at in range(len(command))
    )
    launch = more.pop("launch", None) or Launch(
        command[0], command[1:], package=package, roots=more.pop("roots", ()), abilities=more.pop("abilities", ())
    )
    return ServerEntry(name, ("mcpServers", name), "stdio", command, places, launch=launch, line=line, **more)


def started(name: str, command: tuple[str, ...], line: int, **more: Any) -> ServerEntry:
    """An entry whose launch is understood as the workbench understands it."""
    return configured(name, command, None, line, launch=understand(command, HOME), **more)


def entry_of(path: str, name: str) -> EntryReference:
    """The entry of that name in a config."""
    return EntryReference(path, ("mcpServers", name), name)


def running(label: str, pid: int, command: tuple[str, ...], **more: Any) -> ServerProcess:
    given: dict[str, Any] = {
        "key": f"1000:{label}",
        "chain": (pid,),
        "started": 1773472000.0,
        "environment": (EnvironmentEntry("PATH"),),
        "recognised_by": "a client's config starts it",
    }
    return builders.process(**{**given, "label": label, "pid": pid, "command": command, **more})
