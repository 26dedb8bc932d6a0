"""Read one file of code: is it worth reading closely, and what does it give; what was read before is remembered."""

from __future__ import annotations

import os
import re

from workbench.host.code.languages import (
    MINIFIED_LINE,
    Analysis,
    LanguageFiles,
    Reader,
    language_by_first_line,
    language_of,
    reader_of,
)
from workbench.host.files import CannotLook, read_bounded, reason
from workbench.model.code import Language
from workbench.model.facts import Unread
from workbench.model.record import record
from workbench.text import visible

FILE_SIZE = 512 * 1024
"""Bytes of a file of code that are read: a larger one was written by a program."""
_REMEMBERED = 4000
NOT_INSTALLED = "pip install 'mcp-hardening-workbench[source]'"
_UMASK = re.compile(rb"\bumask\(\s*(?:0[oO]?|0x)?[0-9]")

_Mark = tuple[str, int, int, int, int]


@record
class ReadFile:
    """One file that was looked through. ``parsed``: it was read closely; ``umask``: it sets one."""

    language: Language
    size: int
    parsed: bool = False
    umask: bool = False
    analysis: Analysis = Analysis()
    gap: str = ""
    """Why it was not read closely, for the whole of its kind: these are counted, and not told one by one."""


_KNOWN: dict[_Mark, tuple[ReadFile | None, tuple[_Mark, ...]]] = {}
"""What a file gave, and the marks of the others that it was followed into."""


def read_file(path: str) -> ReadFile | None:
    """What a file gives, from memory where it has not changed since; None where it is no code that is understood here.

    Raises CannotLook.
    """
    mark, size = _mark(path)
    known = _KNOWN.get(mark)
    if known is not None and all(_unchanged(other) for other in known[1]):
        return known[0]
    by_name = language_of(path)
    if size > FILE_SIZE:
        # A program without an ending may be anything: only one that says what it is can be said to be too large.
        return ReadFile(by_name.language, size, gap="too large") if by_name is not None else None
    content = read_bounded(path, FILE_SIZE)
    language = by_name or language_by_first_line(content)
    read = looked_through(path, content, language) if language is not None else None
    if len(_KNOWN) >= _REMEMBERED:
        _KNOWN.clear()
    others = read.analysis.read if read is not None else ()
    _KNOWN[mark] = (read, tuple(_mark(other)[0] for other in others if os.path.isfile(other)))
    return read


def _mark(path: str) -> tuple[_Mark, int]:
    try:
        status = os.stat(path)
    except OSError as error:
        raise reason(error) from error
    except ValueError as error:
        raise CannotLook("its name holds a NUL character") from error
    return (path, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns), status.st_size


def _unchanged(mark: _Mark) -> bool:
    try:
        return _mark(mark[0])[0] == mark
    except CannotLook:
        return False


def looked_through(path: str, content: bytes, language: LanguageFiles) -> ReadFile:
    """What the bytes of a file in that language give. Raises nothing."""
    size, umask = len(content), _UMASK.search(content) is not None
    if language.concerns.search(content) is None:
        return ReadFile(language.language, size, umask=umask)
    if language.language != "python" and _is_minified(content):
        return ReadFile(language.language, size, umask=umask, gap="minified")
    try:
        reader: Reader | None = reader_of(language)
    except ImportError:
        reader = None
    if reader is None or reader.missing() is not None:
        return ReadFile(language.language, size, umask=umask, gap=NOT_INSTALLED)
    shown = visible(path)
    try:
        analysis = reader.analyse(shown, content)
    except Exception as error:  # noqa: BLE001, RUF100 - one file must not take the others with it
        analysis = Analysis(gaps=(Unread(language.facet, shown, f"its reader failed: {type(error).__name__}"),))
    # A file that listens itself sets it for its own socket.
    umask = umask and not analysis.observations.listeners
    return ReadFile(language.language, size, parsed=True, umask=umask, analysis=analysis)


def _is_minified(content: bytes) -> bool:
    """Whether a program wrote it: it has a line that nobody writes, and hardly any others."""
    longest = max((len(line) for line in content.splitlines()), default=0)
    return longest >= MINIFIED_LINE and longest * 4 > len(content)
