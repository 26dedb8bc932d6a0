"""Which operations a journal can hold at all: it is the person's, and who writes it must not come to choose more."""

from __future__ import annotations

import os
import re

from workbench.model.operations import CreateRootFile
from workbench.repair import own_units, recreating, root_commands
from workbench.repair.publish import sha256
from workbench.repair.root_acts import sound as is_sound_act
from workbench.repair.root_commands import is_policy_file
from workbench.repair.root_consumers import consumer_of, is_place_of
from workbench.repair.staged import (
    Staged,
    StagedAct,
    StagedContainer,
    StagedFile,
    StagedMode,
    StagedRoot,
    StagedRootFile,
    StagedTrial,
    StagedWrite,
)

_KEPT = re.compile(r"[0-9a-f]{32}")


def sound(operation: Staged) -> bool:
    """Whether a journal that says this can be ours: nothing else is ever done by it, whoever wrote it."""
    modes = [operation.before.mode, *([operation.mode] if isinstance(operation, StagedMode | StagedFile) else [])]
    if isinstance(operation, StagedRoot) and not is_policy_file(operation.real):
        return False
    if isinstance(operation, StagedAct) and not is_sound_act(operation):
        return False
    if isinstance(operation, StagedContainer) and not recreating.sound(operation):
        return False
    if isinstance(operation, StagedRootFile) and not _is_of_roots(operation):
        return False
    if isinstance(operation, StagedFile) and operation.drop_in is not None and not own_units.sound(operation.drop_in):
        return False
    if isinstance(operation, StagedWrite) and operation.of_unit is not None and not own_units.sound(operation.of_unit):
        return False
    if isinstance(operation, StagedTrial) and operation.folders[-1:] not in ((), (operation.trial.kept,)):
        return False
    if isinstance(operation, StagedTrial) and operation.engine and not _asks_an_engine(operation.engine):
        return False
    folders = operation.folders if isinstance(operation, StagedFile | StagedRootFile) else ()
    if not all(operation.real.startswith(f"{folder}/") for folder in folders):
        return False
    names = [os.fsencode(path) for path in (operation.path, operation.real, *folders, *_of_trial(operation))]
    plain = all(name.startswith(b"/") and b"\0" not in name and os.path.normpath(name) == name for name in names)
    return plain and all(0 <= mode <= 0o7777 for mode in modes)


def _is_of_roots(operation: StagedRootFile) -> bool:
    """Whether it makes or takes away exactly the file of its plan, or brings the old bytes of one back."""
    wanted = operation.wanted
    if not is_place_of(operation.real, wanted):
        return False
    own = (os.path.dirname(operation.real),) if consumer_of(wanted).makes_folder else ()
    if operation.folders not in ((), own):
        return False
    folder, _, name = operation.source.rpartition("/")
    if operation.source and (folder != root_commands.BACKUPS or not _KEPT.fullmatch(name)):
        return False
    if not isinstance(wanted, CreateRootFile):
        return not operation.comes and bool(operation.after) and not operation.folders
    made = sha256(wanted.content.encode())
    return (operation.before.sha256, operation.after) == (("", made) if operation.comes else (made, ""))


def _asks_an_engine(engine: tuple[str, ...]) -> bool:
    return engine[0].rpartition("/")[2] in ("docker", "podman") and not any("\0" in word for word in engine)


def _of_trial(operation: Staged) -> tuple[str, ...]:
    return operation.folders if isinstance(operation, StagedTrial) else ()
