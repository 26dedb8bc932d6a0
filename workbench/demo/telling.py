"""What is said of a repair that the demo plays: its steps, its backups, and what its undo brings back."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.demo.stage import Made
from workbench.model.run import Change
from workbench.repair.backups import KeptBackup
from workbench.repair.prepare import Prepared
from workbench.repair.staged import StagedFile, StagedMode
from workbench.secrets import redact
from workbench.text import visible


def steps(prepared: Prepared) -> Iterator[str]:
    """What is told of a repair while it is played."""
    for operation in prepared.operations:
        if operation.before.sha256 and not isinstance(operation, StagedMode):
            yield f"backed up {visible(operation.real)}"
    for operation in prepared.operations:
        shown = visible(operation.real)
        if isinstance(operation, StagedMode):
            yield f"set the mode of {shown} to {operation.mode:04o}"
        elif isinstance(operation, StagedFile):
            yield f"made {shown}" if operation.comes else f"removed {shown}"
        else:
            yield f"published {shown}"


def kept(made: Made) -> Iterator[KeptBackup]:
    """The backups of a repair that was played."""
    moved = any(isinstance(each, StagedFile) and each.secret for each in made.operations)
    for operation, content in zip(made.operations, made.backups, strict=True):
        if operation.before.sha256 and not isinstance(operation, StagedMode):
            text = content.decode("utf-8", "replace")
            yield KeptBackup(
                made.run.identity,
                made.run.plan.title,
                operation.real,
                len(content),
                made.run.started_at,
                0.0,
                moved or redact(text) != text,
            )


def turned(change: Change) -> Change:
    """A change of the demo's past, the other way round."""
    signs = {"-": "+", "+": "-"}
    lines = change.diff.split("\n")
    body = [signs.get(line[:1], line[:1]) + line[1:] for line in lines[2:]]
    for place in range(len(body) - 1):
        if body[place][:1] == "+" and body[place + 1][:1] == "-":
            body[place : place + 2] = body[place + 1], body[place]
    words = f"bring back {change.path} byte for byte as it was"
    return Change(change.path, words, "\n".join([*lines[:2], *body]), change.mode_after, change.mode_before)
