"""The list of opened projects in a client's SQLite file, read without changing a byte of it."""

from __future__ import annotations

import os
import sqlite3
import time
import urllib.parse

from workbench.activity import began, note
from workbench.host.files import CannotLook, kind_of, reason
from workbench.text import visible

_SIZE_LIMIT = 4 << 30
_ROW_LIMIT = 2000
_PATIENCE = 0.5  # seconds
_STEP = 10_000  # instructions of SQLite's machine between two looks at the clock


def projects_in(path: str) -> tuple[str, ...]:
    """The folders in the table ``project``, column ``worktree``, of a database; none where it has no such table.

    What its owner's client has not yet moved out of the write-ahead log is not seen. Raises CannotLook.
    """
    try:
        status = os.stat(path)
        kind = kind_of(status.st_mode)
        if kind != "file":
            raise CannotLook(f"it is a {kind}, not a regular file")
        if status.st_size > _SIZE_LIMIT:
            raise CannotLook(f"it is larger than {_SIZE_LIMIT >> 30} GiB")
        if not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
            raise CannotLook("permission denied", "look as root or as its owner")
    except OSError as error:
        raise reason(error) from error
    begun = began()
    address = f"file:{urllib.parse.quote(os.path.abspath(path), errors='surrogateescape')}?mode=ro&immutable=1"
    try:
        rows = _rows(address)
        note("read", str(path), begun, status.st_size)
        return rows
    except sqlite3.Error as error:
        if "no such table" in str(error) or "no such column" in str(error):
            return ()
        why = "it takes too long to read" if "interrupted" in str(error) else "SQLite cannot read it"
        raise CannotLook(f"{why} ({visible(type(error).__name__)})") from error


def _rows(address: str) -> tuple[str, ...]:
    connection = sqlite3.connect(address, uri=True, timeout=_PATIENCE)
    until = time.monotonic() + _PATIENCE
    try:
        connection.set_progress_handler(lambda: time.monotonic() > until, _STEP)
        connection.execute("PRAGMA trusted_schema = OFF")
        # A view by that name could compute anything.
        query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'project'"
        if connection.execute(query).fetchone() is None:
            return ()
        rows = connection.execute(
            "SELECT worktree FROM project WHERE typeof(worktree) = 'text' AND length(worktree) < 4096 LIMIT ?",
            (_ROW_LIMIT,),
        )
        return tuple(row[0] for row in rows)
    finally:
        connection.close()
