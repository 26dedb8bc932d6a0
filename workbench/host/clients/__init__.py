"""Gather what the MCP clients of the inspected accounts are configured to start."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.host.clients.survey import Survey
from workbench.host.context import Context
from workbench.host.packages import installed
from workbench.model.clients import ClientConfig, ClientFacts, InstalledPackage
from workbench.model.facts import SectionState
from workbench.model.launch import Ecosystem
from workbench.text import visible


def gather(context: Context) -> ClientFacts:
    """Read the configs of every known client: the accounts', the administrator's, and those of their projects.

    Starts nothing and walks no home: project folders are those that clients remember, those around the working
    directory, and those in which processes of the accounts run.
    """
    survey = Survey(context)
    configs = survey.take()
    unread = tuple(dict.fromkeys(survey.unread))
    return ClientFacts(
        state=SectionState("partial" if unread else "complete", unread=unread),
        configs=configs,
        looked_at=tuple(visible(path) for path in survey.looked_at),
        installed=tuple(dict.fromkeys(_installed(configs, context))),
        files=survey.run.found,
    )


def _installed(configs: tuple[ClientConfig, ...], context: Context) -> Iterator[InstalledPackage]:
    names = tuple(dict.fromkeys(_packages(configs)))
    for home in context.inspected:
        yield from installed(home.path, names, environment=home.environment, platform=context.platform)


def _packages(configs: tuple[ClientConfig, ...]) -> Iterator[tuple[Ecosystem, str]]:
    for config in configs:
        for entry in config.servers:
            package = entry.launch.package if entry.launch else None
            if package is not None:
                yield package.ecosystem, package.name
