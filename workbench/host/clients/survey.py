"""Look at every place of every client, and keep what was found, what was missing and what was looked at."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.host.clients.definitions import CLIENTS, Client
from workbench.host.clients.entries import Surroundings
from workbench.host.clients.extensions import answers_of, images_of, settings_of
from workbench.host.clients.places import MATCH_LIMIT, Found, below, expand, gap, variables
from workbench.host.clients.plugins import find_plugins, named_files
from workbench.host.clients.projects import (
    is_below,
    lived_in_projects,
    named_projects,
    opened_projects,
    surrounding_projects,
)
from workbench.host.clients.reading import NOTHING, Reading, Scope, read_config
from workbench.host.clients.switches import Said, enabled_plugins, is_plugin_off, switched
from workbench.host.context import Context, Home
from workbench.host.files import CannotLook
from workbench.model.clients import ClientConfig
from workbench.model.facts import Unread


@dataclass(slots=True)
class Survey:
    """What was found so far."""

    context: Context
    unread: list[Unread] = field(default_factory=list)
    looked_at: dict[str, None] = field(default_factory=dict)
    configs: list[tuple[ClientConfig, str]] = field(default_factory=list)
    remembered: dict[str, None] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    files: set[tuple[str, int, int | str]] = field(default_factory=set)
    claimed: set[tuple[int, int | str]] = field(default_factory=set)

    @property
    def homes(self) -> frozenset[str]:
        """The inspected home folders."""
        return frozenset(os.path.normpath(home.path) for home in self.context.inspected)

    def take(self) -> tuple[ClientConfig, ...]:
        """Look everywhere once. Each config, with the servers disabled that another file switches off."""
        homes = [(home, variables(home, self.context)) for home in self.context.inspected]
        platform = self.context.platform
        for client in CLIENTS:
            for home, folders in homes:
                for pattern in client.user:
                    self.look("user", client, expand(pattern, home, folders, platform), home)
                opened = opened_projects(client, home, folders, platform)
                self.unread += opened.unread
                self.remembered |= dict.fromkeys(opened.paths)
            # An administrator's places are the same for every home.
            for pattern in client.managed:
                self.look("managed", client, expand(pattern, *homes[0], platform))
        self.look_into_projects()
        for client in CLIENTS:
            for home, folders in homes if client.plugins else ():
                self.look_at_plugins(client, home, folders)
        everybody = tuple(str(home.path) for home, _ in homes)
        return tuple(
            switched(config, project, self.said, everybody)
            if project and config.client == "claude-code" and self.said
            else config
            for config, project in self.configs
            # Not shown as perhaps another's: what it is certain that a client reads.
            if config.confirmed or _place(config) not in self.claimed
        )

    def look(
        self, scope: Scope, client: Client, found: Found, home: Home | None = None, project: str = "", off: bool = False
    ) -> list[Reading]:
        """Look at the places of one client, each file once."""
        self.unread += found.unread
        readings: list[Reading] = []
        for path in found.paths:
            self.looked_at[path] = None

            def around(path: str, document: Any) -> Surroundings:
                return self.surroundings(client, path, document, home, off)

            reading = read_config(path, client, scope, around, home.uid if home is not None else None)
            if reading is not NOTHING:
                self.keep(reading, client, scope, home, project)
                readings.append(reading)
        return readings

    def keep(self, reading: Reading, client: Client, scope: Scope, home: Home | None, project: str) -> None:
        """Keep what one place gave, unless the same file was there already by another name."""
        config = reading.config
        if config is not None:
            place = _place(config)
            # A link, a second folder variable, a file system without case.
            if (client.id, *place) in self.files:
                return
            self.files.add((client.id, *place))
            if client.confirmed:
                self.claimed.add(place)
            self.configs.append((config, project))
        self.unread += reading.unread
        if reading.document is not None:
            named = named_projects(client, reading.document, self.context.platform)
            self.remembered |= dict.fromkeys(named)
            whose = str(home.path) if home is not None else ""
            if client.switches:
                self.said.append(Said(whose, project, reading.document))
            elif client.id == "claude-code" and client.projects:
                table = reading.document["projects"] if named else {}
                self.said += [Said(whose, folder, table[folder]) for folder in named]

    def surroundings(self, client: Client, path: str, document: Any, home: Home | None, off: bool) -> Surroundings:
        """What the entries of one file depend on beside it."""
        whose = str((home or self.context.inspected[0]).path)
        platform = self.context.platform
        if client.layout == "docker":
            return Surroundings(whose, platform, images=images_of(path, document))
        if client.layout == "manifest":
            settings = settings_of(path)
            is_off = settings.get("isEnabled") is False
            return Surroundings(whose, platform, os.path.dirname(path), answers_of(document, settings), off=is_off)
        return Surroundings(whose, platform, "" if client.kind == "config" else os.path.dirname(path), off=off)

    def look_into_projects(self) -> None:
        """Look into every project folder for the files of every client."""
        clients = [client for client in CLIENTS if client.project and not client.plugins]
        here = os.path.abspath(self.context.working_directory)
        above = {folder for folder in surrounding_projects(self.context) if folder != here}
        for folder in self.projects():
            # A listing of /tmp or / would be long, and say nothing of a project below.
            passed = folder in above and not is_below(folder, self.homes)
            for client in clients:
                for pattern in client.project:
                    if not (passed and pattern.startswith("*")):
                        self.look("project", client, below(folder, pattern), project=folder)

    def look_at_plugins(self, client: Client, home: Home, folders: Mapping[str, str]) -> None:
        """Look at the plug-ins of one client in one home."""
        enabled = enabled_plugins(self.said) if client.id == "claude-code" else {}
        for pattern in client.plugins:
            for base in expand(pattern, home, folders, self.context.platform).paths:
                self.looked_at[base] = None
                found = find_plugins(base, client)
                self.unread += found.unread
                for root, file in found.plugins:
                    off = client.id == "claude-code" and is_plugin_off(base, root, enabled)
                    readings = self.look("user", client, Found((file,)), home, off=off)
                    if file.endswith(client.manifest):
                        for reading in readings:
                            paths, unread = named_files(root, file, reading.document)
                            self.look("user", client, Found(paths, unread), home, off=off)

    def projects(self) -> tuple[str, ...]:
        """Every project folder worth looking into, each once."""
        lived_in = lived_in_projects(self.context)
        self.unread += lived_in.unread
        folders = dict.fromkeys((*surrounding_projects(self.context), *lived_in.paths))
        elsewhere = [folder for folder in self.remembered if not is_below(folder, self.homes)]
        folders |= dict.fromkeys(folder for folder in self.remembered if is_below(folder, self.homes))
        self.unread += _elsewhere(folder for folder in elsewhere if folder not in folders)
        if len(folders) > MATCH_LIMIT:
            why = CannotLook(f"only the first {MATCH_LIMIT} of {len(folders)} were looked into")
            self.unread += gap("the project folders that clients remember", why, "content", "mode")
        return tuple(folders)[:MATCH_LIMIT]


def _place(config: ClientConfig) -> tuple[int, int | str]:
    file = config.path.file
    return file.device, file.inode or file.path


def _elsewhere(folders: Iterable[str]) -> tuple[Unread, ...]:
    """That projects lie outside of the inspected homes, where a client's memory alone is no reason to look."""
    there = [folder for folder in folders if _exists(folder)]
    if not there:
        return ()
    more = f" (and {len(there) - 1} more)" if len(there) > 1 else ""
    why = CannotLook(
        f"this project folder lies outside of the inspected homes{more}", "start the workbench in that folder"
    )
    return gap(there[0], why, "projects")


def _exists(folder: str) -> bool:
    try:
        os.lstat(folder)
    except (OSError, ValueError):
        return False
    return True
