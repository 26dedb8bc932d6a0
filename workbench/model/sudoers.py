"""The sudo policy of this host."""

from __future__ import annotations

from typing import Literal

from workbench.model.facts import FileFact, PathFact, SectionState
from workbench.model.record import record

DefaultScope = Literal["everyone", "host", "user", "runas", "command"]


@record
class SudoCommand:
    """A permitted command. ``text`` is as sudo parsed it; ``negated`` commands are refused. ``target`` is the program's
    file where it exists.

    ``nearest`` is the deepest existing directory above a program that does not exist or is a pattern or a directory.
    ``runs`` are further files that it runs: a script, the program behind ``env``, what the script's first line names.
    ``unseen`` are paths of these that could not be looked at. ``interpreter`` is the first line of a script after its
    ``#!``, "" for a program that has none, None where that is not known. ``digests`` are ``sha256:…``.
    """

    text: str
    negated: bool = False
    target: PathFact | None = None
    digests: tuple[str, ...] = ()
    nearest: PathFact | None = None
    runs: tuple[PathFact, ...] = ()
    unseen: tuple[str, ...] = ()
    interpreter: str | None = None


@record
class SudoRule:
    """Who may run what as whom. Names as sudo parsed them, aliases expanded. ``users`` may hold ``%group`` and ``ALL``.

    ``line`` and ``file`` are where the rule was found, when known. ``passwordless`` is the outcome of tags, Defaults
    and later rules for this rule. ``""`` in ``runas_users`` is the caller's own account (a rule for groups only).
    ``here`` is false for a rule without effect on this machine: for other hosts, past its date, or in a file that sudo
    refuses to read. ``set_environment`` is its tag: true for SETENV, false for NOSETENV, None for neither.
    """

    users: tuple[str, ...]
    hosts: tuple[str, ...]
    runas_users: tuple[str, ...]
    runas_groups: tuple[str, ...]
    commands: tuple[SudoCommand, ...]
    passwordless: bool
    set_environment: bool | None = None
    file: str = ""
    line: int | None = None
    here: bool = True


@record
class SudoEntry:
    """One entry of the policy as it is written, aliases expanded, before Defaults and other entries are considered.

    ``commands`` begin with ``!`` where they are refused and hold their digests before the path. ``tags`` are its
    options, sorted, such as ``authenticate=false`` or ``runcwd=*``. ``here`` is None where it takes more than this host
    to tell (a netgroup).
    """

    users: tuple[str, ...]
    hosts: tuple[str, ...]
    runas_users: tuple[str, ...]
    runas_groups: tuple[str, ...]
    commands: tuple[str, ...]
    tags: tuple[str, ...] = ()
    here: bool | None = True


@record
class SudoDefault:
    """One setting of a Defaults entry. ``bound`` is whom its ``scope`` means, as in a rule.

    ``operation`` is ``on``, ``off`` (``!name``), ``set``, ``add`` (``+=``) or ``remove`` (``-=``).
    ``here`` is whether one for hosts means this machine, None where that takes more than this host to tell.
    """

    scope: DefaultScope
    bound: tuple[str, ...]
    name: str
    operation: Literal["on", "off", "set", "add", "remove"]
    values: tuple[str, ...] = ()
    here: bool | None = True


@record
class SudoStatement:
    """One rule or alias of commands as it is written: its first line (counted from 1) and its lines without their ends.

    ``exact`` is false where the lines are not shown as they are, because a secret or an odd character is in them.
    """

    file: str
    line: int
    lines: tuple[str, ...]
    exact: bool = True


@record
class SudoersFacts:
    """The sudo policy of this host as ``cvtsudoers`` parsed it. ``files`` are all that were read.

    ``entries`` and ``defaults`` are the whole policy in its order, ``rules`` what it comes to. ``folders`` are the
    directories it includes and ``listed`` every file in them, also those that sudo leaves out. ``errors`` are what
    sudo's parser said: the file ("" when unknown), the line and the message. ``statements`` are the rules as text.
    ``passwords`` tells of the accounts, by name, whether a password is set: ``P``, ``L`` (locked) or ``NP`` (none).
    """

    state: SectionState
    rules: tuple[SudoRule, ...] = ()
    files: tuple[FileFact, ...] = ()
    entries: tuple[SudoEntry, ...] = ()
    defaults: tuple[SudoDefault, ...] = ()
    folders: tuple[FileFact, ...] = ()
    listed: tuple[FileFact, ...] = ()
    errors: tuple[tuple[str, int | None, str], ...] = ()
    statements: tuple[SudoStatement, ...] = ()
    passwords: tuple[tuple[str, str], ...] = ()
