"""Find where values stand in the text of a document, in one pass however many are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workbench.documents import json_spans
from workbench.documents.model import Document, Span, place_of
from workbench.model.finding import Pointer


def locate(document: Document, pointer: Sequence[str | int]) -> Span:
    """Where the value that the pointer walks to stands. Raises LookupError when there is none.

    Of duplicate keys it is the last one, the one that counts. For a TOML table it is the table's header; a mapping or
    list of YAML that stands below its key begins at the key.
    """
    wanted = tuple(pointer)
    found = spans(document, [wanted]).get(wanted)
    if found is None:
        raise LookupError("the document holds nothing there")
    return Span(*found, *place_of(document.text, found[0]))


def lines_of(document: Document, pointers: Iterable[Pointer]) -> dict[Pointer, int]:
    """The line of each value, from 1, by pointer. What the document does not hold is left out."""
    found = spans(document, pointers)
    lines: dict[Pointer, int] = {}
    line, counted = 1, 0
    for pointer, (start, _) in sorted(found.items(), key=lambda item: item[1]):
        line += document.text.count("\n", counted, start)
        counted = start
        lines[pointer] = line
    return lines


def spans(document: Document, pointers: Iterable[Pointer]) -> dict[Pointer, tuple[int, int]]:
    """The offsets of each value, by pointer."""
    if document.format == "toml":
        from workbench.documents import toml_spans

        return toml_spans.spans(document.text, pointers)
    if document.format == "yaml":
        from workbench.documents import yaml_nodes

        return yaml_nodes.spans(document.text, pointers)
    if document.format == "xml":
        from workbench.documents import xml_tree

        return xml_tree.spans(document.text, pointers)
    return json_spans.spans(document.text, document.format, pointers)
