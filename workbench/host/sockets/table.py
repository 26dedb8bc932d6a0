"""Listening unix sockets from ``net/unix`` of /proc: for other network namespaces, and where diagnosis is refused."""

from __future__ import annotations

import re
from collections import Counter

from workbench.host.files import read_bounded
from workbench.host.sockets.diag import Listening

_LIMIT = 64 * 1024 * 1024
_LISTENING = 0x10000
_LINE = re.compile(
    rb"^[0-9a-f]+: [0-9A-F]{8} [0-9A-F]{8} (?P<flags>[0-9A-F]{8}) [0-9A-F]{4} [0-9A-F]{2} "
    rb" *(?P<inode>\d+) (?P<name>.+)$",
    re.M,
)


def listening_in(path: str) -> tuple[Listening, ...]:
    """The named listening sockets of one ``net/unix`` file. Raises CannotLook.

    A name is written there as it is, line breaks too, so that one socket can pass for two. An inode that stands there
    twice is therefore left out: it cannot be told which line is the kernel's.
    """
    matches = list(_LINE.finditer(read_bounded(path, _LIMIT)))
    times = Counter(match["inode"] for match in matches)
    return tuple(
        Listening(int(match["inode"]), _name(match["name"]))
        for match in matches
        if int(match["flags"], 16) & _LISTENING and times[match["inode"]] == 1
    )


def _name(shown: bytes) -> bytes:
    # The NUL that starts an abstract name, and those that pad it, are written as "@".
    return b"\0" + shown[1:].rstrip(b"@") if shown.startswith(b"@") else shown
