"""Every listening unix socket of this network namespace, from the kernel's socket diagnosis. It needs no privilege.

Unlike /proc/net/unix it tells the owner and the file that was really bound, and a name with a line break in it cannot
pass for two lines.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

from workbench.model.record import record

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_REQUEST_AND_DUMP = 0x001 | 0x300
_DONE, _ERROR = 3, 2
_INTERRUPTED = 0x10
_ESTABLISHED, _LISTEN = 1 << 1, 1 << 10
_SHOW_NAME, _SHOW_FILE, _SHOW_PEER, _SHOW_UID = 1, 2, 4, 64
_NAME, _FILE, _PEER, _UID = 0, 1, 2, 7
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBHIIIII")
_MESSAGE = struct.Struct("=BBBBIII")
_ATTRIBUTE = struct.Struct("=HH")
_NUMBER = struct.Struct("=I")
_FILE_OF = struct.Struct("=II")
_SECONDS = 3.0
_TRIES = 3


@record
class Listening:
    """One listening unix socket. ``name`` are its exact bytes; an abstract name starts with NUL.

    ``device`` and ``file_inode`` are of the file that was bound, 0 where the kernel does not tell. It keeps 32 bits of
    the inode.
    """

    inode: int
    name: bytes
    uid: int | None = None
    device: int = 0
    file_inode: int = 0


def listening() -> tuple[Listening, ...]:
    """Ask the kernel. Raises OSError where it does not answer (a kernel without it, or a seccomp filter)."""
    for _ in range(_TRIES):
        found, interrupted = _dump()
        if not interrupted:
            break
    return found


def peers() -> dict[int, int]:
    """The inode at the other end of every connected unix socket of this network namespace, 0 where that is closed.

    Raises OSError as ``listening`` does.
    """
    for _ in range(_TRIES):
        payloads, interrupted = _ask(_ESTABLISHED, _SHOW_PEER)
        if not interrupted:
            break
    found = {}
    for payload in payloads:
        inode = _MESSAGE.unpack_from(payload)[4]
        raw = dict(_attributes(payload)).get(_PEER)
        found[inode] = _NUMBER.unpack(raw)[0] if raw else 0
    return found


def connected_accounts() -> dict[bytes, set[int]]:
    """For each name that a socket is bound to, the uids at the other end of its connections.

    What a server accepts carries the name that the server listens on. Raises OSError as ``listening`` does.
    """
    ends: dict[int, tuple[bytes, int, int | None]] = {}
    for payload in _ask(_ESTABLISHED, _SHOW_NAME | _SHOW_PEER | _SHOW_UID)[0]:
        told = dict(_attributes(payload))
        peer = _NUMBER.unpack(told[_PEER])[0] if _PEER in told else 0
        uid = _NUMBER.unpack(told[_UID])[0] if _UID in told else None
        ends[_MESSAGE.unpack_from(payload)[4]] = (told.get(_NAME, b""), peer, uid)
    found: dict[bytes, set[int]] = {}
    for name, peer, _ in ends.values():
        other = ends.get(peer)
        if name and other is not None and other[2] is not None:
            found.setdefault(name, set()).add(other[2])
    return found


def _dump() -> tuple[tuple[Listening, ...], bool]:
    payloads, interrupted = _ask(_LISTEN, _SHOW_NAME | _SHOW_FILE | _SHOW_UID)
    return tuple(_listening(payload) for payload in payloads), interrupted


def _ask(states: int, show: int) -> tuple[list[bytes], bool]:
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        raise OSError("this system has no netlink")
    body = _REQUEST.pack(socket.AF_UNIX, 0, 0, states, 0, show, 0xFFFFFFFF, 0xFFFFFFFF)
    found: list[bytes] = []
    interrupted = False
    with socket.socket(family, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_SOCK_DIAG) as netlink:
        netlink.settimeout(_SECONDS)
        netlink.send(_HEADER.pack(_HEADER.size + len(body), _SOCK_DIAG_BY_FAMILY, _REQUEST_AND_DUMP, 1, 0) + body)
        while True:
            answer = netlink.recv(1 << 18)
            for kind, flags, payload in _messages(answer):
                interrupted = interrupted or bool(flags & _INTERRUPTED)
                if kind == _DONE:
                    return found, interrupted
                if kind == _ERROR:
                    number = -struct.unpack_from("=i", payload)[0]
                    raise OSError(number, os.strerror(number))
                if kind == _SOCK_DIAG_BY_FAMILY:
                    found.append(payload)


def _messages(answer: bytes) -> Iterator[tuple[int, int, bytes]]:
    place = 0
    while place + _HEADER.size <= len(answer):
        length, kind, flags, _, _ = _HEADER.unpack_from(answer, place)
        if length < _HEADER.size or place + length > len(answer):
            raise OSError("the kernel's answer was cut short")
        yield kind, flags, answer[place + _HEADER.size : place + length]
        place += (length + 3) & ~3


def _listening(payload: bytes) -> Listening:
    # There are thousands: this takes apart in one go what ``_attributes`` would hand over one by one.
    name = b""
    uid: int | None = None
    device = file_inode = 0
    place, size = _MESSAGE.size, len(payload)
    while place + _ATTRIBUTE.size <= size:
        length, kind = _ATTRIBUTE.unpack_from(payload, place)
        if length < _ATTRIBUTE.size:
            break
        value = payload[place + _ATTRIBUTE.size : place + length]
        if kind == _NAME:
            name = value
        elif kind == _FILE:
            file_inode, raw = _FILE_OF.unpack(value)
            device = os.makedev(raw >> 20, raw & 0xFFFFF)
        elif kind == _UID:
            (uid,) = _NUMBER.unpack(value)
        place += (length + 3) & ~3
    return Listening(_MESSAGE.unpack_from(payload)[4], name, uid, device, file_inode)


def _attributes(payload: bytes) -> Iterator[tuple[int, bytes]]:
    place = _MESSAGE.size
    while place + _ATTRIBUTE.size <= len(payload):
        length, kind = _ATTRIBUTE.unpack_from(payload, place)
        if length < _ATTRIBUTE.size:
            return
        yield kind, payload[place + _ATTRIBUTE.size : place + length]
        place += (length + 3) & ~3
