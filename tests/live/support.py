"""What live tests need of the machine. A missing part skips with its reason, and fails where CI must have it."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip the test, or fail it in CI, where nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must provide this: {reason}")
    pytest.skip(reason)


def require_root() -> None:
    """The test changes accounts or starts privileged things."""
    if os.geteuid() != 0:
        missing("this test needs root (it acts as other accounts)")


def require_program(name: str) -> str:
    """The path of a program on this machine."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/bin:/bin")
    if path is None:
        missing(f"{name} is not installed")
    return path
