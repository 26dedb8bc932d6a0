"""What exactly will be done to each file, and what the file must still be when it is done."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.model.plan import EditRootFile, FileEdit
from workbench.repair.fingerprint import Fingerprint


@dataclass(frozen=True, slots=True)
class StagedWrite:
    """New bytes for a file. ``path`` is as the plan names it, ``real`` with links resolved. The bytes are elsewhere.

    ``left`` has for each edit the digest of what stands at its place afterwards ("" for nothing, or where the edit
    names it itself): by it is known what somebody else put there since, and no value need be written down.
    """

    path: str
    real: str
    before: Fingerprint
    after: str
    edits: tuple[FileEdit, ...] = ()
    left: tuple[str, ...] = ()


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


Staged = StagedWrite | StagedMode | StagedRoot


@dataclass(frozen=True, slots=True)
class Intent:
    """An operation that was begun, or begun to be put back, and the name of its staged file ("" for none)."""

    operation: int
    temporary: str
    back: bool = False
