"""The filter of system calls that a launcher may put around a server: what no server needs and attackers do is refused.

One program for both architectures, as the kernel reads it (classic BPF, little-endian): see seccomp(2).
"""

from __future__ import annotations

import base64
import struct
import textwrap

_X86_64, _AARCH64 = 0xC000003E, 0xC00000B7
_X32 = 0x40000000
# By number on x86_64 and on aarch64, None where there is no such call.
_REFUSED: tuple[tuple[str, int | None, int | None], ...] = (
    *(("acct", 163, 89), ("add_key", 248, 217), ("adjtimex", 159, 171), ("bpf", 321, 280), ("chroot", 161, 51)),
    *(("clock_adjtime", 305, 266), ("clock_settime", 227, 112), ("delete_module", 176, 106)),
    *(("finit_module", 313, 273), ("fsconfig", 431, 431), ("fsmount", 432, 432), ("fsopen", 430, 430)),
    *(("fspick", 433, 433), ("init_module", 175, 105), ("io_uring_enter", 426, 426), ("io_uring_register", 427, 427)),
    *(("io_uring_setup", 425, 425), ("ioperm", 173, None), ("iopl", 172, None), ("kcmp", 312, 272)),
    *(("kexec_file_load", 320, 294), ("kexec_load", 246, 104), ("keyctl", 250, 219), ("lookup_dcookie", 212, 18)),
    *(("mount", 165, 40), ("mount_setattr", 442, 442), ("move_mount", 429, 429), ("name_to_handle_at", 303, 264)),
    *(("open_by_handle_at", 304, 265), ("open_tree", 428, 428), ("perf_event_open", 298, 241)),
    *(("pidfd_getfd", 438, 438), ("pivot_root", 155, 41), ("process_vm_readv", 310, 270)),
    *(("process_vm_writev", 311, 271), ("ptrace", 101, 117), ("quotactl", 179, 60), ("quotactl_fd", 443, 443)),
    *(("reboot", 169, 142), ("request_key", 249, 218), ("setdomainname", 171, 162), ("sethostname", 170, 161)),
    *(("setns", 308, 268), ("settimeofday", 164, 170), ("swapoff", 168, 225), ("swapon", 167, 224)),
    *(
        ("syslog", 103, 116),
        ("umount2", 166, 39),
        ("unshare", 272, 97),
        ("userfaultfd", 323, 282),
        ("vhangup", 153, 58),
    ),
)
_CLONE = (56, 220)
_CLONE3 = 435
_NEW_NAMESPACES = 0x7E020000
"""Every flag of clone that makes a namespace."""
_LOAD, _EQUAL, _NOT_LESS, _ANY_OF, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ARCHITECTURE, _NUMBER, _FIRST_ARGUMENT = 4, 0, 16
_ALLOW, _EPERM, _ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026

REFUSED = tuple(name for name, _, _ in _REFUSED)
"""The calls that are refused, by name, beside those that make a namespace."""


def program() -> bytes:
    """The filter, as ``bwrap --seccomp`` reads it."""
    parts = [*_section(0, _X86_64), *_section(1, _AARCH64), (_RETURN, 0, 0, _EPERM)]
    return b"".join(struct.pack("<HBBI", *part) for part in parts)


def spelled() -> str:
    """The filter in base64, in lines as they stand in a launcher."""
    return "\n".join(textwrap.wrap(base64.b64encode(program()).decode("ascii"), 116))


def _section(which: int, architecture: int) -> list[tuple[int, int, int, int]]:
    """What is asked on one architecture. Another one goes on behind it."""
    numbers = [row[1] if which == 0 else row[2] for row in _REFUSED]
    asked: list[tuple[int, str, int]] = [(_NOT_LESS, "refuse", _X32)] if architecture == _X86_64 else []
    asked += [(_EQUAL, "refuse", number) for number in numbers if number is not None]
    # To the C library this is a kernel without it: it falls back to clone, whose flags can be looked at.
    asked += [(_EQUAL, "unknown", _CLONE3)]
    body = len(asked)
    at = {"unknown": body + 4, "refuse": body + 5}
    lines = [(_LOAD, 0, 0, _NUMBER)]
    lines += [(code, at[to] - number - 1, 0, value) for number, (code, to, value) in enumerate(asked)]
    lines += [
        (_EQUAL, 0, 2, _CLONE[which]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_ANY_OF, 2, 0, _NEW_NAMESPACES),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ENOSYS),
        (_RETURN, 0, 0, _EPERM),
    ]
    return [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 0, len(lines), architecture), *lines]
