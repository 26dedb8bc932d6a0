"""Decide whether one process is an MCP server, and say why.

The strongest reason comes first: a client's config starts it; its package or its code says so; it is merely named so.
A program that only could be one (an editor's language server, an application that uses MCP as a client) is left out:
every check would otherwise speak of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from workbench.host.processes.entries import Configured, Started, match
from workbench.host.processes.packages import Packages, PythonPlace, imports_server
from workbench.host.processes.programs import (
    Script,
    as_runner,
    is_launcher,
    is_node,
    is_python,
    names_mcp,
    names_mcp_server,
    program_name,
    script_of,
)
from workbench.host.processes.table import Hidden, Table
from workbench.launch import understand
from workbench.model.launch import Launch

Confidence = Literal["high", "medium", "low"]
_RANKS: dict[Confidence, int] = {"high": 3, "medium": 2, "low": 1}
# Applications that speak MCP as its client. Their packages need the same library as servers do.
_CLIENTS = {
    *("@anthropic-ai/claude-code", "@google/gemini-cli", "@openai/codex", "opencode-ai", "@continuedev/cli", "cline"),
    *("@sourcegraph/amp", "@qwen-code/qwen-code", "@modelcontextprotocol/inspector", "@github/copilot"),
}
_SUBCOMMANDS = {"serve", "server", "start", "run", "stdio", "gateway"}
_OURSELVES = {"mcp-hardening-workbench", "workbench"}
_SUBCOMMAND = re.compile(r"[a-z][a-z-]+\Z")


@dataclass(frozen=True, slots=True)
class Recognition:
    """Why a process is taken for an MCP server. ``script`` is what it runs, as its command names it."""

    confidence: Confidence
    why: str
    package: str = ""
    script: str = ""
    configured: Configured | None = None

    @property
    def rank(self) -> tuple[bool, int]:
        """Orders reasons: the stronger is the greater."""
        return (self.configured is not None, _RANKS[self.confidence])


@dataclass(slots=True)
class Recogniser:
    """Recognises the processes of one table. ``unclear`` are those that might be servers and may not be looked into."""

    table: Table
    entries: tuple[Configured, ...]
    home: str
    packages: Packages = field(default_factory=Packages)
    unclear: set[int] = field(default_factory=set)

    def recognise(self, pid: int) -> Recognition | None:
        """Why this process is an MCP server or starts one, or None. Raises Gone."""
        argv = self.table.command(pid)
        if not argv or is_ourselves(argv):
            return None
        script = script_of(argv)
        launches = is_launcher(argv)
        found = self._launcher(argv) if launches else self._by_nature(pid, argv, script)
        package = found.package if found else ""
        started = Started(
            argv, None if launches else self.table.uids(pid)[1], package, () if launches else script.arguments
        )
        mine = match(started, self._of_account(pid, launches))
        if mine is not None:
            named = f"the entry {mine.entry.name} of {mine.reference.path} starts it"
            return Recognition("high", named, package, found.script if found else script.text, mine)
        return found

    def _of_account(self, pid: int, launches: bool) -> Iterable[Configured]:
        accounts = {*self.table.uids(pid)}
        above = self.table.parent(pid)
        if above > 1:
            # A server that was given an account of its own is still started by the one whose config names it.
            accounts |= {*self.table.uids(above)}
        for each in self.entries:
            launch: Launch | None = each.entry.launch
            changes_account = launch is not None and bool(launch.account) and not launches
            if each.owner is None or -1 in accounts or each.owner in accounts or changes_account:
                yield each

    def _launcher(self, argv: tuple[str, ...]) -> Recognition | None:
        runner = as_runner(argv)
        if runner:
            package = understand(runner, self.home).package
            if package is not None and is_server_package(package.name):
                return Recognition("medium", f"{runner[0]} starts the package {package.name}", package.name)
            return None
        script = script_of(argv)
        if script.kind == "script" and names_mcp_server(_last(script.text)):
            return Recognition("medium", f"its script is named {_last(script.text)}", script=script.text)
        return None

    def _by_nature(self, pid: int, argv: tuple[str, ...], script: Script) -> Recognition | None:
        name = program_name(argv[0])
        found: Recognition | None = None
        try:
            if is_node(name) and script.kind == "script":
                found = self._node(pid, script)
            elif is_python(name) and script.kind in ("script", "module"):
                found = self._python(pid, argv, script)
        except Hidden:
            self.unclear.add(pid)
        return found or self._by_name(argv, name, script)

    def _node(self, pid: int, script: Script) -> Recognition | None:
        file = self.table.locate(pid, script.text)
        if file is None and not script.text.startswith("/"):
            file = self.table.locate(pid, script.text + ".js")
        if file is None:
            return None
        package = self.packages.node(file)
        builds_server = None
        if package is None or package.needs_sdk:
            builds_server = imports_server(file, "node")
        if package is None:
            return _by_text(script, "") if builds_server else None
        if package.name in _CLIENTS or package.name in _OURSELVES:
            return None
        if package.server_name:
            why = f"its package {package.name} publishes the MCP server {package.server_name}"
            return Recognition("high", why, package.name, script.text)
        named = is_server_package(package.name)
        if package.needs_sdk and (named or builds_server or script.arguments[:1] == ("mcp",)):
            return Recognition("high", f"its package {package.name} builds on the MCP SDK", package.name, script.text)
        if package.needs_sdk and self._is_driven(pid, script):
            why = f"its package {package.name} needs the MCP SDK and is driven over standard input"
            return Recognition("medium", why, package.name, script.text)
        if named and names_mcp_server(package.name):
            return Recognition("medium", f"its package is named {package.name}", package.name, script.text)
        return None

    def _python(self, pid: int, argv: tuple[str, ...], script: Script) -> Recognition | None:
        file = self.table.locate(pid, script.text) if script.kind == "script" else None
        place = self._environment(pid, argv, script)
        name = _last(script.text) if script.kind == "script" else script.text.split(".")[0]
        package = place.distribution(name) if place else ""
        if package in _OURSELVES:
            return None
        builds_server = bool(file and not package and imports_server(file, "python"))
        if builds_server:
            return _by_text(script, "")
        if place is None or not place.has_sdk:
            return None
        if names_mcp(name):
            confidence: Confidence = "high" if package else "medium"
            return Recognition(confidence, f"it runs {name} beside the MCP library for Python", package, script.text)
        if place.needs_sdk(name) and self._is_driven(pid, script):
            why = f"its package {package} needs the MCP library and is driven over standard input"
            return Recognition("medium", why, package, script.text)
        return None

    def _is_driven(self, pid: int, script: Script) -> bool:
        # A command-line tool that offers MCP among other things takes a word that says which; it is no server then.
        words = script.arguments[:1]
        return self.table.stdin(pid) == "channel" and not (words and _SUBCOMMAND.match(words[0]))

    def _environment(self, pid: int, argv: tuple[str, ...], script: Script) -> PythonPlace | None:
        # The interpreter of a virtual environment is a link to the system's: its own folder counts, not the link's end.
        starts = []
        for path in (argv[0], script.text):
            folder, _, name = path.rpartition("/")
            located = self.table.locate(pid, folder) if folder.startswith("/") else None
            if located:
                starts.append(f"{located}/{name}")
        place = self.packages.python(*starts)
        if place is None or not place.has_sdk:
            loaded = self.table.site_packages(pid)
            located = self.table.locate(pid, loaded) if loaded else None
            place = (self.packages.python(located) if located else None) or place
        return place

    def _by_name(self, argv: tuple[str, ...], name: str, script: Script) -> Recognition | None:
        words = script.arguments if script.kind == "script" else argv[1:]
        if words[:1] == ("mcp-server",) or (words[:1] == ("mcp",) and words[1:2] and words[1] in _SUBCOMMANDS):
            return Recognition("medium", f"it was started as {name} {words[0]}", script=script.text or name)
        candidates = [name] if script.kind == "none" else [_last(script.text)] if script.text else []
        for candidate in candidates:
            if candidate in _OURSELVES:
                continue
            if names_mcp_server(candidate):
                return Recognition("medium", f"it is named {candidate}", script=script.text or argv[0])
            if names_mcp(candidate):
                return Recognition("low", f"its name {candidate} holds the word mcp", script=script.text or argv[0])
        return None


def is_server_package(name: str) -> bool:
    """Whether a package's name says that it is an MCP server."""
    if name in _CLIENTS or name in _OURSELVES:
        return False
    return names_mcp(name) or name.startswith("@modelcontextprotocol/server-")


def _by_text(script: Script, package: str) -> Recognition:
    return Recognition("high", f"the code of {_last(script.text)} builds an MCP server", package, script.text)


def _last(path: str) -> str:
    return re.split(r"[\\/]", path)[-1]


def is_ourselves(argv: tuple[str, ...]) -> bool:
    """Whether this is a workbench, or what starts one."""
    script = script_of(argv)
    if script.kind in ("script", "module") and _last(script.text) in _OURSELVES:
        return True
    runner = as_runner(argv)
    if runner is not None:
        return any(item.split("@")[0].split("=")[0] in _OURSELVES for item in runner[1:])
    return program_name(argv[0]) in _OURSELVES
