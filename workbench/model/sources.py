"""Where the code of a server lies, and which version of it."""

from __future__ import annotations

from typing import Literal

from workbench.model.launch import Ecosystem
from workbench.model.record import record

SourceKind = Literal[
    "npx cache",
    "npm global",
    "node_modules",
    "uv cache",
    "uv tool",
    "pipx",
    "virtual environment",
    "system",
    "checkout",
    "container",
    "program",
]


@record
class SourceFact:
    """The source tree of a server.

    ``path`` is the package's folder (npm), its metadata folder (PyPI), the project's folder (a checkout) or the
    program's file. ``package`` and ``version`` are what its manifest says, "" where there is none. ``deleted`` when a
    running server's program is no longer there.
    """

    kind: SourceKind
    path: str
    ecosystem: Ecosystem | None = None
    package: str = ""
    version: str = ""
    deleted: bool = False
