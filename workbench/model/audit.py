"""The kernel's audit: the rules loaded and on disk, and what they recorded of the accounts that servers have."""

from __future__ import annotations

from typing import Literal

from workbench.model.facts import SectionState
from workbench.model.record import record

EventKind = Literal["open", "program", "system call"]
Outcome = Literal["denied", "started", "killed", "logged"]


@record
class AuditRule:
    """One rule, or one line of a rules file that the audit system refuses.

    ``filter`` is ``exit``, ``task``, ``user``, ``exclude`` …, "" where the line was not understood; ``action`` is
    ``always`` or ``never``. ``arch`` is ``b64``, ``b32`` or "" for both. ``syscalls`` are names, empty for all.
    ``fields`` are (name, operator, value) in order, with accounts and errors as numbers; a watch (``-w``) has ``path``
    or ``dir``, and ``perm``. ``loaded``: the kernel has it now. ``file`` and ``line``: where it stands on disk, "" for
    nowhere. ``problem`` says why it is refused at the next load, ``stopped`` that a refused line before it ends the
    loading, ``ignored`` that loading goes on after it (``-i`` or ``-c``).
    """

    text: str
    filter: str = ""
    action: str = ""
    arch: str = ""
    syscalls: tuple[str, ...] = ()
    fields: tuple[tuple[str, str, str], ...] = ()
    keys: tuple[str, ...] = ()
    loaded: bool = False
    file: str = ""
    line: int | None = None
    problem: str = ""
    stopped: bool = False
    ignored: bool = False


@record
class ServerAccount:
    """An account that servers have and the developer does not use.

    ``login`` is the audit login uid of its processes, -1 for none and None where no process tells. ``servers`` are
    their names, ``programs`` the base names of what starting them runs. ``commands``: one of them runs commands for the
    model.
    """

    uid: int
    name: str
    gid: int | None = None
    login: int | None = None
    servers: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    commands: bool = False


@record
class AuditEvent:
    """What one account did with one path, program or system call, over all the events that say so.

    ``what`` is the path that was opened or started, as a person reads it. ``by`` is the program that did it and
    ``examples`` are up to three redacted command lines. ``first`` and ``last`` are Unix seconds.
    """

    kind: EventKind
    outcome: Outcome
    uid: int
    account: str
    what: str
    count: int
    first: float
    last: float
    by: str = ""
    examples: tuple[str, ...] = ()


@record
class AuditFacts:
    """The audit system of this host. ``rules`` in the kernel's order, those on disk alone after them.

    ``listed`` is false where those of the kernel could not be read. None stands for what could not be read as well:
    ``files`` (the rules files), ``enabled`` (0 off, 1 on, 2 locked), ``running`` (whether a daemon takes the events)
    and ``events`` (since ``since``, Unix seconds). ``lost`` counts events that the kernel had to throw away.
    ``opening`` are the system calls that open a file on this machine.
    """

    state: SectionState
    rules: tuple[AuditRule, ...] = ()
    listed: bool = False
    files: tuple[str, ...] | None = None
    enabled: int | None = None
    running: bool | None = None
    lost: int = 0
    opening: tuple[str, ...] = ("open", "openat", "openat2")
    accounts: tuple[ServerAccount, ...] = ()
    events: tuple[AuditEvent, ...] | None = None
    since: float = 0.0
