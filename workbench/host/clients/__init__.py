"""Gather what the MCP clients of this account are configured to start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from workbench.host.clients.definitions import CLIENTS, Client
from workbench.host.clients.places import (
    MATCH_LIMIT,
    Found,
    below,
    expand,
    gap,
    named_projects,
    opened_projects,
    surrounding_projects,
)
from workbench.host.clients.reading import Scope, read_config
from workbench.host.context import Context
from workbench.host.files import CannotLook
from workbench.host.packages import installed
from workbench.model.clients import ClientConfig, ClientFacts
from workbench.model.facts import SectionState, Unread
from workbench.model.launch import Ecosystem
from workbench.text import visible


def gather(context: Context) -> ClientFacts:
    """Read the configs of every known client: the account's, the administrator's, and those of its projects.

    Starts nothing and walks no folder: project folders are those that clients remember, and those around the working
    directory.
    """
    survey = _Survey(context)
    for client in CLIENTS:
        survey.look("user", client, (expand(pattern, context) for pattern in client.user))
        survey.look("managed", client, (expand(pattern, context) for pattern in client.managed))
    projects = survey.projects()
    for client in CLIENTS:
        patterns = client.project
        survey.look("project", client, (below(folder, pattern) for folder in projects for pattern in patterns))
    unread = tuple(dict.fromkeys(survey.unread))
    names = _packages(survey.configs)
    return ClientFacts(
        state=SectionState("partial" if unread else "complete", unread=unread),
        configs=tuple(survey.configs),
        looked_at=tuple(visible(path) for path in survey.looked_at),
        installed=installed(context.home, names, environment=context.environment, platform=context.platform),
    )


@dataclass(slots=True)
class _Survey:
    """What was found so far."""

    context: Context
    configs: list[ClientConfig] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    looked_at: dict[str, None] = field(default_factory=dict)
    documents: list[tuple[Client, Any]] = field(default_factory=list)
    files: set[tuple[str, int, int | str]] = field(default_factory=set)

    def look(self, scope: Scope, client: Client, places: Iterable[Found]) -> None:
        """Look at the places of one client, each file once."""
        home = str(self.context.home)
        for found in places:
            self.unread += found.unread
            for path in found.paths:
                self.looked_at[path] = None
                reading = read_config(path, client, scope, home, self.context.platform)
                if reading.config is not None:
                    file = reading.config.path.file
                    identity = (client.id, file.device, file.inode or file.path)
                    # The same file by another name: a link, a second folder variable, a file system without case.
                    if identity in self.files:
                        continue
                    self.files.add(identity)
                    self.configs.append(reading.config)
                if reading.document is not None:
                    self.documents.append((client, reading.document))
                self.unread += reading.unread

    def projects(self) -> tuple[str, ...]:
        """Every project folder worth looking into, each once."""
        folders = dict.fromkeys(surrounding_projects(self.context))
        for client, document in self.documents:
            folders |= dict.fromkeys(named_projects(client, document, self.context))
        for client in CLIENTS:
            opened = opened_projects(client, self.context)
            self.unread += opened.unread
            folders |= dict.fromkeys(opened.paths)
        if len(folders) > MATCH_LIMIT:
            why = CannotLook(f"only the first {MATCH_LIMIT} of {len(folders)} were looked into")
            self.unread += gap("the project folders that clients remember", why, "content", "mode")
        return tuple(folders)[:MATCH_LIMIT]


def _packages(configs: Iterable[ClientConfig]) -> Iterator[tuple[Ecosystem, str]]:
    seen: set[tuple[Ecosystem, str]] = set()
    for config in configs:
        for entry in config.servers:
            package = entry.launch.package if entry.launch else None
            if package is not None and (package.ecosystem, package.name) not in seen:
                seen.add((package.ecosystem, package.name))
                yield package.ecosystem, package.name
