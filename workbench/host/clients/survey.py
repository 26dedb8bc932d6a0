"""Look at every place of every client, and keep what was found, what was missing and what was looked at."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from workbench.host.clients.backups import Folders, backups_of
from workbench.host.clients.definitions import CLIENTS, Client
from workbench.host.clients.entries import Surroundings
from workbench.host.clients.extensions import answers_of, images_of, settings_of
from workbench.host.clients.places import MATCH_LIMIT, Found, below, expand, gap, variables
from workbench.host.clients.plugins import find_plugins, named_files
from workbench.host.clients.programs import Files
from workbench.host.clients.projects import (
    comparable,
    is_below,
    lived_in_projects,
    named_projects,
    opened_projects,
    surrounding_projects,
)
from workbench.host.clients.reading import NOTHING, Reading, Scope, read_config, read_copy
from workbench.host.clients.switches import Switches, is_plugin_off
from workbench.host.context import Context, Home
from workbench.host.files import CannotLook
from workbench.model.clients import ClientConfig
from workbench.model.facts import PathFact, Unread

_SECONDS = 6.0
"""What it may take: with the rest of the collector less than its deadline, after which nothing would be known."""


@dataclass(slots=True)
class Survey:
    """What was found so far. ``late`` are places that were left out because the time was over."""

    context: Context
    unread: list[Unread] = field(default_factory=list)
    looked_at: dict[str, None] = field(default_factory=dict)
    configs: list[tuple[ClientConfig, str]] = field(default_factory=list)
    kept: list[tuple[str, Client]] = field(default_factory=list)
    remembered: dict[str, None] = field(default_factory=dict)
    switches: Switches = field(default_factory=Switches)
    folders: dict[str, PathFact] = field(default_factory=dict)
    files: set[tuple[str, int, int | str]] = field(default_factory=set)
    run: Files = field(init=False)
    until: float = field(default_factory=lambda: time.monotonic() + _SECONDS)
    late: int = 0

    def __post_init__(self) -> None:
        self.run = Files(self.folders)

    @property
    def homes(self) -> frozenset[str]:
        """The inspected home folders."""
        folders = [str(home.path) for home in self.context.inspected]
        return frozenset((*map(comparable, folders), *(comparable(os.path.realpath(folder)) for folder in folders)))

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
        self.look_for_backups()
        self.unread += self.run.unread
        if self.late:
            left = f"{self.late} places were" if self.late > 1 else "1 place was"
            why = CannotLook(f"the others took more than {_SECONDS:g} s; {left} not looked at")
            self.unread += gap("the configs of clients", why, "content", "mode")
        everybody = tuple(str(home.path) for home, _ in homes)
        return tuple(
            self.switches.applied(config, project, everybody) if project and config.client == "claude-code" else config
            for config, project in self.certain_first()
        )

    def certain_first(self) -> Iterator[tuple[ClientConfig, str]]:
        """The configs, without those that are perhaps a client's where they are surely another's, or shown already."""
        surely: dict[tuple[int, int | str], bool] = {}
        for config, _ in self.configs:
            if config.confirmed:
                surely[_place(config)] = surely.get(_place(config), False) or bool(config.servers)
        perhaps: set[tuple[int, int | str]] = set()
        for config, project in self.configs:
            place = _place(config)
            names_servers = surely.get(place)
            if not config.confirmed:
                if place in perhaps or names_servers or (names_servers is False and not config.servers):
                    continue
                perhaps.add(place)
            yield config, project

    def look(
        self,
        scope: Scope,
        client: Client,
        found: Found,
        home: Home | None = None,
        project: str = "",
        plugin: tuple[str, bool] = ("", False),
    ) -> list[Reading]:
        """Look at the places of one client, each file once. Of a ``plugin`` they are in that folder, and it is off."""
        self.unread += found.unread
        readings: list[Reading] = []
        for path in found.paths:
            if time.monotonic() > self.until:
                self.late += 1
                continue
            self.looked_at[path] = None

            def around(path: str, document: Any) -> Surroundings:
                return self.surroundings(client, path, document, home, project, plugin)

            owner = home.uid if home is not None else None
            reading = read_config(path, client, scope, around, owner, self.folders)
            if reading is not NOTHING:
                self.keep(path, reading, client, scope, home, project)
                readings.append(reading)
        return readings

    def keep(self, path: str, reading: Reading, client: Client, scope: Scope, home: Home | None, project: str) -> None:
        """Keep what one place gave, unless the same file was there already by another name."""
        config = reading.config
        if config is not None:
            place = _place(config)
            # A link, a second folder variable, a file system without case.
            if (client.id, *place) in self.files:
                return
            self.files.add((client.id, *place))
            self.configs.append((config, project))
            self.kept.append((path, client))
        self.unread += reading.unread
        if reading.document is not None:
            named = named_projects(client, reading.document, self.context.platform)
            self.remembered |= dict.fromkeys(named)
            whose = str(home.path) if home is not None else ""
            if client.switches:
                self.switches.add(reading.document, whose, project)
            elif client.id == "claude-code":
                for folder in named:
                    self.switches.add(reading.document["projects"][folder], whose, os.path.normpath(folder))

    def surroundings(
        self, client: Client, path: str, document: Any, home: Home | None, project: str, plugin: tuple[str, bool]
    ) -> Surroundings:
        """What the entries of one file depend on beside it."""
        whose = home or self.context.inspected[0]
        around = partial(
            Surroundings,
            str(whose.path),
            self.context.platform,
            project=project,
            environment=whose.environment,
            files=self.run,
            until=self.until,
        )
        if client.layout == "docker":
            return around(images=images_of(path, document))
        if client.layout == "manifest":
            settings = settings_of(path)
            is_off = settings.get("isEnabled") is False
            return around(os.path.dirname(path), answers_of(document, settings), off=is_off)
        folder, off = plugin
        return around("" if client.kind == "config" else folder or os.path.dirname(path), off=off)

    def look_for_backups(self) -> None:
        """Look for copies beside the configs that were found. What a client itself installs is left as it is."""
        folders = Folders(self.folders, self.until)
        known = frozenset(path for path, _ in self.kept)
        seen: set[str] = set()
        for place, (path, client) in enumerate(self.kept):
            if client.kind != "plug-in" and path not in seen:
                seen.add(path)
                config, project = self.configs[place]
                found = backups_of(path, config.path, folders, known, partial(read_copy, client=client))
                if found:
                    self.configs[place] = (replace(config, backups=found), project)
        self.unread += folders.unread

    def look_into_projects(self) -> None:
        """Look into every project folder for the files of every client."""
        clients = [client for client in CLIENTS if client.project and not client.plugins]
        here = os.path.abspath(self.context.working_directory)
        homes = self.homes
        above = {folder for folder in surrounding_projects(self.context) if folder != here}
        for folder in self.projects():
            # A listing of /tmp or / would be long, and say nothing of a project below.
            passed = folder in above and not is_below(folder, homes)
            for client in clients:
                for pattern in client.project:
                    if not (passed and pattern.startswith("*")):
                        self.look("project", client, below(folder, pattern), project=folder)

    def look_at_plugins(self, client: Client, home: Home, folders: Mapping[str, str]) -> None:
        """Look at the plug-ins of one client in one home."""
        for pattern in client.plugins:
            kind = pattern.rsplit("/", 1)[-1] if client.id == "claude-code" else ""
            for base in expand(pattern, home, folders, self.context.platform).paths:
                self.looked_at[base] = None
                found = find_plugins(base, client)
                self.unread += found.unread
                for root, file in found.plugins:
                    off = is_plugin_off(kind, root[len(found.base) :], self.switches.plugins)
                    readings = self.look("user", client, Found((file,)), home, plugin=(root, off))
                    if file.endswith(client.manifest):
                        for reading in readings:
                            paths, unread = named_files(root, file, reading.document)
                            self.look("user", client, Found(paths, unread), home, plugin=(root, off))

    def projects(self) -> tuple[str, ...]:
        """Every project folder worth looking into, each once."""
        homes = self.homes
        lived_in = lived_in_projects(self.context, homes)
        self.unread += lived_in.unread
        folders = dict.fromkeys((*surrounding_projects(self.context), *lived_in.paths))
        remembered = dict.fromkeys(os.path.normpath(folder) for folder in self.remembered)
        elsewhere = [folder for folder in remembered if folder not in folders and not is_below(folder, homes)]
        folders |= dict.fromkeys(folder for folder in remembered if is_below(folder, homes))
        self.unread += _elsewhere(elsewhere)
        if len(folders) > MATCH_LIMIT:
            why = CannotLook(f"only the first {MATCH_LIMIT} of {len(folders)} were looked into")
            self.unread += gap("the project folders that clients remember", why, "content", "mode")
        return tuple(folders)[:MATCH_LIMIT]


def _place(config: ClientConfig) -> tuple[int, int | str]:
    file = config.path.file
    return file.device, file.inode or file.path


def _elsewhere(folders: Sequence[str]) -> tuple[Unread, ...]:
    """That projects lie outside of the inspected homes, where a client's memory alone is no reason to look."""
    there = [folder for folder in folders[:MATCH_LIMIT] if _exists(folder)]
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
