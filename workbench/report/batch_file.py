"""A batch of repairs as a file: what ``workbench plan --safe --json`` writes and ``workbench apply`` is held to.

The published schema (``schema/batch-v1.json``) is made from these types; a test holds the two together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from workbench import __version__
from workbench.exits import Unusable
from workbench.model.batch import Batch, BatchStep
from workbench.model.operations import EditLine, EditValue, RemoveValue, SetMode, SetValue
from workbench.model.plan import Reversal, Safety
from workbench.model.record import record
from workbench.model.run import Run, RunState
from workbench.report.damage import place_of
from workbench.report.json_text import json_text
from workbench.report.plan_file import ChangeDocument
from workbench.report.run_document import RunDocument, run_document

SCHEMA_VERSION = 1
_MAKE_ONE = "make one with: workbench plan --safe --json > plan.json"
_NOT_COMPARED = ("left_out", "warnings")  # they say nothing of what will be done


@record
class StepDocument:
    """One repair of the batch, worked out against the files as the ones before it leave them.

    ``resolves`` are further findings that it repairs as well. ``warnings`` are sentences to read before. ``digest`` is
    SHA-256 over the plan and over what every file is before it and after it.
    """

    finding: str
    check: str
    fix: str
    title: str
    safety: Safety
    reversal: Reversal
    consequences: str
    later: str
    operations: list[SetMode | EditValue | RemoveValue | SetValue | EditLine]
    changes: list[ChangeDocument]
    resolves: list[str]
    warnings: list[str]
    digest: str


@record
class LeftOutDocument:
    """A finding that the batch does not repair, and why."""

    finding: str
    check: str
    why: str


@record
class BatchDocument:
    """Every repair that is safe, can be undone in full and asks nothing, in order. ``digest`` is over the steps."""

    document: Literal["batch"]
    schema_version: int
    workbench: str
    steps: list[StepDocument]
    left_out: list[LeftOutDocument]
    digest: str


@record
class BatchRunDocument:
    """What came of a batch: how many of how many steps were applied, and each run; the last may be the one it ended at.

    ``batch`` is its name, which ``workbench undo`` takes, "" where nothing was begun.
    """

    schema_version: int
    workbench: str
    batch: str
    applied: int
    of: int
    runs: list[RunDocument]


def document(batch: Batch) -> BatchDocument:
    """The batch as the document that is shown, kept, and compared before it is applied."""
    return BatchDocument(
        document="batch",
        schema_version=SCHEMA_VERSION,
        workbench=__version__,
        steps=[_step(step) for step in batch.steps],
        left_out=[LeftOutDocument(each.finding.identity, each.finding.check, each.why) for each in batch.left_out],
        digest=batch.digest,
    )


def as_json(made: BatchDocument) -> str:
    """The document as JSON text, ASCII only."""
    return json_text(made, 2)


def runs_as_json(runs: tuple[Run, ...], of: int) -> str:
    """What came of a batch as JSON text, ASCII only."""
    applied = sum(run.state is RunState.APPLIED for run in runs)
    name = next((run.batch for run in runs if run.batch), "")
    made = BatchRunDocument(SCHEMA_VERSION, __version__, name, applied, of, [run_document(run) for run in runs])
    return json_text(made, 2)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the document, made from the types."""
    return _schema(BatchDocument, "batch-v1.json")


def run_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of what came of a batch, made from the types."""
    return _schema(BatchRunDocument, "batch-run-v1.json")


def typed(data: Mapping[str, Any], name: str) -> BatchDocument:
    """A document that was read, as its types. Raises Unusable."""
    from pydantic import TypeAdapter, ValidationError

    version = data.get("schema_version")
    if type(version) is not int or version != SCHEMA_VERSION:
        raise Unusable(f"{name} is no batch of version {SCHEMA_VERSION}, which this workbench reads; {_MAKE_ONE}")
    try:
        made: BatchDocument = TypeAdapter(BatchDocument).validate_python(data)
    except (ValidationError, RecursionError) as error:
        raise Unusable(f"{name} is damaged{place_of(error)}; {_MAKE_ONE}") from error
    return made


def stands_for(made: BatchDocument, told: Mapping[str, Any]) -> bool:
    """Whether a file says of every step what this document says, word for word."""
    return bool(_compared(json.loads(as_json(made))) == _compared(told))


def _compared(data: Mapping[str, Any]) -> dict[str, Any]:
    steps = [
        {name: part for name, part in step.items() if name not in _NOT_COMPARED} if isinstance(step, dict) else step
        for step in data["steps"]
    ]
    return {name: part for name, part in data.items() if name not in _NOT_COMPARED} | {"steps": steps}


def _step(step: BatchStep) -> StepDocument:
    plan = step.plan
    known = SetMode | EditValue | RemoveValue | SetValue | EditLine
    return StepDocument(
        finding=plan.finding,
        check=plan.check,
        fix=plan.fix,
        title=plan.title,
        safety=plan.safety,
        reversal=plan.reversal,
        consequences=plan.consequences,
        later=plan.later,
        operations=[each for each in plan.operations if isinstance(each, known)],
        changes=[
            ChangeDocument(change.path, change.words, change.diff, change.mode_before, change.mode_after, [])
            for change in step.changes
        ],
        resolves=[finding.identity for finding in step.resolves],
        warnings=list(step.warnings),
        digest=step.digest,
    )


def _schema(kind: type[Any], name: str) -> dict[str, Any]:
    from pydantic import TypeAdapter

    made = TypeAdapter(kind).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": name, **made}
