"""Capability sets as names."""

from __future__ import annotations

from functools import lru_cache

_NAMES = (
    *("CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP"),
    *("LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER"),
    *("SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE"),
    *("SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP"),
    *("MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF"),
    "CHECKPOINT_RESTORE",
)
_WIDTH = 64


@lru_cache(maxsize=256)
def capability_names(mask: int) -> tuple[str, ...]:
    """The capabilities of a set, in the kernel's order; one that is newer than this list goes by its number."""
    found = []
    for number in range(_WIDTH):
        if mask >> number & 1:
            found.append(f"CAP_{_NAMES[number]}" if number < len(_NAMES) else f"CAP_{number}")
    return tuple(found)
