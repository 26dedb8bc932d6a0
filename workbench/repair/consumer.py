"""The reader of a kind of file of root's. The vectors are run as root, exactly as they are shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from workbench.host.privileged import Vector
from workbench.model.operations import RootFile

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Consumer:
    """The reader of a kind of file.

    ``places`` matches the whole path of each file that may be made or changed, ``mode`` is that of a new one, and with
    ``makes_folder`` its folder is made where it is missing. The name of a staged file (``.NAME.….workbench``, beside
    the real one) must be one that the reader passes over.

    ``accepts`` are commands that must all end with 0 on the staged copy, given its path, before it is published.
    ``proves`` is given the new bytes, asks the reader's own parser without root, says in words what it found, and
    raises Refused; it is asked when the plan is worked out and again right before the file is published.

    ``activates`` make the reader take the file up, ``deactivates`` let go of it once an undo took it away or brought
    it back. ``rolls_back`` is what comes after either was tried and all is as it was, also where it was so already;
    without it that is ``deactivates``, or for an undo ``activates``. All of them must bear to be run twice.

    ``known`` is noted before anything is changed (True: by the repair, False: by its undo), and may raise Refused. It
    is given to ``comes_up``, which raises Refused where what reads the file does not do its work any more: after each
    of the above, after ``rolls_back`` with "".

    ``restarts_own`` is whether all that an operation restarts is what reads its file, and nothing else of the system's.
    ``has_failed`` is whether that ran once and does not now: only then, or where a repair of ours was just taken from
    it, ``rolls_back`` may start it.

    ``looks`` are the commands that ``known``, ``proves`` and ``comes up`` (one of these words) run as root to look at
    the system: they are shown with the others.
    """

    name: str
    places: re.Pattern[str]
    activates: Callable[[RootFile], tuple[Vector, ...]]
    deactivates: Callable[[RootFile], tuple[Vector, ...]]
    rolls_back: Callable[[RootFile], tuple[Vector, ...]] | None = None
    restarts_own: Callable[[RootFile], bool] = lambda _: True
    has_failed: Callable[[RootFile], bool] = lambda _: True
    mode: int = 0o644
    makes_folder: bool = False
    accepts: Callable[[str], tuple[Vector, ...]] = lambda _: ()
    proves: Callable[[RootFile, bytes], str] = lambda _, __: ""
    known: Callable[[RootFile, bool], str] = lambda _, __: ""
    comes_up: Callable[[RootFile, str, Tell], None] = lambda _, __, ___: None
    looks: Callable[[str], tuple[Vector, ...]] = lambda _: ()
