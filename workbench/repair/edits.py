"""Edits of a document: made, and proved to change what was promised and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.documents import EditRefused, Malformed, parse, replace_string, value_at
from workbench.model.plan import EditValue
from workbench.repair.paths import Refused
from workbench.text import visible


def edited(raw: bytes, edits: Sequence[EditValue]) -> bytes:
    """The bytes with every edit made, in order. Raises Refused where one does not fit the document as it is."""
    made = raw
    for edit in edits:
        try:
            made = replace_string(made, edit.format, edit.pointer, edit.expect, edit.value)
        except (EditRefused, Malformed) as why:
            raise Refused(f"{visible(edit.path)}: {_reason(why)}", "scan again: the file may have changed") from why
    _require_least_change(raw, made, edits)
    return made


def require_edited(staged: bytes, edits: Sequence[EditValue]) -> None:
    """Let the document's own parser read the staged bytes and find each new value in its place. Raises Refused."""
    for edit in edits:
        if _at(_parsed(staged, edit), edit) != edit.value:
            raise Refused(f"the staged copy of {visible(edit.path)} does not hold the new value; nothing was changed")


def holds(content: bytes, edits: Sequence[EditValue]) -> bool:
    """Whether every new value stands in its place."""
    try:
        require_edited(content, edits)
    except Refused:
        return False
    return bool(edits)


def inverse(edits: Sequence[EditValue]) -> tuple[EditValue, ...]:
    """The edits that bring back what these replace."""
    return tuple(
        EditValue(edit.path, edit.format, edit.pointer, expect=edit.value, value=edit.expect)
        for edit in reversed(edits)
    )


def _require_least_change(before: bytes, after: bytes, edits: Sequence[EditValue]) -> None:
    if not edits:
        return
    wanted, got = _parsed(before, edits[0]), _parsed(after, edits[0])
    for edit in edits:
        *way, last = edit.pointer
        holder: Any = value_at(wanted, tuple(way))
        holder[last] = edit.value
    if wanted != got:
        raise Refused(f"the edit would change more of {visible(edits[0].path)} than the one value; nothing was changed")


def _parsed(raw: bytes, edit: EditValue) -> Any:
    try:
        return parse(raw, edit.format).value
    except Malformed as why:
        raise Refused(f"{visible(edit.path)} is not {edit.format.upper()} any more: {_reason(why)}") from why


def _at(value: Any, edit: EditValue) -> Any:
    try:
        return value_at(value, edit.pointer)
    except LookupError:
        return None


def _reason(why: EditRefused | Malformed) -> str:
    if isinstance(why, EditRefused):
        return why.reason
    return f"{why.message} ({why.place})" if why.place else why.message
