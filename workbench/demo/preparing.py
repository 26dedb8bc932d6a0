"""Work a plan out against the demo's files: by the same code as against real ones, on bytes in memory."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.demo.stage import Made, Stage
from workbench.model.acts import Act
from workbench.model.operations import (
    CreateFile,
    CreateRootFile,
    EditRootFile,
    KeepSecret,
    Operation,
    OwnDropIn,
    RepairOwnUnit,
    RepairUnit,
    SetMode,
    TrialStart,
)
from workbench.model.plan import Plan, Refusal
from workbench.model.recreation import RecreateContainer
from workbench.model.run import Change
from workbench.repair.creating import ABSENT
from workbench.repair.edits import edited, inverse, line_edits, taken_back, what_is_left
from workbench.repair.guides import steps_told
from workbench.repair.keeping import kept_edits, made_anew, require_all_kept, secret_in
from workbench.repair.lines import lines_made
from workbench.repair.paths import Refused
from workbench.repair.prepare import Prepared, creation, edits_of, grouped, mode_change, written
from workbench.repair.preview import diff
from workbench.repair.publish import sha256
from workbench.repair.staged import Staged, StagedFile, StagedMode, StagedWrite
from workbench.repair.undo import undoing
from workbench.text import visible

_Part = tuple[Staged, Change, bytes]


def prepare(plan: Plan, stage: Stage) -> Prepared | Refusal:
    """Work the plan out. Nothing is read but the demo's own files."""
    if plan.steps:
        told = steps_told(plan)
        return told if isinstance(told, Refusal) else Prepared(plan, told, (), ())
    kept = kept_edits([each for each in plan.operations if isinstance(each, KeepSecret)])
    try:
        # What the demo cannot play is told before anything else: it is no fault of the plan.
        ends = TrialStart | RepairOwnUnit | EditRootFile | CreateRootFile | RepairUnit | RecreateContainer | Act
        groups = sorted(grouped(plan), key=lambda group: not isinstance(group[0], ends))
        parts = [_worked_out(group, kept, stage) for group in groups]
    except Refused as why:
        return Refusal(why.reason, why.instead)
    return _prepared(plan, parts)


def prepare_undo(made: Made, stage: Stage) -> Prepared | Refusal:
    """Work out what undoes a repair that was played."""
    try:
        numbers = reversed(range(len(made.operations)))
        found = [_back(made.operations[number], made.backups[number], stage) for number in numbers]
    except Refused as why:
        return Refusal(why.reason, why.instead)
    wanted = tuple(operation for _, operations in found for operation in operations)
    return _prepared(undoing(made.run.plan, wanted), [part for part, _ in found])


def _prepared(plan: Plan, parts: Sequence[_Part]) -> Prepared:
    staged, changes, contents = zip(*parts, strict=True)
    return Prepared(plan, changes, staged, contents)


def _worked_out(group: list[Operation], kept: Sequence[KeepSecret], stage: Stage) -> _Part:
    first = group[0]
    if isinstance(first, EditRootFile | CreateRootFile | RepairUnit):
        raise Refused(
            f"the demo ends here: {visible(first.path)} is root's. On a real host you would now see its exact diff and"
            " every command that is to run as root; sudo would ask you before any of them runs",
            "start workbench without --demo on the host itself",
        )
    own = first.drop_in if isinstance(first, CreateFile) else first
    if isinstance(own, OwnDropIn | RepairOwnUnit):
        raise Refused(
            f"the demo ends here: {visible(own.unit)} would be told of its new file and watched now, and in the demo"
            " nothing is ever started. On a real host you would see the exact change first",
            "start workbench without --demo on the host itself",
        )
    if isinstance(first, Act):
        raise Refused(
            f"the demo ends here: {first.operation} is done by root. On a real host you would now see every command"
            " that is to run as root; sudo would ask you before any of them runs",
            "start workbench without --demo on the host itself",
        )
    if isinstance(first, RecreateContainer):
        raise Refused(
            f"the demo ends here: {visible(first.name)} would be made anew now and watched, and in the demo no engine"
            " is there. On a real host you would see every setting that changes first, and the old one would be kept",
            "start workbench without --demo on the host itself",
        )
    if isinstance(first, TrialStart):
        where, shown = ("container", "command") if first.path == first.source else ("sandbox", "launcher")
        raise Refused(
            f"the demo ends here: the server would be started once in its {where} now, to see that it answers there,"
            f" and in the demo nothing is ever started. On a real host you would see the {shown} and the exact diff"
            " first",
            "start workbench without --demo on the host itself",
        )
    before = stage.before(first.path)
    if isinstance(first, SetMode):
        if (before.device, before.inode, before.mode) != (first.expect_device, first.expect_inode, first.expect_mode):
            raise Refused(f"{visible(first.path)} is not as it was scanned", "scan again")
        change = mode_change(visible(first.path), before.mode, first.mode)
        return StagedMode(first.path, first.path, before, first.mode), change, b""
    if isinstance(first, KeepSecret | CreateFile):
        if before.kind != "absent":
            raise Refused(f"{visible(first.path)} is there already, and the demo adds nothing to it")
        folders = stage.missing(first.path)
        if isinstance(first, CreateFile):
            made = _coming(first.path, first.content.encode(), folders)
            return made, creation(first, folders), first.content.encode()
        wanted = [each for each in group if isinstance(each, KeepSecret)]
        values = {each.variable: secret_in(stage.files.get(each.source, b""), each) for each in wanted}
        change, content = made_anew(wanted, values)
        return _coming(first.path, content, folders, secret=True), change, content
    if first.path not in stage.files:
        raise Refused(f"the demo ends here: it holds no {visible(first.path)}, which this repair would edit")
    content, edits = stage.files[first.path], edits_of(group)
    require_all_kept(content, edits, kept)
    lines = line_edits(edits)
    # A real one asks the shell's own parser besides: nothing is run here.
    after = lines_made(content, lines) if lines else edited(content, edits)
    return written(first.path, before, content, after, edits)


def _coming(path: str, content: bytes, folders: tuple[str, ...], *, secret: bool = False) -> StagedFile:
    return StagedFile(path, path, ABSENT, sha256(content), 0o600, 1000, 1000, folders, secret)


def _back(operation: Staged, backup: bytes, stage: Stage) -> tuple[_Part, tuple[Operation, ...]]:
    path = operation.real
    shown, now = visible(path), stage.before(path)
    if isinstance(operation, StagedMode):
        back = operation.before.mode
        if now.mode != operation.mode:
            raise Refused(f"the mode of {shown} was changed to {now.mode:04o} since; it was left so")
        said = f"set the mode of {shown} back from {now.mode:04o} to {back:04o}"
        change = Change(shown, said, mode_before=now.mode, mode_after=back)
        wanted = SetMode(path, back, now.mode, now.device, now.inode)
        return (StagedMode(path, path, now, back), change, b""), (wanted,)
    whole = f"bring back {shown} byte for byte as it was"
    if isinstance(operation, StagedFile):
        if now.sha256 != operation.after:
            raise Refused(f"{shown} was changed since it was made; it was left as it is")
        if not operation.comes:
            coming = _coming(path, backup, stage.missing(path), secret=operation.secret)
            return (coming, Change(shown, whole), backup), ()
        going = StagedFile(path, path, now, "", now.mode, now.uid, now.gid, operation.folders, operation.secret)
        folders = "".join(f", and the folder {visible(each)} if it is empty" for each in reversed(operation.folders))
        return (going, Change(shown, f"remove {shown}, which the repair made{folders}"), b""), ()
    assert isinstance(operation, StagedWrite)  # noqa: S101 - no other is ever played
    there, edits = stage.files[path], inverse(operation.edits)
    as_left = now.sha256 == operation.after
    after = backup if as_left else taken_back(there, operation.edits, operation.left, lambda: backup)
    said = whole if as_left else f"put back the old value in {shown} and keep everything that was changed since"
    change = Change(shown, said, diff(path, there, after, edits))
    return (StagedWrite(path, path, now, sha256(after), edits, what_is_left(after, edits)), change, after), edits
