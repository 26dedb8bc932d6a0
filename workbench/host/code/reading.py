"""Read one file of code: is it worth reading closely, and what does it give; what was read before is remembered."""

from __future__ import annotations

import os
import re

from workbench.host.code.languages import MINIFIED_LINE, Analysis, Reader, language_of, reader_of
from workbench.host.files import CannotLook, read_bounded, reason
from workbench.model.code import Language
from workbench.model.facts import Unread
from workbench.model.record import record
from workbench.text import visible

FILE_SIZE = 512 * 1024
"""Bytes of a file of code that are read: a larger one was written by a program."""
_REMEMBERED = 4000
_NOT_INSTALLED = "pip install 'mcp-hardening-workbench[source]'"
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


_KNOWN: dict[_Mark, ReadFile] = {}


def read_file(path: str) -> ReadFile:
    """What a file gives, from memory where it has not changed since. Raises CannotLook."""
    language = language_of(path)
    if language is None:
        raise CannotLook("it is no code that is understood here")
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        raise reason(error) if isinstance(error, OSError) else CannotLook("its name holds a NUL character") from error
    mark = (path, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    known = _KNOWN.get(mark)
    if known is not None and known.gap != _NOT_INSTALLED:
        return known
    if status.st_size > FILE_SIZE:
        return ReadFile(language.language, status.st_size, gap="too large")
    content = read_bounded(path, FILE_SIZE)
    read = _looked_through(path, content, language.language, language.concerns, language.facet)
    if len(_KNOWN) >= _REMEMBERED:
        _KNOWN.clear()
    _KNOWN[mark] = read
    return read


def _looked_through(path: str, content: bytes, language: Language, concerns: re.Pattern[bytes], facet: str) -> ReadFile:
    size, umask = len(content), _UMASK.search(content) is not None
    if concerns.search(content) is None:
        return ReadFile(language, size, umask=umask)
    if language != "python" and _is_minified(content):
        return ReadFile(language, size, umask=umask, gap="minified")
    made = language_of(path)
    try:
        reader: Reader | None = reader_of(made) if made is not None else None
    except ImportError:
        reader = None
    if reader is None or reader.missing() is not None:
        return ReadFile(language, size, umask=umask, gap=_NOT_INSTALLED)
    shown = visible(path)
    try:
        analysis = reader.analyse(shown, content)
    except Exception as error:  # noqa: BLE001, RUF100 - one file must not take the others with it
        analysis = Analysis(gaps=(Unread(facet, shown, f"its reader failed: {type(error).__name__}"),))
    return ReadFile(language, size, parsed=True, umask=umask, analysis=analysis)


def _is_minified(content: bytes) -> bool:
    """Whether a program wrote it: it has a line that nobody writes, and hardly any others."""
    longest = max((len(line) for line in content.splitlines()), default=0)
    return longest >= MINIFIED_LINE and longest * 4 > len(content)
