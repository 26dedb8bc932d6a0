"""Paths of the host as URIs."""

from __future__ import annotations

import re
from urllib.parse import quote

from workbench.text import visible

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def uri_of(path: str) -> str:
    """The ``file:`` URI of an absolute path of any system; a relative one becomes a reference that is no scheme."""
    shown = visible(path)
    if _DRIVE.match(shown):
        return "file:///" + quote(shown.replace("\\", "/"), safe="/:")
    return "file://" + quote(shown) if shown.startswith("/") else quote(shown, safe="/")
