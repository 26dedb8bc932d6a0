"""Read unit files as systemd does: sections, continued lines, lists that an empty value clears."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_PREFIXES = "-@:+!|"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One ``Key=value``. ``first`` and ``last`` are the lines it stands on, counted from 1."""

    section: str
    key: str
    value: str
    first: int
    last: int


def assignments(content: str) -> Iterator[Assignment]:
    """Every assignment of a unit file. A comment inside a continued line does not end it."""
    section = ""
    first, text = 0, ""
    for number, line in enumerate(content.split("\n"), 1):
        bare = line.strip()
        if bare.startswith(("#", ";")) or (not bare and not text):
            continue
        first = first or number
        if line.endswith("\\"):
            text += line[:-1] + " "
            continue
        whole = (text + line).strip()
        if whole.startswith("[") and whole.endswith("]"):
            section = whole[1:-1]
        elif "=" in whole:
            key, _, value = whole.partition("=")
            yield Assignment(section, key.strip(), value.strip(), first, number)
        first, text = 0, ""


def assignment_at(content: str, line: int) -> Assignment | None:
    """The assignment that stands on a line: systemd names the last line of a continued one."""
    return next((found for found in assignments(content) if found.first <= line <= found.last), None)


def start_command(contents: Iterable[str]) -> tuple[str, ...]:
    """The argument vector of the first ``ExecStart=`` that counts, over a unit file and its drop-ins in order."""
    commands: list[str] = []
    for content in contents:
        for found in assignments(content):
            if found.section == "Service" and found.key == "ExecStart":
                if found.value:
                    commands.append(found.value)
                else:
                    commands.clear()
    return _split(commands[0]) if commands else ()


def _split(command: str) -> tuple[str, ...]:
    takes_own_name = "@" in command[: len(command) - len(command.lstrip(_PREFIXES))]
    text = command.lstrip(_PREFIXES)
    try:
        words = shlex.split(text)
    except ValueError:  # a quote without its partner
        words = text.split()
    if takes_own_name and len(words) > 1:
        del words[1]  # "@" makes the second word the process's own name for itself
    return tuple(words)
