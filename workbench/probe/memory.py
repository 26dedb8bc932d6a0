"""Remember what probes found out, for the scans that follow: a scan itself never connects to anything."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from workbench.host.files import CannotLook, read_bounded
from workbench.model.probe import PeerVerdict

_NAME = "probes.json"
_LIMIT = 1 << 20
_KEPT = 500


def remembered(state: Path) -> Mapping[int, PeerVerdict]:
    """The verdicts by the kernel's number of the listening socket: one that was bound anew is another.

    The numbers start again with each boot, so what was found out before is forgotten then. Never raises.
    """
    try:
        data = json.loads(read_bounded(state / _NAME, _LIMIT))
        known = data["probes"] if data["boot"] == _boot() else {}
        return {int(inode): verdict for inode, verdict in known.items() if verdict in get_args(PeerVerdict)}
    except (CannotLook, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def remember(state: Path, inode: int, verdict: PeerVerdict) -> None:
    """Keep a verdict. Raises OSError."""
    kept = dict(list({**remembered(state), inode: verdict}.items())[-_KEPT:])
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    there = state / f".{_NAME}.{os.getpid()}"
    handle = os.open(there, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            json.dump({"boot": _boot(), "probes": {str(number): said for number, said in kept.items()}}, file)
        there.replace(state / _NAME)
    except OSError:
        there.unlink(missing_ok=True)
        raise


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
