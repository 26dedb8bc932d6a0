"""Put a program before the command of a configured server, whatever shape its entry has: what fixes share."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from workbench.editable import why_not_editable
from workbench.model.clients import ClientConfig, ServerEntry
from workbench.model.finding import Pointer
from workbench.model.operations import EditItems, EditValue, InsertItems, Operation, ReplaceSecret, SetValue
from workbench.model.plan import Refusal
from workbench.model.snapshot import Snapshot

_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|(?:cmd|powershell|pwsh|wsl)(?:\.exe)?\Z", re.IGNORECASE)
_OWN_FILES = ("/workbench/launchers/", "/workbench/secrets/")
_BY_HAND = "change the command by hand, as the lesson says"
# They put something else in the place of what begins with a dollar sign in an argument, or may.
_EXPANDS_ARGUMENTS = ("crush",)


def launcher_of(entry: ServerEntry) -> str:
    """The launcher of a sandbox, made by the workbench, that an entry starts its server through, "" where none."""
    return next((path for path in own_files(entry) if _OWN_FILES[0] in path), "")


def own_files(entry: ServerEntry) -> tuple[str, ...]:
    """The files that the workbench made for an entry, and that its command names."""
    words = [word for word in entry.command if word.startswith("/") and any(folder in word for folder in _OWN_FILES)]
    return tuple(dict.fromkeys(words))


def own_name(config: ClientConfig, entry: ServerEntry) -> str:
    """How the files that are made for an entry are named: one for each, so that each can be taken back by itself."""
    import hashlib

    key = hashlib.sha256(f"{config.path.asked}#{entry.pointer}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", entry.name).strip("-")[:40] or "server"
    return f"{name}-{key}"


def home_of(config: ClientConfig, snapshot: Snapshot) -> str | Refusal:
    """The home of the account whose client it is."""
    if config.owner is None or config.owner == snapshot.host.uid:
        return snapshot.host.home.rstrip("/")
    home = next((each.home for each in snapshot.accounts.accounts if each.uid == config.owner), "").rstrip("/")
    return home or Refusal(
        f"the home of the account with the uid {config.owner} is not known", "run it as that account"
    )


def reworded(config: ClientConfig, entry: ServerEntry, items: Sequence[int | str]) -> tuple[Operation, ...] | Refusal:
    """The edits after which the command line of an entry is ``items``: new words, and the places of those that stay.

    Where the program stands apart from its arguments, it must be the first of them that stay.
    """
    pointers, texts = entry.argument_pointers, entry.command
    by_hand = Refusal(f"the command of {entry.name} is not written in a way that can be changed safely", _BY_HAND)
    if entry.transport != "stdio" or not texts or len(pointers) != len(texts) or not all(pointers):
        return by_hand
    if _WINDOWS.match(texts[0]):
        return Refusal(f"{entry.name} is started in the way of Windows", _BY_HAND)
    if config.client in _EXPANDS_ARGUMENTS and any("$" in item for item in items if isinstance(item, str)):
        return Refusal(f"what {config.client_name} makes of a dollar sign in an argument is not known", _BY_HAND)
    skipped = 0 if isinstance(pointers[0][-1], int) else 1
    if skipped and items[:1] != (0,):
        return by_hand
    rows = {pointer[:-1] for pointer in pointers[skipped:]}
    if len(rows) != 1 or [pointer[-1] for pointer in pointers[skipped:]] != list(range(len(texts) - skipped)):
        return by_hand
    (row,) = rows
    refusal = why_not_editable(config, row)
    if refusal is not None:
        return refusal
    expect = json.dumps([None if "<secret: " in text else text for text in texts[skipped:]])
    after = tuple(item - skipped if isinstance(item, int) else item for item in items[skipped:])
    return (EditItems(config.path.asked, config.format, row, expect, after),)


def arguments_row(config: ClientConfig, entry: ServerEntry, by_hand: Refusal) -> Pointer | Refusal:
    """The list in the document that holds the arguments of an entry whose every word is known by its place there.

    It may have to be made. ``by_hand`` is the answer where the words do not stand in one list, in their order.
    """
    pointers = entry.argument_pointers
    items = pointers if isinstance(pointers[0][-1], int) else pointers[1:]
    rows = {pointer[:-1] for pointer in items} or {(*pointers[0][:-1], "args")}
    if len(rows) > 1 or [pointer[-1] for pointer in items] != list(range(len(items))):
        return by_hand
    (row,) = rows
    return why_not_editable(config, row) or row


def started_through(
    config: ClientConfig, entry: ServerEntry, first: Sequence[str], secret: Mapping[Pointer, str] | None = None
) -> tuple[Operation, ...] | Refusal:
    """The edits after which the client starts ``first`` (a program and its options) with the whole old command behind.

    ``secret`` are those arguments that hold a secret, by their place in the document, and what each becomes.
    """
    pointers, texts = entry.argument_pointers, entry.command
    if entry.transport != "stdio" or not texts:
        return Refusal(
            f"{entry.name} is not started by {config.client_name}, so nothing can be put before it", _BY_HAND
        )
    if _WINDOWS.match(texts[0]):
        return Refusal(f"{entry.name} is started in the way of Windows, which has no such shell", _BY_HAND)
    if config.client in _EXPANDS_ARGUMENTS and any("$" in word for word in first):
        return Refusal(f"what {config.client_name} makes of a dollar sign in an argument is not known", _BY_HAND)
    by_hand = Refusal(f"the command of {entry.name} is not written in a way that can be changed safely", _BY_HAND)
    if not all(pointers) or "<secret: " in texts[0] or texts[0].startswith("~"):
        return by_hand
    row = arguments_row(config, entry, by_hand)
    if isinstance(row, Refusal):
        return row
    as_list = isinstance(pointers[0][-1], int)
    items, words = (pointers, texts) if as_list else (pointers[1:], texts[1:])
    path, form = config.path.asked, config.format
    new = tuple(first) if as_list else (*first[1:], texts[0])
    program: tuple[Operation, ...] = (
        () if as_list else (EditValue(path, form, pointers[0], expect=texts[0], value=first[0]),)
    )
    if not items:
        return (*program, SetValue(path, form, row, json.dumps(new), expect="[]"))
    if not secret:
        return (*program, InsertItems(path, form, row, new))
    after = [secret.get(pointer, word) for pointer, word in zip(items, words, strict=True)]
    before = [None if pointer in secret else word for pointer, word in zip(items, words, strict=True)]
    return (*program, ReplaceSecret(path, form, row, json.dumps([*new, *after]), json.dumps(before)))
