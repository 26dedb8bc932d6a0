"""Listening TCP sockets from ``net/tcp`` and ``net/tcp6`` of /proc."""

from __future__ import annotations

import socket
import struct
import sys
from typing import NamedTuple

from workbench.host.files import read_bounded

_LIMIT = 64 * 1024 * 1024
_LISTEN = b"0A"
_MAPPED = bytes(10) + b"\xff\xff"
_NATIVE = "<" if sys.byteorder == "little" else ">"


class ListeningPort(NamedTuple):
    """One listening socket. ``address`` is numeric; an IPv4 address in IPv6 clothes is told as what it is."""

    address: str
    port: int
    inode: int
    uid: int


def ports_in(path: str) -> tuple[ListeningPort, ...]:
    """The listening sockets of one ``net/tcp`` or ``net/tcp6`` file. Raises CannotLook."""
    found = []
    for line in read_bounded(path, _LIMIT).splitlines()[1:]:
        fields = line.split()
        if len(fields) < 10 or fields[3] != _LISTEN:
            continue
        try:
            address, _, port = fields[1].partition(b":")
            found.append(ListeningPort(_address(address), int(port, 16), int(fields[9]), int(fields[7])))
        except (ValueError, struct.error):
            continue
    return tuple(found)


def is_loopback(address: str) -> bool:
    """Whether only this host reaches this address."""
    return address == "::1" or ("." in address and address.startswith("127."))


def _address(text: bytes) -> str:
    # The kernel prints the address as numbers of 32 bits in the machine's own order.
    raw = bytes.fromhex(text.decode("ascii"))
    words = struct.unpack(f">{len(raw) // 4}I", raw)
    packed = struct.pack(f"{_NATIVE}{len(words)}I", *words)
    packed = packed.removeprefix(_MAPPED)
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)
