"""The files of the demo's host, as ``files.txt`` has them, each behind a line with its path."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

_HEAD = re.compile(r"^==> (.+) <==\n", re.MULTILINE)
_SECRET = re.compile(r"<(?:a|an) (GitHub token|OpenAI key), (\d+) characters>")
_BEGINNINGS = {"GitHub token": "ghp_", "OpenAI key": "sk-"}
"""How a secret of that kind begins."""


def files() -> Mapping[str, bytes]:
    """What is in each file, by its path. A secret is made up here: ``files.txt`` holds none, not even a false one."""
    text = Path(__file__).with_name("files.txt").read_text(encoding="utf-8")
    parts = _HEAD.split(text)
    return {
        path: _SECRET.sub(_made_up, content).encode() for path, content in zip(parts[1::2], parts[2::2], strict=True)
    }


def _made_up(place: re.Match[str]) -> str:
    beginning, length = _BEGINNINGS[place[1]], int(place[2])
    letters = hashlib.sha256(place[1].encode()).hexdigest()
    return f"{beginning}{letters}"[:length]
