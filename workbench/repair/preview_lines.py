"""The lines of a startup file as a person may see them: no value of a secret in them."""

from __future__ import annotations

import re
from collections.abc import Collection

from workbench.model.plan import EditLine, FileEdit, RestoreLine
from workbench.secrets import recognise, redact, redact_values

_HIDDEN = "<redacted>"
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


def startup_lines(raw: bytes, secrets: Collection[str], variables: Collection[str]) -> list[str]:
    """The lines with every secret masked, and all that stands behind the name of one of these variables."""
    text = redact_values(redact(_text(raw)), sorted(secrets, key=len, reverse=True))
    return [_without_values(line, variables) for line in text.split("\n")]


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
