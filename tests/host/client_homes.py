"""A home of one's own for the clients collector, and short ways to look at what it found."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from workbench.host.clients import gather
from workbench.host.context import Context
from workbench.model.clients import ClientConfig, ClientFacts, ServerEntry
from workbench.model.facts import Unread

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zB9dF1hJ3lN5"
SERVER = {"command": "npx", "args": ["-y", "some-server"]}


def context_of(home: Path, **more: Any) -> Context:
    """The context of a home that nothing on this machine leaks into."""
    values: dict[str, Any] = {
        "platform": "linux",
        "home": home,
        "uid": os.getuid(),
        "environment": {},
        "working_directory": home,
        "managed_root": home / "system",
        "proc": home / "no-proc",
    }
    return Context(**{**values, **more})


def look(home: Path, **more: Any) -> ClientFacts:
    """What the collector finds there."""
    return gather(context_of(home, **more))


def write(path: Path, content: object) -> Path:
    """Write a text as it is, anything else as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
    return path


def names(facts: ClientFacts) -> list[str]:
    """The names of all servers, in order."""
    return [server.name for config in facts.configs for server in config.servers]


def only(facts: ClientFacts) -> ClientConfig:
    """The one config that there is."""
    (config,) = facts.configs
    return config


def servers(facts: ClientFacts) -> dict[str, ServerEntry]:
    """Every server by name."""
    return {server.name: server for config in facts.configs for server in config.servers}


def gaps(facts: ClientFacts, facet: str) -> list[Unread]:
    """What is missing of one facet."""
    return [unread for unread in facts.state.unread if unread.facet == facet]
