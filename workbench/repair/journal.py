"""The journal: what is going to be done is on disk, with its backups, before anything is done.

Each run has a folder of its own below ``STATE/runs`` with ``journal.jsonl``, one JSON object a line, only ever appended
to, and ``backup-N`` files. Everything in it is this account's alone. The journal holds plans, paths, modes and digests;
the bytes of a file, which may hold secrets, are in the backups and nowhere else.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.activity import began, note
from workbench.host.files import CannotLook, read_bounded
from workbench.model.plan import Plan
from workbench.model.run import Change, RunState
from workbench.repair.folder import private
from workbench.repair.paths import Refused, words
from workbench.repair.publish import is_temporary_name, sha256, write_all
from workbench.repair.root_acts import sound
from workbench.repair.root_commands import is_policy_file
from workbench.repair.root_consumers import is_place_of
from workbench.repair.root_timer import undone_at
from workbench.repair.staged import (
    Intent,
    Staged,
    StagedAct,
    StagedFile,
    StagedMode,
    StagedRoot,
    StagedRootFile,
    StagedTrial,
)
from workbench.text import visible

VERSION = 1
_LIMIT = 64 * 1024 * 1024
_IDENTITY = re.compile(r"\d{8}T\d{12}Z-[0-9a-f]{8}")
_BATCH = re.compile(r"batch-\d{8}T\d{12}Z-[0-9a-f]{8}")
# What is noted after a run has ended, or was torn off.
_AFTERWARDS = ("recovering", "confirmed", "undone", "reverted", "not-reverted", "purged")
LONGEST_CONFIRM = 24 * 60 * 60
"""Seconds that anybody can be given to confirm a run."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The first record of a run: all that is needed to carry it out, roll it back or undo it, except the bytes.

    ``undoes`` is the identity of the run that this one undoes, or "". ``batch`` is the name of its batch, or "".
    """

    version: int
    identity: str
    at: str
    plan: Plan
    changes: tuple[Change, ...]
    operations: tuple[Staged, ...]
    undoes: str = ""
    batch: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One run as its journal tells it. ``state`` is the run's own, before later runs that undo it are considered.

    ``deadline`` is the record that says until when it is to be confirmed, not believed yet; None where there is none.
    ``settled`` is the record by which nothing waits for that any more, "" where there is none: ``confirmed``,
    ``undone``, ``not-reverted``. ``not_reverted`` is why it could not be undone, "" otherwise. ``purged_at`` is when
    its backups were deleted, "" where they were not. ``reverted`` is when root's timer undid it, "" where it did not.
    """

    folder: Path
    planned: Planned
    intents: tuple[Intent, ...]
    state: RunState
    ended_at: str
    message: str
    deadline: dict[str, Any] | None = None
    settled: str = ""
    not_reverted: str = ""
    purged_at: str = ""
    reverted: str = ""

    @property
    def writer(self) -> Writer:
        """What reads the backups and goes on writing the journal."""
        return Writer(self.folder, self.planned)


@dataclass(frozen=True, slots=True)
class Broken:
    """A run whose journal cannot be read, and why."""

    folder: Path
    why: str


@dataclass(frozen=True, slots=True)
class Writer:
    """The journal of the run that is going on."""

    folder: Path
    planned: Planned

    def note(self, record: str, **fields: Any) -> None:
        """Append one record and make it durable. Raises OSError."""
        _append(self.folder / "journal.jsonl", {"record": record, "at": now(), **fields})

    def back_up(self, operation: int, content: bytes) -> None:
        """Keep the bytes before an operation, durably, for this account alone. Raises OSError."""
        _create(self.folder / f"backup-{operation}", content)
        sync(self.folder)

    def backup(self, operation: int) -> bytes:
        """The bytes before the operation. Raises Refused where they cannot be had exactly."""
        before = self.planned.operations[operation].before
        place = self.folder / f"backup-{operation}"
        try:
            content = read_bounded(place)
        except CannotLook as why:
            raise Refused(f"the backup {visible(str(place))} cannot be read: {why.why}") from why
        if sha256(content) != before.sha256:
            raise Refused(f"the backup {visible(str(place))} is damaged")
        return content


def now() -> str:
    """The time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def new_batch() -> str:
    """A name for a batch of runs."""
    return f"batch-{new_identity()}"


def new_identity(known: tuple[Entry | Broken, ...] = ()) -> str:
    """A name for a run that sorts by time, and after every run that is known."""
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    latest = max((entry.folder.name for entry in known if _IDENTITY.fullmatch(entry.folder.name)), default="")
    if latest >= stamp:
        # The clock was set back. An undo must all the same come after the run that it undoes.
        day, _, rest = latest.partition("T")
        stamp = f"{day}T{int(rest.partition('Z')[0]) + 1:012d}Z"
    return f"{stamp}-{secrets.token_hex(4)}"


def begin(
    state: Path,
    identity: str,
    plan: Plan,
    changes: tuple[Change, ...],
    operations: tuple[Staged, ...],
    undoes: str,
    batch: str = "",
) -> Writer:
    """Make the folder of a run and write its first record. Raises OSError."""
    planned = Planned(
        version=VERSION,
        identity=identity,
        at=now(),
        plan=plan,
        changes=changes,
        operations=operations,
        undoes=undoes,
        batch=batch,
    )
    folder = state / "runs" / identity
    folder.mkdir(mode=0o700)
    _create(folder / "journal.jsonl", b"")
    writer = Writer(folder, planned)
    writer.note("planned", run=asdict(planned), digest=plan.digest)
    sync(folder)
    sync(folder.parent)
    return writer


def entries(state: Path) -> tuple[Entry | Broken, ...]:
    """Every run on record, oldest first. Raises Refused where the state folder is not to be trusted."""
    real = private(state)
    if real is None:
        return ()
    try:
        folders = sorted((real / "runs").iterdir())
    except OSError as error:
        raise Refused(f"the journal in {visible(str(real))} cannot be read: {words(error)}") from error
    return tuple(entry for entry in map(_entry, folders) if entry is not None)


def reopen(entry: Entry) -> Writer:
    """Go on writing the journal of a run that was interrupted, on a line of its own. Raises OSError."""
    place = entry.folder / "journal.jsonl"
    if not place.read_bytes().endswith(b"\n"):
        _append(place, None)
    return entry.writer


def _entry(folder: Path) -> Entry | Broken | None:
    try:
        records = _records(folder)
        return _told(folder, records) if records else None
    except Refused as why:
        return Broken(folder, why.reason)


def _records(folder: Path) -> list[dict[str, Any]]:
    place = folder / "journal.jsonl"
    try:
        status = place.lstat()
        raw = read_bounded(place, _LIMIT)
    except FileNotFoundError:
        return []  # it was interrupted before it had said anything, so before it did anything
    except OSError as error:
        raise Refused(words(error)) from error
    except CannotLook as why:
        raise Refused(why.why) from why
    if stat.S_ISLNK(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise Refused("its journal is not this account's alone")
    records = []
    lines = raw.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            # A crash leaves a torn line: it is the last, or the one before the recovery went on. It was never acted on.
            if number == len(lines) or _goes_on(lines[number:]):
                continue
            raise Refused(f"line {number} of its journal is damaged") from None
        if not isinstance(record, dict) or not isinstance(record.get("record"), str):
            raise Refused(f"line {number} of its journal is no record")
        records.append(record)
    return records


def _goes_on(rest: list[bytes]) -> bool:
    following = next((line for line in rest if line.strip()), b"")
    try:
        return bool(following) and json.loads(following).get("record") in _AFTERWARDS
    except (ValueError, AttributeError, RecursionError):
        return False


def _told(folder: Path, records: list[dict[str, Any]]) -> Entry:
    from pydantic import ValidationError

    first = records[0]
    try:
        if first["record"] != "planned" or first["run"]["version"] != VERSION:
            raise Refused("its journal is of another version of the workbench")
        planned: Planned = _adapter(Planned).validate_python(first["run"])
        named = planned.identity == folder.name and _IDENTITY.fullmatch(folder.name)
        if not named or planned.plan.digest != first["digest"]:
            raise Refused("its journal does not agree with itself")
        if not all(map(_sound, planned.operations)):
            raise Refused("its journal names a file or a mode that there cannot be")
        if planned.batch and not _BATCH.fullmatch(planned.batch):
            raise Refused("its journal names a batch that there cannot be")
        if not 0 <= planned.plan.confirm <= LONGEST_CONFIRM:
            raise Refused("its journal gives a time to confirm it that there cannot be")
        intents = tuple(
            _adapter(Intent).validate_python({name: record[name] for name in ("operation", "temporary", "back")})
            for record in records
            if record["record"] == "intent"
        )
        if not all(_of_the_run(each, planned) for each in intents):
            raise Refused("its journal tells of an operation that is not in it")
        ended = next((record for record in reversed(records) if record["record"] == "ended"), None)
        names = [record["record"] for record in records]
        state = RunState.STARTED
        if ended is not None:
            state = RunState(ended["state"])
        elif "verified" in names and "intent" not in names[names.index("verified") :]:
            state = RunState.APPLIED
        by_name = {record["record"]: record for record in records}
        return Entry(
            folder=folder,
            planned=planned,
            intents=intents,
            state=state,
            ended_at=str(ended["at"]) if ended else "",
            message=visible(str(ended["message"])) if ended else "",
            deadline=by_name.get("confirm-by"),
            settled=next((name for name in ("not-reverted", "undone", "confirmed") if name in by_name), ""),
            reverted=undone_at(planned.operations, by_name) if state is RunState.APPLIED else "",
            not_reverted=visible(str(by_name["not-reverted"].get("why", ""))) if "not-reverted" in by_name else "",
            purged_at=visible(str(by_name["purged"].get("at", ""))) if "purged" in by_name else "",
        )
    except (ValidationError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise Refused(f"its journal is damaged ({type(error).__name__})") from error


@lru_cache(maxsize=8)
def _adapter(kind: type[Any]) -> Any:
    # Made once: it takes longer than everything else that is done to read a journal.
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _sound(operation: Staged) -> bool:
    modes = [operation.before.mode, *([operation.mode] if isinstance(operation, StagedMode | StagedFile) else [])]
    if isinstance(operation, StagedRoot) and not is_policy_file(operation.real):
        return False
    if isinstance(operation, StagedAct) and not sound(operation):
        return False
    if isinstance(operation, StagedRootFile) and not is_place_of(operation.real, operation.wanted):
        return False
    if isinstance(operation, StagedTrial) and operation.folders[-1:] not in ((), (operation.trial.kept,)):
        return False
    folders = operation.folders if isinstance(operation, StagedFile | StagedRootFile) else ()
    if not all(operation.real.startswith(f"{folder}/") for folder in folders):
        return False
    names = [os.fsencode(path) for path in (operation.path, operation.real, *folders, *_of_trial(operation))]
    plain = all(name.startswith(b"/") and b"\0" not in name and os.path.normpath(name) == name for name in names)
    return plain and all(0 <= mode <= 0o7777 for mode in modes)


def _of_trial(operation: Staged) -> tuple[str, ...]:
    return operation.folders if isinstance(operation, StagedTrial) else ()


def _of_the_run(intent: Intent, planned: Planned) -> bool:
    known = not intent.temporary or is_temporary_name(intent.temporary)
    return known and intent.operation in range(len(planned.operations))


def _append(place: Path, record: dict[str, Any] | None) -> None:
    begun = began()
    handle = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        line = "" if record is None else json.dumps(record, separators=(",", ":"))
        end = os.fstat(handle).st_size
        try:
            write_all(handle, (line + "\n").encode("ascii"))
            os.fsync(handle)
            note("wrote", str(place), begun, len(line) + 1)
        except BaseException:
            # Half a line, as a full disk leaves it, would spoil the record that comes after it.
            os.ftruncate(handle, end)
            raise
    finally:
        os.close(handle)


def _create(place: Path, content: bytes) -> None:
    begun = began()
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        write_all(handle, content)
        os.fsync(handle)
        note("wrote", str(place), begun, len(content))
    finally:
        os.close(handle)


def sync(folder: Path) -> None:
    """Make what was made or removed in a folder durable. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
