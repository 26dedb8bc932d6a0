"""Servers that still run as an earlier version of their config started them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from workbench.host.processes.chains import Found, client_of
from workbench.host.processes.entries import Configured, Near, names_equal
from workbench.host.processes.near import MARGIN_SECONDS, cut
from workbench.host.processes.table import Gone, Table
from workbench.model.clients import EntryReference
from workbench.model.processes import ServerProcess

# Clients that are an application of their own; others are extensions, which run inside of one.
APPLICATIONS = {
    "claude-desktop": ("claude-desktop", "claude"),
    "claude-code": ("claude",),
    "cursor": ("cursor",),
    "vscode": ("code",),
    "vscode-insiders": ("code",),
    "vscodium": ("codium",),
    "codex": ("codex",),
    "windsurf": ("windsurf",),
    "zed": ("zed",),
    "gemini": ("gemini",),
    "goose": ("goose",),
    "opencode": ("opencode",),
    "lm-studio": ("lm-studio",),
}
"""The applications that keep each client's config, as ``client_of`` names them."""


def join(table: Table, found: Iterable[Found]) -> tuple[Found, ...]:
    """Give the servers without an entry the one that they were started from before it was changed."""
    servers = list(found)
    taken = {each.recognition.configured.reference for each in servers if each.recognition.configured is not None}
    joined: list[Found] = []
    youngest: dict[EntryReference, tuple[float, int]] = {}
    for server in servers:
        best = None
        if server.recognition.configured is None and server.recognition.near:
            try:
                client = client_of(table, server.chain[0])
                best = _best(table, server, client, taken)
                if best is not None and not client:
                    age = (table.started(server.pid), server.pid)
                    youngest[best[0].reference] = max(age, youngest.get(best[0].reference, age))
            except Gone:
                continue
        if best is not None:
            recognition = replace(server.recognition, configured=best[0], near=(best,) if not client else ())
            joined.append(replace(server, recognition=recognition, outdated=best[1]))
        elif not server.recognition.guessed:
            joined.append(server)
    return tuple(each for each in map(lambda one: _only_youngest(one, youngest), joined) if each is not None)


def of_facts(server: ServerProcess, entry: Configured, platform: str) -> str:
    """How a server that was started with its entry's command differs from what its config says since, or ""."""
    if entry.modified <= server.started + MARGIN_SECONDS or entry.entry.launch is None:
        return ""
    launch, source = entry.entry.launch, server.source
    if launch.package is not None and launch.package.pin == "exact" and source is not None and source.version:
        wanted = launch.package.version.lstrip("=@v ")
        if names_equal(source.package, launch.package.name) and wanted and not _same_version(wanted, source.version):
            return f"it runs version {source.version}; the config now names {cut(wanted)}"
    if launch.sandbox and not (server.launch is not None and server.launch.sandbox) and _is_bare(server):
        return f"it was started without {launch.sandbox}, in which the config now starts it"
    # What changes the account, confines it or puts it into a container commonly drops variables as well.
    if launch.wrappers or launch.image is not None or server.environment is None:
        return ""
    known = {_spelled(variable.name, platform) for variable in server.environment}
    missing = [each.name for each in entry.entry.environment if _spelled(each.name, platform) not in known]
    if not missing:
        return ""
    return f"it was started without {cut(', '.join(missing))}, which the config now sets"


def _best(table: Table, server: Found, client: str, taken: set[EntryReference]) -> Near | None:
    fitting = [
        each
        for each in server.recognition.near
        if (_is_of_client(client, each[0]) if client else each[0].reference not in taken)
    ]
    if not fitting or (not client and not table.driven(server.pid)):
        return None
    # Of two that differ alike it cannot be told which one started it.
    return None if len(fitting) > 1 and fitting[0][2] == fitting[1][2] else fitting[0]


def _only_youngest(server: Found, youngest: dict[EntryReference, tuple[float, int]]) -> Found | None:
    configured = server.recognition.configured
    if configured is None or not server.recognition.near or not server.outdated:
        return server
    if youngest[configured.reference][1] == server.pid:
        return server
    if server.recognition.guessed:
        return None
    return replace(server, recognition=replace(server.recognition, configured=None), outdated="")


def _is_of_client(client: str, entry: Configured) -> bool:
    applications = APPLICATIONS.get(entry.client)
    return applications is None or client in applications


def _is_bare(server: ServerProcess) -> bool:
    # What systemd confines is no child of the program that asked it to.
    confined = server.no_new_privileges or {"mnt", "pid", "user"} & set(server.own_namespaces)
    return not confined and not server.unit.endswith(".service")


def _same_version(one: str, other: str) -> bool:
    # To PyPI 1.0, 1.0.0 and 1.00 are one version.
    return one == other or _parts(one) == _parts(other)


def _parts(version: str) -> list[str]:
    parts = [part.lstrip("0") or "0" for part in version.split("+")[0].split(".")]
    while parts and parts[-1] == "0":
        parts.pop()
    return parts


def _spelled(name: str, platform: str) -> str:
    return name.upper() if platform == "win32" else name
