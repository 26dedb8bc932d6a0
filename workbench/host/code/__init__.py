"""Gather the code of servers: what it does with sockets, with messages, with the arguments of tools.

Nothing is run and nothing imported: files are read as text. What one file gave is remembered until it changes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from workbench.host.context import Context
from workbench.model.code import CodeFacts
from workbench.model.facts import SectionState
from workbench.model.servers import Server
from workbench.model.sources import SourceFact

ROOT_LIMIT = 200
"""Places with code that are looked through."""
NAMED_SECONDS = 60.0
"""How long code is read that somebody asked for by its path."""
_READ = ("npm", "pypi", None)
_UNTOUCHED = ("container",)


def gather(context: Context) -> CodeFacts:
    """The code of every server whose source lies on this host."""
    servers = context.found.get("servers")
    places = _places(servers.servers if servers is not None else ())
    if not places:
        return CodeFacts(SectionState("complete"))
    from workbench.host.code.looking import read_all

    return read_all(places.values())


def named(path: str) -> CodeFacts:
    """The code in a folder, or in one file, that somebody named. Raises CannotLook."""
    from workbench.host.code.looking import read_all
    from workbench.host.code.places import files_below

    asked = os.path.abspath(path)
    files_below(asked)
    return read_all([(SourceFact("program", asked), ())], time.monotonic() + NAMED_SECONDS)


def _places(servers: Iterable[Server]) -> dict[str, tuple[SourceFact, tuple[str, ...]]]:
    """Each place with code once, with the servers that run it."""
    found: dict[str, tuple[SourceFact, tuple[str, ...]]] = {}
    for server in servers:
        for source in server.sources:
            if source.kind in _UNTOUCHED or source.deleted or source.ecosystem not in _READ or not source.path:
                continue
            known = found.get(source.path)
            if known is None and len(found) >= ROOT_LIMIT:
                continue
            found[source.path] = (source, tuple(dict.fromkeys((*(known[1] if known else ()), server.key))))
    return found
