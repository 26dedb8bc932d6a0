"""A fictional host for screenshots and demonstrations: nobody's machine, the same every time.

The accounts ``dev`` and ``colleague`` share it. Its facts (``staged_facts``) are judged by the real checks, and it is
played as ``workbench --demo`` plays it (``workbench.demo``).
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.staged_audit import audit_as_root
from scripts.staged_facts import snapshot
from workbench.demo.files import files
from workbench.demo.playing import PlayedWorkbench, played
from workbench.demo.stage import Stage
from workbench.plugins import load


def workbench() -> PlayedWorkbench:
    """The staged host with the built-in plugins. Its pictures do not say that it is a demo."""
    return played(Stage(snapshot(audit_as_root()), files()), load())
