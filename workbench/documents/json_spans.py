"""Where values stand in JSON text: an iterative scanner over text that is known to parse."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import field

from workbench.documents.model import Format
from workbench.model.finding import Pointer
from workbench.model.record import draft

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_COMMENT = r"//[^\r\n]*+|/\*.*?\*/"
# Plain JSON is read as if it might hold comments: that costs nothing. Both know the text to parse.
SCAN_TOKEN = re.compile(rf'{_STRING}|[{{}}\[\],]|[^\s{{}}\[\]:,"/]++|{_COMMENT}', re.DOTALL)
_UP_TO_BRACKET = re.compile(rf'(?:[^"/{{}}\[\]]++|{_STRING}|{_COMMENT})*+', re.DOTALL)


def _name(token: str) -> str:
    return str(json.loads(token, strict=False)) if "\\" in token else token[1:-1]


_Dialect = tuple[re.Pattern[str], re.Pattern[str], Callable[[str], str]]
"""How to find the next token, how to skip all that is no bracket, and what a name stands for."""

_JSON: _Dialect = (SCAN_TOKEN, _UP_TO_BRACKET, _name)


@draft
class _Wanted:
    """A node of the tree of wanted pointers, and where its value was last seen."""

    inside: dict[str | int, _Wanted] = field(default_factory=dict)
    start: int = -1
    end: int = -1


@draft
class _Open:
    """A container that holds something wanted and is being read. ``next`` is the node of the value that comes next."""

    node: _Wanted
    is_object: bool
    index: int = 0
    expects_key: bool = True
    next: _Wanted | None = None


def spans(text: str, format: Format, pointers: Iterable[Pointer]) -> dict[Pointer, tuple[int, int]]:  # noqa: A002
    """The offsets of each value, by pointer. What is not there is left out."""
    asked = list(dict.fromkeys(pointers))
    root = _Wanted()
    for pointer in asked:
        node = root
        for part in pointer:
            node = node.inside.setdefault(part, _Wanted())
    _walk(text, root, _json5() if format == "json5" else _JSON)
    found = {pointer: _resolved(root, pointer) for pointer in asked}
    return {pointer: span for pointer, span in found.items() if span is not None}


def _json5() -> _Dialect:
    from workbench.documents import json5

    return json5.SCAN_TOKEN, json5.SCAN_UP_TO_BRACKET, json5.string


def _resolved(root: _Wanted, pointer: Pointer) -> tuple[int, int] | None:
    """Of duplicate keys the last wins, with all that is in it: what was seen outside of the last parent is void."""
    node, start, end = root, root.start, root.end
    for part in pointer:
        node = node.inside[part]
        if not (start <= node.start and node.end <= end) or node.start < 0:
            return None
        start, end = node.start, node.end
    return start, end


def _walk(text: str, root: _Wanted, dialect: _Dialect) -> None:
    find_token, up_to_bracket, name = dialect
    stack: list[_Open] = []
    at = 0
    while (match := find_token.search(text, at)) is not None:
        token = match.group()
        at = match.end()
        if token[0] == "/":
            continue
        top = stack[-1] if stack else None
        if token in ("}", "]"):
            stack.pop().node.end = at
        elif token == ",":
            if top is not None:
                _advance(top)
        elif top is not None and top.is_object and top.expects_key:
            top.expects_key = False
            top.next = top.node.inside.get(name(token))
        else:
            node = root if top is None else top.next
            if token in ("{", "["):
                if node is not None and node.inside:
                    node.start = match.start()
                    opened = _Open(node, token == "{")
                    opened.next = None if opened.is_object else node.inside.get(0)
                    stack.append(opened)
                    continue
                at = _past_container(text, at, up_to_bracket)
            if node is not None:
                node.start, node.end = match.start(), at


def _past_container(text: str, at: int, up_to_bracket: re.Pattern[str]) -> int:
    """The offset after the container whose first bracket ends at ``at``. Most of a large file is skipped by this."""
    depth = 1
    while depth:
        run = up_to_bracket.match(text, at)
        at = run.end() if run else at
        depth += 1 if text[at] in "{[" else -1
        at += 1
    return at


def _advance(top: _Open) -> None:
    if top.is_object:
        top.expects_key = True
        return
    top.index += 1
    top.next = top.node.inside.get(top.index)
