"""A home of one's own for a test that runs the real commands on the live host."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def open_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a home that other accounts can enter, as most are; the folders of pytest are closed to them.

    The test runs beside it, not in it: a look takes the folders in which processes run for projects, so tests that
    stood in their homes would find each other's.
    """
    with tempfile.TemporaryDirectory(prefix="workbench-home-") as name:
        home, elsewhere = Path(name, "home"), Path(name, "elsewhere")
        for folder in (home.parent, home, elsewhere):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
        monkeypatch.setenv("HOME", str(home))
        for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.chdir(elsewhere)
        yield home
        # What a test stands in cannot be taken away everywhere.
        monkeypatch.chdir("/")
