"""A Snapshot as a file: what ``workbench snapshot`` writes and ``--replay`` reads."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from workbench.documents.decoding import decode
from workbench.documents.model import Malformed
from workbench.exits import Unusable
from workbench.host.files import CannotLook, read_bounded
from workbench.model.snapshot import SNAPSHOT_VERSION, Snapshot
from workbench.report.damage import place_of
from workbench.report.json_text import json_text
from workbench.text import visible


def to_json(snapshot: Snapshot) -> str:
    """The Snapshot as JSON text, ASCII only."""
    return json_text(snapshot, 1)


def read(path: Path) -> Snapshot:
    """Read a snapshot file made on any machine. Raises Unusable."""
    name = visible(str(path))
    try:
        raw = read_bounded(path)
    except CannotLook as why:
        raise Unusable(f"{name} cannot be read: {why.why}") from why
    return from_json(raw, name)


def from_json(raw: bytes, name: str) -> Snapshot:
    """The Snapshot of a JSON text, checked against its types, every string made visible again. Raises Unusable."""
    from pydantic import TypeAdapter, ValidationError

    try:
        # PowerShell's ">" writes UTF-16.
        data = json.loads(decode(raw)[0])
    except (Malformed, ValueError, RecursionError) as error:
        raise Unusable(f"{name} is not JSON; make one with: workbench snapshot > host.json") from error
    version = data.get("version") if isinstance(data, dict) else None
    if version != SNAPSHOT_VERSION:
        raise Unusable(
            f"{name} is not a snapshot of version {SNAPSHOT_VERSION}, which this workbench reads"
            + (f" (it says version {visible(str(version), 40)})" if version is not None else "")
        )
    try:
        made: Snapshot = TypeAdapter(Snapshot).validate_python(data)
    except (ValidationError, RecursionError) as error:
        again = "make a new one with: workbench snapshot > host.json"
        raise Unusable(f"{name} is damaged{place_of(error)}; {again}") from error
    cleaned: Snapshot = _visible(made)
    return cleaned


def _visible(value: Any) -> Any:
    # A file may come from anywhere: what was made harmless at capture may have been edited since.
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, tuple):
        return tuple(_visible(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {}
        for field in fields(value):
            old = getattr(value, field.name)
            new = _visible(old)
            if new is not old:
                changed[field.name] = new
        return replace(value, **changed) if changed else value
    return value
