"""Read unit files as systemd does: sections, continued lines, lists that an empty value clears."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from workbench.model.record import record

_PREFIXES = "-@:+!|"
_QUOTING = re.compile(r"['\"\\]")


@record
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


def assignment_at(found: Iterable[Assignment], line: int) -> Assignment | None:
    """The assignment that stands on a line: systemd names the last line of a continued one."""
    return next((each for each in found if each.first <= line <= each.last), None)


def effective(contents: Iterable[tuple[str, str]]) -> list[tuple[str, Assignment]]:
    """The assignments that count, each with its file, of (file, content) in order.

    An empty value clears what was said before of the same setting, and is kept: some settings mean it.
    """
    counting: dict[int, tuple[str, Assignment]] = {}
    places: dict[tuple[str, str], list[int]] = {}
    number = 0
    for file, content in contents:
        for found in assignments(content):
            own = places.setdefault((found.section, found.key), [])
            if not found.value:
                for place in own:
                    del counting[place]
                own.clear()
            own.append(number)
            counting[number] = (file, found)
            number += 1
    return list(counting.values())


def start_command(contents: Iterable[str]) -> tuple[str, ...]:
    """The argument vector of the first ``ExecStart=`` that counts, over a unit file and its drop-ins in order."""
    return command_of(start_line(effective(("", content) for content in contents)))


def start_line(counting: Iterable[tuple[str, Assignment]]) -> str:
    """The first ``ExecStart=`` that counts, as it stands there."""
    lines = (found.value for _, found in counting if (found.section, found.key) == ("Service", "ExecStart"))
    return next((line for line in lines if line), "")


def prefix_of(command: str) -> str:
    """What stands before the program in a command line (``-``, ``+``, ``!`` …)."""
    return command[: len(command) - len(command.lstrip(_PREFIXES))]


def words_of(text: str) -> list[str]:
    """The words of a value, its quotes taken off."""
    if not _QUOTING.search(text):
        return text.split()
    try:
        return shlex.split(text)
    except ValueError:  # a quote without its partner
        return text.split()


def command_of(command: str) -> tuple[str, ...]:
    """The argument vector of a command line."""
    takes_own_name = "@" in prefix_of(command)
    words = words_of(command.lstrip(_PREFIXES))
    if takes_own_name and len(words) > 1:
        del words[1]  # "@" makes the second word the process's own name for itself
    return tuple(words)
