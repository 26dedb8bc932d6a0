"""How a server is started, understood from its argument vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Ecosystem = Literal["npm", "pypi"]
Pin = Literal["exact", "range", "tag", "none", "source"]


@dataclass(frozen=True, slots=True)
class PackageSpec:
    """A package named in a launch. ``argument`` is its index in the argument vector, or None when it stands inside a
    longer string (``sh -c "npx -y x"``) and cannot be edited as one value. ``version`` is the text after the name.
    """

    ecosystem: Ecosystem
    name: str
    version: str
    pin: Pin
    runner: str
    text: str
    argument: int | None = None


@dataclass(frozen=True, slots=True)
class RootArgument:
    """A directory that a file server is given. ``path`` is absolute, with ``~`` and links resolved on this host."""

    text: str
    path: str
    argument: int


@dataclass(frozen=True, slots=True)
class Launch:
    """What an argument vector starts once every wrapper is taken off.

    ``wrappers`` are the names taken off, outermost first (``sudo``, ``env``, ``sh``, ``bwrap``, ``docker run`` …);
    ``sandbox`` is the wrapper that confines it, or ""; ``account`` is the user of this host it is switched to, or "".
    ``program`` is the last program named; ``understood`` is false where a wrapper's options were not known.
    ``script`` is the file or module that an interpreter is given, or "".
    """

    program: str
    arguments: tuple[str, ...] = ()
    wrappers: tuple[str, ...] = ()
    sandbox: str = ""
    account: str = ""
    image: str = ""
    package: PackageSpec | None = None
    roots: tuple[RootArgument, ...] = ()
    understood: bool = True
    script: str = ""
