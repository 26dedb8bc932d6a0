"""Decide whether one process is an MCP server, and say why.

The strongest reason comes first: a client's config starts it; its package or its code says so; it is merely named so.
A program that only could be one (an editor's language server, an application that uses MCP as a client) is left out:
every check would otherwise speak of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field, replace
from typing import Literal

from workbench.host.processes.entries import Configured, Near, Started, match
from workbench.host.processes.indirect import (
    SDK_NAMES,
    module_file,
    node_imports,
    package_of_import,
    package_of_path,
    python_imports,
    run_by_library,
    served_module,
)
from workbench.host.processes.known import (
    OURSELVES,
    is_client_package,
    is_language_server,
    is_ourselves,
    is_server_package,
)
from workbench.host.processes.near import near
from workbench.host.processes.packages import NodePackage, Packages, PythonPlace, builds_server, imports_server
from workbench.host.processes.programs import (
    Script,
    as_runner,
    is_container_tool,
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
from workbench.model.record import draft, record

Confidence = Literal["high", "medium", "low"]
_RANKS: dict[Confidence, int] = {"high": 3, "medium": 2, "low": 1}
_SUBCOMMANDS = {"serve", "server", "start", "run", "stdio", "gateway"}
_SUBCOMMAND = re.compile(r"[a-z][a-z-]+\Z")


@record
class Recognition:
    """Why a process is taken for an MCP server. ``script`` is what it runs, as its command names it.

    ``near`` are the entries that start the same program otherwise, changed since it was started. ``guessed`` when
    nothing but these makes it a server.
    """

    confidence: Confidence
    why: str
    package: str = ""
    script: str = ""
    configured: Configured | None = None
    near: tuple[Near, ...] = ()
    guessed: bool = False

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Orders reasons: the stronger is the greater."""
        return (self.configured is not None, not self.guessed, _RANKS[self.confidence])


@draft
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
        if launches and not is_container_tool(argv):
            return found
        return self._with_near(pid, found, started, script.text)

    def _with_near(self, pid: int, found: Recognition | None, started: Started, script: str) -> Recognition | None:
        close = near(self.table, pid, started, found.script if found else script, self._of_account(pid, True))
        if not close:
            return found
        if found is not None:
            return replace(found, near=close)
        entry = close[0][0]
        why = f"the entry {entry.entry.name} of {entry.reference.path} starts the same program"
        return Recognition("medium", why, script=script, near=close, guessed=True)

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
        if script.kind in ("script", "module") and is_language_server(_last(script.text)):
            return None
        found: Recognition | None = None
        try:
            if is_node(name):
                found = self._node_inline(pid, script) if script.kind == "inline" else self._node(pid, script)
            elif is_python(name):
                if script.kind != "inline" and _last(script.text) in SDK_NAMES:
                    return self._run_by_library(pid, script)
                found = self._python(pid, argv, script)
        except Hidden:
            found = _by_path(script) if is_node(name) else None
            if found is None:
                self.unclear.add(pid)
        return found or self._by_name(argv, name, script)

    def _node(self, pid: int, script: Script) -> Recognition | None:
        if script.kind != "script":
            return None
        file = self.table.locate(pid, script.text)
        if file is None and not script.text.startswith("/"):
            file = self.table.locate(pid, script.text + ".js")
        if file is None:
            return _by_path(script)
        package = self.packages.node(file)
        if package is None:
            return _by_text(script) if imports_server(file, "node") else None
        return self._of_node_package(pid, script, file, package)

    def _of_node_package(self, pid: int, script: Script, file: str, package: NodePackage) -> Recognition | None:
        name = package.name
        if is_client_package(name) or name in OURSELVES or is_language_server(name):
            return None
        if package.server_name:
            why = f"its package {name} publishes the MCP server {package.server_name}"
            return Recognition("high", why, name, script.text)
        named = is_server_package(name)
        if package.needs_sdk and (named or script.arguments[:1] == ("mcp",) or imports_server(file, "node")):
            return Recognition("high", f"its package {name} builds on the MCP SDK", name, script.text)
        if package.needs_sdk and self._is_driven(pid, script):
            why = f"its package {name} needs the MCP SDK and is driven over standard input"
            return Recognition("medium", why, name, script.text)
        if named and names_mcp_server(name):
            return Recognition("medium", f"its package is named {name}", name, script.text)
        return None

    def _node_inline(self, pid: int, script: Script) -> Recognition | None:
        if builds_server(script.code.encode("utf-8", "replace"), "node"):
            return Recognition("high", "its inline code builds an MCP server")
        for name in node_imports(script.code):
            package = package_of_import(name)
            path = f"node_modules/{name}" if package else name
            found = self._node(pid, Script("script", path, script.arguments))
            if found is not None:
                return found
            if is_server_package(package):
                return Recognition("medium", f"its inline code imports {package}", package)
        return None

    def _python(self, pid: int, argv: tuple[str, ...], script: Script) -> Recognition | None:
        if script.kind == "inline":
            return self._python_inline(pid, argv, script)
        served = served_module(script)
        if served:
            file = module_file(self.table, pid, served)
            return _by_text(Script("module", served)) if file and imports_server(file, "python") else None
        file = self.table.locate(pid, script.text) if script.kind == "script" else None
        name = _last(script.text) if script.kind == "script" else script.text.split(".")[0]
        place = self.python_place(pid, argv, script.text)
        package = place.distribution(name) if place else ""
        if package in OURSELVES:
            return None
        if not package and script.kind == "module":
            file = module_file(self.table, pid, script.text)
        if file and not package and imports_server(file, "python"):
            return _by_text(script)
        return self._of_distribution(pid, script, name, package, place)

    def _of_distribution(
        self, pid: int, script: Script, name: str, package: str, place: PythonPlace | None
    ) -> Recognition | None:
        if place is None or not place.has_sdk:
            return None
        if names_mcp(name):
            confidence: Confidence = "high" if package else "medium"
            return Recognition(confidence, f"it runs {name} beside the MCP library for Python", package, script.text)
        if place.needs_sdk(name) and self._is_driven(pid, script):
            why = f"its package {package} needs the MCP library and is driven over standard input"
            return Recognition("medium", why, package, script.text)
        return None

    def _python_inline(self, pid: int, argv: tuple[str, ...], script: Script) -> Recognition | None:
        if builds_server(script.code.encode("utf-8", "replace"), "python"):
            return Recognition("high", "its inline code builds an MCP server")
        place = self.python_place(pid, argv, "")
        for module in python_imports(script.code):
            name = module.split(".")[0]
            package = place.distribution(name) if place else ""
            if package and package not in OURSELVES:
                found = self._of_distribution(pid, Script("inline", arguments=script.arguments), name, package, place)
                if found is not None:
                    return found
        return None

    def _run_by_library(self, pid: int, script: Script) -> Recognition | None:
        if script.arguments[:1] != ("run",):
            return None  # its other commands install, inspect or tell its version
        served = run_by_library(script)
        why = f"{_last(script.text)} run serves {_last(served) or 'the project of its folder'}"
        return Recognition("high", why, script=served)

    def _is_driven(self, pid: int, script: Script) -> bool:
        # A command-line tool that offers MCP among other things takes a word that says which; it is no server then.
        words = script.arguments[:1]
        return self.table.driven(pid) and not (words and _SUBCOMMAND.match(words[0]))

    def python_place(self, pid: int, argv: tuple[str, ...], script: str) -> PythonPlace | None:
        """The packages that an interpreter or its script is installed with. Raises Hidden and Gone."""
        # The interpreter of a virtual environment is a link to the system's: its own folder counts, not the link's end.
        starts = []
        for path in (argv[0], script):
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
            if candidate in OURSELVES or is_language_server(candidate):
                continue
            if names_mcp_server(candidate):
                return Recognition("medium", f"it is named {candidate}", script=script.text or argv[0])
            if names_mcp(candidate):
                return Recognition("low", f"its name {candidate} holds the word mcp", script=script.text or argv[0])
        return None


def _by_text(script: Script) -> Recognition:
    return Recognition("high", f"the code of {_last(script.text)} builds an MCP server", script=script.text)


def _by_path(script: Script) -> Recognition | None:
    # The package may be gone since it was started, or be another account's.
    package = package_of_path(script.text)
    if not is_server_package(package):
        return None
    return Recognition("medium", f"its script is of the package {package}", package, script.text)


def _last(path: str) -> str:
    return re.split(r"[\\/]", path)[-1]
