"""Parse and edit the config documents that people own, without changing a byte that is not asked for.

``workbench.documents.changing`` takes values out, puts them in and restores them; only a repair needs it.
"""

from __future__ import annotations

from workbench.documents.editing import replace_string
from workbench.documents.locating import lines_of, locate
from workbench.documents.model import Document, EditRefused, Encoding, Format, Malformed, Span, value_at
from workbench.documents.parsing import parse

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
