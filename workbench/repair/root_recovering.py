"""What putting back something of root's comes to, with every command that it takes, as the system is now.

The commands are those that ``put_back`` and ``clear_away`` of each kind run, in their order. It reads as root.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from workbench.host.privileged import Vector
from workbench.model.run import Change
from workbench.repair import root_acts, root_timer
from workbench.repair import root_commands as commands
from workbench.repair.consumer import Consumer
from workbench.repair.creating import ABSENT
from workbench.repair.root_consumers import require_place
from workbench.repair.root_listing import publishing, staging
from workbench.repair.root_places import digests
from workbench.repair.staged import Intent, StagedAct, StagedRoot, StagedRootFile
from workbench.text import visible

Told = tuple[str, tuple[Vector, ...]]
"""What is done, in words, and by which commands."""


def change(operation: StagedRoot | StagedRootFile | StagedAct, begun: Sequence[Intent], notes: list[str]) -> Change:
    """What it comes to. ``begun`` are its intents; what stays as it is, and why, is added to ``notes``.

    Raises Refused where it cannot be looked at.
    """
    # That sudo lets us act is seen before anything else.
    first: tuple[Vector, ...] = (commands.digests(operation.real),)
    if isinstance(operation, StagedRoot):
        said, vectors = _policy_file(operation, len(begun), notes)
    elif isinstance(operation, StagedRootFile):
        said, vectors = _file(operation, begun, notes)
    else:
        said, vectors = root_acts.putting_back(operation)
        first = ((commands.program("true"),),) if operation.parts else ()
    return Change(visible(operation.real), visible(said), commands=tuple(map(commands.as_run, (*first, *vectors))))


def _policy_file(operation: StagedRoot, begun: int, notes: list[str]) -> Told:
    file, kept, staged = operation.real, commands.backup_of(operation), commands.staged_path(operation)
    shown, spare = visible(file), commands.spare_path(operation)
    away, looks = commands.remove(staged, spare), commands.digests(file, kept)
    last = commands.remove(staged, spare, root_timer.armed_file(operation))
    first = (*(away,) * begun, looks)
    now = digests(file, kept)
    if now.get(file) == operation.before.sha256:
        return f"{shown} is as it was; remove what was staged beside it", (*first, last)
    if now.get(file) != operation.after:
        notes.append(f"{shown} was changed by another program since; the old one is kept as {kept} (root's)")
    elif now.get(kept) != operation.before.sha256:
        notes.append(f"the backup {kept} is not there, or is not what was kept")
    else:
        moved = (commands.move(staged, file), commands.flush(file, os.path.dirname(file)))
        back = (commands.copy(kept, staged), commands.flush(staged), commands.digests(staged), *moved)
        said = f"bring back {shown} byte for byte as it was, from {kept}, which only root reaches"
        return said, (*first, *back, last, away)
    return f"leave {shown} as it is; remove what was staged beside it", first


def _file(operation: StagedRootFile, begun: Sequence[Intent], notes: list[str]) -> Told:
    consumer, path, shown = require_place(operation.wanted), operation.real, visible(operation.real)
    kept = commands.backup_of(operation)
    vectors = [each for intent in begun for each in _cleared(operation, intent)]
    vectors.append(commands.digests(path, kept))
    now = digests(path, kept)
    changed = now.get(path, "") == operation.after
    if not changed and now.get(path, "") != operation.before.sha256:
        notes.append(f"{shown} was changed by another program since; it is left as it is")
        return f"leave {shown} as it is; remove what was staged beside it", tuple(vectors)
    said = f"{shown} is as it was; remove what was staged beside it"
    back = Intent(0, commands.staged_name(operation if operation.after else _again(operation)), back=True)
    if changed and operation.after and not operation.comes and now.get(kept) != operation.before.sha256:
        notes.append(f"the backup {kept} is not there, or is not what was kept")
        vectors += _cleared(operation, back)
        return f"leave {shown} as it is; remove what was staged beside it", tuple(vectors)
    if changed:
        said, steps = _brought_back(operation, consumer)
        vectors += steps
    vectors.append(commands.remove(commands.staged_path(operation)))
    if operation.comes:
        vectors += _folders(operation)
    begun_at_all = changed or operation.comes or now.get(kept) == operation.before.sha256
    told = _told_of(operation, consumer, changed) if begun_at_all else []
    if told:
        said += "; then what reads it is told"
    vectors += told
    if changed:
        vectors += _cleared(operation, back)
    return said, tuple(vectors)


def _brought_back(operation: StagedRootFile, consumer: Consumer) -> tuple[str, list[Vector]]:
    path, shown, backup = operation.real, visible(operation.real), commands.backup_of(operation)
    aside = commands.staged_path(operation)
    if operation.comes:
        folders = _folders(operation)
        gone = [commands.digests(path), commands.move(path, aside), commands.digests(aside), commands.remove(aside)]
        gone += folders if operation.folders else [commands.flush(os.path.dirname(path))]
        above = "".join(f", and {visible(each)} if it is empty" for each in reversed(operation.folders))
        return f"remove {shown}, which the repair made{above}", gone
    said = f"bring back {shown} byte for byte as it was, from {backup}, which only root reaches"
    if not operation.after:
        again = _again(operation)
        return said, [*staging(again, consumer), *publishing(again)]
    back = [commands.copy(backup, aside), commands.flush(aside), commands.digests(aside)]
    return said, [*back, commands.move(aside, path), commands.flush(path, os.path.dirname(path))]


def _again(operation: StagedRootFile) -> StagedRootFile:
    """What makes a file again that an undo took away, from the copy of root's."""
    missing = tuple(folder for folder in operation.folders if not os.path.isdir(folder))
    kept = commands.backup_of(operation)
    return replace(operation, before=ABSENT, after=operation.before.sha256, folders=missing, source=kept)


def _told_of(operation: StagedRootFile, consumer: Consumer, changed: bool) -> list[Vector]:
    undoes = consumer.activates if operation.brings_back else consumer.deactivates
    if consumer.rolls_back is not None:
        was_ours = changed and not operation.brings_back
        undoes = consumer.rolls_back if was_ours or consumer.has_failed(operation.wanted) else undoes
    return list(undoes(operation.wanted))


def _cleared(operation: StagedRootFile, intent: Intent) -> list[Vector]:
    staged = f"{os.path.dirname(operation.real)}/{intent.temporary}"
    removed = [commands.remove(staged)]
    if intent.back if operation.comes else not operation.after and not intent.back:
        removed.insert(0, commands.digests(staged))
    return [*removed, *(_folders(operation) if operation.comes else ())]


def _folders(operation: StagedRootFile) -> list[Vector]:
    return [commands.without_folder(folder) for folder in reversed(operation.folders) if os.path.isdir(folder)]
