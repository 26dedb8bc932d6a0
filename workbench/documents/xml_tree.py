"""Parse XML into plain data that a reader can walk, with nothing that a document type could bring in.

Each element is ``{"tag": str, "attributes": {name: value}, "children": [element, …], "text": str}``; ``text`` is what
stands directly in it, verbatim, or "" where that is only blanks. Comments and processing instructions are left out, and
names are kept as written. A pointer walks this data: ``("children", 0, "attributes", "name")``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field
from typing import Any, NoReturn

from workbench.documents.model import DEPTH_LIMIT, TOO_DEEP, TOO_MANY, VALUE_LIMIT, Malformed, place_of
from workbench.model.finding import Pointer
from workbench.model.record import draft

_START_TAG = re.compile(r"""<[^"'>]*+(?:"[^"]*+"[^"'>]*+|'[^']*+'[^"'>]*+)*+>""")
_ATTRIBUTE = re.compile(r"""\s([^\s=<>"'/]++)\s*+=\s*+("[^"]*+"|'[^']*+')""")
# An element's data is two levels of nesting, its object and the list of its children.
_DEPTH_LIMIT = DEPTH_LIMIT // 2 - 1


@draft
class Element:
    """An element's data, the offset of its start tag, and that of its end tag (of what follows, if it has none)."""

    value: dict[str, Any]
    start: int
    end: int = 0
    inside: list[Element] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


def parse(text: str) -> Element:
    """The root element. Raises Malformed."""
    from xml.parsers import expat

    data = text.encode()
    parser = expat.ParserCreate("utf-8")  # the text is decoded already, whatever its first line declares
    parser.buffer_text = True
    tree = _Tree(text, data, parser)
    parser.StartElementHandler = tree.begin
    parser.EndElementHandler = tree.close
    parser.CharacterDataHandler = tree.characters
    parser.StartDoctypeDeclHandler = tree.refuse_document_type
    try:
        parser.Parse(data, True)
        problem = None
    except expat.ExpatError as error:
        problem = Malformed(expat.ErrorString(error.code), *place_of(text, tree.offset(parser.ErrorByteIndex)))
    if problem is None and tree.root is not None:
        return tree.root
    raise problem or Malformed("there is no element in it")


def spans(text: str, pointers: Iterable[Pointer]) -> dict[Pointer, tuple[int, int]]:
    """The offsets of each value, by pointer: an attribute's with its quotes, else those of the whole element."""
    root = parse(text)
    found = {pointer: _span(text, root, pointer) for pointer in pointers}
    return {pointer: span for pointer, span in found.items() if span is not None}


class _Tree:
    """Builds the elements from the parser's events."""

    def __init__(self, text: str, data: bytes, parser: Any) -> None:
        self.data = b"" if text.isascii() else data
        self.parser = parser
        self.text = text
        self.root: Element | None = None
        self.open: list[Element] = []
        self.byte = self.character = self.count = 0

    def offset(self, byte: int) -> int:
        """The character offset of a byte, which is asked for in rising order."""
        byte = max(byte, self.byte)
        if self.data:
            self.character += len(self.data[self.byte : byte].decode("utf-8", "ignore"))
        else:
            self.character = min(byte, len(self.text))
        self.byte = byte
        return self.character

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        start = self.offset(self.parser.CurrentByteIndex)
        if len(self.open) == _DEPTH_LIMIT:
            raise Malformed(TOO_DEEP, *place_of(self.text, start))
        self.count += 1
        if self.count > VALUE_LIMIT:
            raise Malformed(TOO_MANY, *place_of(self.text, start))
        element = Element({"tag": tag, "attributes": attributes, "children": [], "text": ""}, start)
        if self.open:
            self.open[-1].inside.append(element)
            self.open[-1].value["children"].append(element.value)
        else:
            self.root = element
        self.open.append(element)

    def close(self, tag: str) -> None:
        element = self.open.pop()
        element.end = self.offset(self.parser.CurrentByteIndex)
        text = "".join(element.text)
        element.text = []
        element.value["text"] = text if text.strip() else ""

    def characters(self, text: str) -> None:
        self.open[-1].text.append(text)

    def refuse_document_type(self, *_: object) -> NoReturn:
        start = max(self.text.rfind("<!", 0, self.offset(self.parser.CurrentByteIndex) + 1), 0)
        raise Malformed("a document type, whose entities no config needs", *place_of(self.text, start))


def _span(text: str, root: Element, pointer: Pointer) -> tuple[int, int] | None:
    element = root
    parts = list(pointer)
    while len(parts) >= 2 and parts[0] == "children":
        place = parts[1]
        if not isinstance(place, int) or not 0 <= place < len(element.inside):
            return None
        element = element.inside[place]
        parts = parts[2:]
    if len(parts) == 2 and parts[0] == "attributes":
        start_tag = _START_TAG.match(text, element.start)
        attributes = _ATTRIBUTE.finditer(text, element.start, start_tag.end() if start_tag else element.start)
        return next((found.span(2) for found in attributes if found[1] == parts[1]), None)
    if not parts or (len(parts) == 1 and parts[0] in element.value):
        return element.start, _end(text, element)
    return None


def _end(text: str, element: Element) -> int:
    start_tag = _START_TAG.match(text, element.start)
    if start_tag is None or start_tag.group().endswith("/>"):
        return start_tag.end() if start_tag else element.end
    return text.find(">", element.end) + 1
