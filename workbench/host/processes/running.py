"""Which client applications run: those that keep their config in memory, and may write it again from there."""

from __future__ import annotations

import re
from collections.abc import Mapping

from workbench.host.processes.chains import CLIENT_NAMES, CLIENT_PACKAGES
from workbench.host.processes.table import Gone, Hidden, Table

_LIMIT = 100
_PACKAGE = re.compile("|".join(re.escape(f"/{package}/") for package in CLIENT_PACKAGES).encode())
_INTERPRETERS = (b"node", b"nodejs", b"bun", b"deno")
_NAMES = {name.encode(): client for name, client in CLIENT_NAMES.items()}


def clients(table: Table, commands: Mapping[int, bytes]) -> tuple[tuple[str, int], ...]:
    """The applications that run, each with the account it runs as, known by the program or package they are."""
    found: set[tuple[str, int]] = set()
    for pid, command in commands.items():
        client = _client(command)
        if not client:
            continue
        try:
            found.add((client, table.uids(pid)[1]))
        except (Gone, Hidden):
            continue
        if len(found) >= _LIMIT:
            break
    return tuple(sorted(found))


def _client(command: bytes) -> str:
    # A title that the program wrote over its command line has blanks in the place of NUL.
    first = command.partition(b"\0")[0]
    names = (re.split(rb"[/\\]", first)[-1], re.split(rb"[/\\]", first.partition(b" ")[0])[-1])
    for name in names:
        known = _NAMES.get(name.lower().removesuffix(b".exe"))
        if known:
            return known
    if names[0].rstrip(b".0123456789") not in _INTERPRETERS:
        return ""
    package = _PACKAGE.search(command[:4096])
    return CLIENT_PACKAGES[package[0][1:-1].decode()] if package is not None else ""
