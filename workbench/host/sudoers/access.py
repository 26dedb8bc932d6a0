"""How the policy is read: as oneself, or through sudo when the person agreed to that."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from workbench.host.command import Output, find_program, run
from workbench.host.files import CannotLook, file_fact, read_bounded
from workbench.host.privileged import Privileged
from workbench.model.facts import FileFact
from workbench.text import is_visible, visible

if TYPE_CHECKING:
    from tarfile import TarInfo

FILE_LIMIT = 1024 * 1024
_DEADLINE = 3.0


class Access(Protocol):
    """Runs sudo's own tools and reads the files of the policy. ``as_root`` tells whether through sudo."""

    as_root: bool

    def run(self, program: str, *arguments: str) -> Output | None:
        """What a tool printed; None where it was not run yet. Raises CannotLook."""

    def files(self, paths: Sequence[str]) -> list[tuple[FileFact, bytes]] | None:
        """The files with their content; None where they were not read yet. What cannot be read is left out.

        Files that were not asked for may be among them, and the folders they stand in (with no content).
        """


class AsOneself:
    """With the rights that the workbench has."""

    as_root = False

    def run(self, program: str, *arguments: str) -> Output:
        """See Access."""
        return run((find_program(program), *arguments), _DEADLINE)

    def files(self, paths: Sequence[str]) -> list[tuple[FileFact, bytes]]:
        """See Access."""
        found = []
        for path in paths:
            try:
                found.append((file_fact(path), read_bounded(path, FILE_LIMIT)))
            except CannotLook:
                continue
        return found


class AsRoot:
    """Through sudo. Every command is known before the first is run, so that all are shown and agreed to at once."""

    as_root = True

    def __init__(self, privileged: Privileged) -> None:
        self._privileged = privileged

    def run(self, program: str, *arguments: str) -> Output | None:
        """See Access."""
        return self._privileged.run(program, *arguments)

    def files(self, paths: Sequence[str]) -> list[tuple[FileFact, bytes]] | None:
        """The main file and the folder beside it that it usually includes, as one archive."""
        archive = self._privileged.run("tar", "-c", "-P", "-f", "-", "--", paths[0], f"{paths[0]}.d")
        if archive is None:
            return None
        return unpacked(archive.out.encode("utf-8", "surrogateescape"))


def unpacked(archive: bytes) -> list[tuple[FileFact, bytes]]:
    """The members of an archive of tar, and their content; what it breaks off is left out."""
    import tarfile

    found = []
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as members:
            for member in members:
                content = members.extractfile(member) if member.isreg() and member.size <= FILE_LIMIT else None
                found.append((_fact(member), content.read() if content is not None else b""))
    except (tarfile.TarError, OSError):
        pass  # an archive that was cut off gives what came before the cut
    return found


def _fact(member: TarInfo) -> FileFact:
    return FileFact(
        path=visible(member.name),
        kind=_kind(member),
        mode=member.mode & 0o7777,
        uid=member.uid,
        gid=member.gid,
        device=0,
        inode=0,
        size=member.size,
        modified=float(member.mtime),
        exact=is_visible(member.name),
    )


def _kind(member: TarInfo) -> Literal["file", "directory", "link", "device"]:
    if member.isdir():
        return "directory"
    if member.issym():
        return "link"
    # A second name of a file that is in the archive already has a type of its own.
    return "file" if member.isreg() or member.islnk() else "device"
