"""Read a JSON report that ``workbench --headless --json`` wrote on any machine, checked against its types."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.documents.decoding import decode
from workbench.documents.model import Malformed
from workbench.exits import Unusable
from workbench.host.files import CannotLook, read_bounded
from workbench.report.damage import place_of
from workbench.report.document import SCHEMA_VERSION, ReportDocument
from workbench.text import visible

_MAKE_ONE = "make one with: workbench --headless --json > report.json"


def read(path: Path) -> ReportDocument:
    """The report in a file. Raises Unusable."""
    return from_data(load(path), visible(str(path)))


def load(path: Path) -> Any:
    """What a JSON file holds, whatever it is. Raises Unusable."""
    name = visible(str(path))
    try:
        # PowerShell's ">" writes UTF-16.
        return json.loads(decode(read_bounded(path))[0], parse_constant=_refuse)
    except CannotLook as why:
        raise Unusable(f"{name} cannot be read: {why.why}") from why
    except (Malformed, ValueError, RecursionError) as error:
        raise Unusable(f"{name} is not JSON; {_MAKE_ONE}") from error


def from_data(data: Any, name: str) -> ReportDocument:
    """The report that parsed JSON stands for, every text made visible again. Raises Unusable."""
    from pydantic import TypeAdapter, ValidationError

    version = data.get("schema_version") if isinstance(data, dict) else None
    if type(version) is not int or version != SCHEMA_VERSION or "grade" not in data:
        said = f" (it says version {visible(str(version), 40)})" if version is not None else ""
        raise Unusable(
            f"{name} is no report of version {SCHEMA_VERSION}, which this workbench reads{said}; {_MAKE_ONE}"
        )
    adapter = TypeAdapter(ReportDocument)
    try:
        made: ReportDocument = adapter.validate_python(data)
        # A file may come from anywhere: what was made harmless when it was written may have been edited since.
        cleaned: ReportDocument = adapter.validate_python(_visible(asdict(made)))
    except (ValidationError, RecursionError) as error:
        raise Unusable(f"{name} is damaged{place_of(error)}; {_MAKE_ONE}") from error
    return cleaned


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _visible(value: Any) -> Any:
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, list):
        return [_visible(each) for each in value]
    if isinstance(value, dict):
        return {key: _visible(each) for key, each in value.items()}
    return value
