"""Databases that listen on this host's loopback, by their well-known port."""

from __future__ import annotations

import re
from pathlib import Path

from workbench.host.assets.kinds import DATABASE_PORTS
from workbench.host.files import CannotLook, read_bounded
from workbench.model.assets import AssetFact

_LIMIT = 32 << 20
_LISTENS = re.compile(rb"^ *\d+: ([0-9A-F]{8,32}):([0-9A-F]{4}) [0-9A-F]+:0000 0A ", re.M)


def databases(proc: Path) -> list[AssetFact]:
    """Each known database port that something listens on, once."""
    ports: set[int] = set()
    for name in ("tcp", "tcp6"):
        try:
            ports |= {int(match[2], 16) for match in _LISTENS.finditer(read_bounded(proc / "net" / name, _LIMIT))}
        except CannotLook:
            continue
    return [AssetFact("database", f"127.0.0.1:{port}", port=port) for port in sorted(ports & DATABASE_PORTS.keys())]
