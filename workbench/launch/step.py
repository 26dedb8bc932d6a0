"""What taking one wrapper off a command line gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.launch.words import Word
from workbench.model.launch import ContainerOptions
from workbench.model.record import record


@record
class Mount:
    """What a path inside of a sandbox is on the host. ``host`` is None where it is nothing of the host."""

    inside: str
    host: Word | None


@record
class Step:
    """One wrapper taken off. ``rest`` is the command line that is left, empty when it names no program.

    ``mounts`` are what a sandbox shows of the host, in the order they are made, None when it shows the host as it is.
    ``contained``: the rest runs from an image, and its paths are not the host's. ``named`` is the word that names the
    account, None where none does. ``environment`` are the names of the variables that are set or passed on, and
    ``directory`` is the folder that is changed into. ``container`` is what ``docker run`` is told.
    """

    name: str
    rest: tuple[Word, ...]
    sandbox: str = ""
    account: str = ""
    image: Word | None = None
    mounts: tuple[Mount, ...] | None = None
    contained: bool = False
    understood: bool = True
    named: Word | None = None
    environment: tuple[Word, ...] = ()
    directory: Word | None = None
    container: ContainerOptions | None = None


Unwrap = Callable[[Sequence[Word]], Step | None]
"""Takes the words from the wrapper's name on. None: in this form it wraps nothing and is the program itself."""
