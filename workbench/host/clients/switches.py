"""Apply what one file of Claude Code says of the servers of another: which are switched off."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from workbench.model.clients import ClientConfig
from workbench.model.record import draft
from workbench.secrets import shown_name

_OFF = ("disabledMcpjsonServers", "disabledMcpServers")


@draft
class Switches:
    """What was said so far. ``off`` are names of servers, by project ("" for all of them) and then by home, "" for
    what a file of the project or of the administrator says. ``plugins`` are ``name@marketplace``: on, where any file
    says so.
    """

    off: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    plugins: dict[str, bool] = field(default_factory=dict)

    def add(self, document: Any, home: str = "", project: str = "") -> None:
        """Take in one document, whatever its shape."""
        if not isinstance(document, dict):
            return
        names = _names(document)
        if names:
            self.off.setdefault(project, {}).setdefault(home, set()).update(names)
        table = document.get("enabledPlugins")
        for name, value in table.items() if isinstance(table, dict) else ():
            if isinstance(value, bool):
                self.plugins[str(name)] = self.plugins.get(str(name), False) or value

    def applied(self, config: ClientConfig, project: str, homes: Sequence[str]) -> ClientConfig:
        """A project's config with those servers disabled that it is certain nobody starts.

        What one user switched off stays on for others, so it counts where the project is that user's alone, or where
        every user did.
        """
        said = [self.off[key] for key in ("", project) if key in self.off]
        if not said:
            return config
        concerned = [home for home in homes if project == home or project.startswith(home.rstrip(os.sep) + os.sep)]
        by_user = [set[str]().union(*(each.get(home, ()) for each in said)) for home in concerned or homes]
        off = set.intersection(*by_user).union(*(each.get("", ()) for each in said))
        servers = tuple(replace(server, disabled=server.disabled or server.name in off) for server in config.servers)
        return replace(config, servers=servers)


def is_plugin_off(kind: str, place: str, plugins: Mapping[str, bool]) -> bool:
    """Whether the plug-in at that place below a folder of the kind ``cache``, ``marketplaces`` or ``repos`` is off.

    Of a marketplace only what somebody chose is on; what is in the cache was installed, and is on unless it was
    switched off.
    """
    parts = place.replace(os.sep, "/").strip("/").split("/")
    if kind == "marketplaces":
        return plugins.get(f"{parts[-1]}@{parts[0]}") is not True
    # cache/MARKETPLACE/PLUGIN/VERSION
    return kind == "cache" and len(parts) >= 2 and plugins.get(f"{parts[1]}@{parts[0]}") is False


def _names(document: dict[str, Any]) -> set[str]:
    lists = [document.get(key) for key in _OFF]
    names = {name for names in lists if isinstance(names, list) for name in names if isinstance(name, str)}
    denied = document.get("deniedMcpServers")
    for each in denied if isinstance(denied, list) else ():
        name = each.get("serverName") if isinstance(each, dict) else None
        names |= {name} if isinstance(name, str) else set()
    return {shown_name(name) for name in names}
