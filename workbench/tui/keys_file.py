"""Read a file of keys: the account's own, nobody else's to write; each entry that is not used with its line and why."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.host.files import CannotLook, read_bounded
from workbench.plugins import Untrusted, trust
from workbench.text import visible
from workbench.tui.keys import ACTS, FIXED, Act, Keys, shown

if TYPE_CHECKING:
    from yaml import Node

FILE_LIMIT = 1 << 20
"""Bytes of a file of keys."""

ENTRY_LIMIT = 500
KEY_LIMIT = 8
"""Keys of one act."""

_FORM = "it must hold one act and its key on each line, as in rescan: f5"


class _Wrong(Exception):  # noqa: N818 - it is an answer, not an error
    """What is wrong on which line."""

    def __init__(self, line: int | None, message: str) -> None:
        super().__init__(message)
        self.line, self.message = line, message


class _Entry(NamedTuple):
    """The keys that one line gives to an act."""

    act: Act
    keys: tuple[str, ...]
    line: int


def read(path: Path) -> Keys:
    """The keys that a file chooses. A file that others could write, or that cannot be read, chooses none."""
    where = visible(str(path))
    place = Path(os.path.abspath(path))  # noqa: PTH100 - links must stay, to be refused
    try:
        trust(place, of="keys", change="what your keys do")
        raw = read_bounded(place, FILE_LIMIT)
    except Untrusted as why:
        return Keys(where, complaints=(f"nothing in it is used: {why}",))
    except CannotLook as why:
        return Keys(where, complaints=(f"nothing in it is used: {why.why}",))
    return parse(raw, where)


def parse(raw: bytes, where: str) -> Keys:
    """The keys that the bytes of the file ``where`` choose. Never raises: what is wrong stands in the answer."""
    from workbench.documents.decoding import decode
    from workbench.documents.model import Malformed
    from workbench.documents.yaml_nodes import compose

    advice = ""
    try:
        text = decode(raw)[0]
        advice = "; put a sign such as ? or [ between quotes"
        # The bounded reader first: what it accepts is neither deep nor endless.
        compose(text)
        pairs = _pairs(text)
    except Malformed as why:
        place = f"{why.place}: " if why.place else ""
        return Keys(where, complaints=(f"{place}nothing in the file is used: {why.message}{advice}",))
    except _Wrong as why:
        place = f"line {why.line}: " if why.line else ""
        return Keys(where, complaints=(f"{place}nothing in the file is used: {why.message}",))
    wrong: list[tuple[int, str]] = []
    entries: dict[str, _Entry] = {}
    for name, value, line in pairs:
        try:
            act = _act(name, line)
            if act.id in entries:
                first = f"{act.id} stands on line {entries[act.id].line} already"
                raise _Wrong(line, f"{first}, so this line is not used. Keep one of them.")
            entries[act.id] = _Entry(act, _keys(act, value, line), line)
        except _Wrong as why:
            wrong.append((line, why.message))
    wrong += _settle(entries)
    said = tuple(f"line {line}: {message}" for line, message in sorted(wrong))
    return Keys(where, {entry.act.id: entry.keys for entry in entries.values()}, said)


def _pairs(text: str) -> list[tuple[str, Node, int]]:
    """The names, the values and their lines, in order. An empty file, or one of comments alone, has none."""
    import yaml

    try:
        root: Node | None = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise _Wrong(mark.line + 1 if mark else None, "it cannot be read as one YAML document") from error
    if root is None or (isinstance(root, yaml.ScalarNode) and root.tag.endswith(":null")):
        return []
    if not isinstance(root, yaml.MappingNode):
        raise _Wrong(_line(root), _FORM)
    if len(root.value) > ENTRY_LIMIT:
        raise _Wrong(None, f"it holds more than {ENTRY_LIMIT} entries")
    return [(key.value if isinstance(key, yaml.ScalarNode) else "", value, _line(key)) for key, value in root.value]


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _act(name: str, line: int) -> Act:
    if name in ACTS:
        return ACTS[name]
    key = _named(name)
    if key is not None and key in FIXED:
        raise _Wrong(line, f"{key} can be given to no act: it {FIXED[key]}")
    if key is not None:
        raise _Wrong(line, f"{shown(key)} is a key: write the act first and its key behind it, as in rescan: f5")
    near = get_close_matches(name, ACTS, 3) if len(name) <= 100 else []
    advice = f"; did you mean {' or '.join(near)}?" if near else "; see: workbench list keys"
    raise _Wrong(line, f"there is no act {visible(name, 60) or 'without a name'}{advice}")


def _keys(act: Act, value: Any, line: int) -> tuple[str, ...]:
    import yaml

    nodes = value.value if isinstance(value, yaml.SequenceNode) else [value]
    if not nodes or not all(isinstance(node, yaml.ScalarNode) for node in nodes):
        raise _refused(act, line, "names no key", "Write one key, or a list such as [r, f5].")
    if len(nodes) > KEY_LIMIT:
        raise _refused(act, line, f"names more than {KEY_LIMIT} keys", "Choose some of them.")
    found = (_key(act, "" if node.tag.endswith(":null") and node.value != "~" else node.value, line) for node in nodes)
    return tuple(dict.fromkeys(found))


def _key(act: Act, written: str, line: int) -> str:
    key = _named(written)
    if not written:
        raise _refused(act, line, "names no key", "Write one key, or a list such as [r, f5].")
    if key is None:
        _, shift, last = written.rpartition("shift+")
        if shift and len(last) == 1 and last.isalpha():
            raise _refused(act, line, f"{visible(written, 40)} is no key of a terminal", f"Write {last.upper()}.")
        near = get_close_matches(written.lower(), _names(), 1) if len(written) <= 40 else []
        advice = f"Did you mean {near[0]}?" if near else "Write a sign, or a name such as f5, ctrl+r or question_mark."
        raise _refused(act, line, f"{visible(written, 40)} is no key", advice)
    if key in FIXED:
        raise _refused(act, line, f"{key} {FIXED[key]}", "Choose another key.")
    if act.before and not _free_of_typing(key):
        said = f"{shown(key)} is needed where a line is typed"
        raise _refused(act, line, said, "Choose a function key, or one with ctrl that edits no line.")
    return key


def _refused(act: Act, line: int, why: str, advice: str) -> _Wrong:
    return _Wrong(line, f"{act.id}: {why}, so it stays on {shown(act.key)}. {advice}")


def _settle(entries: dict[str, _Entry]) -> Iterator[tuple[int, str]]:
    """Take away, the last line first, what gives a key to two acts that must not share it; say of each why."""
    # Each that is taken away brings a usual key back, which may be in the way of another entry.
    while True:
        by_line = sorted(entries.values(), key=lambda entry: entry.line, reverse=True)
        found = next(((entry, why) for entry in by_line if (why := _clash(entry, entries))), None)
        if found is None:
            return
        entry, why = found
        del entries[entry.act.id]
        yield entry.line, why


def _clash(entry: _Entry, entries: Mapping[str, _Entry]) -> str:
    act = entry.act
    for other in ACTS.values():
        if other is act:
            continue
        theirs = entries[other.id].keys if other.id in entries else (other.key,)
        key = next((key for key in entry.keys if key in theirs), None)
        if key is None:
            continue
        if (act.asks and other.agrees) or (act.agrees and other.asks):
            asks, agrees = (act, other) if not act.agrees else (other, act)
            why = (
                f"{shown(key)} would both lead to a question ({asks.id}) and agree to it ({agrees.id}),"
                " and a key that is pressed twice must change nothing"
            )
            return str(_refused(act, entry.line, why, "Choose another key."))
        if act.places & other.places:
            place = min(act.places & other.places)
            why = f"{shown(key)} is the key of {other.id} as well, {place}"
            return str(_refused(act, entry.line, why, f"Choose another key, or give {other.id} another one."))
    return ""


def _named(written: str) -> str | None:
    """A key as Textual names it, whatever way it is written; None for what no key is called."""
    from textual.keys import _character_to_key

    if len(written) == 1:
        return _character_to_key(written) if written.isprintable() else None
    name = written.lower()
    name = {"esc": "escape", "return": "enter"}.get(name, name)
    modifiers, plus, last = name.rpartition("+")
    if plus and len(last) == 1:
        name = f"{modifiers}+{_character_to_key(last)}"
    return name if name in _names() else None


@cache
def _names() -> frozenset[str]:
    """What keys of more than one sign are called: those that a terminal can send."""
    import string

    from textual.keys import Keys as Named
    from textual.keys import _character_to_key

    special = {key.value for key in Named} - {"return", "ctrl-at", "ctrl+@"}
    signs = {_character_to_key(sign) for sign in string.punctuation + " "}
    letters = string.ascii_lowercase + string.digits
    alt = {f"alt+{letter}" for letter in letters} | {f"alt+{sign}" for sign in signs}
    return frozenset({name for name in special if "<" not in name} | signs | alt | FIXED.keys())


def _free_of_typing(key: str) -> bool:
    from textual.binding import BindingsMap
    from textual.widgets import Input

    typed = len(shown(key)) == 1 or key == "space"
    return not typed and key not in BindingsMap(Input.BINDINGS).key_to_bindings
