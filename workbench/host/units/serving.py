"""Tell a unit that runs an MCP server from every other unit."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.host.context import Context
from workbench.host.files import path_fact
from workbench.host.units import places
from workbench.host.units.folders import UnitFile
from workbench.host.units.reading import Content
from workbench.host.units.recognition import may_say_mcp, recognise
from workbench.host.units.unit_file import Assignment, command_of, effective, start_line
from workbench.launch import understand
from workbench.model.facts import PathFact
from workbench.model.launch import Launch
from workbench.model.record import record
from workbench.secrets import redact_arguments
from workbench.text import visible


@record
class Server:
    """A unit that runs an MCP server, with what was read of it. ``program`` is what it starts, as it stands there."""

    content: Content
    counting: Sequence[tuple[str, Assignment]]
    path: PathFact
    program: str
    command: tuple[str, ...]
    launch: Launch | None
    recognised_by: str

    @property
    def unit(self) -> UnitFile:
        """Its files."""
        return self.content.unit


def server_of(content: Content, context: Context) -> Server | None:
    """A unit that runs a server, None for every other unit. Raises CannotLook."""
    unit = content.unit
    counting = effective(content.texts)
    named = _is_named(unit.name, context.units)
    line = start_line(counting)
    if not named and not set("%$\\\"'").intersection(line) and not may_say_mcp(f"{unit.name} {line}"):
        return None  # as nearly all: what it starts need not be understood to know that
    raw = tuple(places.resolved(word, unit, context) for word in command_of(line))
    command, _ = redact_arguments(raw)
    launch = understand(command, str(context.home)) if command else None
    reason = "you named it" if named else recognise(unit.name, command, launch)
    if not reason:
        return None
    return Server(content, counting, path_fact(unit.file), raw[0] if raw else "", command, launch, visible(reason))


def _is_named(name: str, named: Sequence[str]) -> bool:
    return any(fits(name, asked) for asked in named)


def fits(name: str, asked: str) -> bool:
    """Whether a unit is the one that was asked for: with or without its ending, or as an instance of a template."""
    whole = asked if asked.endswith(".service") else f"{asked}.service"
    stem, at, _ = whole.partition("@")
    return name == whole or (bool(at) and name == f"{stem}@.service")
