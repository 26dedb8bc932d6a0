"""As root: try, with a server's own account and mounts, which assets open. Nothing is read, everything is closed.

A forked child takes on the server's mount namespace, root, groups, account and capabilities, opens each path and closes
it. What the rights on paper say and what the kernel says can differ (an access list of another kind, a label, a
read-only mask); this asks the kernel.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import stat
import time
from collections.abc import Sequence

from workbench.model.assets import AssetFact
from workbench.model.processes import ServerProcess

_DEADLINE = 2.0
_CLONE_NEWNS = 0x00020000
_YES, _NO, _UNKNOWN = b"y", b"n", b"?"


def try_all(process: ServerProcess, assets: Sequence[AssetFact], proc: str = "/proc") -> dict[str, bool]:
    """Which files among the assets that server can open, by name; those that could not be tried are left out.

    Needs root. Never raises, never blocks longer than two seconds.
    """
    files = [asset for asset in assets if asset.file is not None and asset.file.file.exact]
    paths = [(os.fsencode(asset.name), asset.file is not None and asset.file.file.kind == "socket") for asset in files]
    try:
        descriptors = _entrances(process.pid, proc)
    except OSError:
        return {}
    try:
        answers = _in_child(process, descriptors, paths)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    told = zip(files, answers, strict=False)
    return {asset.name: answer == ord(_YES) for asset, answer in told if answer != ord(_UNKNOWN)}


def _entrances(pid: int, proc: str) -> tuple[int, int]:
    """The mount namespace and the root of a process, held open so that no later process of that number is entered."""
    namespace = os.open(f"{proc}/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return namespace, os.open(f"{proc}/{pid}/root", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        os.close(namespace)
        raise


def _in_child(process: ServerProcess, entrances: tuple[int, int], paths: Sequence[tuple[bytes, bool]]) -> bytes:
    library = ctypes.CDLL(None, use_errno=True)  # loaded before the fork: nothing is imported behind it
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _become(process, entrances, library)
            os.write(writer, b"".join(_opens(path, is_socket) for path, is_socket in paths))
        finally:
            os._exit(0)
    os.close(writer)
    try:
        return _collected(reader, len(paths))
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _become(process: ServerProcess, entrances: tuple[int, int], library: ctypes.CDLL) -> None:
    namespace, root = entrances
    if library.setns(namespace, _CLONE_NEWNS) != 0:
        os._exit(1)
    os.fchdir(root)
    os.chroot(".")
    os.chdir("/")
    os.setgroups(list(process.groups))
    os.setresgid(process.gid, process.gid, process.gid)
    os.setresuid(process.uid, process.uid, process.uid)
    if process.uid == 0:
        _drop_capabilities(process.capabilities_effective, library)


def _drop_capabilities(keep: int, library: ctypes.CDLL) -> None:
    # struct __user_cap_header_struct and two __user_cap_data_struct of capset(2), version 3.
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    low, high = keep & 0xFFFFFFFF, keep >> 32 & 0xFFFFFFFF
    data = (ctypes.c_uint32 * 6)(low, low, 0, high, high, 0)
    if library.capset(header, data) != 0:
        os._exit(1)


def _opens(path: bytes, is_socket: bool) -> bytes:
    try:
        if is_socket:
            # Connecting would be noticed; the kernel asks for exactly these rights.
            return _YES if os.access(path, os.W_OK, effective_ids=True) else _NO
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except PermissionError:
        return _NO
    except FileNotFoundError:
        return _NO
    except OSError:
        return _UNKNOWN
    kind = os.fstat(handle).st_mode
    os.close(handle)
    return _YES if stat.S_ISREG(kind) or stat.S_ISDIR(kind) else _UNKNOWN


def _collected(reader: int, expected: int) -> bytes:
    answers = b""
    end = time.monotonic() + _DEADLINE
    while len(answers) < expected:
        ready, _, _ = select.select([reader], [], [], max(0.0, end - time.monotonic()))
        piece = os.read(reader, 65536) if ready else b""
        if not piece:
            break
        answers += piece
    return answers.ljust(expected, _UNKNOWN)
