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
    """One run. ``run`` is its identity, which ``workbench undo`` takes, or "-" where it was refused before it began."""

    schema_version: int
    workbench: str
    run: str
    state: RunState
    finding: str
    fix: str
    title: str
    message: str


def as_json(run: Run) -> str:
    """The run as JSON text, ASCII only."""
    plan = run.plan
    made = RunDocument(
        SCHEMA_VERSION, __version__, run.identity, run.state, plan.finding, plan.fix, plan.title, run.message
    )
    return json_text(made, 2)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the document, made from the types."""
    from pydantic import TypeAdapter

    made = TypeAdapter(RunDocument).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "run-v1.json", **made}
