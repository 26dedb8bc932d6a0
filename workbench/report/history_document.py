"""The history and the backups for scripts: ``workbench history --json`` and ``workbench backups --json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench import __version__
from workbench.model.record import record
from workbench.model.run import Run, RunState
from workbench.report.json_text import json_text

if TYPE_CHECKING:
    from workbench.repair.backups import KeptBackup

SCHEMA_VERSION = 1


@record
class HistoryRun:
    """One run. Times are ISO 8601 in UTC, "" for none; ``batch`` is "" for none.

    ``lasting`` is "" where nothing says that its effect is gone, otherwise what became of it.
    """

    run: str
    state: RunState
    finding: str
    fix: str
    title: str
    message: str
    started_at: str
    ended_at: str
    batch: str
    confirm_by: str
    lasting: str


@record
class HistoryDocument:
    """Every run, newest first."""

    schema_version: int
    workbench: str
    runs: list[HistoryRun]


@record
class BackupDocument:
    """One backup: of which run and file ("" where that cannot be told), its bytes, when it was made.

    ``secret`` says whether it holds something that looks like one, null where it could not be looked into. ``needed``
    is why it is kept whatever is asked, "" where it may be deleted.
    """

    run: str
    title: str
    file: str
    size: int
    at: str
    secret: bool | None
    needed: str


@record
class BackupsDocument:
    """Every backup that is kept, newest run first."""

    schema_version: int
    workbench: str
    backups: list[BackupDocument]


def history_as_json(runs: Sequence[Run], lost: Mapping[str, str]) -> str:
    """The history as JSON text, ASCII only. ``lost`` says of each run by its identity what became of its effect."""
    told = [
        HistoryRun(
            run.identity,
            run.state,
            run.plan.finding,
            run.plan.fix,
            run.plan.title,
            run.message,
            run.started_at,
            run.ended_at,
            run.batch,
            run.confirm_by,
            lost.get(run.identity, ""),
        )
        for run in runs
    ]
    return json_text(HistoryDocument(SCHEMA_VERSION, __version__, told), 2)


def backups_as_json(found: Sequence[KeptBackup]) -> str:
    """The backups as JSON text, ASCII only."""
    told = [
        BackupDocument(each.run, each.title, each.file, each.size, each.at, each.secret, each.needed) for each in found
    ]
    return json_text(BackupsDocument(SCHEMA_VERSION, __version__, told), 2)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the history, made from the types."""
    return _schema(HistoryDocument, "history-v1.json")


def backups_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the backups, made from the types."""
    return _schema(BackupsDocument, "backups-v1.json")


def _schema(kind: type[Any], name: str) -> dict[str, Any]:
    from pydantic import TypeAdapter

    made = TypeAdapter(kind).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": name, **made}
