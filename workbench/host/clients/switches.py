"""Apply what one file of Claude Code says of the servers of another: which are switched off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from workbench.model.clients import ClientConfig
from workbench.secrets import shown_name

_OFF = ("disabledMcpjsonServers", "disabledMcpServers")


@dataclass(frozen=True, slots=True)
class Said:
    """A document that switches servers. ``home`` is whose it is ("" for a managed or a project's file), ``project``
    the project it is of ("" for all of them).
    """

    home: str
    project: str
    document: Any


def switched(config: ClientConfig, project: str, said: Iterable[Said], homes: tuple[str, ...]) -> ClientConfig:
    """A project's config with those servers disabled that it is certain nobody starts.

    A file of the project or of the administrator speaks for everybody. What a user switched off stays on for others,
    so it counts where the project is that user's alone, or where every user did.
    """
    those_concerned = [home for home in homes if project == home or project.startswith(home.rstrip("/") + "/")] or homes
    everybody: set[str] = set()
    by_home: dict[str, set[str]] = {home: set() for home in those_concerned}
    for each in said:
        if each.project not in ("", project):
            continue
        if not each.home:
            everybody |= _names(each.document)
        elif each.home in by_home:
            by_home[each.home] |= _names(each.document)
    off = everybody | (set.intersection(*by_home.values()) if by_home else set())
    if not off:
        return config
    servers = tuple(replace(server, disabled=server.disabled or server.name in off) for server in config.servers)
    return replace(config, servers=servers)


def enabled_plugins(said: Iterable[Said]) -> Mapping[str, bool]:
    """Which plug-ins (``name@marketplace``) are said to be on or off; on, where any file says so."""
    plugins: dict[str, bool] = {}
    for each in said:
        table = each.document.get("enabledPlugins") if isinstance(each.document, dict) else None
        for name, value in table.items() if isinstance(table, dict) else ():
            if isinstance(value, bool):
                plugins[str(name)] = plugins.get(str(name), False) or value
    return plugins


def is_plugin_off(base: str, root: str, plugins: Mapping[str, bool]) -> bool:
    """Whether the plug-in in that folder is off. Of a marketplace only what somebody chose is on; what is in the cache
    was installed, and is on unless it was switched off.
    """
    parts = root[len(base) :].strip("/").split("/")
    kind = base.rstrip("/").rsplit("/", 1)[-1]
    if kind == "marketplaces":
        return plugins.get(f"{parts[-1]}@{parts[0]}") is not True
    # cache/MARKETPLACE/PLUGIN/VERSION
    return len(parts) >= 2 and plugins.get(f"{parts[1]}@{parts[0]}") is False


def _names(document: Any) -> set[str]:
    if not isinstance(document, dict):
        return set()
    lists = [document.get(key) for key in _OFF]
    names = {name for names in lists if isinstance(names, list) for name in names if isinstance(name, str)}
    denied = document.get("deniedMcpServers")
    for each in denied if isinstance(denied, list) else ():
        name = each.get("serverName") if isinstance(each, dict) else None
        names |= {name} if isinstance(name, str) else set()
    return {shown_name(name) for name in names}
