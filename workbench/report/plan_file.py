"""A plan as a file: what ``workbench plan --json`` writes and ``workbench apply`` holds this host to.

The published schema (``schema/plan-v1.json``) is made from these types; a test holds the two together.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import __version__
from workbench.exits import Unusable
from workbench.model.acts import CreateAccount, LoadAuditRules, MakeRootDirectory, TrialAsAccount
from workbench.model.operations import (
    CreateFile,
    CreateRootFile,
    EditItems,
    EditLine,
    EditRootFile,
    EditValue,
    InsertItems,
    KeepSecret,
    RemoveValue,
    RepairOwnUnit,
    RepairUnit,
    ReplaceSecret,
    RestoreLine,
    RestoreValue,
    SetMode,
    SetValue,
    TrialStart,
)
from workbench.model.plan import Reversal, Safety
from workbench.model.record import record
from workbench.model.recreation import RecreateContainer
from workbench.report.damage import place_of
from workbench.report.json_text import json_text
from workbench.text import visible

if TYPE_CHECKING:
    from workbench.repair.prepare import Prepared

SCHEMA_VERSION = 1
Answer = str | int | float | bool | list[str] | None
_MAKE_ONE = "make one with: workbench plan FINDING --json > plan.json"


@record
class ChangeDocument:
    """What happens to one file: in words, as a unified diff without secrets, and as permission bits (null: kept).

    ``commands`` are the argument vectors that run as root, in their order; none where that takes no root.
    """

    path: str
    words: str
    diff: str
    mode_before: int | None
    mode_after: int | None
    commands: list[list[str]]


@record
class PlanDocument:
    """One repair of one finding, worked out against the files as they are.

    ``answers`` are what the fix asks, as given or as it suggests. ``digest`` is SHA-256 over the plan, over what every
    file is now (bytes, mode, owner, inode, time of change) and over what it will be. ``later`` says when it takes
    effect, "" for at once. ``confirm`` is how many seconds the person has to confirm it before all of it is undone by
    itself (0: none needed). ``warnings`` are sentences to read before it is applied, and no part of what is compared.
    """

    schema_version: int
    workbench: str
    finding: str
    check: str
    fix: str
    answers: dict[str, Answer]
    title: str
    safety: Safety
    reversal: Reversal
    consequences: str
    keeps: str
    later: str
    operations: list[
        SetMode
        | EditValue
        | RemoveValue
        | SetValue
        | InsertItems
        | EditItems
        | ReplaceSecret
        | EditLine
        | CreateFile
        | KeepSecret
        | RepairOwnUnit
        | EditRootFile
        | CreateRootFile
        | RepairUnit
        | TrialStart
        | RecreateContainer
        | LoadAuditRules
        | CreateAccount
        | MakeRootDirectory
        | TrialAsAccount
    ]
    changes: list[ChangeDocument]
    digest: str
    confirm: int = 0
    warnings: list[str] = field(default_factory=list)


def document(prepared: Prepared, answers: Mapping[str, Answer], warnings: Sequence[str] = ()) -> PlanDocument:
    """The prepared plan as the document that is shown, kept, and compared before it is applied."""
    plan = prepared.plan
    return PlanDocument(
        schema_version=SCHEMA_VERSION,
        workbench=__version__,
        finding=plan.finding,
        check=plan.check,
        fix=plan.fix,
        answers=dict(answers),
        title=plan.title,
        safety=plan.safety,
        reversal=plan.reversal,
        consequences=plan.consequences,
        keeps=plan.keeps,
        later=plan.later,
        operations=[each for each in plan.operations if not isinstance(each, RestoreValue | RestoreLine)],
        changes=[
            ChangeDocument(
                change.path,
                change.words,
                change.diff,
                change.mode_before,
                change.mode_after,
                [list(command) for command in change.commands],
            )
            for change in prepared.changes
        ],
        digest=digest(prepared),
        confirm=plan.confirm,
        warnings=list(warnings),
    )


def digest(prepared: Prepared) -> str:
    """SHA-256, in hexadecimal, over the plan, what every file of it is now, and what each will be."""
    from workbench.repair.staged import StagedAct, StagedContainer, StagedFile, StagedMode, StagedRootFile, StagedTrial

    parts: list[Any] = [prepared.plan.digest]
    for staged in prepared.operations:
        before = staged.before
        same = [before.kind, before.device, before.inode, before.mode, before.uid, before.gid]
        # As the transaction compares: size and time of a directory change while it lives.
        same += [before.links] if before.kind == "file" else []
        if isinstance(staged, StagedFile):
            made = [staged.mode, staged.uid, staged.gid, staged.folders]
            parts.append([staged.path, staged.real, same, staged.after, *made])
        elif isinstance(staged, StagedRootFile):
            parts.append([staged.path, staged.real, same, before.sha256, staged.after, staged.folders])
        elif isinstance(staged, StagedAct):
            parts.append([staged.path, staged.parts, staged.comes])
        elif isinstance(staged, StagedContainer):
            parts.append([staged.path, staged.state, staged.image, staged.reference, staged.comes])
        elif isinstance(staged, StagedMode):
            parts.append([staged.path, staged.real, same, staged.mode])
        elif isinstance(staged, StagedTrial):
            parts.append([staged.path, staged.real, staged.folders, staged.uid, staged.gid, staged.read])
        else:
            parts.append([staged.path, staged.real, same, before.sha256, before.modified, staged.after])
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode("ascii")).hexdigest()


def as_json(made: PlanDocument) -> str:
    """The document as JSON text, ASCII only."""
    return json_text(made, 2)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the document, made from the types."""
    from pydantic import TypeAdapter

    made = TypeAdapter(PlanDocument).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "plan-v1.json", **made}


def load(path: Path) -> Any:
    """Read a file that is to hold a plan, and may come from anywhere, as JSON. Raises Unusable."""
    from workbench.documents.decoding import decode
    from workbench.documents.model import Malformed
    from workbench.host.files import CannotLook, read_bounded

    name = visible(str(path))
    try:
        raw = read_bounded(path)
    except CannotLook as why:
        raise Unusable(f"{name} cannot be read: {why.why}") from why
    try:
        # PowerShell's ">" writes UTF-16.
        return json.loads(decode(raw)[0], object_pairs_hook=_once)
    except (Malformed, ValueError, RecursionError) as error:
        raise Unusable(f"{name} is not JSON; {_MAKE_ONE}") from error


def read(path: Path) -> tuple[PlanDocument, Mapping[str, Any]]:
    """Read a plan file: as its types, and as it stands there. Raises Unusable."""
    return typed(load(path), path)


def typed(data: Any, path: Path) -> tuple[PlanDocument, Mapping[str, Any]]:
    """What was read from a plan file: as its types, and as it stands there. Raises Unusable."""
    name = visible(str(path))
    version = data.get("schema_version") if isinstance(data, dict) else None
    if type(version) is not int or version != SCHEMA_VERSION:
        said = f" (it says version {visible(str(version), 40)})" if version is not None else ""
        raise Unusable(f"{name} is no plan of version {SCHEMA_VERSION}, which this workbench reads{said}; {_MAKE_ONE}")
    return _typed(data, name), data


def is_batch(data: Any) -> bool:
    """Whether what was read calls itself a batch, which is another document (``workbench.report.batch_file``)."""
    return isinstance(data, dict) and data.get("document") == "batch"


def stands_for(made: PlanDocument, told: Mapping[str, Any]) -> bool:
    """Whether a plan file says this document word for word, so that nobody was shown anything else."""
    said = json.loads(as_json(made))
    # Which clients run is no part of what is done; files of before do not say what a plan of theirs does not have.
    mine, theirs = ({"confirm": 0, **each, "warnings": []} for each in (said, told))
    return bool(mine == theirs)


def _typed(data: Mapping[str, Any], name: str) -> PlanDocument:
    from pydantic import TypeAdapter, ValidationError

    try:
        made: PlanDocument = TypeAdapter(PlanDocument).validate_python(data)
    except (ValidationError, RecursionError) as error:
        raise Unusable(f"{name} is damaged{place_of(error)}; {_MAKE_ONE}") from error
    return made


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Of a member that stands there twice another reader may show the other one.
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a member stands there twice")
    return made
