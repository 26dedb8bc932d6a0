"""The backups that runs keep, which of them hold secrets, and how they are deleted."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.documents import Malformed, parse
from workbench.host.files import CannotLook, read_bounded
from workbench.model.record import record
from workbench.model.run import RunState
from workbench.repair.deadline import is_waiting
from workbench.repair.edits import line_edits
from workbench.repair.folder import locked
from workbench.repair.history import find, undoers
from workbench.repair.journal import Broken, Entry, entries, reopen, sync
from workbench.repair.paths import Refused, words
from workbench.repair.preview import leaves
from workbench.repair.preview_lines import startup_secrets
from workbench.repair.staged import StagedWrite, moves_secrets
from workbench.secrets import recognise, redact
from workbench.text import visible

MEANING = (
    "the backups are deleted, and the repairs cannot be undone any more. On an SSD, in a file system that copies on"
    " write, and in snapshots and backups of the disk the old bytes may stay: a secret that must not be found there has"
    " to be replaced where it was issued"
)
"""What a purge comes to, in words."""

_NAME = re.compile(r"backup-(\d{1,6})")
_PATIENCE = 10.0
_DAY = 24 * 60 * 60


@record
class KeptBackup:
    """One backup. ``file`` is what it is of ("" where that cannot be told), ``size`` is in bytes, ``at`` ISO 8601.

    ``age`` is in seconds. ``secret`` says whether it holds something that looks like one, None where it could not be
    looked into. ``needed`` is why it is kept whatever is asked, "" where it may be deleted.
    """

    run: str
    title: str
    file: str
    size: int
    at: str
    age: float
    secret: bool | None
    needed: str = ""


@record
class Purged:
    """What a purge did: how many backups it deleted, of how many bytes, of which runs; what it kept, and why.

    ``refused`` is why nothing was looked at, "" otherwise.
    """

    backups: int
    size: int
    runs: tuple[str, ...]
    kept: tuple[str, ...]
    refused: str = ""


def backups(state: Path) -> tuple[KeptBackup, ...]:
    """Every backup that is kept, newest run first. It never raises; what it cannot read it says so."""
    try:
        known = entries(state)
    except (Refused, OSError):
        return ()
    undone = undoers(known)
    return tuple(each for entry in reversed(known) for each in _of_run(entry, undone))


def purge(
    state: Path,
    runs: Collection[str] = (),
    *,
    secrets: bool = False,
    older_than: float | None = None,
    read_only: bool = False,
) -> Purged:
    """Delete the backups of these runs; or those that hold secrets, or are older than so many days (both: both).

    Raises LookupError where there is no run of a name. What is still needed is kept: of a run that was interrupted, or
    waits to be confirmed; and, unless it is named, of one that could not be rolled back.
    """
    try:
        for run in runs:
            find(run, entries(state))
        if read_only:
            raise Refused("the workbench was started with --read-only")
        if older_than is not None and not 0 <= older_than < 1e6:
            raise Refused("give the age in days, from 0")
        with locked(state, _PATIENCE) as real:
            return _purge(entries(real), runs, secrets, older_than)
    except Refused as why:
        return Purged(0, 0, (), (), f"{why.reason} ({why.instead})" if why.instead else why.reason)
    except OSError as error:
        return Purged(0, 0, (), (), f"the backups cannot be deleted: {words(error)}")


def _purge(known: tuple[Entry | Broken, ...], runs: Collection[str], secrets: bool, older_than: float | None) -> Purged:
    named = {find(run, known).planned.identity for run in runs}
    undone = undoers(known)
    deleted, size = 0, 0
    of: list[str] = []
    kept: list[str] = []
    for entry in known:
        mine = list(_of_run(entry, undone))
        if not mine:
            continue
        by_name = mine[0].run in named
        chosen = by_name or (
            not runs
            and (secrets or older_than is not None)
            and (not secrets or any(each.secret is not False for each in mine))
            and (older_than is None or mine[0].age >= older_than * _DAY)
        )
        if not chosen:
            continue
        why = _needed(entry, undone, by_name=by_name)
        if why or isinstance(entry, Broken):
            kept.append(f"{mine[0].run}: {why}")
            continue
        # Said first: of a backup that may be gone nobody is to be told that it is there.
        try:
            reopen(entry).note("purged")
            for place, _ in _places(entry.folder):
                place.unlink(missing_ok=True)
            sync(entry.folder)
        except OSError as error:
            kept.append(f"{mine[0].run}: they cannot be deleted, not all of them at least: {words(error)}")
            break
        deleted += len(mine)
        size += sum(each.size for each in mine)
        of.append(mine[0].run)
    return Purged(deleted, size, tuple(of), tuple(kept))


def _of_run(entry: Entry | Broken, undone: Collection[str]) -> list[KeptBackup]:
    name = visible(entry.folder.name)
    title = visible(entry.planned.plan.title) if isinstance(entry, Entry) else "a repair whose journal cannot be read"
    why = _needed(entry, undone, by_name=False)
    moved = isinstance(entry, Entry) and moves_secrets(entry.planned.operations)
    found = []
    for place, number in _places(entry.folder):
        try:
            status = place.lstat()
        except OSError:
            continue
        operation = _operation(entry, number)
        at = datetime.fromtimestamp(status.st_mtime, UTC).isoformat(timespec="seconds")
        found.append(
            KeptBackup(
                name,
                title,
                visible(operation.real) if operation is not None else "",
                status.st_size,
                at,
                max(0.0, time.time() - status.st_mtime),
                moved or _holds_secret(place, operation),
                why,
            )
        )
    return found


def _places(folder: Path) -> list[tuple[Path, int]]:
    try:
        names = sorted(folder.iterdir())
    except OSError:
        return []
    matched = [(place, _NAME.fullmatch(place.name)) for place in names]
    return [(place, int(match[1])) for place, match in matched if match]


def _operation(entry: Entry | Broken, number: int) -> StagedWrite | None:
    if isinstance(entry, Broken) or number >= len(entry.planned.operations):
        return None
    operation = entry.planned.operations[number]
    return operation if isinstance(operation, StagedWrite) else None


def _needed(entry: Entry | Broken, undone: Collection[str], *, by_name: bool) -> str:
    """Why the backups of a run are not to be deleted, "" where they may be."""
    if isinstance(entry, Broken):
        return "its journal cannot be read, so nobody can tell whether they are needed; delete its folder by hand"
    if entry.state is RunState.STARTED:
        return "it was interrupted, or goes on: workbench recover needs them"
    if is_waiting(entry, undone):
        return "it waits to be confirmed, and may be undone by itself"
    if entry.state is RunState.ROLLBACK_FAILED and not by_name:
        return (
            "it could not be rolled back, so this may be all that is left of what it replaced; name it to delete them"
        )
    return ""


def _holds_secret(place: Path, operation: StagedWrite | None) -> bool | None:
    try:
        content = read_bounded(place)
    except CannotLook:
        return None
    text = content.decode("utf-8", "replace")
    if operation is None or not operation.edits:
        return redact(text) != text
    form: Any = operation.edits[0].format
    if line_edits(operation.edits):
        return bool(startup_secrets(content, form)) or redact(text) != text
    try:
        value = parse(content, form).value
    except Malformed:
        return True if redact(text) != text else None
    return any(recognise(name, part) or redact(part) != part for name, part in leaves(value, ""))
