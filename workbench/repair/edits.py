"""Edits of a document: made, proved to change what was promised and nothing else, and taken back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from workbench.documents import EditRefused, Malformed, parse, replace_string
from workbench.documents.changing import insert_value, remove_value, replace_value, restore_value
from workbench.documents.proof import NOTHING, changed, same, value_or_nothing
from workbench.model.finding import Pointer
from workbench.model.operations import (
    Edit,
    EditItems,
    EditLine,
    EditValue,
    FileEdit,
    InsertItems,
    KeepSecret,
    LineEdit,
    RemoveValue,
    ReplaceSecret,
    RestoreLine,
    RestoreValue,
    SetValue,
)
from workbench.repair import items
from workbench.repair.keeping import is_secret, kept_edits, kept_hold, kept_taken_back
from workbench.repair.lines import inverse_lines, lines_edited, lines_hold, lines_taken_back, require_accepted
from workbench.repair.paths import Refused
from workbench.text import visible

_Placed = RemoveValue | SetValue | InsertItems | EditItems | ReplaceSecret


def edited(raw: bytes, edits: Sequence[FileEdit]) -> bytes:
    """The bytes with every edit made, in order. Raises Refused where one does not fit the document as it is."""
    if lines := line_edits(edits):
        return lines_edited(raw, lines)
    made, values = raw, value_edits(edits)
    for edit in values:
        try:
            made = _made(made, edit)
        except (EditRefused, Malformed) as why:
            raise Refused(f"{visible(edit.path)}: {_reason(why)}", "scan again: the file may have changed") from why
    _require_least_change(raw, made, values)
    return made


def taken_back(there: bytes, edits: Sequence[FileEdit], left: Sequence[str], backup: Callable[[], bytes]) -> bytes:
    """The bytes with every edit taken back, last first; what else was written since stays.

    ``backup`` gives the document before the edits. Raises Refused where the place of an edit is not as it was left.
    """
    if not edits:
        raise Refused("what stands there is not what was left, and it is not known what to put back into it")
    if kept := kept_edits(edits):
        return kept_taken_back(there, kept, left)
    if lines := line_edits(edits):
        return lines_taken_back(there, lines, backup)
    made = there
    for number, edit in reversed(list(enumerate(value_edits(edits)))):
        if isinstance(edit, EditValue):
            made = edited(made, inverse((edit,)))
            continue
        if number >= len(left) or _digest(_set_by(edit, _parsed(made, edit))) != left[number]:
            raise Refused(f"what stands at the place of the edit in {visible(edit.path)} was changed since")
        if isinstance(edit, RestoreValue):
            made = edited(made, (edit.undoes,))
            continue
        try:
            made = _restored(made, edit, backup())
        except (EditRefused, Malformed) as why:
            raise Refused(f"{visible(edit.path)}: {_reason(why)}") from why
    return made


def require_edited(staged: bytes, edits: Sequence[FileEdit], left: Sequence[str]) -> None:
    """Let the document's own parser read the staged bytes and find each place as it is to be. Raises Refused."""
    if lines := line_edits(edits):
        require_accepted(staged, lines)
        return
    if (kept := kept_edits(edits)) and not kept_hold(staged, kept, left):
        raise Refused(f"the staged copy of {visible(kept[0].path)} does not hold the secret; nothing was changed")
    for number, edit in enumerate(value_edits(edits)):
        value = _parsed(staged, edit)
        if isinstance(edit, EditValue):
            right = value_or_nothing(value, edit.pointer) == edit.value
        else:
            right = number < len(left) and _digest(_set_by(edit, value)) == left[number]
        if not right:
            raise Refused(f"the staged copy of {visible(edit.path)} does not hold the new value; nothing was changed")


def holds(content: bytes, edits: Sequence[FileEdit], left: Sequence[str]) -> bool:
    """Whether every edit's place is as the edit left it."""
    if lines := line_edits(edits):
        return lines_hold(content, lines)
    try:
        require_edited(content, edits, left)
    except Refused:
        return False
    return bool(edits)


def what_is_left(after: bytes, edits: Sequence[FileEdit]) -> tuple[str, ...]:
    """Of each edit the digest of what stands at its place, in the document that the edits were made in."""
    if line_edits(edits):
        return ("",) * len(edits)
    return tuple(
        "" if isinstance(edit, EditValue) else _digest(_set_by(edit, _parsed(after, edit)))
        for edit in value_edits(edits)
    )


def inverse(edits: Sequence[FileEdit]) -> tuple[FileEdit, ...]:
    """The edits that bring back what these replace."""
    if lines := line_edits(edits):
        return inverse_lines(lines)
    # What takes a secret out of a file of secrets names nothing: to do that again the backup of it is all there is.
    return tuple(_inverse(edit) for edit in reversed(value_edits(edits)))


def line_edits(edits: Sequence[FileEdit]) -> tuple[LineEdit, ...]:
    """The edits that are of lines: all or none, for a file is a document or is not."""
    return tuple(edit for edit in edits if isinstance(edit, EditLine | RestoreLine))


def value_edits(edits: Sequence[FileEdit]) -> tuple[Edit, ...]:
    """The edits that are of a document's values: all or none."""
    return tuple(edit for edit in edits if not isinstance(edit, EditLine | RestoreLine | KeepSecret))


def _inverse(edit: Edit) -> FileEdit:
    if isinstance(edit, EditValue):
        return EditValue(edit.path, edit.format, edit.pointer, expect=edit.value, value=edit.expect)
    if isinstance(edit, RestoreValue):
        return edit.undoes
    return RestoreValue(edit.path, edit.format, edit.pointer, edit)


def overlap(edits: Sequence[FileEdit]) -> bool:
    """Whether two edits concern the same part of the document, so that one would move what the other means."""
    if all(isinstance(edit, EditValue) for edit in edits):
        return False
    if line_edits(edits):
        numbers = [edit.line for edit in edits if isinstance(edit, EditLine)]
        return len(set(numbers)) < len(edits)
    scopes = [edit.pointer if isinstance(edit, EditValue) else scope(edit) for edit in value_edits(edits)]
    return any(
        one[: len(other)] == other
        for place, one in enumerate(scopes)
        for number, other in enumerate(scopes)
        if number != place
    )


def scope(edit: _Placed | RestoreValue) -> Pointer:
    """The place that the edit changes: of an item it is the list, where those behind it move up."""
    if isinstance(edit, RestoreValue):
        return scope(edit.undoes)
    is_item = not (isinstance(edit, RemoveValue) and edit.items) and edit.pointer and isinstance(edit.pointer[-1], int)
    return edit.pointer[:-1] if is_item else edit.pointer


def json_of(text: str) -> Any:
    """The value that a plan names as JSON. Raises Refused where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused("the plan holds a value that is not JSON") from error


def _made(raw: bytes, edit: Edit) -> bytes:
    if isinstance(edit, EditValue):
        return replace_string(raw, edit.format, edit.pointer, edit.expect, edit.value)
    if isinstance(edit, RestoreValue):
        raise Refused("only an undo puts back what a backup holds")
    document = parse(raw, edit.format).value
    found = value_or_nothing(document, edit.pointer)
    if isinstance(edit, InsertItems):
        if not isinstance(found, list):
            raise EditRefused(f"{visible('.'.join(map(str, edit.pointer)), 200)} is no list any more")
        for item in reversed(edit.items):
            raw = insert_value(raw, edit.format, (*edit.pointer, 0), item)
        return raw
    if isinstance(edit, EditItems):
        return items.made(raw, edit, document, _is_known)
    if isinstance(edit, ReplaceSecret):
        if not _is_known(json_of(edit.expect), document, edit.pointer):
            raise EditRefused(f"{visible('.'.join(map(str, edit.pointer)), 200)} is not what it was, or no secret")
        return replace_value(raw, edit.format, edit.pointer, json_of(edit.value))
    _require_expected(edit, found)
    if isinstance(edit, SetValue):
        if not edit.pointer or not isinstance(edit.pointer[-1], str):
            raise EditRefused("only a member of an object or a key of a table is set")
        wanted = json_of(edit.value)
        if found is NOTHING:
            return insert_value(raw, edit.format, edit.pointer, wanted)
        if more := _put_before(found, wanted):
            # Item by item, so that those that stay keep their spelling, their lines and their comments.
            for place, item in enumerate(wanted[:more]):
                raw = insert_value(raw, edit.format, (*edit.pointer, place), item)
            return raw
        return replace_value(raw, edit.format, edit.pointer, wanted)
    if not edit.items:
        return remove_value(raw, edit.format, edit.pointer)
    for place in reversed(_places(found, edit.items)):
        raw = remove_value(raw, edit.format, (*edit.pointer, place))
    return raw


def _is_known(expected: Any, document: Any, pointer: Pointer) -> bool:
    """Whether that stands there, with a text that is or holds a secret wherever nothing is expected."""
    found = value_or_nothing(document, pointer)
    if expected is None:
        return is_secret(document, pointer)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(
            _is_known(part, document, (*pointer, place)) for place, part in enumerate(expected)
        )
    return bool(expected == found)


def _require_expected(edit: RemoveValue | SetValue, found: Any) -> None:
    where = visible(".".join(map(str, edit.pointer)), 200)
    if found is NOTHING:
        if isinstance(edit, RemoveValue):
            raise EditRefused(f"the file no longer holds {where}")
        return
    if isinstance(edit, SetValue) and not edit.expect:
        raise EditRefused(f"the file holds {where} already")
    if isinstance(edit, RemoveValue) and edit.pointer != scope(edit) and not edit.expect:
        raise EditRefused(f"the plan does not say which item it means by {where}")
    if edit.expect and not _is_as_expected(json_of(edit.expect), found, edit):
        raise EditRefused(f"{where} is not what it was when the file was looked at")
    if isinstance(edit, RemoveValue) and edit.items and not set(edit.items) <= set(_texts(found)):
        raise EditRefused(f"{where} no longer holds everything that is to be removed")


def _is_as_expected(expected: Any, found: Any, edit: Edit) -> bool:
    if isinstance(expected, dict) and isinstance(found, dict):
        return all(name in found and same(part, found[name], edit.format) for name, part in expected.items())
    return same(expected, found, edit.format)


def _put_before(old: Any, new: Any) -> int:
    """How many items stand before those of the old list in the new one, 0 where the old ones do not end it."""
    if not (isinstance(old, list) and isinstance(new, list) and old):
        return 0
    more = len(new) - len(old)
    return more if more > 0 and new[more:] == old else 0


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _places(value: list[Any], items: tuple[str, ...]) -> list[int]:
    return [place for place, item in enumerate(value) if isinstance(item, str) and item in items]


def _restored(there: bytes, edit: _Placed, backup: bytes) -> bytes:
    if isinstance(edit, EditItems):
        return items.restored(there, edit, backup)
    if isinstance(edit, InsertItems):
        for _ in edit.items:
            there = remove_value(there, edit.format, (*edit.pointer, 0))
        return there
    if isinstance(edit, SetValue):
        old, new = (value_or_nothing(_parsed(raw, edit), edit.pointer) for raw in (backup, there))
        for _ in range(more := _put_before(old, new)):
            there = remove_value(there, edit.format, (*edit.pointer, 0))
        if more:
            return there
    if not (isinstance(edit, RemoveValue) and edit.items):
        return restore_value(there, edit.format, edit.pointer, backup)
    for place in _places(value_or_nothing(_parsed(backup, edit), edit.pointer), edit.items):
        there = restore_value(there, edit.format, (*edit.pointer, place), backup)
    return there


def _require_least_change(before: bytes, after: bytes, edits: Sequence[Edit]) -> None:
    if not edits:
        return
    wanted, got = _parsed(before, edits[0]), _parsed(after, edits[0])
    for edit in edits:
        if isinstance(edit, EditValue):
            wanted = changed(wanted, edit.pointer, edit.value)
        elif isinstance(edit, InsertItems):
            wanted = changed(wanted, edit.pointer, [*edit.items, *value_or_nothing(wanted, edit.pointer)])
        elif isinstance(edit, EditItems):
            wanted = changed(wanted, edit.pointer, items.wanted(value_or_nothing(wanted, edit.pointer), edit.items))
        elif isinstance(edit, SetValue | ReplaceSecret):
            wanted = changed(wanted, edit.pointer, json_of(edit.value))
        elif isinstance(edit, RemoveValue) and edit.items:
            kept = [item for item in value_or_nothing(wanted, edit.pointer) if item not in edit.items]
            wanted = changed(wanted, edit.pointer, kept)
        else:
            wanted = changed(wanted, edit.pointer, NOTHING)
    if not same(wanted, got, edits[0].format):
        raise Refused(f"the edit would change more of {visible(edits[0].path)} than the one value; nothing was changed")


def _place(value: Any, edit: _Placed | RestoreValue) -> Any:
    return value_or_nothing(value, scope(edit))


def _set_by(edit: Edit, value: Any) -> Any:
    """What stands where the edit put something. Of a list in which items stay as they are, the new ones alone."""
    if isinstance(edit, EditValue):
        return value_or_nothing(value, edit.pointer)
    found = _place(value, edit)
    if isinstance(edit, EditItems):
        return items.new_ones(found, edit.items)
    return found[: len(edit.items)] if isinstance(edit, InsertItems) and isinstance(found, list) else found


def _digest(value: Any) -> str:
    if value is NOTHING:
        return ""
    text = json.dumps(value, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _parsed(raw: bytes, edit: Edit) -> Any:
    try:
        return parse(raw, edit.format).value
    except Malformed as why:
        raise Refused(f"{visible(edit.path)} is not {edit.format.upper()} any more: {_reason(why)}") from why


def _reason(why: EditRefused | Malformed) -> str:
    if isinstance(why, EditRefused):
        return why.reason
    return f"{why.message} ({why.place})" if why.place else why.message
