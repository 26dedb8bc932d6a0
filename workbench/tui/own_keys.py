"""The file of the person's own keys: where it lies, and what it chooses where there is one."""

from __future__ import annotations

import os
from pathlib import Path

from workbench.plugins import user_folder
from workbench.tui.keys import KEYS, Keys


def usual_file() -> Path:
    """Where the person's keys lie: ``$XDG_CONFIG_HOME/workbench/keys.yaml``."""
    return user_folder(os.environ, Path(os.path.expanduser("~"))) / KEYS  # noqa: PTH111 - does not fail without a home


def chosen_by(path: Path) -> Keys:
    """The keys of a file; the usual ones where there is none. What is wrong with it is told in the answer."""
    if not os.path.lexists(path):
        return Keys()
    from workbench.tui.keys_file import read

    return read(path)
