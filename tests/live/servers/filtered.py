"""A process that puts system call filters on itself, says so, and waits: each argument is a filter in hexadecimal."""

import ctypes
import sys

NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2


class Filter(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


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
    print(line.strip().upper(), flush=True)
