"""Show a change to a person: a diff of few lines in which no secret can be read and no character can act."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, get_args

from workbench.documents import Malformed, parse
from workbench.model.operations import (
    EditItems,
    EditLine,
    EditValue,
    FileEdit,
    InsertItems,
    KeepSecret,
    RemoveValue,
    ReplaceSecret,
    RestoreLine,
    SetValue,
    StartupFormat,
)
from workbench.repair.paths import Refused
from workbench.repair.preview_lines import changed_lines, startup_secrets, variable_of
from workbench.secrets import recognise, redact, redact_values
from workbench.text import visible

_CONTEXT = 3
_LONG = 240
_AROUND = 80
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_TOKEN = re.compile(r"[A-Za-z0-9+=_\-]{16,}")
_PIECE = re.compile(r"[A-Za-z0-9+=]{12,}")
_HUNK = re.compile(r"([-+])([0-9]+)")
_COMPARED = 2000  # lines; comparing more takes minutes
_MASK = "<redacted>"


def diff(path: str, before: bytes, after: bytes, edits: Sequence[FileEdit]) -> str:
    """A unified diff of two versions of a document, every secret redacted, every line visible."""
    if not edits or isinstance(edits[0], KeepSecret):
        return f"--- {visible(path)}\n+++ {visible(path)}\n (the lines that change hold a secret)"
    form = edits[0].format
    told = tuple(text for edit in edits for text in _told(edit))
    secrets = secrets_of(before, edits) | secrets_of(after, edits)
    if isinstance(edits[0], EditLine | RestoreLine):
        names = {name for edit in edits if (name := variable_of(edit))}
        body = [_masked(line, secrets, told) for line in changed_lines(before, after, secrets, names)]
    else:
        old = _lines(before, form, secrets, told)
        new = _lines(after, form, secrets, told)
        body = list(_same_length(old, new) if len(old) == len(new) else _other_length(old, new))
    if not body:
        body = [" (the lines that change cannot be shown: they hold a secret)"]
    lines = [line[:1] + _shown(line[1:]) for line in body]
    # A password may be a word of the path, such as the account's name. The path is shown everywhere as it is.
    if any(secret in line for line in lines for secret in secrets if len(secret) >= 4):
        raise Refused(f"{visible(path)} cannot be shown without showing a secret in it")
    return "\n".join([f"--- {visible(path)}", f"+++ {visible(path)}", *lines])


def secrets_of(raw: bytes, edits: Sequence[FileEdit]) -> set[str]:
    """Every secret that stands in a file of the edits' format. Raises Refused where it cannot be parsed."""
    form = edits[0].format
    if isinstance(edits[0], EditLine | RestoreLine):
        return startup_secrets(raw, form)
    return _secrets_of(raw, form)


def lines_to_show(raw: bytes, form: Any, first: int, last: int) -> list[str]:
    """The lines of a file from ``first`` to ``last``, counted from 1, as a diff shows lines: no secret, all visible.

    ``form`` is the format of a document or of a startup file. Raises Refused where it cannot be read as that, or where
    a secret of several lines would put every line behind it in a wrong place.
    """
    if form in get_args(StartupFormat):
        secrets = startup_secrets(raw, form)
        text = raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n")
        count = text.count("\n")
        lines = redact_values(redact(text), sorted(secrets, key=len, reverse=True)).split("\n")
    else:
        secrets = _secrets_of(raw, form)
        count = _text(raw, form).replace("\r\n", "\n").replace("\r", "\n").count("\n")
        lines = _lines(raw, form, secrets, ())
    if len(lines) != count + 1:
        raise Refused("a secret of several lines stands in it, so its lines are not shown")
    shown = [_shown(_masked(line, secrets, ())) for line in lines[first - 1 : last]]
    return [_MASK if any(secret in line for secret in secrets if len(secret) >= 4) else line for line in shown]


def _told(edit: FileEdit) -> tuple[str, ...]:
    """What the plan itself names, which is no secret, however random it looks."""
    if isinstance(edit, EditValue):
        return (edit.expect, edit.value)
    if isinstance(edit, SetValue | ReplaceSecret):
        return (edit.value,)
    if isinstance(edit, InsertItems):
        return edit.items
    if isinstance(edit, EditItems):
        return tuple(item for item in edit.items if isinstance(item, str))
    if isinstance(edit, EditLine):
        return (edit.expect, edit.value, edit.variable)
    if isinstance(edit, RestoreLine):
        return _told(edit.undoes)
    return edit.items if isinstance(edit, RemoveValue) else ()


def _lines(raw: bytes, form: Any, secrets: set[str], told: tuple[str, ...]) -> list[str]:
    text = _text(raw, form).replace("\r\n", "\n").replace("\r", "\n")
    spelled = {variant for secret in secrets for variant in _spellings(secret)}
    text = redact_values(redact(text), sorted(spelled, key=len, reverse=True))
    return [_masked(line, secrets, told) for line in text.split("\n")]


def _text(raw: bytes, form: Any) -> str:
    try:
        return parse(raw, form).text
    except Malformed as why:
        raise Refused(f"the document cannot be parsed: {why.message}") from why


def _secrets_of(raw: bytes, form: Any) -> set[str]:
    try:
        value = parse(raw, form).value
    except Malformed as why:
        raise Refused(f"the document cannot be parsed: {why.message}") from why
    found = set()
    for name, text in leaves(value, ""):
        if recognise(name, text):
            found.add(text)
            # A value of several lines (a private key) may be spelled with other line ends: each line counts.
            found.update(line.strip() for line in text.splitlines() if len(line.strip()) >= 8)
    return found


def leaves(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Every string with the name that speaks of it: its key, or the option that stands before it in a list."""
    pending: list[tuple[str, Any]] = [(name, value)]
    while pending:
        own, part = pending.pop()
        if isinstance(part, str):
            yield own, part
            option, equals, rest = part.partition("=")
            if equals:
                yield option.lstrip("-"), rest
        elif isinstance(part, dict):
            pending += [(str(key), child) for key, child in part.items()]
        elif isinstance(part, list):
            previous: Any = ""
            for child in part:
                is_option = isinstance(previous, str) and previous.startswith("-") and "=" not in previous
                pending.append((previous.lstrip("-") if is_option else own, child))
                previous = child


def _spellings(secret: str) -> set[str]:
    plain, ascii_only = (json.dumps(secret, ensure_ascii=flag)[1:-1] for flag in (False, True))
    return {secret, plain, ascii_only, plain.replace("/", "\\/"), ascii_only.replace("/", "\\/")}


def _masked(line: str, secrets: set[str], told: tuple[str, ...]) -> str:
    """The line with everything that looks random masked, except what the plan itself names."""

    def mask(match: re.Match[str]) -> str:
        token = match[0]
        return _MASK if _looks_random(token) and not any(token in text for text in told) else token

    def decode(match: re.Match[str]) -> str:
        literal = match[0]
        if "\\" not in literal:
            return literal
        try:
            decoded = json.loads(literal, strict=False)
        except ValueError:
            return literal
        return f'"{_MASK}"' if any(secret in decoded for secret in secrets) else literal

    return _STRING.sub(decode, _TOKEN.sub(mask, line))


def _looks_random(token: str) -> bool:
    for piece in _PIECE.findall(token):
        mixed = any(letter.isdigit() for letter in piece) and any(letter.isalpha() for letter in piece)
        if mixed and _entropy(piece) >= 3.0:
            return True
    return False


def _entropy(text: str) -> float:
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def _same_length(old: list[str], new: list[str]) -> Iterator[str]:
    changed = [place for place, (one, other) in enumerate(zip(old, new, strict=True)) if one != other]
    if not changed and old:
        return
    hunks: list[list[int]] = []
    for place in changed:
        if hunks and place - hunks[-1][-1] <= 2 * _CONTEXT:
            hunks[-1].append(place)
        else:
            hunks.append([place])
    for hunk in hunks:
        first, last = max(0, hunk[0] - _CONTEXT), min(len(old), hunk[-1] + _CONTEXT + 1)
        yield f"@@ -{first + 1},{last - first} +{first + 1},{last - first} @@"
        for place in range(first, last):
            if place in hunk:
                one, other = _excerpts(old[place], new[place])
                yield f"-{one}"
                yield f"+{other}"
            else:
                yield f" {old[place]}"


def _other_length(old: list[str], new: list[str]) -> Iterator[str]:
    """A diff of the part that differs: what is the same before and behind it is most of a large file."""
    shorter = min(len(old), len(new))
    same = next((place for place in range(shorter) if old[place] != new[place]), shorter)
    tail = 0
    while tail < shorter - same and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    first, last = max(0, same - _CONTEXT), max(0, tail - _CONTEXT)
    one, other = old[first : len(old) - last], new[first : len(new) - last]
    if max(len(one), len(other)) > _COMPARED:
        body = [*(f"-{line}" for line in one), *(f"+{line}" for line in other)]
        yield f"@@ -{first + 1},{len(one)} +{first + 1},{len(other)} @@"
        yield from body
        return
    for line in list(difflib.unified_diff(one, other, n=_CONTEXT, lineterm=""))[2:]:
        yield _HUNK.sub(partial(_moved, first), line) if line.startswith("@@") else line


def _moved(lines: int, hunk: re.Match[str]) -> str:
    return f"{hunk[1]}{int(hunk[2]) + lines}"


def _excerpts(one: str, other: str) -> tuple[str, str]:
    """Both lines, or, of a long line such as a whole document without line breaks, the part around the change."""
    if max(len(one), len(other)) <= _LONG:
        return one, other
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    tail = 0
    while tail < min(len(one), len(other)) - same and one[-1 - tail] == other[-1 - tail]:
        tail += 1
    start = max(0, same - _AROUND)
    cut: list[str] = []
    for line in (one, other):
        end = min(len(line), len(line) - tail + _AROUND)
        cut.append(("…" if start else "") + line[start:end] + ("…" if end < len(line) else ""))
    return cut[0], cut[1]


def _shown(line: str) -> str:
    body = line.lstrip("\t")
    return "    " * (len(line) - len(body)) + visible(body, max(_LONG, 4 * _AROUND + 2000))
