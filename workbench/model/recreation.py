"""What a plan says of a running container that is made anew with other settings."""

from __future__ import annotations

from typing import Literal

from workbench.model.record import record

RECREATED = "workbench.recreated"
"""The label of a container that was made anew: its value is the id of the one that it was made of, which is kept."""


@record
class RecreateContainer:
    """Make a running container anew with what it lacks, in the place of the old one, which is kept and stopped.

    ``engine`` is the socket of its Docker engine, ``container`` its id (64 hexadecimal digits), ``name`` its name. What
    holds already stays as it is. Else it runs as ``user`` (``UID:GID``), may have ``memory`` (as Docker writes it,
    ``512m``) and ``processes``, writes nothing of its image but the folders ``writable``, which are in memory, and
    without ``network`` has none. With ``take_out`` what opens it to the host goes, with ``pin`` its image is named by
    its digest. Where it has no health check of its own it must run for ``seconds``.

    Its command, variables and labels are not told here: they are read from its engine at the moment of applying.
    """

    engine: str
    container: str
    name: str
    user: str
    memory: str
    processes: int
    writable: tuple[str, ...] = ()
    network: bool = True
    take_out: bool = True
    pin: bool = False
    seconds: int = 10
    operation: Literal["recreate-container"] = "recreate-container"

    @property
    def path(self) -> str:
        """What stands for the container, which is no file."""
        return f"{self.engine}:{self.name}"
