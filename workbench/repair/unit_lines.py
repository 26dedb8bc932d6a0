"""Restore the lines of a unit that systemd drops, and change nothing else in the file."""

from __future__ import annotations

import re

from workbench.model.operations import RepairOwnUnit, RepairUnit, UnitLine
from workbench.repair.paths import Refused
from workbench.secrets import redact
from workbench.text import visible

_NOTE = "# systemd drops this line, so it is a comment: "
_ASSIGNED = re.compile(r"(\s*)([A-Za-z][A-Za-z0-9-]*)(\s*=\s*)(.*?)(\s*)\Z")


def repaired(raw: bytes, wanted: RepairUnit | RepairOwnUnit) -> bytes:
    """The bytes of the unit with the lines restored. Raises Refused where one is not what it was."""
    lines = raw.decode("utf-8", "surrogateescape").split("\n")
    if not wanted.lines:
        raise Refused("the plan does not say which lines it means")
    if len({each.line for each in wanted.lines}) < len(wanted.lines):
        raise Refused("the plan changes one line twice")
    for each in sorted(wanted.lines, key=lambda each: -each.line):
        if not 0 < each.line <= len(lines):
            raise Refused(f"{visible(wanted.path)} has no line {each.line} any more", "scan again")
        if _goes_on(lines, each.line - 1):
            raise Refused(
                f"line {each.line} of {visible(wanted.path)} goes on from the one before", "repair it by hand"
            )
        lines[each.line - 1 : each.line] = _restored(lines[each.line - 1], each, wanted.path)
    after = "\n".join(lines).encode("utf-8", "surrogateescape")
    if after == raw:
        raise Refused(f"{visible(wanted.path)} already is as the plan wants it")
    return after


def _goes_on(lines: list[str], at: int) -> bool:
    """Whether a line goes on from one before it: comments between the two do not end that."""
    at -= 1
    while at >= 0 and lines[at].lstrip().startswith(("#", ";")):
        at -= 1
    return at >= 0 and lines[at].removesuffix("\r").endswith("\\")


def taken_back(there: bytes, wanted: RepairOwnUnit, backup: bytes) -> bytes:
    """The file without what was restored, as it is in ``backup``; what else was written since stays.

    Raises Refused where a restored line is not there any more, or more than once.
    """
    old = backup.decode("utf-8", "surrogateescape").split("\n")
    lines = there.decode("utf-8", "surrogateescape").split("\n")
    for each in wanted.lines:
        if not 0 < each.line <= len(old):
            raise Refused(f"the backup of {visible(wanted.path)} has no line {each.line}")
        was = old[each.line - 1]
        made = _restored(was, each, wanted.path)
        found = [at for at in range(len(lines)) if lines[at : at + len(made)] == made]
        if len(found) != 1:
            raise Refused(f"what was restored of {visible(each.key)} in {visible(wanted.path)} was changed since")
        lines[found[0] : found[0] + len(made)] = [was]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def hold(content: bytes, wanted: RepairOwnUnit) -> bool:
    """Whether the file, which somebody has written meanwhile, still says what was restored."""
    said = set()
    for line in content.decode("utf-8", "surrogateescape").split("\n"):
        key, _, value = line.partition("=")
        said.add((key.strip(), value.strip()))
    return all((each.name or each.key, each.value) in said for each in wanted.lines if each.value)


def _restored(line: str, wanted: UnitLine, path: str) -> list[str]:
    where = f"line {wanted.line} of {visible(path)}"
    found = _ASSIGNED.match(line.removesuffix("\r"))
    if found is None or line.removesuffix("\r").endswith("\\"):
        raise Refused(f"{where} is no plain assignment any more", "repair it by hand")
    end = "\r" if line.endswith("\r") else ""
    indent, key, equals, value = found[1], found[2], found[3], found[4]
    if key != wanted.key:
        raise Refused(f"{where} does not set {visible(wanted.key)} any more", "scan again")
    if not wanted.value:
        return [f"{indent}{_NOTE}{line.strip()}{end}"]
    if wanted.value.endswith("\\"):
        raise Refused(f"the value for {where} would take the next line into it", "repair it by hand")
    if redact(f"{key}={wanted.value}") != f"{key}={wanted.value}" or "\n" in wanted.value:
        raise Refused(f"the value for {where} looks like a secret, which no plan may hold")
    if wanted.name and not re.fullmatch(r"[A-Za-z]+", wanted.name):
        raise Refused(f"{visible(wanted.name)} is the name of no setting")
    comment = _comment(value, wanted.value, respelt=bool(wanted.name))
    if comment is None:
        raise Refused(f"{where} has another value than was seen", "scan again")
    kept = f"{indent}{wanted.name or key}{equals}{wanted.value}{end}"
    return [f"{indent}{comment}{end}", kept] if comment else [kept]


def _comment(value: str, wanted: str, *, respelt: bool) -> str | None:
    """What stands behind the value, as a comment of its own: "" for nothing, None where the value is another."""
    before, mark, behind = value.partition(" #")
    comment, before = (f"#{behind}" if mark else ""), before.rstrip()
    if before == wanted:
        return comment if comment or respelt else None
    # Words that systemd does not know are taken out of a list; nothing is put into it, moved or turned around.
    if before.startswith("~") is not wanted.startswith("~"):
        return None
    left = iter(before.removeprefix("~").split())
    return comment if all(word in left for word in wanted.removeprefix("~").split()) else None
