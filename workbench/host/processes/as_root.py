"""What /proc keeps for root, read through sudo when the person agreed to that."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.host.files import CannotLook
from workbench.host.privileged import Privileged

_PLACES = ("exe", "cwd", "root", "ns", "fd")


def content(privileged: Privileged | None, pid: int, name: str) -> bytes | None:
    """One file of a process; None where it is not known, or root was refused it too."""
    if privileged is None:
        return None
    try:
        return privileged.read(f"/proc/{pid}/{name}")
    except CannotLook:
        return None


def links(privileged: Privileged | None, pid: int) -> Mapping[str, str]:
    """Where its links point, by their place below its folder (``exe``, ``ns/mnt``, ``fd/3``); empty: not known."""
    if privileged is None:
        return {}
    base = f"/proc/{pid}/"
    try:
        known = privileged.links(*(base + place for place in _PLACES))
    except CannotLook:
        return {}
    return {place.removeprefix(base): target for place, target in (known or {}).items()}
