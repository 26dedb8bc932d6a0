"""Every command that makes, changes or takes away a file of root's, for the preview and for the repair alike."""

from __future__ import annotations

import os

from workbench.host.privileged import Vector
from workbench.repair import root_commands as commands
from workbench.repair.consumer import Consumer
from workbench.repair.root_consumers import require_place
from workbench.repair.staged import StagedRootFile


def listed(operation: StagedRootFile) -> tuple[Vector, ...]:
    """Every command that carries the operation out, in order and as it is run, where nothing goes wrong."""
    consumer, path, staged = require_place(operation.wanted), operation.real, commands.staged_path(operation)
    folder = os.path.dirname(path)
    if not operation.after:
        vectors: tuple[Vector, ...] = (
            commands.status(path),
            commands.digests(path),
            *keeping(operation),
            commands.digests(path),
            commands.move(path, staged),
            commands.digests(staged),
            commands.remove(staged),
            *map(commands.without_folder, reversed(operation.folders)),
            *((commands.flush(folder),) if not operation.folders else ()),
        )
    else:
        proves = () if operation.source else consumer.looks("proves")
        vectors = (*proves, *staging(operation, consumer), *publishing(operation))
    last = consumer.deactivates if operation.brings_back else consumer.activates
    vectors = (*consumer.looks("known"), *vectors, *last(operation.wanted), *consumer.looks("comes up"))
    return tuple(map(commands.as_run, (*vectors, commands.digests(path))))


def staging(operation: StagedRootFile, consumer: Consumer) -> tuple[Vector, ...]:
    """What puts the new bytes beside the file, and has them accepted."""
    path, staged = operation.real, commands.staged_path(operation)
    accepts = (*consumer.accepts(staged), commands.digests(staged), commands.flush(staged))
    if operation.comes:
        folders = tuple(map(commands.folder, operation.folders))
        if operation.source:
            return (*folders, commands.copy(operation.source, staged), *accepts)
        return (*folders, commands.empty(staged, consumer.mode), commands.fill(staged), *accepts)
    return (
        commands.status(path),
        *keeping(operation),
        commands.copy(operation.source or path, staged),
        *(() if operation.source else (commands.fill(staged),)),
        *accepts,
        commands.digests(path),
    )


def keeping(operation: StagedRootFile) -> tuple[Vector, ...]:
    """What keeps the file as it is where only root reaches it."""
    kept = commands.backup_of(operation)
    return (
        commands.backup_folder(),
        commands.copy(operation.real, kept),
        commands.flush(kept, commands.BACKUPS),
        commands.digests(operation.real, kept),
    )


def publishing(operation: StagedRootFile) -> tuple[Vector, ...]:
    """What gives the staged file its name: in one step, and never in the place of another."""
    path, staged = operation.real, commands.staged_path(operation)
    flushed = commands.flush(path, os.path.dirname(path))
    if operation.comes:
        return (commands.name_new(staged, path), commands.remove(staged), flushed)
    return (commands.move(staged, path), flushed)
