"""Small things that the workbench remembers beside the journal, in the same trusted and locked folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from workbench.activity import began, note
from workbench.host.files import CannotLook, read_bounded
from workbench.repair.folder import locked

NOTE_LIMIT = 1 << 20
"""Bytes of one note."""


def change_note(state: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Replace a note by what ``change`` makes of it (of b"" where there is none). Raises Refused and OSError."""
    with locked(state) as folder:
        try:
            before = read_bounded(folder / name, NOTE_LIMIT)
        except CannotLook:
            before = b""
        content = change(before)
        beside = folder / f".{name}.new"
        beside.unlink(missing_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        begun = began()
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(folder / name)
        note("wrote", str(folder / name), begun, len(content))
