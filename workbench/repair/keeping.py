"""Files of secrets: what a secret was moved to, one ``NAME=value`` a line, for its account alone.

The value is read from where it stands when a plan is worked out. It goes into the bytes of that file and nowhere else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from workbench.documents import Malformed, parse
from workbench.documents.proof import value_or_nothing
from workbench.model.operations import FileEdit, KeepSecret, RemoveValue
from workbench.model.run import Change
from workbench.repair.creating import is_there, to_make
from workbench.repair.fingerprint import exists, read
from workbench.repair.paths import Refused, require_plain, spot
from workbench.repair.publish import sha256
from workbench.repair.staged import Staged, StagedWrite
from workbench.secrets import mark_of, recognise, recognise_argument, redact
from workbench.text import visible

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What every reader of such files takes as it stands, without a quote.
_PLAIN = re.compile(r"[A-Za-z0-9_./+=:@%^,~-]+")
_ENTRY = re.compile(rb"([A-Za-z_][A-Za-z0-9_]*)=(?:'[^']*'|\\'|[A-Za-z0-9_./+=:@%^,~-])*\n")
_REFERENCE = re.compile(r"\$\{|\$\(|\{(?:env|file|input):")
_LONGEST = 100_000
_BY_HAND = "move it by hand, as the lesson of the check says"


def kept_edits(edits: Sequence[FileEdit]) -> tuple[KeepSecret, ...]:
    """The edits that add secrets to a file of them: all or none."""
    return tuple(edit for edit in edits if isinstance(edit, KeepSecret))


def keep(wanted: Sequence[KeepSecret]) -> tuple[Staged, Change, bytes] | None:
    """Work out what the file of secrets will be; None where it holds them all already. Raises Refused."""
    first = wanted[0]
    path = first.path
    for each in wanted:
        _require_sound(each)
    if len({each.variable for each in wanted}) < len(wanted) or len({each.reader for each in wanted}) > 1:
        raise Refused(f"the plan keeps two secrets in {visible(path)} under one name, or for two readers")
    if first.reader == "whole file" and len(wanted) > 1:
        raise Refused(f"the plan keeps more than one secret in {visible(path)}, which is read as one")
    values = {each.variable: _secret(each) for each in wanted}
    if not is_there(path):
        change, content = made_anew(wanted, values)
        return to_make(path, content, 0o600, secret=True), change, content
    return _added(path, wanted, values)


def made_anew(wanted: Sequence[KeepSecret], values: dict[str, str]) -> tuple[Change, bytes]:
    """What a file of secrets that is not there yet will be. ``values`` are the secrets, by variable."""
    content = b"".join(_spelled(each, values[each.variable]) for each in wanted)
    if wanted[0].reader == "whole file":
        content = content[:-1].partition(b"=")[2]
    return _change(wanted[0].path, wanted, values), content


def require_all_kept(content: bytes, edits: Sequence[FileEdit], kept: Sequence[KeepSecret]) -> None:
    """Refuse to take out a table for its secrets where something stands in it that the plan does not keep."""
    for edit in edits:
        if not isinstance(edit, RemoveValue) or edit.items:
            continue
        known = {each.pointer[-1] for each in kept if (each.source, each.pointer[:-1]) == (edit.path, edit.pointer)}
        if not known:
            continue
        try:
            table = value_or_nothing(parse(content, edit.format).value, edit.pointer)
        except Malformed:
            return  # the edit itself is refused, in better words
        if isinstance(table, dict) and table.keys() - known:
            where = visible(".".join(map(str, edit.pointer)), 200)
            raise Refused(f"{where} of {visible(edit.path)} holds more than when it was looked at", "scan again")


def kept_taken_back(there: bytes, edits: Sequence[KeepSecret], left: Sequence[str]) -> bytes:
    """The file without the lines that were added to it, what else was written since kept. Raises Refused."""
    for number, edit in enumerate(edits):
        begin, end = _lines(there, edit.path).get(edit.variable, (0, 0))
        if number >= len(left) or sha256(there[begin:end]) != left[number]:
            raise Refused(f"{edit.variable} in {visible(edit.path)} was changed since")
        there = there[:begin] + there[end:]
    return there


def kept_hold(content: bytes, edits: Sequence[KeepSecret], left: Sequence[str]) -> bool:
    """Whether the file holds every line that was added to it."""
    try:
        kept_taken_back(content, edits, left)
    except Refused:
        return False
    return True


def kept_left(after: bytes, edits: Sequence[KeepSecret]) -> tuple[str, ...]:
    """The digest of each line that was added."""
    lines = _lines(after, edits[0].path)
    return tuple(sha256(after[slice(*lines[edit.variable])]) for edit in edits)


def _added(path: str, wanted: Sequence[KeepSecret], values: dict[str, str]) -> tuple[Staged, Change, bytes] | None:
    shown = visible(path)
    elsewhere = "answer another file, or look at this one and remove it if nothing needs it"
    with spot(path) as place:
        if not exists(place):
            raise Refused(f"{shown} is a symbolic link that leads nowhere", elsewhere)
        before, content = read(place)
        owner = os.fstat(place.folder).st_uid
    if before.uid != owner or os.geteuid() not in (0, owner):
        raise Refused(f"{shown} is there already, and belongs to another account (uid {before.uid})", elsewhere)
    if before.mode & 0o077:
        raise Refused(f"{shown} is there already, and is not for its owner alone", f"run: chmod 600 {shown}")
    if before.links > 1:
        raise Refused(f"{shown} has {before.links} names (hard links)", elsewhere)
    if wanted[0].reader == "whole file":
        if content == values[wanted[0].variable].encode():
            return None
        raise Refused(f"{shown} is there already and holds something else", elsewhere)
    lines = _lines(content, path)
    missing = [each for each in wanted if each.variable not in lines]
    for each in wanted:
        there = content[slice(*lines.get(each.variable, (0, 0)))]
        if there and there != _spelled(each, values[each.variable]):
            raise Refused(f"{shown} holds another value of {each.variable} already", elsewhere)
    if not missing:
        return None
    after = content + b"".join(_spelled(each, values[each.variable]) for each in missing)
    staged = StagedWrite(path, place.path, before, sha256(after), tuple(missing), kept_left(after, missing))
    return staged, _change(path, missing, values), after


def _require_sound(wanted: KeepSecret) -> None:
    require_plain(wanted.path)
    require_plain(wanted.source)
    if not _NAME.fullmatch(wanted.variable):
        raise Refused(f"{visible(wanted.variable, 100)} is no name of a variable")
    if any(redact(text) != text for text in (wanted.path, wanted.variable, wanted.behind)):
        raise Refused(f"a name in the plan for {visible(wanted.path)} looks like a secret, which no plan may hold")


def _secret(wanted: KeepSecret) -> str:
    with spot(wanted.source) as place:
        _, raw = read(place)
    return secret_in(raw, wanted)


def secret_in(raw: bytes, wanted: KeepSecret) -> str:
    """The secret where it stands in its source. Nothing of it is in any message. Raises Refused."""
    shown = visible(wanted.source)
    where = visible(".".join(map(str, wanted.pointer)), 200)
    try:
        document = parse(raw, wanted.format).value
    except Malformed as why:
        raise Refused(f"{shown} is not {wanted.format.upper()} any more: {why.message}", "scan again") from why
    text = value_or_nothing(document, wanted.pointer)
    if not isinstance(text, str) or not text.startswith(wanted.behind):
        raise Refused(f"{shown} no longer holds the secret at {where}", "scan again")
    value = text[len(wanted.behind) :]
    if not is_secret(document, wanted.pointer) or len(value) > _LONGEST or "\0" in value:
        raise Refused(f"what {shown} holds at {where} is not the secret that was found", "scan again")
    if _REFERENCE.search(value):
        raise Refused(f"what stands at {where} of {shown} refers to something else besides", _BY_HAND)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Refused(f"the secret at {where} of {shown} is not text that a file can hold", _BY_HAND) from None
    if wanted.reader != "shell" and not _PLAIN.fullmatch(value):
        raise Refused(
            f"the secret at {where} of {shown} has characters that readers of such a file take in different ways",
            "answer: way=launcher" if wanted.reader == "env file" else _BY_HAND,
        )
    return value


def is_secret(document: object, pointer: Sequence[str | int]) -> bool:
    """Whether the text at a place of a document is or holds a secret, by its name or by what stands before it."""
    text = value_or_nothing(document, tuple(pointer))
    if not isinstance(text, str) or not pointer:
        return False
    if isinstance(pointer[-1], int):
        items = value_or_nothing(document, tuple(pointer[:-1]))
        texts = [item if isinstance(item, str) else "" for item in items]
        return recognise_argument(texts, pointer[-1]) is not None
    return recognise(pointer[-1], text) is not None


def _spelled(wanted: KeepSecret, value: str) -> bytes:
    if wanted.reader == "shell" or not _PLAIN.fullmatch(value):
        value = "'" + value.replace("'", "'\\''") + "'"
    return f"{wanted.variable}={value}\n".encode()


def _lines(content: bytes, path: str) -> dict[str, tuple[int, int]]:
    """Where each variable's line begins and ends. Raises Refused where the file is not as the workbench writes it."""
    found: dict[str, tuple[int, int]] = {}
    at = 0
    while at < len(content):
        entry = _ENTRY.match(content, at)
        if entry is None or entry[1].decode() in found:
            raise Refused(
                f"{visible(path)} is there already, and is not as the workbench writes it",
                "answer another file, or add the line by hand",
            )
        found[entry[1].decode()] = entry.span()
        at = entry.end()
    return found


def _change(path: str, wanted: Sequence[KeepSecret], values: dict[str, str]) -> Change:
    said = [
        f"copy the secret at {visible('.'.join(map(str, each.pointer)), 200)} of {visible(each.source)} into"
        f" {visible(path)} as {each.variable}"
        for each in wanted
    ]
    lines = [f"+{_shown(each, values[each.variable])}" for each in wanted]
    body = [f"--- {visible(path)}", f"+++ {visible(path)}", f"@@ +{len(lines)} @@", *lines]
    return Change(visible(path), f"{'; '.join(said)} (mode 0600, yours alone)", "\n".join(body))


def _shown(wanted: KeepSecret, value: str) -> str:
    mark = mark_of(recognise(wanted.variable, value) or "secret", len(value))
    return mark if wanted.reader == "whole file" else f"{wanted.variable}={mark}"
