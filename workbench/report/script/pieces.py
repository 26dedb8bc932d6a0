"""A new version of a file as parts of the old one with new bytes between them, so that nothing else need be named."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from workbench.model.operations import FileEdit
from workbench.repair.edits import edited, line_edits
from workbench.repair.paths import Refused
from workbench.repair.preview import secrets_of
from workbench.secrets import redact

Piece = tuple[int, int] | bytes
"""Where a part of the old file starts and ends, or new bytes."""

_COMPARED = 5000
_BLOCK = 65_536


def pieces(before: bytes, after: bytes, edits: Sequence[FileEdit]) -> list[Piece]:
    """The pieces that make the new version, in order. Raises Refused where new bytes would name a secret."""
    made = _of_lines(before, after) if line_edits(edits) else _of_values(before, edits)
    if b"".join(_bytes(piece, before) for piece in made) != after:
        raise Refused("the new file could not be taken apart into what stays and what is new")
    secrets = [secret for secret in secrets_of(before, edits) | secrets_of(after, edits) if len(secret) >= 4]
    for piece in made:
        if isinstance(piece, bytes):
            text = piece.decode("utf-8", "surrogateescape")
            if redact(text) != text or any(secret in text for secret in secrets):
                raise Refused("what it would write beside the rest of the file looks like a secret")
    return made


def _of_values(before: bytes, edits: Sequence[FileEdit]) -> list[Piece]:
    """Edit by edit: what stands between two of them is never named."""
    found: list[Piece] = [(0, len(before))]
    content = before
    for edit in edits:
        after = edited(content, (edit,))
        start, end, new = _difference(content, after)
        found = [*_cut(found, 0, start), *([new] if new else []), *_cut(found, end, len(content))]
        content = after
    return _joined(found)


def _of_lines(before: bytes, after: bytes) -> list[Piece]:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    same = _alike(old, new)
    tail = _alike(old[same:][::-1], new[same:][::-1])
    one, other = old[same : len(old) - tail], new[same : len(new) - tail]
    if max(len(one), len(other)) > _COMPARED:
        raise Refused("too much of the file lies between the lines that change")
    at = sum(map(len, old[:same]))
    found: list[Piece] = [(0, at)]
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    for tag, begin, end, start, stop in matcher.get_opcodes():
        there, wanted = b"".join(one[begin:end]), b"".join(other[start:stop])
        if tag == "equal":
            found.append((at, at + len(there)))
        else:
            first, last, text = _difference(there, wanted)
            found += [(at, at + first), text, (at + last, at + len(there))]
        at += len(there)
    return _joined([*found, (at, len(before))])


def _difference(one: bytes, other: bytes) -> tuple[int, int, bytes]:
    """Where the first differs from the second: from here, to here, and what stands there in the second."""
    start = _alike(one, other)
    tail = _alike(one[start:][::-1], other[start:][::-1])
    return start, len(one) - tail, other[start : len(other) - tail]


def _alike(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How many items at the beginning of both are the same."""
    at, end = 0, min(len(one), len(other))
    while at + _BLOCK <= end and one[at : at + _BLOCK] == other[at : at + _BLOCK]:
        at += _BLOCK
    return next((place for place in range(at, end) if one[place] != other[place]), end)


def _cut(found: list[Piece], start: int, end: int) -> Iterator[Piece]:
    """What the pieces make from one place to another."""
    at = 0
    for piece in found:
        length = len(piece) if isinstance(piece, bytes) else piece[1] - piece[0]
        first, last = max(start - at, 0), min(end - at, length)
        if first < last:
            yield piece[first:last] if isinstance(piece, bytes) else (piece[0] + first, piece[0] + last)
        at += length


def _joined(found: list[Piece]) -> list[Piece]:
    made: list[Piece] = []
    for piece in found:
        last = made[-1] if made else None
        if isinstance(piece, bytes):
            if not piece:
                continue
            if isinstance(last, bytes):
                made[-1] = last + piece
                continue
        else:
            if piece[0] == piece[1]:
                continue
            if isinstance(last, tuple) and last[1] == piece[0]:
                made[-1] = (last[0], piece[1])
                continue
        made.append(piece)
    return made


def _bytes(piece: Piece, before: bytes) -> bytes:
    return piece if isinstance(piece, bytes) else before[piece[0] : piece[1]]
