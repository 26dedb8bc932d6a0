"""Secrets in an argument vector, where the argument before may say what the next one is."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.expressions import expression
from workbench.secrets.benign import random_length
from workbench.secrets.names import kind_of_name
from workbench.secrets.recognition import POSSIBLE, Hit, insert, to_hide

_FLAG = expression(r"--?(?P<name>[A-Za-z][\w.-]*)\Z|/(?P<windows>[A-Za-z][\w-]+)\Z")
_ASSIGNMENT = expression(r"(?:--?)?(?P<name>[A-Za-z_][\w.-]*)=")
# ``-u 1000:1000`` is an account and its group, ``-p8080:80`` a port: neither looks random.
_USER = expression(r"[^\s:/]+:(?P<secret>[^\s:/]+)")
_ATTACHED = expression(r"-p(?P<secret>[^\s@/:.=-][^\s@/:.=]+)")
_RANDOM = 6
_HEADER = expression(r"(?P<name>[A-Za-z][\w-]*):\s*(?!//)")


def recognise_argument(arguments: Sequence[str], index: int) -> str | None:
    """The kind of secret that one argument is or holds, by itself or by the flag before it, or None."""
    return next((hit.kind for hit in to_hide_of_argument(arguments, index) if hit.kind != POSSIBLE), None)


def to_hide_of_argument(arguments: Sequence[str], index: int) -> list[Hit]:
    """All that must not be shown of one argument of a vector: see ``to_hide``."""
    argument = arguments[index]
    before = arguments[index - 1] if index else ""
    for form in (_ASSIGNMENT, _HEADER):
        # ``--key=VALUE``, ``KEY=VALUE`` and ``X-Api-Key: VALUE`` as one argument: all that follows is the value.
        split = form.match(argument)
        if split and kind_of_name(split["name"]):
            found = [
                Hit(split.end() + hit.start, split.end() + hit.end, hit.kind)
                for hit in to_hide(split["name"], argument[split.end() :])
            ]
            # Or a shell's command line that only begins with an assignment.
            for hit in to_hide("", argument) if " " in argument else ():
                insert(found, hit)
            return found
    return to_hide(_name_before(arguments, index), argument) or _credentials(before, argument)


def _credentials(before: str, argument: str) -> list[Hit]:
    """The password of ``-u NAME:PASSWORD`` and of ``-pPASSWORD``, where it does not look like anything else."""
    match = _USER.fullmatch(argument) if before in ("-u", "--user", "--userpwd") else _ATTACHED.fullmatch(argument)
    if match is None or random_length(match["secret"]) < _RANDOM:
        return []
    return [Hit(*match.span("secret"), POSSIBLE)]


def _name_before(arguments: Sequence[str], index: int) -> str:
    """The name of the flag whose value this argument is, or ""."""
    if index == 0 or arguments[index].startswith("--"):
        return ""
    flag = _FLAG.match(arguments[index - 1])
    return (flag["name"] or flag["windows"]) if flag else ""
