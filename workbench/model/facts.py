"""Facts that every collector shares: what could not be read, files and their rights, secrets without their value."""

from __future__ import annotations

from typing import Literal

from workbench.model.record import record

SectionStatus = Literal["complete", "partial", "failed", "not applicable"]


@record
class Unread:
    """Something that could not be looked at.

    ``facet`` names the part of the section that is missing (such as ``content`` or ``environment``): a check that
    declares the need ``section:facet`` is told of it as "not assessed".
    """

    facet: str
    what: str
    why: str
    unlock: str = ""


@record
class SectionState:
    """How the gathering of one section went. ``seconds`` is wall time."""

    status: SectionStatus
    reason: str = ""
    unlock: str = ""
    seconds: float = 0.0
    unread: tuple[Unread, ...] = ()


@record
class AclEntry:
    """A named entry of a POSIX access control list. ``permissions`` are rwx bits (4, 2, 1) with the mask applied."""

    tag: Literal["user", "group"]
    id: int
    permissions: int


@record
class Acl:
    """The extended part of a POSIX ACL. With one, the group bits of the mode are the mask, not the group's rights."""

    owning_group: int
    entries: tuple[AclEntry, ...]


@record
class FileFact:
    """One file, directory, socket or link as ``lstat`` saw it.

    ``path`` is safe to show; ``exact`` is false when the real name holds characters that were made visible, so that
    the shown path is not the one to open. ``mode`` are the permission bits (0o7777). ``modified`` is Unix seconds.
    """

    path: str
    kind: Literal["file", "directory", "socket", "fifo", "link", "device"]
    mode: int
    uid: int
    gid: int
    device: int
    inode: int
    links: int = 1
    size: int = 0
    modified: float = 0.0
    acl: Acl | None = None
    exact: bool = True
    target: str = ""


@record
class PathFact:
    """A path and everything on the way: ``directories`` from ``/`` down, in the order the kernel searches them, and
    the symbolic links it follows. ``file`` is what the path finally names.
    """

    asked: str
    file: FileFact
    directories: tuple[FileFact, ...]
    links: tuple[FileFact, ...] = ()


@record
class SecretFact:
    """A secret without its value. ``place`` says where it stands (``env.GITHUB_TOKEN``, ``args[3]``, ``url``).

    ``fingerprint`` is keyed with a random key of this run: equal secrets of one snapshot have equal fingerprints.
    """

    kind: str
    place: str
    length: int
    fingerprint: str


@record
class EnvironmentEntry:
    """A variable by name. The value never leaves the collector."""

    name: str
    secret: SecretFact | None = None


@record
class Account:
    """A local account. ``groups`` holds every group id, the primary one included."""

    uid: int
    name: str
    gid: int
    groups: tuple[int, ...]
    home: str = ""
    shell: str = ""


@record
class AccountFacts:
    """The local accounts and groups (``names`` by group id)."""

    state: SectionState
    accounts: tuple[Account, ...] = ()
    groups: tuple[tuple[int, str], ...] = ()


@record
class HostFacts:
    """The machine and the account that looks at it. ``platform`` is ``linux``, ``darwin`` or ``win32``."""

    platform: str
    release: str
    uid: int
    user: str
    home: str
    init: str = ""
