"""Objects, arrays and inline tables: what is written between brackets, with commas, in any of the formats."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from workbench.documents import json_spans, toml_spans
from workbench.documents.model import EditRefused, Format
from workbench.documents.splicing import (
    Splice,
    before_on_line,
    indent_unit,
    line_start,
    newline,
    next_line,
    rest_of_line,
)
from workbench.documents.yaml_nodes import Node

Write = Callable[[str | None], str]
"""Makes the text of an entry, given the indentation of the line that it begins (None: it shares a line)."""

_COMMA_IN_YAML = re.compile(r"(?:[\s]++|#[^\r\n]*+)*(,)?")


class Entry(NamedTuple):
    """One member or item: from its key, or its value, to the end of its value; and the comma after it, if any."""

    start: int
    end: int
    comma: int | None = None


class Flow(NamedTuple):
    """A container between brackets: ``start`` is the first bracket, ``end`` is behind the last."""

    start: int
    end: int
    entries: tuple[Entry, ...]


def scan(text: str, start: int, format: Format) -> Flow:  # noqa: A002
    """Read the container whose first bracket is at ``start``. The text is known to parse."""
    depth, first, last = 0, -1, -1
    entries: list[Entry] = []
    if text[start : start + 1] not in ("{", "["):
        raise EditRefused("what holds it is not written between brackets")
    for at, token in _tokens(text, start, format):
        if token in ("{", "["):
            depth += 1
            if depth == 1:
                continue
        elif token in ("}", "]"):
            depth -= 1
            if depth == 0:
                if first >= 0:
                    entries.append(Entry(first, last))
                return Flow(start, at + 1, tuple(entries))
        elif token == "," and depth == 1:
            entries.append(Entry(first, last, at))
            first = -1
            continue
        first = at if first < 0 else first
        last = at + len(token)
    raise EditRefused("the end of what holds it could not be found")


def of_yaml(text: str, node: Node) -> Flow:
    """The same of a flow mapping or list of YAML."""
    parts = list(node.inside.values() if isinstance(node.inside, dict) else node.inside or ())
    places = sorted((part.key if isinstance(node.inside, dict) else part.start, part.end) for part in parts)
    entries = []
    for start, end in places:
        comma = _COMMA_IN_YAML.match(text, end)
        entries.append(Entry(start, end, comma.start(1) if comma and comma[1] else None))
    return Flow(node.start, node.end, tuple(entries))


def at_value(flow: Flow, start: int) -> int:
    """Which entry holds the value that begins there."""
    for place, entry in enumerate(flow.entries):
        if entry.start <= start <= entry.end:
            return place
    raise EditRefused("its place between the brackets could not be determined")


def without(text: str, flow: Flow, index: int, format: Format) -> list[Splice]:  # noqa: A002
    """Take one entry out, with the comma that separates it, and with its lines where it stands alone on them."""
    entry = flow.entries[index]
    splices: list[Splice] = []
    end = entry.end
    if entry.comma is not None:
        if text[entry.end : entry.comma].strip(" \t"):
            splices.append(Splice(entry.comma, entry.comma + 1))
        else:
            end = entry.comma + 1
    elif index:
        comma = flow.entries[index - 1].comma
        splices += [Splice(comma, comma + 1)] if comma is not None else []
    tail = rest_of_line(text, end, format)
    if tail is not None and not before_on_line(text, entry.start).strip(" \t"):
        return [*splices, Splice(line_start(text, entry.start), next_line(text, tail))]
    if index + 1 < len(flow.entries):
        while text[end : end + 1] in (" ", "\t"):
            end += 1
        return [*splices, Splice(entry.start, end)]
    start = len(text[: entry.start].rstrip(" \t\r\n"))
    # Behind a comment the line end stays, for it ends the comment.
    return [*splices, Splice(start if text[start - 1] in ",{[" else entry.start, end)]


def with_entry(text: str, flow: Flow, index: int, write: Write, format: Format) -> list[Splice]:  # noqa: A002
    """Put an entry in at ``index``, on a line of its own where its neighbours have theirs."""
    if not flow.entries:
        return [_first(text, flow, write)]
    if index == 0:
        at = flow.entries[0].start
        indent = before_on_line(text, at)
        if indent.strip(" \t"):
            return [Splice(at, at, write(None) + ", ")]
        return [Splice(at, at, f"{write(indent)},{newline(text)}{indent}")]
    before = flow.entries[index - 1]
    splices: list[Splice] = []
    after, closing = before.end, ""
    if before.comma is None:
        splices.append(Splice(before.end, before.end, ","))
    else:
        after, closing = before.comma + 1, ","
    indent = before_on_line(text, before.start)
    if indent.strip(" \t"):
        return [*splices, Splice(after, after, f" {write(None)}{closing}")]
    tail = rest_of_line(text, after, format)
    at = after if tail is None else tail
    return [*splices, Splice(at, at, f"{newline(text)}{indent}{write(indent)}{closing}")]


def _first(text: str, flow: Flow, write: Write) -> Splice:
    inside = text[flow.start + 1 : flow.end - 1]
    margin = before_on_line(text, flow.end - 1)
    if "\n" not in inside or margin.strip(" \t"):
        return Splice(flow.start + 1, flow.start + 1, write(None))
    indent = margin + indent_unit(text)
    at = line_start(text, flow.end - 1)
    return Splice(at, at, f"{indent}{write(indent)}{newline(text)}")


def _tokens(text: str, start: int, format: Format) -> Iterator[tuple[int, str]]:  # noqa: A002
    if format == "toml":
        pattern, comment = toml_spans.SCAN_TOKEN, "#"
    elif format == "json5":
        from workbench.documents import json5

        pattern, comment = json5.SCAN_TOKEN, "/"
    else:
        pattern, comment = json_spans.SCAN_TOKEN, "/"
    for match in pattern.finditer(text, start):
        if match[0][0] != comment:
            yield match.start(), match[0]
