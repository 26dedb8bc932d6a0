"""Read code of tests as the collector does."""

from __future__ import annotations

from textwrap import dedent

from workbench.host.code.python import analyse
from workbench.model.code import Observations

PATH = "/srv/server/main.py"


def read(code: str) -> Observations:
    """What a file of Python gives, all of which must be understood."""
    analysis = analyse(PATH, dedent(code).encode())
    assert not analysis.gaps, analysis.gaps
    return analysis.observations
