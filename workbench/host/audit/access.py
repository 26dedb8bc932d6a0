"""How the audit system is asked: as oneself, or through sudo when the person agreed to that."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import Protocol

from workbench.host.command import Output, find_program, run
from workbench.host.files import CannotLook, read_bounded
from workbench.host.privileged import Privileged

FILE_LIMIT = 1024 * 1024
FILES_LIMIT = 200
_DEADLINE = 6.0


class Access(Protocol):
    """Runs the audit system's own tools and reads its rules files."""

    def run(self, program: str, *arguments: str) -> Output | None:
        """What a tool printed; None where it was not run yet. Raises CannotLook."""

    def files(self, folder: str) -> Mapping[str, bytes] | None:
        """Every ``*.rules`` of the folder and of its ``rules.d``, by path; None where they were not read yet."""


class AsOneself:
    """With the rights that the workbench has. ``deadline`` is seconds for each program."""

    def __init__(self, deadline: float = _DEADLINE) -> None:
        self._deadline = deadline

    def run(self, program: str, *arguments: str) -> Output:
        """See Access."""
        return run((find_program(program), *arguments), self._deadline)

    def files(self, folder: str) -> Mapping[str, bytes]:
        """See Access."""
        found: dict[str, bytes] = {}
        for place in (folder, f"{folder}/rules.d"):
            try:
                names = sorted(name for name in os.listdir(place) if name.endswith(".rules"))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise CannotLook(f"{place} cannot be listed: {error.strerror}", "run the scan as root") from error
            if len(names) > FILES_LIMIT:
                raise CannotLook(f"{place} holds more than {FILES_LIMIT} rules files")
            for name in names:
                found[f"{place}/{name}"] = read_bounded(f"{place}/{name}", FILE_LIMIT)
        return found


class AsRoot:
    """Through sudo. Every command is known before the first is run, so that all are shown and agreed to at once."""

    def __init__(self, privileged: Privileged) -> None:
        self._privileged = privileged

    def run(self, program: str, *arguments: str) -> Output | None:
        """See Access."""
        return self._privileged.run(program, *arguments)

    def files(self, folder: str) -> Mapping[str, bytes] | None:
        """The whole folder as one archive."""
        archive = self._privileged.run("tar", "-c", "-P", "-f", "-", "--", folder)
        if archive is None:
            return None
        if not archive.out:
            raise CannotLook(f"{folder} could not be read as root either")
        return _unpacked(archive.out.encode("utf-8", "surrogateescape"))


def _unpacked(archive: bytes) -> dict[str, bytes]:
    import tarfile

    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as members:
            for member in members:
                if member.isreg() and member.name.endswith(".rules") and member.size <= FILE_LIMIT:
                    content = members.extractfile(member)
                    found[member.name] = content.read() if content is not None else b""
    except (tarfile.TarError, OSError):
        pass  # an archive that was cut off gives what came before the cut
    return found
