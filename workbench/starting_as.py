"""Give a configured server another command, word for word, whatever shape its entry has."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from workbench.launching import arguments_row
from workbench.model.clients import ClientConfig, ServerEntry
from workbench.model.operations import EditValue, Operation, SetValue
from workbench.model.plan import Refusal

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
    row = arguments_row(config, entry, by_hand)
    if isinstance(row, Refusal):
        return row
    as_list = isinstance(pointers[0][-1], int)
    words = texts if as_list else texts[1:]
    path, form = config.path.asked, config.format
    new = list(command) if as_list else list(command[1:])
    edit = SetValue(path, form, row, json.dumps(new), expect=json.dumps(list(words)))
    return (edit,) if as_list else (EditValue(path, form, pointers[0], expect=texts[0], value=command[0]), edit)
