"""The files that a permitted command runs, and who may change them: program, script and what stands in front of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from workbench.activity import began, note
from workbench.host.files import CannotLook, path_fact
from workbench.launch import understand
from workbench.model.facts import PathFact
from workbench.model.sudoers import SudoCommand
from workbench.secrets import redact, redact_arguments
from workbench.text import visible

_META = re.compile(r"[\\*?\[]")
_FIRST_LINE = 256


def with_files(command: SudoCommand) -> SudoCommand:
    """The command with every file that it is known to run, its text redacted and made visible."""
    program, *arguments = command.text.split(" ")
    redacted, _ = redact_arguments([program, *arguments])
    target: PathFact | None = None
    nearest: PathFact | None = None
    interpreter: str | None = None
    unseen: list[str] = []
    runs: list[PathFact] = []
    if program.startswith("/") and not command.negated:
        if program.endswith("/") or _META.search(program):
            nearest = _nearest(_fixed_part(program), unseen)
        else:
            try:
                found = path_fact(program)
                target = found if found.file.kind == "file" else None
            except CannotLook as why:
                if why.absent:
                    nearest = _nearest(os.path.dirname(program), unseen)
                else:
                    unseen.append(visible(program))
        if target is not None:
            interpreter = _interpreter(program)
            for path in dict.fromkeys((*_first_of(interpreter), *_further(program, arguments))):
                try:
                    runs.append(path_fact(path))
                except CannotLook as why:
                    if not why.absent:
                        unseen.append(visible(path))
    return SudoCommand(
        text=visible(redact(" ".join(redacted))),
        negated=command.negated,
        target=target,
        digests=tuple(map(visible, command.digests)),
        nearest=nearest,
        runs=tuple(runs),
        unseen=tuple(unseen),
        interpreter=interpreter,
    )


def _fixed_part(program: str) -> str:
    """The directory before the first part of a path that is a pattern."""
    if program.endswith("/") and not _META.search(program):
        return program.rstrip("/") or "/"
    fixed = _META.split(program, maxsplit=1)[0]
    return fixed.rpartition("/")[0] or "/"


def _nearest(directory: str, unseen: list[str]) -> PathFact | None:
    here = Path(directory)
    while True:
        try:
            found = path_fact(here)
        except CannotLook as why:
            if not why.absent:
                unseen.append(visible(str(here)))
                return None
        else:
            if found.file.kind == "directory":
                return found
        if here.parent == here:
            return None
        here = here.parent


def _interpreter(program: str) -> str | None:
    begun = began()
    try:
        handle = os.open(program, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        first = os.read(handle, _FIRST_LINE)
        note("read", program, begun, len(first))
    except OSError:
        return None
    finally:
        os.close(handle)
    if not first.startswith(b"#!"):
        return ""
    return visible(first[2:].split(b"\n", 1)[0].decode("utf-8", "replace").strip())


def _first_of(interpreter: str | None) -> Iterator[str]:
    words = (interpreter or "").split()
    if words and words[0].startswith("/"):
        yield words[0]


def _further(program: str, arguments: list[str]) -> Iterator[str]:
    """Absolute paths that the arguments of an interpreter or a wrapper name as what is run."""
    if not arguments or arguments[0].startswith("^"):
        return
    fixed: list[str] = []
    for argument in arguments:
        if _META.search(argument):
            break
        fixed.append(argument)
    launch = understand((program, *fixed), "/")
    for path in (launch.program, launch.script):
        if path.startswith("/") and path != program:
            yield path
