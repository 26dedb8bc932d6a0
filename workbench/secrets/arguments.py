"""Secrets in an argument vector, where the argument before may say what the next one is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.secrets.names import kind_of_name
from workbench.secrets.recognition import Hit, hits

_FLAG = re.compile(r"--?(?P<name>[A-Za-z][\w.-]*)\Z|/(?P<windows>[A-Za-z][\w-]+)\Z")
_ASSIGNMENT = re.compile(r"(?:--?)?(?P<name>[A-Za-z_][\w.-]*)=")
_HEADER = re.compile(r"(?P<name>[A-Za-z][\w-]*):\s*(?!//)")


def recognise_argument(arguments: Sequence[str], index: int) -> str | None:
    """The kind of secret that one argument is or holds, by itself or by the flag before it, or None."""
    found = hits_of_argument(arguments, index)
    return found[0].kind if found else None


def hits_of_argument(arguments: Sequence[str], index: int) -> list[Hit]:
    """Every secret in one argument of a vector."""
    argument = arguments[index]
    for form in (_ASSIGNMENT, _HEADER):
        # ``--key=VALUE``, ``KEY=VALUE`` and ``X-Api-Key: VALUE`` as one argument: all that follows is the value.
        split = form.match(argument)
        if split and kind_of_name(split["name"]):
            return [
                Hit(split.end() + hit.start, split.end() + hit.end, hit.kind)
                for hit in hits(split["name"], argument[split.end() :])
            ]
    return hits(_name_before(arguments, index), argument)


def _name_before(arguments: Sequence[str], index: int) -> str:
    """The name of the flag whose value this argument is, or ""."""
    if index == 0 or arguments[index].startswith("--"):
        return ""
    flag = _FLAG.match(arguments[index - 1])
    return (flag["name"] or flag["windows"]) if flag else ""
