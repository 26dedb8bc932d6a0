"""Read a waivers file: the account's own, nobody else's to write, strict, and every complaint with its line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.exits import Unusable
from workbench.host.files import CannotLook, read_bounded
from workbench.model.waiver import WAIVERS, Waiver, WaiverFile
from workbench.plugins import Untrusted, trust, user_folder
from workbench.text import visible

if TYPE_CHECKING:
    from yaml import Node

FILE_LIMIT = 1 << 20
"""Bytes of a waivers file."""

ENTRY_LIMIT = 2000


def usual_file() -> Path:
    """Where the person's waivers lie when no other file is named: ``$XDG_CONFIG_HOME/workbench/waivers.yaml``."""
    return user_folder(os.environ, Path(os.path.expanduser("~"))) / WAIVERS  # noqa: PTH111 - does not fail without a home


def read_usual(path: Path) -> WaiverFile | None:
    """The person's own file, None where there is none. What is wrong with it is told, and nothing in it then holds."""
    try:
        return read(path)
    except Unusable as why:
        return None if not os.path.lexists(path) else WaiverFile(visible(str(path)), (), str(why))


def read(path: Path) -> WaiverFile:
    """What a waivers file holds. Raises Unusable where it is not to be relied on, and says what to do."""
    shown = visible(str(path))
    return WaiverFile(shown, parse(bytes_of(path), shown))


def bytes_of(path: Path) -> bytes:
    """The bytes of a file that nobody else could have written. Raises Unusable."""
    shown = visible(str(path))
    place = Path(os.path.abspath(path))  # noqa: PTH100 - links must stay, to be refused
    try:
        trust(place, of="waivers", change="what counts as accepted")
        raw = read_bounded(place, FILE_LIMIT)
    except Untrusted as why:
        raise Unusable(f"the waivers in {shown} are not relied on: {why}") from why
    except CannotLook as why:
        raise Unusable(f"the waivers file {shown} cannot be read: {why.why}") from why
    return raw


def parse(raw: bytes, shown: str) -> tuple[Waiver, ...]:
    """The waivers that the bytes hold, in order. Raises Unusable with the line of what is wrong."""
    from workbench.documents.decoding import decode
    from workbench.documents.model import Malformed
    from workbench.documents.yaml_nodes import compose

    try:
        text = decode(raw)[0]
        # The bounded reader first: what it accepts is neither deep nor endless.
        compose(text)
    except Malformed as why:
        place = f", {why.place}" if why.place else ""
        raise Unusable(f"{shown}{place}: {why.message}") from why
    entries = [_fields(node, shown) for node in _items(_root(text, shown), shown)]
    made = tuple(_waiver(fields, lines, shown) for fields, lines in entries)
    lines_of: dict[str, int | None] = {}
    for waiver in made:
        if waiver.finding in lines_of:
            first = lines_of[waiver.finding]
            raise wrong(shown, waiver.line, f"the finding {waiver.finding} is waived on line {first} already")
        lines_of[waiver.finding] = waiver.line
    return made


def wrong(shown: str, line: int | None, message: str) -> Unusable:
    """What is wrong on which line of a waivers file."""
    return Unusable(f"{shown}{f', line {line}' if line else ''}: {message}")


def _root(text: str, shown: str) -> Node | None:
    import yaml

    try:
        root: Node | None = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise wrong(shown, mark.line + 1 if mark else None, "it cannot be read as one YAML document") from error
    return root


def _items(root: Node | None, shown: str) -> list[Node]:
    """The nodes of the entries. An empty file, or one of comments alone, has none."""
    import yaml

    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        raise wrong(shown, _line(root), "it must hold one list, named waivers")
    members = _members(root, shown)
    for name, (_, key) in members.items():
        if name != "waivers":
            raise wrong(shown, _line(key), f"{visible(name, 60)} is not known here; the file holds one list, waivers")
    if "waivers" not in members:
        return []
    held = members["waivers"][0]
    if isinstance(held, yaml.ScalarNode) and held.tag.endswith(":null"):
        return []
    if not isinstance(held, yaml.SequenceNode):
        raise wrong(shown, _line(held), "waivers must be a list")
    if len(held.value) > ENTRY_LIMIT:
        raise wrong(shown, None, f"it holds more than {ENTRY_LIMIT} waivers")
    return list(held.value)


def _fields(node: Node, shown: str) -> tuple[dict[str, Any], dict[str, int | None]]:
    """The members of one entry as they are written, and the line of each ("" for the entry's own)."""
    import yaml

    if not isinstance(node, yaml.MappingNode):
        raise wrong(shown, _line(node), "a waiver is a mapping of check, finding, reason, owner, accepted, expires, …")
    fields: dict[str, Any] = {}
    lines: dict[str, int | None] = {"": _line(node)}
    for name, (value, key) in _members(node, shown).items():
        lines[name] = _line(key)
        fields[name] = _plain(value)
    return fields, lines


def _plain(node: Node) -> Any:
    # Dates and digests stay the text that is written: YAML would take some of them for numbers.
    import yaml

    if isinstance(node, yaml.ScalarNode):
        return None if node.tag.endswith(":null") else node.value
    if isinstance(node, yaml.SequenceNode):
        return [each.value if isinstance(each, yaml.ScalarNode) else {} for each in node.value]
    return {}


def _members(node: Any, shown: str) -> dict[str, tuple[Node, Node]]:
    import yaml

    members: dict[str, tuple[Node, Node]] = {}
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if name in members:
            raise wrong(shown, _line(key), f"{visible(name, 60)} stands there twice")
        members[name] = (value, key)
    return members


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _waiver(fields: dict[str, Any], lines: dict[str, int | None], shown: str) -> Waiver:
    from pydantic import ValidationError

    from workbench.waivers.entry import Entry

    try:
        entry = Entry.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        said = visible(first["msg"].removeprefix("Value error, "), 200)
        if first["type"] == "extra_forbidden":
            said = "this is not known here"
        elif first["type"] == "missing":
            said = "this is missing"
        where = f"{visible(name, 60)}: " if name else ""
        raise wrong(shown, lines.get(name, lines[""]), f"{where}{said}") from error
    return entry.waiver(lines[""])
