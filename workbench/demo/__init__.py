"""A host that does not exist, with every kind of finding on it: what ``--demo`` shows instead of this one."""

from __future__ import annotations

from pathlib import Path

from workbench.model.snapshot import Snapshot

MADE_BY = "demo"
"""What the demo's Snapshot names in the place of the version that looked."""
HOME = "/home/dev"
"""The home folder on that host, known before its Snapshot is read."""
WORDS = "This is a demo: a host that does not exist. Nothing of this machine was looked at, and nothing is changed."


def demonstrated() -> Snapshot:
    """The Snapshot of the demo, which ``scripts/demo.py`` writes."""
    from workbench.report.snapshot_file import read

    return read(Path(__file__).with_name("snapshot.json"))


def is_demo(snapshot: Snapshot | None) -> bool:
    """Whether it is the demo's."""
    return snapshot is not None and snapshot.workbench == MADE_BY
