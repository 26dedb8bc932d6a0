"""A home whose one server is started in a container, and an engine that is played: no test here needs one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.host.client_homes import write
from tests.plugins.containers import ENGINE, container
from workbench.model.clients import EntryReference
from workbench.model.containers import ContainerFacts
from workbench.model.servers import Server, ServerFacts
from workbench.model.snapshot import Snapshot
from workbench.repair import container_trial
from workbench.repair.exchange import Outcome, Start

PLACE = ".config/Claude/claude_desktop_config.json"
POINTER = ("mcpServers", "files")


def configured(home: Path, *args: str, command: str = "docker", **more: Any) -> Path:
    """Write an entry with these arguments."""
    return write(home / PLACE, {"mcpServers": {"files": {"command": command, "args": list(args), **more}}})


def with_container(snapshot: Snapshot, *, joined: bool = True, **changes: Any) -> Snapshot:
    """A snapshot in which a container runs that the entry started; ``joined`` is whether that is known."""
    made = container(**changes)
    path = snapshot.clients.configs[0].path.asked
    server = Server(
        f"{path}#mcpServers/files",
        "files",
        "running",
        True,
        "stdio",
        entry=EntryReference(path, POINTER, "files"),
        containers=(made.id,) if joined else (),
    )
    return replace(
        snapshot,
        containers=ContainerFacts(builders.COMPLETE, (made,), (ENGINE,), 1),
        servers=ServerFacts(builders.COMPLETE, (server,)),
    )


class PlayedEngine:
    """What was started, and what the engine was asked. ``outcome`` is how the next start goes."""

    def __init__(self) -> None:
        self.started: list[Start] = []
        self.asked: list[tuple[str, ...]] = []
        self.outcome = Outcome("", "small", "1.0", 2)
        self.there: list[str] = []

    def exchange(self, start: Start, _: float) -> Outcome:
        """Start it: with it there is a container."""
        self.started.append(start)
        self.there.append("ab" * 32)
        return self.outcome

    def ask(self, _: object, question: tuple[str, ...], *__: object) -> str:
        """Answer what is there, and remove it."""
        self.asked.append(question)
        if question[0] == "rm":
            self.there.clear()
            return ""
        return "\n".join(self.there)


def played(monkeypatch: pytest.MonkeyPatch) -> PlayedEngine:
    """Play an engine in the place of the one that this machine has or has not."""
    engine = PlayedEngine()
    monkeypatch.setattr(container_trial, "exchange", engine.exchange)
    monkeypatch.setattr(container_trial, "_asked", engine.ask)
    monkeypatch.setattr(container_trial, "_program", lambda _: "/usr/bin/docker")
    return engine
