"""The entries that start the same program as a process, but otherwise than it was started."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence

from workbench.host.processes.entries import (
    Configured,
    Near,
    Started,
    is_configured_account,
    names_equal,
    same_argument,
    shown,
)
from workbench.host.processes.programs import is_container_tool, is_interpreter, program_name
from workbench.host.processes.table import Hidden, Table
from workbench.launch import understand

MARGIN_SECONDS = 1.0
"""A start is known to the second."""

_LONGEST = 80
_MOST_PAIRS = 10_000
_SECRET = "<secret"


def near(table: Table, pid: int, started: Started, script: str, entries: Iterable[Configured]) -> tuple[Near, ...]:
    """The entries that start this program, but otherwise than this process was; only those changed after its start.

    The entry that differs least comes first. Raises Gone.
    """
    began = table.started(pid) + MARGIN_SECONDS
    changed = [each for each in entries if each.modified > began]
    if not changed:
        return ()
    try:
        folder = table.working_directory(pid)
    except Hidden:
        folder = ""
    found = []
    for each in changed:
        given = _given(each, started, os.path.join(folder, script) if script else "")
        if given is None:
            continue
        was, now = given
        gone, new = _differences(was, now)
        if gone or new:
            found.append((each, _arguments_text(gone, new), len(gone) + len(new)))
        elif not is_configured_account(each, started.uid):
            account = each.entry.launch.account if each.entry.launch is not None else ""
            found.append((each, f"it runs as another account than {account}, which the config now names", 1))
    return tuple(sorted(found, key=lambda one: one[2]))


def _given(entry: Configured, started: Started, script: str) -> tuple[Sequence[str], Sequence[str]] | None:
    """The arguments that the process was and that the entry is given, where both start the same; else None."""
    launch = entry.entry.launch
    if launch is None:
        return None
    command = entry.entry.command
    if launch.image is not None:
        if not is_container_tool(started.argv) or not is_container_tool(command):
            return None
        mine = understand(shown(started.argv), "").image
        same = mine is not None and mine.name == launch.image.name
        return (shown(started.argv)[1:], command[1:]) if same else None
    if launch.package is not None:
        place = launch.package.argument
        if place is None or not started.package or not names_equal(started.package, launch.package.name):
            return None
        return shown(started.tail), command[place + 1 :]
    if launch.script:
        place = command.index(launch.script) if launch.script in command else None
        if place is None or not script or os.path.normpath(launch.script) != os.path.normpath(script):
            return None
        return shown(started.tail), command[place + 1 :]
    program = started.argv[0] if started.argv else ""
    same = "/" in launch.program and launch.program == program
    if not same or is_interpreter(program_name(program)):
        return None
    return shown(started.argv)[1:], launch.arguments


def _differences(was: Sequence[str], now: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments that only the process and that only the entry has, what a client fills in fitting anything."""
    left, wanted = Counter(was), Counter(now)
    gone, new = list((left - wanted).elements()), list((wanted - left).elements())
    if len(gone) * len(new) > _MOST_PAIRS:
        return gone, new
    for item in tuple(new):
        same = next((other for other in gone if same_argument(item, other)), None)
        if same is not None:
            gone.remove(same)
            new.remove(item)
    return gone, new


def _arguments_text(gone: Sequence[str], new: Sequence[str]) -> str:
    if any(_SECRET in item for item in (*gone, *new)):
        return "its arguments are others than those that the config now gives"
    was, now = cut(" ".join(gone)), cut(" ".join(new))
    if not gone:
        return f"the config now also gives {now}"
    if not new:
        return f"it was started with {was}, which the config gives no more"
    return f"it was started with {was}; the config now gives {now}"


def cut(text: str) -> str:
    """A text short enough for a sentence."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
