"""The lines of a file around the place of a finding, as they are now: few, without a secret, harmless to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from workbench.host.files import CannotLook, read_bounded, reason
from workbench.model.finding import Location, Pointer
from workbench.model.record import record
from workbench.model.snapshot import Snapshot

AROUND = 4
LIMIT = 1024 * 1024
"""Bytes of a file that is read for this: none that a person writes is larger."""
_WIDEST = 400
_KERNEL = ("/proc/", "/sys/", "/dev/")
_CODE = {".py": "python", ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".ts": "typescript"}
_LANGUAGES = {"jsonc": "json", "json5": "json", "environment": "bash", "sh": "bash", "fish": "fish"}


@record
class Excerpt:
    """Lines of a file. ``first`` is the number of the first of them, ``at`` that of the place itself, from 1.

    ``language`` is a word for who colours them; ``changed`` whether the file was changed since the snapshot.
    """

    path: str
    first: int
    lines: tuple[str, ...]
    at: int
    language: str
    changed: bool


def excerpt(location: Location, snapshot: Snapshot) -> Excerpt | None:
    """The lines around a place, read now. None where the finding tells of no place inside the file.

    It blocks. Raises CannotLook, in words that hold nothing of the file.
    """
    if location.line is None and not location.pointer:
        return None
    if location.path.startswith(_KERNEL) or not Path(location.path).is_absolute():
        raise CannotLook("it is no file that somebody wrote")
    return excerpt_of(read_bounded(location.path, LIMIT), location, snapshot, _changed)


def excerpt_of(
    raw: bytes, location: Location, snapshot: Snapshot, changed: Callable[[str, Snapshot], bool]
) -> Excerpt | None:
    """The same of the bytes of a file. ``changed`` says whether it was since the snapshot. Raises CannotLook."""
    form, document = _form(location.path, snapshot)
    at = location.line or 0
    if document and location.pointer:
        at = _line_of(raw, form, location.pointer) or at
    if at < 1:
        return None
    first = max(at - AROUND, 1)
    lines = _shown(raw, form, document, first, at + AROUND)
    if len(lines) <= at - first:
        raise CannotLook("it has fewer lines by now")
    cut = tuple(line if len(line) <= _WIDEST else f"{line[:_WIDEST]}…" for line in lines)
    return Excerpt(location.path, first, cut, at, _language(location.path, form), changed(location.path, snapshot))


def _form(path: str, snapshot: Snapshot) -> tuple[str, bool]:
    for config in snapshot.clients.configs:
        if config.path.asked == path:
            return config.format, True
    for file in snapshot.session.startup:
        if file.path == path and file.dialect != "sh":
            return ("fish" if file.dialect.startswith("fish") else "environment"), False
    return "sh", False


def _line_of(raw: bytes, form: str, pointer: Pointer) -> int | None:
    from workbench.documents import Malformed, lines_of, parse

    nearer = [pointer[:length] for length in range(len(pointer), 0, -1)]
    try:
        found = lines_of(parse(raw, form), nearer)  # type: ignore[arg-type]
    except Malformed:
        return None
    return next((found[each] for each in nearer if each in found), None)


def _shown(raw: bytes, form: str, document: bool, first: int, last: int) -> list[str]:
    from workbench.repair.paths import Refused
    from workbench.repair.preview import lines_to_show

    why = ""
    # A document that is broken is shown all the same, as lines: that is what its finding is about.
    for attempt in dict.fromkeys((form, "sh") if document else (form,)):
        try:
            return lines_to_show(raw, attempt, first, last)
        except Refused as refused:
            why = str(refused)
    raise CannotLook(why)


def _changed(path: str, snapshot: Snapshot) -> bool:
    try:
        taken = datetime.fromisoformat(snapshot.taken_at).timestamp()
    except (ValueError, OverflowError):
        return False
    try:
        status = Path(path).stat()
    except OSError as error:
        raise reason(error) from error
    # The moment of the snapshot is known to the second.
    return max(status.st_mtime, status.st_ctime) >= taken + 1


def _language(path: str, form: str) -> str:
    return next(_languages(path, form))


def _languages(path: str, form: str) -> Iterator[str]:
    if path.endswith((".service", ".socket", ".conf", ".ini")) or "/systemd/" in path:
        yield "ini"
    code = next((language for ending, language in _CODE.items() if path.endswith(ending)), "")
    if code:
        yield code
    if form == "sh" and not path.rsplit("/", 1)[-1].startswith("."):
        yield "text"
    yield _LANGUAGES.get(form, form)
