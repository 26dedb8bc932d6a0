"""What came of a repair, for scripts: the JSON document of ``workbench apply --json``, with its published schema."""

from __future__ import annotations

from typing import Any

from workbench import __version__
from workbench.model.record import record
from workbench.model.run import Run, RunState
from workbench.report.json_text import json_text

SCHEMA_VERSION = 1


@record
class RunDocument:
    """One run. ``run`` is its identity, which ``workbench undo`` takes, or "-" where it was refused before it began.

    ``batch`` names the batch it is of, "" for none. ``confirm_by`` is when it is undone by itself unless it is
    confirmed before, ISO 8601 in UTC, "" where nothing waits for that.
    """

    schema_version: int
    workbench: str
    run: str
    state: RunState
    finding: str
    fix: str
    title: str
    message: str
    batch: str = ""
    confirm_by: str = ""


def run_document(run: Run) -> RunDocument:
    """The run as the document for scripts."""
    plan = run.plan
    return RunDocument(
        SCHEMA_VERSION,
        __version__,
        run.identity,
        run.state,
        plan.finding,
        plan.fix,
        plan.title,
        run.message,
        run.batch,
        run.confirm_by,
    )


def as_json(run: Run) -> str:
    """The run as JSON text, ASCII only."""
    return json_text(run_document(run), 2)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the document, made from the types."""
    from pydantic import TypeAdapter

    made = TypeAdapter(RunDocument).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "run-v1.json", **made}
