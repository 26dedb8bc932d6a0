"""The rules on disk, in the order in which they are loaded at the next start, and what becomes of each line.

``augenrules`` joins the files of ``rules.d`` by version order of their names; ``auditctl -R`` then stops at the first
line that is refused, unless ``-i`` or ``-c`` stands before it. Without a ``rules.d`` the file ``audit.rules`` is
loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from workbench.host.audit.fields import Refused
from workbench.host.audit.rule import Tables, exactly_same, parse
from workbench.model.audit import AuditRule
from workbench.text import visible

_REPLACED = ("-D", "-b", "-f")
Line = tuple[str, int, str]


def rules_on_disk(contents: Mapping[str, bytes], tables: Tables) -> tuple[AuditRule, ...]:
    """Every rule of the files, and every line that is refused, in the order of loading."""
    found: list[AuditRule] = []
    seen: set[object] = set()
    tolerant, stopped = False, False
    for file, number, text in in_order(contents):
        rule: AuditRule | None = None
        problem = ""
        try:
            rule = parse(text, tables)
            if rule is not None and exactly_same(rule) in seen:
                problem = "the same rule stands before it, and the kernel refuses the second"
        except Refused as why:
            problem = visible(str(why), 300)
        if rule is None and not problem:
            tolerant = tolerant or text.strip() in ("-i", "-c")
            continue
        if rule is not None and rule.action == "removed":
            continue  # what it removes, and whether it is there, is not followed
        made = rule or AuditRule(text=visible(text.strip(), 500))
        if not problem:
            seen.add(exactly_same(made))
        found.append(
            replace(
                made,
                file=visible(file),
                line=number,
                problem=problem,
                stopped=stopped,
                ignored=bool(problem) and tolerant,
            )
        )
        stopped = stopped or bool(problem and not tolerant)
    return tuple(found)


def in_order(contents: Mapping[str, bytes]) -> list[Line]:
    """The lines (file, number, text) of the files that count, as augenrules puts them together."""
    folder = [name for name in contents if name.rpartition("/")[0].endswith("/rules.d")]
    joined = bool(folder)
    chosen = folder or [name for name in contents if name.endswith("/audit.rules")]
    lines = [line for name in sorted(chosen, key=_version) for line in _lines(name, contents[name])]
    if not joined:
        return lines
    moved: dict[str, Line] = {}
    rest: list[Line] = []
    for line in lines:
        word = line[2].strip().split(" ")[0][:2]
        whole = line[2].strip()
        if word == "-e" or (word in _REPLACED and (word != "-D" or whole == "-D")):
            moved[word] = line  # the last one counts
        else:
            rest.append(line)
    first = [moved[word] for word in _REPLACED if word in moved]
    return [*first, *rest, *([moved["-e"]] if "-e" in moved else [])]


def _lines(name: str, content: bytes) -> Iterable[Line]:
    text = content.decode("utf-8", "surrogateescape")
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip(" ") and not line.lstrip().startswith("#"):
            yield name, number, line


def _version(name: str) -> list[tuple[int, int, str]]:
    """As ``ls -v`` sorts: numbers by their value."""
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in re.split(r"([0-9]{1,18})", name.rpartition("/")[2])
        if part
    ]
