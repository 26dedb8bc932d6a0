"""The session that started the workbench, and the files that sessions of its account begin with."""

from __future__ import annotations

from typing import Literal

from workbench.model.facts import EnvironmentEntry, SecretFact, SectionState
from workbench.model.record import record

StartupDialect = Literal["sh", "fish", "fish-variables", "lines"]


@record
class StartupSecret:
    """A variable that a startup file exports with a secret in it. ``line`` counts from 1."""

    name: str
    line: int
    secret: SecretFact


@record
class StartupFile:
    """One file that a shell or a login reads at its start.

    ``owner`` is the uid whose sessions read it, None for every account's. ``read_by`` is the file that sources it, ""
    for one that is read by itself. ``secrets`` are those that it exports, ``umasks`` the line and the words of each
    umask that it sets. ``dialect`` is how it was read: as a shell's, as fish's, as the variables that fish keeps
    itself, or as one assignment a line.
    """

    path: str
    owner: int | None
    read_by: str = ""
    secrets: tuple[StartupSecret, ...] = ()
    umasks: tuple[tuple[int, str], ...] = ()
    dialect: StartupDialect = "sh"


@record
class SessionFacts:
    """The session that started the workbench, so what it would hand to anything it starts.

    ``processes_hidden`` is whether /proc hides the processes of other accounts (hidepid), None where that is not known.
    ``startup`` are the files that sessions of the inspected accounts begin with.
    """

    state: SectionState
    umask: int | None = None
    environment: tuple[EnvironmentEntry, ...] = ()
    processes_hidden: bool | None = None
    startup: tuple[StartupFile, ...] = ()
