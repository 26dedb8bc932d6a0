"""Understand how a server is launched, without launching it."""

from __future__ import annotations

from workbench.launch.packages import parse_package
from workbench.launch.understanding import understand

__all__ = ["parse_package", "understand"]
