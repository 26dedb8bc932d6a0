"""Compose the first document of a YAML stream into plain data and the places of it, whatever its writer intended.

Tags construct nothing: those of plain data are followed, any other is refused. Keys are the text that is written, for
``on`` and ``1`` are names to most clients. Anchors, aliases and merge keys work; what they expand to is bounded, and a
value inside of itself is refused. Of duplicate keys the last one wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from workbench.documents.model import DEPTH_LIMIT, TOO_DEEP, TOO_MANY, VALUE_LIMIT, Malformed, place_of
from workbench.documents.yaml_scalars import resolved
from workbench.model.finding import Pointer
from workbench.model.record import draft
from workbench.text import visible

ALIAS_LIMIT = 100_000
"""How many values aliases may add to those that are written. Real configs share a handful."""

_SLOW_LIMIT = 1_000_000  # characters; PyYAML without its C library reads them in about ten seconds
_TAG_DIRECTIVES = 100
_TEXT_WEIGHT = 64  # so many characters that an alias repeats count as one more value
# All but what YAML calls printable. As one set of what is printable it takes five milliseconds to compile.
_UNPRINTABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]|[\ud800-\udfff]|[\ufffe\uffff]")
_CORE = "tag:yaml.org,2002:"
_SCALAR_TAGS = {"str", "int", "float", "bool", "null", "timestamp", "binary"}
_CONTAINER_TAGS = {False: {"seq", "omap", "pairs"}, True: {"map", "set"}}


@draft
class Node:
    """A value, where it stands, and what is in it.

    ``start`` and ``end`` are character offsets; a block mapping or list that is the value of a key begins at that key.
    ``style`` is "" for a plain scalar, else its quote or block indicator, or "container" or "alias". ``fixed`` says why
    the value is not one that can be edited where it stands, and ``weight`` how much an alias of it adds. ``key`` is
    where the key of it begins (-1 for what has none), ``is_block`` a container whose parts stand on their own lines.
    """

    value: Any
    start: int
    end: int
    style: str = ""
    text: str | None = None
    fixed: str = ""
    inside: dict[str, Node] | list[Node] | None = None
    weight: int = 1
    key: int = -1
    is_block: bool = False


@draft
class _Open:
    """A container that is being read: ``key`` waits for its value, ``merges`` is what merge keys bring in."""

    node: Node
    anchor: str | None
    key: Node | None = None
    merges: list[Node] | None = None
    is_block: bool = False


def compose(text: str) -> Node:
    """The first document, null where there is none. Raises Malformed."""
    import yaml

    unprintable = _UNPRINTABLE.search(text)
    if unprintable:
        raise Malformed("a character that YAML does not allow", *place_of(text, unprintable.start()))
    if text.count("%TAG") > _TAG_DIRECTIVES:
        raise Malformed("too many tag directives")
    fast = hasattr(yaml, "CSafeLoader")
    if not fast and len(text) > _SLOW_LIMIT:
        raise Malformed("it is too large to be read without PyYAML's C library")
    loader = yaml.CSafeLoader(text) if fast else yaml.SafeLoader(text)
    try:
        return _Composer(text, loader).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = _problem(text, error.problem or error.context or "", mark.index if mark else None)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        problem = Malformed("a value that cannot be read")
    finally:
        loader.dispose()
    # Raised outside of the handler: the parser's exception holds the whole document.
    raise problem


def find(root: Node, pointer: Pointer) -> Node | None:
    """The node that the pointer walks to. Its ``fixed`` also counts for what is on the way."""
    node, fixed = root, root.fixed
    for part in pointer:
        found = _part(node, part)
        if found is None:
            return None
        node, fixed = found, fixed or found.fixed
    return replace(node, fixed=fixed)


def _part(node: Node, part: str | int) -> Node | None:
    inside = node.inside
    if isinstance(inside, dict):
        return inside.get(part) if isinstance(part, str) else None
    if isinstance(inside, list) and isinstance(part, int) and 0 <= part < len(inside):
        return inside[part]
    return None


def spans(text: str, pointers: Iterable[Pointer]) -> dict[Pointer, tuple[int, int]]:
    """The offsets of each value, by pointer. What is not there is left out."""
    root = compose(text)
    found = {pointer: find(root, pointer) for pointer in pointers}
    return {pointer: (node.start, node.end) for pointer, node in found.items() if node is not None}


def _problem(text: str, message: str, index: int | None) -> Malformed:
    if index is None:
        return Malformed(visible(message, 200) or "a value that cannot be read")
    index = min(index, len(text))
    if "any token" in message and text.startswith("\t", index):
        message = "a tab, where YAML allows only spaces"
    # What follows these words is the document's own.
    message = message.partition("tag handle")[0] + "tag handle" if "tag handle" in message else message
    note = " (the file seems to be cut off)" if not text[index:].strip() else ""
    return Malformed(visible(message, 200) + note, *place_of(text, index))


class _Composer:
    """Puts the parser's events together, without recursion: nesting is the writer's to choose."""

    def __init__(self, text: str, loader: Any) -> None:
        self.text = text
        self.loader = loader
        self.open: list[_Open] = []
        self.anchors: dict[str, Node | None] = {}
        self.added = 0

    def document(self) -> Node:
        """Read events up to the end of the first document."""
        from yaml import events

        for _ in range(VALUE_LIMIT):
            event = self.loader.get_event()
            kind = type(event)
            if kind is events.ScalarEvent:
                node = self.scalar(event)
            elif kind is events.AliasEvent:
                node = self.alias(event)
            elif kind is events.MappingStartEvent or kind is events.SequenceStartEvent:
                self.begin(event, kind is events.MappingStartEvent)
                continue
            elif kind is events.MappingEndEvent or kind is events.SequenceEndEvent:
                node = self.close(event)
            elif kind is events.StreamEndEvent:
                return Node(None, 0, 0)
            else:
                continue
            if not self.open:
                return self.last(node)
            self.put(self.open[-1], node)
        raise Malformed(TOO_MANY)

    def last(self, root: Node) -> Node:
        """The root, once the parser has seen that the document ends there and nothing but another one follows."""
        self.loader.get_event()
        self.loader.get_event()
        return root

    def scalar(self, event: Any) -> Node:
        text, start, end, style = event.value, event.start_mark.index, event.end_mark.index, event.style or ""
        fixed = ""
        if event.tag is not None:
            value = self.tagged(event, _SCALAR_TAGS)
            fixed = "it has a tag of its own"
        else:
            value = resolved(text) if not style else text
        if style in ("|", ">"):
            fixed = fixed or "it is a block of lines"
            end = start + len(self.text[start:end].rstrip())
        node = Node(value, start, end, style, text, fixed, None, 1 + len(text) // _TEXT_WEIGHT)
        if event.anchor is not None:
            node.fixed = fixed or "it has an anchor, for others to refer to"
            self.anchors[event.anchor] = node
        return node

    def tagged(self, event: Any, known: set[str]) -> Any:
        tag = event.tag.removeprefix(_CORE)
        if event.tag == "!":
            return event.value
        if tag == event.tag or tag not in known:
            raise Malformed("a tag that is not one of plain data", *place_of(self.text, event.start_mark.index))
        value = event.value
        if tag in ("int", "float", "bool", "null"):
            value = resolved(event.value)
            wanted = {"int": (int, float), "float": (int, float), "bool": (bool,), "null": (type(None),)}[tag]
            if type(value) not in wanted:
                message = "a value that is not what its tag says"
                raise Malformed(message, *place_of(self.text, event.start_mark.index))
        return value

    def alias(self, event: Any) -> Node:
        start, end = event.start_mark.index, event.end_mark.index
        if event.anchor not in self.anchors:
            raise Malformed("an alias of something that is not there", *place_of(self.text, start))
        target = self.anchors[event.anchor]
        if target is None:
            raise Malformed("an alias inside of the value that it stands for", *place_of(self.text, start))
        self.added += target.weight
        if self.added > ALIAS_LIMIT:
            raise Malformed("aliases that expand to more than any config holds", *place_of(self.text, start))
        fixed = "it is an alias of a value that stands elsewhere"
        return replace(target, start=start, end=end, style="alias", fixed=fixed)

    def begin(self, event: Any, is_mapping: bool) -> None:
        start = event.start_mark.index
        if len(self.open) == DEPTH_LIMIT:
            raise Malformed(TOO_DEEP, *place_of(self.text, start))
        top = self.open[-1] if self.open else None
        if top is not None and type(top.node.inside) is dict and top.key is None:
            raise Malformed("a key that is a list or a mapping", *place_of(self.text, start))
        if event.tag not in (None, "!") and event.tag.removeprefix(_CORE) not in _CONTAINER_TAGS[is_mapping]:
            raise Malformed("a tag that is not one of plain data", *place_of(self.text, start))
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        node = Node(None, start, event.end_mark.index, "container", None, "", {} if is_mapping else [])
        node.is_block = not event.flow_style
        self.open.append(_Open(node, event.anchor, is_block=not event.flow_style))

    def close(self, event: Any) -> Node:
        done = self.open.pop()
        node = done.node
        if not done.is_block:
            node.end = event.end_mark.index
        if isinstance(node.inside, list):
            node.value = [part.value for part in node.inside]
        elif isinstance(node.inside, dict):
            if done.merges is not None:
                brought: dict[str, Node] = {}
                for merged in done.merges:
                    brought.update(merged.inside if isinstance(merged.inside, dict) else {})
                fixed = "it is merged in from elsewhere"
                node.inside = {name: replace(part, fixed=fixed) for name, part in brought.items()} | node.inside
            node.value = {name: part.value for name, part in node.inside.items()}
        if done.anchor is not None:
            self.anchors[done.anchor] = node
        if done.is_block and self.open:
            holder = self.open[-1]
            if holder.key is not None:
                node.start = holder.key.start
        return node

    def put(self, top: _Open, node: Node) -> None:
        """Put a complete value, or a key, into the container that holds it."""
        top.node.weight += node.weight
        if top.is_block:
            top.node.end = max(top.node.end, node.end)
        inside = top.node.inside
        if isinstance(inside, list):
            inside.append(node)
        elif isinstance(inside, dict) and top.key is None:
            if node.text is None:
                raise Malformed("a key that is a list or a mapping", *place_of(self.text, node.start))
            top.key = node
        elif isinstance(inside, dict) and top.key is not None:
            key, top.key = top.key, None
            if key.text == "<<" and key.style == "" and key.value == "<<":
                top.merges = [*(top.merges or ()), *self.mergeable(node)]
            else:
                node.key = key.start
                inside[key.text or ""] = node

    def mergeable(self, node: Node) -> list[Node]:
        """The mappings that a merge key's value names, the one that counts most last."""
        sources = node.inside[::-1] if isinstance(node.inside, list) else [node]
        if not all(isinstance(source.inside, dict) for source in sources):
            raise Malformed("a merge key whose value is not a mapping", *place_of(self.text, node.start))
        return sources
