"""Mappings and lists of YAML whose parts stand on lines of their own: one taken out, or put in."""

from __future__ import annotations

import re

from workbench.documents.model import EditRefused
from workbench.documents.splicing import Splice, before_on_line, line_start, newline, next_line, rest_of_line
from workbench.documents.yaml_nodes import Node

_DASHES = re.compile(r" *+(?:-[ \t]++)+\Z")
_SHARED = "it shares its line with something else"


def places(text: str, node: Node) -> list[tuple[int, int]]:
    """Where each key, or dash, begins and its value ends, in the order of the text."""
    if isinstance(node.inside, dict):
        parts = [part for part in node.inside.values() if part.fixed != "it is merged in from elsewhere"]
        return sorted((part.key, max(part.end, part.key)) for part in parts)
    return [(_dash(text, part.start), part.end) for part in node.inside or ()]


def without(text: str, node: Node, index: int) -> list[Splice]:
    """Take one out, with its lines."""
    found = places(text, node)
    start, end = found[index]
    tail = rest_of_line(text, end, "yaml")
    if tail is None:
        raise EditRefused(_SHARED)
    before = before_on_line(text, start)
    if len(found) == 1:
        # Without any part nothing would be left, which YAML reads as null.
        empty = "{}" if isinstance(node.inside, dict) else "[]"
        colon = len(text[:start].rstrip(" \t\r\n"))
        return [Splice(colon, end, f" {empty}") if text[colon - 1 : colon] == ":" else Splice(start, end, empty)]
    if not before.strip(" "):
        if tail < len(text):
            return [Splice(start - len(before), next_line(text, tail))]
        return [Splice(len(text[: start - len(before)].removesuffix("\n").removesuffix("\r")), tail)]
    following = found[index + 1][0] if index + 1 < len(found) else -1
    if following < 0 or not _DASHES.match(before) or text[end:following].strip():
        raise EditRefused(_SHARED)
    return [Splice(start, following)]


def with_entry(text: str, node: Node, index: int, entry: str) -> list[Splice]:
    """Put one in at ``index``, indented as its neighbours."""
    found = places(text, node)
    first = found[0][0]
    indent = " " * (first - line_start(text, first))
    if index == 0:
        return [Splice(first, first, entry + newline(text) + indent)]
    at = rest_of_line(text, found[index - 1][1], "yaml")
    if at is None:
        raise EditRefused(_SHARED)
    return [Splice(at, at, newline(text) + indent + entry)]


def _dash(text: str, start: int) -> int:
    at = start - 1
    while at >= 0 and text[at] in " \t\r\n":
        at -= 1
    if at < 0 or text[at] != "-":
        raise EditRefused("its place in the list could not be determined")
    return at
