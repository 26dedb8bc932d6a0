"""What a security module's label says of a process: whether it holds it back."""

from __future__ import annotations

import os
import re

from workbench.text import visible

_ENFORCING = "/sys/fs/selinux/enforce"
# Ubuntu gives these to whatever makes a user namespace: they take capabilities away, and let every file be written.
_LOOSE_PROFILES = {"unprivileged_userns", "unpriv_bwrap", "bwrap"}
_APPARMOR = re.compile(r"(?P<name>.*) \((?P<mode>[a-z]+)\)\Z", re.S)
# What SELinux's targeted policy leaves alone: people's own sessions and what has no domain of its own.
_FREE_TYPES = {"unconfined_t", "unconfined_service_t", "initrc_t", "kernel_t", "init_t", "spc_t", "container_runtime_t"}
_SHOWN = 200


def label_of(raw: bytes, *, enforcing: bool) -> tuple[str, bool]:
    """The label in an ``attr/current`` file, "" for none, and whether it confines.

    ``enforcing`` is whether SELinux enforces what it decides.
    """
    text = raw.rstrip(b"\0\n").decode("utf-8", "surrogateescape")
    if not text or text in ("unconfined", "_"):
        return "", False
    apparmor = _APPARMOR.match(text)
    if apparmor:
        # A profile may be there in name only ("flags=(unconfined)"), or only complain.
        strict = not _LOOSE_PROFILES.issuperset(apparmor["name"].split("//&"))
        return visible(text, _SHOWN), strict and apparmor["mode"] in ("enforce", "kill")
    context = text.split(":")
    if len(context) >= 3:
        return visible(text, _SHOWN), enforcing and context[2] not in _FREE_TYPES
    return visible(text, _SHOWN), False


def selinux_enforces() -> bool:
    """Whether SELinux is there and enforces."""
    try:
        handle = os.open(_ENFORCING, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.read(handle, 2).startswith(b"1")
    except OSError:
        return False
    finally:
        os.close(handle)
