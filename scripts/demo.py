"""Write the snapshot that ``workbench --demo`` shows, from the staged host: ``python scripts/demo.py``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.staged_audit import audit_as_root
from scripts.staged_facts import snapshot
from workbench.demo import MADE_BY
from workbench.report.snapshot_file import to_json

PATH = Path(__file__).resolve().parent.parent / "workbench" / "demo" / "snapshot.json"


def text() -> str:
    """The file: the staged host, its audit as root sees it."""
    return to_json(replace(snapshot(audit_as_root()), workbench=MADE_BY)) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="ascii")
    print(PATH)
