"""A process that puts system call filters on itself (each argument is one, in hexadecimal), says so, and obeys.

``setuid`` and ``personality`` make that call and say its error, ``count`` says how many signals came, all else is
said louder.
"""

import ctypes
import errno
import signal
import sys

NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
NO_RANDOMISATION = 0x40000
seen = 0


class Filter(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def count(*_: object) -> None:
    global seen
    seen += 1


def said(result: int) -> str:
    return errno.errorcode[ctypes.get_errno()] if result < 0 else str(result)


signal.signal(signal.SIGUSR1, count)
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0):
    sys.exit("no_new_privs")
for text in sys.argv[1:]:
    raw = bytes.fromhex(text)
    buffer = ctypes.create_string_buffer(raw, len(raw))
    program = Filter(len(raw) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    if libc.prctl(SECCOMP, FILTER, ctypes.byref(program), 0, 0):
        sys.exit(f"seccomp: {ctypes.get_errno()}")
print("ready", flush=True)
for line in sys.stdin:
    word = line.strip()
    if word == "setuid":
        answer = said(libc.setuid(0))
    elif word == "personality":
        answer = said(libc.personality(NO_RANDOMISATION))
    elif word == "count":
        answer = str(seen)
    else:
        answer = word.upper()
    print(answer, flush=True)
