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
_KEPT = 500


def remembered(state: Path) -> Mapping[int, PeerVerdict]:
    """The verdicts by the kernel's number of the listening socket: one that was bound anew is another.

    The numbers start again with each boot, so what was found out before is forgotten then. Never raises.
    """
    if not os.path.lexists(state / _NAME):
        return {}  # as for most: a scan need not load what writes it
    from workbench.repair.notes import NOTE_LIMIT

    try:
        return _verdicts(read_bounded(state / _NAME, NOTE_LIMIT))
    except CannotLook:
        return {}


def remember(state: Path, inode: int, verdict: PeerVerdict) -> None:
    """Keep a verdict. Raises Refused and OSError."""
    from workbench.repair.notes import change_note

    def with_it(before: bytes) -> bytes:
        kept = list({**_verdicts(before), inode: verdict}.items())[-_KEPT:]
        return json.dumps({"boot": _boot(), "probes": {str(number): said for number, said in kept}}).encode()

    change_note(state, _NAME, with_it)


def _verdicts(note: bytes) -> dict[int, PeerVerdict]:
    try:
        data = json.loads(note)
        known = data["probes"] if data["boot"] == _boot() else {}
        return {int(inode): verdict for inode, verdict in known.items() if verdict in get_args(PeerVerdict)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
