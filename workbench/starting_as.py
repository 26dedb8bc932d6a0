"""Give a configured server another command, word for word, whatever shape its entry has."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from workbench.editable import why_not_editable
from workbench.model.clients import ClientConfig, ServerEntry
from workbench.model.plan import EditValue, Operation, Refusal, SetValue

_BY_HAND = "change the command by hand, as the lesson says"
# What a client may put something else in the place of, in some word of a command.
_EXPANDED = re.compile(r"[$`{}*?\"'\\]|^~")


def started_as(config: ClientConfig, entry: ServerEntry, command: Sequence[str]) -> tuple[Operation, ...] | Refusal:
    """The edits after which the client starts exactly this command instead of the old one. No word may be a secret."""
    pointers, texts = entry.argument_pointers, entry.command
    by_hand = Refusal(f"the command of {entry.name} is not written in a way that can be changed safely", _BY_HAND)
    if entry.transport != "stdio" or not texts or not all(pointers) or len(pointers) != len(texts):
        return by_hand
    if any("<secret: " in word or _EXPANDED.search(word) for word in (*texts, *command)):
        return by_hand
    as_list = isinstance(pointers[0][-1], int)
    items, words = (pointers, texts) if as_list else (pointers[1:], texts[1:])
    rows = {pointer[:-1] for pointer in items} or {(*pointers[0][:-1], "args")}
    if len(rows) > 1 or [pointer[-1] for pointer in items] != list(range(len(items))):
        return by_hand
    (row,) = rows
    refusal = why_not_editable(config, row)
    if refusal is not None:
        return refusal
    path, form = config.path.asked, config.format
    new = list(command) if as_list else list(command[1:])
    edit = SetValue(path, form, row, json.dumps(new), expect=json.dumps(list(words)))
    return (edit,) if as_list else (EditValue(path, form, pointers[0], expect=texts[0], value=command[0]), edit)
