"""The sudo policy of this host."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.model.facts import FileFact, PathFact, SectionState


@dataclass(frozen=True, slots=True)
class SudoCommand:
    """A permitted command. ``text`` is as sudo parsed it; ``negated`` commands are refused. ``target`` is the program's
    file where it exists.
    """

    text: str
    negated: bool = False
    target: PathFact | None = None


@dataclass(frozen=True, slots=True)
class SudoRule:
    """Who may run what as whom. Names as sudo parsed them, aliases expanded. ``users`` may hold ``%group`` and ``ALL``.

    ``line`` and ``file`` are where the rule was found, when known. ``passwordless`` is the outcome of tags, Defaults
    and later rules for this rule. ``""`` in ``runas_users`` is the caller's own account (a rule for groups only).
    ``here`` is false for a rule without effect on this machine: for other hosts, past its date, or in a file that sudo
    refuses to read.
    """

    users: tuple[str, ...]
    hosts: tuple[str, ...]
    runas_users: tuple[str, ...]
    runas_groups: tuple[str, ...]
    commands: tuple[SudoCommand, ...]
    passwordless: bool
    set_environment: bool = False
    file: str = ""
    line: int | None = None
    here: bool = True


@dataclass(frozen=True, slots=True)
class SudoersFacts:
    """The sudo policy of this host as ``cvtsudoers`` parsed it. ``files`` are all that were read."""

    state: SectionState
    rules: tuple[SudoRule, ...] = ()
    files: tuple[FileFact, ...] = ()
