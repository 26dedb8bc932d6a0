"""The systemd units that run MCP servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workbench.model.facts import PathFact, SectionState
from workbench.model.launch import Launch


@dataclass(frozen=True, slots=True)
class ExposureItem:
    """One line of systemd's assessment. ``exposure`` is its rounded share; the shares do not add up to the total."""

    name: str
    description: str
    exposure: float


@dataclass(frozen=True, slots=True)
class IgnoredLine:
    """A unit line that systemd drops. ``reason`` is systemd's own message."""

    path: str
    line: int
    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class UnitFact:
    """A systemd unit that runs an MCP server. ``exposure`` is 0.0 to 10.0, None where it could not be measured."""

    name: str
    path: PathFact
    manager: Literal["system", "user"]
    drop_ins: tuple[str, ...] = ()
    exposure: float | None = None
    measured: Literal["live", "offline", ""] = ""
    items: tuple[ExposureItem, ...] = ()
    ignored: tuple[IgnoredLine, ...] | None = None
    recognised_by: str = ""
    command: tuple[str, ...] = ()
    launch: Launch | None = None


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """The systemd units that run MCP servers. ``seen`` counts the unit files looked through."""

    state: SectionState
    units: tuple[UnitFact, ...] = ()
    seen: int = 0
