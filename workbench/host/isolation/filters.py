"""Read the system call filters that a live process really has. Only root may, and only of a process that it stops.

The process is stopped for about a millisecond, as a debugger would: none of its code runs meanwhile, nothing of it is
changed, and it goes on where it was (a call that waits may return early, as after any debugger, and is repeated).
Whatever happens, it is let go: by detaching, and should that fail by the end of the thread that holds it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import threading
import time
from functools import lru_cache

from workbench.host.isolation.bpf import INSTRUCTION_LIMIT, NotAFilter, Program, decode

PATIENCE = 0.2
"""How many seconds a process is given to stop."""

_SEIZE, _INTERRUPT, _DETACH, _GET_FILTER = 0x4206, 0x4207, 17, 0x420C
_WAIT_FOR_ALL = 0x40000000
_STOP_EVENT = 128
_FILTER_LIMIT = 1024
_GETPID_X32 = 0x40000000 | 39
_POLL = 0.0002


class CannotRead(Exception):  # noqa: N818 - it is an answer, not an error
    """Why the filters of a process cannot be read, in words for a person."""


def read_filters(pid: int, patience: float = PATIENCE) -> tuple[Program, ...]:
    """The filters of the main thread of a process, oldest first; none when it has none. Raises CannotRead."""
    if pid <= 1 or pid == os.getpid():
        raise CannotRead("a process cannot be stopped to look at itself")
    found: list[tuple[bytes, ...]] = []
    failed: list[str] = []

    def look() -> None:
        try:
            found.append(_copied(pid, patience))
        except CannotRead as why:
            failed.append(str(why))
        except Exception as error:  # noqa: BLE001, RUF100 - it ends with its thread, and the process goes on
            failed.append(f"the look failed: {type(error).__name__}")

    # A thread of its own: the kernel lets go of whatever a tracing thread still holds when that thread ends.
    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(patience + 2.0)
    if not found:
        raise CannotRead(failed[0] if failed else "it did not answer")
    try:
        return tuple(map(decode, found[0]))
    except NotAFilter as why:
        raise CannotRead("the kernel handed out something that is no filter") from why


def machine() -> str:
    """The architecture of this machine, as the kernel calls it."""
    return platform.machine()


def has_i386() -> bool:
    """Whether programs of this x86_64 kernel can make calls through its 32-bit interface."""
    return os.path.exists("/proc/sys/abi/vsyscall32")


@lru_cache(maxsize=1)
def has_x32() -> bool:
    """Whether this x86_64 kernel has the x32 interface: only asking it tells. Never call it under a filter."""
    return machine() == "x86_64" and _library().syscall(ctypes.c_long(_GETPID_X32)) == os.getpid()


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.ptrace.argtypes = [ctypes.c_ulong, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_void_p]
    library.ptrace.restype = ctypes.c_long
    library.syscall.restype = ctypes.c_long
    return library


def _ptrace(request: int, pid: int, address: int | None = None, data: object = None) -> int:
    done: int = _library().ptrace(request, pid, address, data)
    if done < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return done


def _copied(pid: int, patience: float) -> tuple[bytes, ...]:
    buffer = ctypes.create_string_buffer(INSTRUCTION_LIMIT * 8)  # before it is stopped, so that it stands still less
    try:
        _ptrace(_SEIZE, pid)
    except OSError as error:
        raise CannotRead(_why_not_held(error)) from error
    signal = 0
    try:
        _ptrace(_INTERRUPT, pid)
        signal = _stopped(pid, patience)
        return _all_of(pid, buffer)
    except OSError as error:
        raise CannotRead(_why_not_told(error)) from error
    finally:
        try:
            _ptrace(_DETACH, pid, None, signal or None)
        except OSError:
            pass  # it has ended, or has not stopped yet: then the end of this thread lets it go


def _stopped(pid: int, patience: float) -> int:
    """Wait until it stands still. The signal that was about to reach it, to be handed on; 0 for none."""
    end = time.monotonic() + patience
    while True:
        try:
            seen, status = os.waitpid(pid, os.WNOHANG | _WAIT_FOR_ALL)
        except ChildProcessError as error:
            raise CannotRead("it ended meanwhile") from error
        if seen == pid:
            if not os.WIFSTOPPED(status):
                raise CannotRead("it ended meanwhile")
            return 0 if status >> 16 == _STOP_EVENT else os.WSTOPSIG(status)
        if time.monotonic() > end:
            raise CannotRead(f"it did not stop within {patience * 1000:.0f} ms")
        time.sleep(_POLL)


def _all_of(pid: int, buffer: ctypes.Array[ctypes.c_char]) -> tuple[bytes, ...]:
    found: list[bytes] = []
    while True:
        try:
            length = _ptrace(_GET_FILTER, pid, len(found), None)
            if length > INSTRUCTION_LIMIT:
                raise CannotRead("one of its filters is longer than a filter can be")
            _ptrace(_GET_FILTER, pid, len(found), buffer)
        except OSError as error:
            # ENOENT: there is no further one. EINVAL: it has none at all.
            if error.errno == errno.ENOENT or (error.errno == errno.EINVAL and not found):
                return tuple(found)
            raise
        found.append(buffer.raw[: length * 8])
        if len(found) > _FILTER_LIMIT:
            raise CannotRead(f"it has more than {_FILTER_LIMIT} filters")


def _why_not_held(error: OSError) -> str:
    if error.errno == errno.EPERM:
        return "it may not be stopped: another program traces it, or this kernel forbids it"
    return "it ended meanwhile" if error.errno == errno.ESRCH else f"it may not be stopped: {error.strerror}"


def _why_not_told(error: OSError) -> str:
    if error.errno == errno.EACCES:
        return "the kernel shows filters to root without a filter of its own only"
    if error.errno in (errno.EIO, errno.EMEDIUMTYPE):
        return "this kernel does not show the filters of a process"
    return "it ended meanwhile" if error.errno == errno.ESRCH else f"the kernel refused: {error.strerror}"
