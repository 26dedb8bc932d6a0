"""Edits of single lines of startup files: made, accepted by the shell's own parser, and taken back."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from workbench.activity import began, note_run
from workbench.model.operations import EditLine, LineEdit, RestoreLine, StartupFormat
from workbench.repair.paths import Refused
from workbench.text import visible

if TYPE_CHECKING:
    from workbench.host.startup.shell import Command

_FOLDERS = ("/usr/bin", "/bin")
# Each reads a script from its input without running it, and no file of the account's besides.
_PARSERS: dict[StartupFormat, tuple[tuple[str, ...], ...]] = {
    "sh": (("bash", "--norc", "--noprofile", "-n"), ("sh", "-n")),
    "bash": (("bash", "--norc", "--noprofile", "-n"),),
    "zsh": (("zsh", "-f", "-n"),),
    "fish": (("fish", "--no-config", "--no-execute"),),
    "environment": (),
}
_DEADLINE = 10.0
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)\+?=.*\Z", re.DOTALL)
_IN_ENVIRONMENT = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)(?:[ \t]*=|[ \t]+(?:DEFAULT|OVERRIDE)=)")
_DECLARING = ("declare", "typeset", "local", "readonly")
_LEAVING = ("exec", "exit", "return")


def lines_edited(raw: bytes, edits: Sequence[LineEdit]) -> bytes:
    """The bytes with every edit made, accepted by the parser. Raises Refused, and says what to do instead."""
    after = lines_made(raw, edits)
    require_accepted(after, edits)
    return after


def require_accepted(content: bytes, edits: Sequence[LineEdit]) -> None:
    """Let the shell that reads the file parse it. Nothing is run; what an undo brings back is not judged.

    Raises Refused where the parser rejects it, or is not among the system's own programs.
    """
    edit = edits[0]
    if isinstance(edit, RestoreLine) or not _PARSERS[edit.format]:
        return
    command = next(
        (
            (f"{folder}/{name}", *options)
            for name, *options in _PARSERS[edit.format]
            for folder in _FOLDERS
            if os.access(f"{folder}/{name}", os.X_OK)
        ),
        None,
    )
    shown = visible(edit.path)
    if command is None:
        raise Refused(
            f"{edit.format} is not installed in {' or '.join(_FOLDERS)}, so it cannot be asked whether it accepts"
            f" the new {shown}",
            "change the line in an editor",
        )
    begun = began()
    try:
        # What it prints quotes the file, which may hold secrets: it is thrown away.
        done = subprocess.run(
            command,
            input=content,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": ":".join(_FOLDERS), "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"},
            cwd="/",
            timeout=_DEADLINE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refused(f"{command[0]} could not be asked whether it accepts the new {shown}") from error
    note_run(command, begun, done.returncode)
    if done.returncode != 0:
        raise Refused(
            f"{command[0]} does not accept {shown} with the line changed; nothing was changed",
            "change it in an editor: the line may be the only one of its block, or the file was broken before",
        )


def lines_taken_back(there: bytes, edits: Sequence[LineEdit], backup: Callable[[], bytes]) -> bytes:
    """The bytes with every edit taken back, what else was written since kept. Raises Refused where it is in the way."""
    changes = [edit for edit in edits if isinstance(edit, EditLine)]
    if len(changes) != len(edits):
        return lines_made(there, [edit.undoes for edit in edits if isinstance(edit, RestoreLine)])
    before = backup()
    old, left, now = _split(before), _split(lines_made(before, changes)), _split(there)
    same = next((place for place, (one, other) in enumerate(zip(left, now, strict=False)) if one != other), None)
    same = min(len(left), len(now)) if same is None else same
    tail = 0
    while tail < min(len(left), len(now)) - same and left[-1 - tail] == now[-1 - tail]:
        tail += 1
    moved = len(now) - len(left)
    for begin, _, end, was in sorted(_places(old, left, changes), reverse=True):
        if end <= same and begin < max(same, 1):
            shift = 0
        elif begin >= len(left) - tail:
            shift = moved
        else:
            raise Refused(f"what stands at the place of the edit in {visible(changes[0].path)} was changed since")
        now[begin + shift : end + shift] = was
    return b"".join(now)


def lines_hold(content: bytes, edits: Sequence[LineEdit]) -> bool:
    """Whether the file, which another program has written meanwhile, still has what the edits made of it."""
    lines = [line.decode("utf-8", "surrogateescape") for line in _split(content)]
    for edit in edits:
        if isinstance(edit, RestoreLine):
            return False
        if edit.variable:
            named = re.compile(rf"(?<!\w){re.escape(edit.variable)}\+?[= \t]")
            if any(named.search(line) and not line.lstrip().startswith("#") for line in lines):
                return False
        elif not any(_rest(line, edit.value) is not None for line in lines):
            return False
    return True


def inverse_lines(edits: Sequence[LineEdit]) -> tuple[LineEdit, ...]:
    """The edits that bring back what these replace."""
    return tuple(
        edit.undoes if isinstance(edit, RestoreLine) else RestoreLine(edit.path, edit.format, edit) for edit in edits
    )


def said(edit: LineEdit) -> str:
    """The edit in words. The value of a variable is not in it."""
    if isinstance(edit, RestoreLine):
        return f"take back: {said(edit.undoes)}"
    if edit.variable:
        return f"take out line {edit.line}, which sets {edit.variable}"
    if edit.expect:
        return f"replace {edit.expect!r} by {edit.value!r} in line {edit.line}"
    return f"add {edit.value!r} as the last line"


def lines_made(raw: bytes, edits: Sequence[LineEdit]) -> bytes:
    """The bytes with every edit made, which no parser was asked about. Raises Refused, and says what to do instead."""
    lines = _split(raw)
    text = raw.decode("utf-8", "surrogateescape")
    changed: dict[int, bytes] = {}
    added = b""
    for edit in edits:
        if isinstance(edit, RestoreLine):
            raise Refused("only an undo puts back what a backup holds")
        shown = visible(edit.path)
        if not edit.line:
            _require_reached(text, edit)
            added += edit.value.encode() + b"\n"
            continue
        if not 0 < edit.line <= len(lines):
            raise Refused(f"{shown} has no line {edit.line} any more", "scan again")
        line = lines[edit.line - 1].decode("utf-8", "surrogateescape")
        changed[edit.line - 1] = b"" if edit.variable else _replaced(line, text, edit)
        if edit.variable:
            why = _not_alone(text, line.rstrip("\n"), edit)
            if why:
                raise Refused(
                    f"line {edit.line} of {shown} is not taken out: {why}", "take the secret out in an editor"
                )
    body = b"".join(changed.get(number, line) for number, line in enumerate(lines))
    if not added:
        return body
    return body + added if body.endswith(b"\n") or not body else body + b"\n" + added[:-1]


def _replaced(line: str, text: str, edit: EditLine) -> bytes:
    rest = _rest(line, edit.expect)
    shown = visible(edit.path)
    if rest is None or line.endswith("\r\n"):
        raise Refused(
            f"line {edit.line} of {shown} is not {edit.expect!r} and nothing else",
            f"change it in an editor, so that it says {edit.value!r}",
        )
    if [command.words for command in _commands(text, edit) if command.line == edit.line] != [edit.expect.split()]:
        raise Refused(f"line {edit.line} of {shown} is part of a longer command", "change it in an editor")
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    return (indent + edit.value + rest).encode("utf-8", "surrogateescape")


def _rest(line: str, wanted: str) -> str | None:
    """What stands behind the wanted text on a line that holds it alone, a comment or nothing; None for another line."""
    body = line.lstrip(" \t")
    rest = body[len(wanted) :]
    alone = body.startswith(wanted) and re.fullmatch(r"[ \t]*;?[ \t]*(?:[ \t]#[^\n]*)?\r?\n?", rest)
    return rest if alone else None


def _require_reached(text: str, edit: EditLine) -> None:
    """A new last line is a command of its own, and not behind one that ends the script."""
    separator = "" if text.endswith("\n") or not text else "\n"
    found = list(_commands(f"{text}{separator}{edit.value}\n", edit))
    by_hand = f"put it in with an editor: {edit.value}"
    number = (text + separator).count("\n") + 1
    before = found[-2] if len(found) > 1 else None
    lines = text.split("\n")
    if any(each.words == edit.value.split() and lines[each.line - 1].startswith(edit.value) for each in found[:-1]):
        raise Refused(f"{visible(edit.path)} holds {edit.value!r} already", "scan again")
    if not found or found[-1].words != edit.value.split() or found[-1].line != number or _goes_on(before):
        raise Refused(f"the end of {visible(edit.path)} is inside of something that is not closed", by_hand)
    if before is not None and before.words[:1] and before.words[0] in _LEAVING:
        raise Refused(f"the last command of {visible(edit.path)} leaves it, so nothing behind it counts", by_hand)


def _not_alone(text: str, line: str, edit: EditLine) -> str:
    """Why the line may not be taken out as a whole, or "": it assigns the variable and does nothing else."""
    if line.rstrip("\r").endswith("\\") or "<<" in line:
        return "it goes on in the next line"
    if edit.format == "environment":
        if line.count('"') % 2 or line.count("'") % 2:
            return "the value may go on in the next line"
        match = _IN_ENVIRONMENT.match(line)
        lines = text.split("\n")
        continues = edit.line > 1 and lines[edit.line - 2].rstrip("\r").endswith("\\")
        return "" if match and match[1] == edit.variable and not continues else f"it does not set {edit.variable}"
    every = list(_commands(text, edit))
    there = [place for place, command in enumerate(every) if command.line == edit.line]
    alone = list(_commands(line + "\n", edit))
    if not there or not alone:
        return f"it does not set {edit.variable}, or is part of a longer command"
    command = every[there[0]]
    if len(there) > 1 or len(alone) > 1 or not _ends(command) or not _ends(alone[0]):
        return "it does more than that"
    if command.words != alone[0].words:
        return "the value goes on in the next line"
    before = every[there[0] - 1] if there[0] else None
    behind = every[there[0] + 1] if there[0] + 1 < len(every) else None
    if _goes_on(before) or (edit.format == "fish" and behind is not None and behind.words[:1] in (["and"], ["or"])):
        return "it hangs together with another command"
    return "" if _sets(command.words, edit) else f"it does not set {edit.variable} alone"


def _sets(words: Sequence[str], edit: EditLine) -> bool:
    first, rest = words[0], list(words)
    if first == "set" and edit.format == "fish":
        names = [word for word in words[1:] if not word.startswith("-")]
        return names[:1] == [edit.variable]
    if first == "export" or first in _DECLARING:
        rest = [word for word in words[1:] if not word.startswith("-")]
    found = [match[1] for word in rest if (match := _ASSIGNED.match(word))]
    return found == [edit.variable] and len(rest) == 1


def _ends(command: Command) -> bool:
    return command.ended_by in ("", "\n", ";")


def _goes_on(command: Command | None) -> bool:
    return command is not None and command.ended_by in ("&&", "||", "|", "|&")


def _commands(text: str, edit: EditLine) -> Iterator[Command]:
    from workbench.host.startup.shell import commands

    return commands(text, fish=edit.format == "fish")


def _places(old: list[bytes], left: list[bytes], edits: Sequence[EditLine]) -> list[tuple[int, int, int, list[bytes]]]:
    """Of each edit where its result begins in what was left, its old line, the end, and the lines that stood there."""
    gone = sorted(edit.line for edit in edits if edit.variable)
    found: list[tuple[int, int, int, list[bytes]]] = []
    for edit in edits:
        if not edit.line:
            # The line before it may have been given its line end.
            begin = len(old) - len(gone)
            unended = bool(old) and not old[-1].endswith(b"\n")
            found.append((begin - unended, len(old) + 1, len(left), old[len(old) - 1 :] if unended else []))
            continue
        begin = edit.line - 1 - sum(line < edit.line for line in gone)
        found.append((begin, edit.line, begin + (0 if edit.variable else 1), [old[edit.line - 1]]))
    return found


def _split(raw: bytes) -> list[bytes]:
    *whole, last = raw.split(b"\n")
    return [line + b"\n" for line in whole] + ([last] if last else [])
