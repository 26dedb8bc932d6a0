"""The lines of a startup file as a person may see them: no value of a secret in them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from workbench.model.operations import EditLine, FileEdit, RestoreLine
from workbench.secrets import recognise, redact, redact_values

_HIDDEN = "<redacted>"
_REACH = 220  # lines; a plan changes a hundred at most, and each once
_ASSIGNMENT = re.compile(r"(?<!\w)([A-Za-z_]\w*)[ \t]*\+?=[ \t]*(?:\"([^\"\n]*)\"|'([^'\n]*)'|([^\s;&|\"']+))")
_SET = re.compile(r"(?<!\w)set[ \t]+(?:-\S+[ \t]+)*([A-Za-z_]\w*)[ \t]+(?:\"([^\"\n]*)\"|'([^'\n]*)'|([^\s;&|\"']+))")


def startup_secrets(raw: bytes, form: str) -> set[str]:
    """Every value in the file that is a secret, exported or not, and each longer line of it."""
    from workbench.host.startup.exports import read_script

    text = _text(raw)
    script = read_script(text, "lines" if form == "environment" else "fish" if form == "fish" else "sh", exporting=True)
    named = [(export.name, export.value) for export in script.exports]
    for pattern in (_ASSIGNMENT, _SET):
        named += [(match[1], match[2] or match[3] or match[4] or "") for match in pattern.finditer(text)]
    found: set[str] = set()
    for name, value in named:
        if value and recognise(name, value):
            found.add(value)
            found.update(line.strip() for line in value.splitlines() if len(line.strip()) >= 8)
    return found


def changed_lines(before: bytes, after: bytes, secrets: Collection[str], variables: Collection[str]) -> list[str]:
    """The body of a unified diff without a line of what stays: a secret may be spelled in any way around it.

    Every secret is masked, and all that stands behind the name of one of these variables.
    """
    values = sorted(secrets, key=len, reverse=True)

    def shown(line: str) -> str:
        return _without_values(redact_values(redact(line), values), variables)

    return [
        line
        for begin, gone, start, new in _hunks(_text(before).split("\n"), _text(after).split("\n"))
        for line in (
            f"@@ -{begin},{len(gone)} +{start},{len(new)} @@",
            *(f"-{shown(each)}" for each in gone),
            *(f"+{shown(each)}" for each in new),
        )
    ]


def _hunks(old: list[str], new: list[str]) -> Iterator[tuple[int, list[str], int, list[str]]]:
    """Where the lines differ: the number and the lines of both. Few do, so the next that agree are near."""
    at, to = 0, 0
    while at < len(old) or to < len(new):
        if old[at : at + 1] == new[to : to + 1]:
            at, to = at + 1, to + 1
            continue
        less, more = next(
            (
                (less, reach - less)
                for reach in range(1, _REACH)
                for less in range(reach, -1, -1)
                if old[at + less : at + less + 1] == new[to + reach - less : to + reach - less + 1]
                and (at + less < len(old) or to + reach - less >= len(new))
            ),
            (len(old) - at, len(new) - to),
        )
        yield at + 1, old[at : at + less], to + 1, new[to : to + more]
        at, to = at + less, to + more


def variable_of(edit: FileEdit) -> str:
    """The variable whose value the edit takes out or puts back, or ""."""
    if isinstance(edit, RestoreLine):
        return edit.undoes.variable
    return edit.variable if isinstance(edit, EditLine) else ""


def _without_values(line: str, variables: Collection[str]) -> str:
    for variable in variables:
        match = re.search(rf"(?<!\w){re.escape(variable)}(?=[ \t+=])[ \t]*\+?=?[ \t]*(?=\S)", line)
        if match:
            return f"{line[: match.end()]}{_HIDDEN}"
    return line


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n")
