"""Parse and edit the config documents that people own, without changing a byte that is not asked for.

``workbench.documents.changing`` takes values out, puts them in and restores them; only a repair needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.documents.locating import lines_of, locate
from workbench.documents.model import Document, EditRefused, Encoding, Format, Malformed, Span, value_at
from workbench.documents.parsing import parse

if TYPE_CHECKING:
    from workbench.documents.editing import replace_string

__all__ = [
    "Document",
    "EditRefused",
    "Encoding",
    "Format",
    "Malformed",
    "Span",
    "lines_of",
    "locate",
    "parse",
    "replace_string",
    "value_at",
]


def __getattr__(name: str) -> Any:
    if name == "replace_string":  # a scan edits nothing
        from workbench.documents.editing import replace_string

        return replace_string
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
