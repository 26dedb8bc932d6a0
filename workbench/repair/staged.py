"""What exactly will be done to each file, and what the file must still be when it is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.model.acts import Act
from workbench.model.operations import (
    EditRootFile,
    FileEdit,
    KeepSecret,
    OwnDropIn,
    RepairOwnUnit,
    ReplaceSecret,
    RestoreValue,
    RootFile,
    TrialStart,
)
from workbench.model.recreation import RecreateContainer
from workbench.repair.fingerprint import Fingerprint


@dataclass(frozen=True, slots=True)
class StagedWrite:
    """New bytes for a file. ``path`` is as the plan names it, ``real`` with links resolved. The bytes are elsewhere.

    ``left`` has for each edit the digest of what stands at its place afterwards ("" for nothing, or where the edit
    names it itself): by it is known what somebody else put there since, and no value need be written down.

    With ``of_unit`` the file is one of a unit of the account's own manager, which is told of it; ``brings_back`` is
    whether the old bytes come back then.
    """

    path: str
    real: str
    before: Fingerprint
    after: str
    edits: tuple[FileEdit, ...] = ()
    left: tuple[str, ...] = ()
    of_unit: RepairOwnUnit | None = None
    brings_back: bool = False


@dataclass(frozen=True, slots=True)
class StagedMode:
    """New permission bits for a file, a directory or a socket."""

    path: str
    real: str
    before: Fingerprint
    mode: int


@dataclass(frozen=True, slots=True)
class StagedRoot:
    """New bytes for a file of root's. They come through our own pipe, or from ``source``, a backup that is root's.

    ``strict`` is whether the parser of the file is asked to be strict, which the file as it was has to bear.
    """

    path: str
    real: str
    before: Fingerprint
    after: str
    edit: EditRootFile
    source: str = ""
    strict: bool = False


@dataclass(frozen=True, slots=True)
class StagedRootFile:
    """A file of root's that comes to be, that goes, or that gets new bytes, and whose reader is told of it.

    It comes where ``before`` is of the kind ``absent``; ``after`` is the digest of its bytes, "" where it goes.
    ``folders`` are those that come or go with it, outermost first. The bytes come through our own pipe, or from
    ``source``, a backup that is root's.
    """

    path: str
    real: str
    before: Fingerprint
    after: str
    wanted: RootFile
    folders: tuple[str, ...] = ()
    source: str = ""

    @property
    def comes(self) -> bool:
        """Whether it is made anew."""
        return self.before.kind == "absent"

    @property
    def brings_back(self) -> bool:
        """Whether it undoes: it takes away what was made, or puts the old bytes back."""
        return not self.after or (bool(self.source) and not self.comes)


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file that comes to be, or that goes. It comes where ``before`` is of the kind ``absent``; ``after`` is then the
    digest of its bytes, and "" where it goes.

    ``mode``, ``uid`` and ``gid`` are those of the file. ``folders`` are the folders that come or go with it, outermost
    first; one that holds anything else stays. ``secret`` says that it holds one, and so will the backup of it. With
    ``drop_in`` systemd is told of it.
    """

    path: str
    real: str
    before: Fingerprint
    after: str
    mode: int
    uid: int
    gid: int
    folders: tuple[str, ...] = ()
    secret: bool = False
    drop_in: OwnDropIn | None = None

    @property
    def comes(self) -> bool:
        """Whether it is made, rather than taken away."""
        return self.before.kind == "absent"


@dataclass(frozen=True, slots=True)
class StagedTrial:
    """A server that is started once. ``folders`` are those that come with it, outermost first, none where they are
    there already; ``uid`` and ``gid`` are the account that it is started as, that of its configuration. ``read`` is the
    digest of that configuration as it was shown: nothing else that may stand there is ever started.

    Of a server in a container ``edits`` are what the plan makes of its configuration, with which it is started, and
    ``engine`` are the words that ask the engine that has the container.
    """

    path: str
    real: str
    before: Fingerprint
    trial: TrialStart
    folders: tuple[str, ...]
    uid: int
    gid: int
    read: str
    edits: tuple[FileEdit, ...] = ()
    engine: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StagedAct:
    """Something that comes to be on the system, or goes, by commands of root's, and is no file.

    ``parts`` are what of it is not there yet, or what goes: audit rules, an account, folders outermost first; none for
    what leaves nothing behind. ``comes`` is whether it is made, rather than taken away.
    """

    path: str
    real: str
    before: Fingerprint
    wanted: Act
    parts: tuple[str, ...]
    comes: bool = True


@dataclass(frozen=True, slots=True)
class StagedContainer:
    """A container that is made anew, or the old one of it that comes back. Nothing that it was given is told here.

    ``image`` is the id of its image, ``reference`` the name by which the engine is asked for that. ``restart`` and
    ``retries`` are the restart policy of the old one, which it has only while it is not kept. ``state`` is the digest
    of what can change of it, as it was shown. ``comes`` is whether a new one is made.
    """

    path: str
    real: str
    before: Fingerprint
    wanted: RecreateContainer
    image: str
    reference: str
    restart: str
    retries: int
    state: str
    comes: bool = True


Staged = StagedWrite | StagedMode | StagedRoot | StagedRootFile | StagedFile | StagedTrial | StagedAct | StagedContainer


def moves_secrets(operations: Iterable[Staged]) -> bool:
    """Whether a run of these operations moves secrets, so that each of its backups holds them."""
    return any(
        operation.secret
        if isinstance(operation, StagedFile)
        else isinstance(operation, StagedWrite) and operation.of_unit is None and _moves(operation)
        for operation in operations
    )


def _moves(operation: StagedWrite) -> bool:
    return not operation.edits or any(map(_is_of_secret, operation.edits))


def _is_of_secret(edit: FileEdit) -> bool:
    return isinstance(edit.undoes if isinstance(edit, RestoreValue) else edit, KeepSecret | ReplaceSecret)


@dataclass(frozen=True, slots=True)
class Intent:
    """An operation that was begun, or begun to be put back, and the name of its staged file ("" for none)."""

    operation: int
    temporary: str
    back: bool = False
