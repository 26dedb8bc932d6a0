"""Put one waiver into a waivers file, in the place of the old one, or take it out; every other byte is kept."""

from __future__ import annotations

import json
from typing import Any

from workbench.exits import Unusable
from workbench.model.waiver import Waiver
from workbench.waivers.file import parse, wrong

_OTHERWISE = "a waiver cannot be taken out of it as it is laid out; take it out by hand"
_BEGIN = """\
# What was accepted on this machine, by whom, why and until when. Every entry holds for at most 180 days.
# Add one with: workbench waive FINDING --reason "..." --until DATE     See all with: workbench waivers
# Take one back with: workbench waive FINDING --remove
waivers:
"""


def with_waiver(before: bytes, waiver: Waiver, shown: str) -> bytes:
    """The bytes of the file with the waiver in it. ``before`` is b"" for a file that is not there. Raises Unusable.

    The result is read again: it holds the waivers that were there, and this one, or nothing is given.
    """
    old = parse(before, shown) if before.strip() else ()
    lines = _lines(before, shown)
    made = _placed(lines, waiver, shown).encode("utf-8")
    kept = [_content(each) for each in old if each.finding != waiver.finding]
    try:
        now = parse(made, shown)
    except Unusable as why:
        raise wrong(shown, None, "a waiver cannot be added to it as it is laid out; add it by hand") from why
    if [_content(each) for each in now if each.finding != waiver.finding] != kept or _content(waiver) not in [
        _content(each) for each in now
    ]:
        raise wrong(shown, None, "a waiver cannot be added to it as it is laid out; add it by hand")
    return made


def without_waiver(before: bytes, finding: str, shown: str) -> bytes:
    """The bytes of the file without the waiver of that finding. Raises Unusable.

    The result is read again: it holds every other waiver that was there, or nothing is given.
    """
    kept = [_content(each) for each in parse(before, shown) if each.finding != finding]
    lines = _lines(before, shown)
    made = _cut(lines, finding, shown).encode("utf-8")
    try:
        now = parse(made, shown)
    except Unusable as why:
        raise wrong(shown, None, _OTHERWISE) from why
    if [_content(each) for each in now] != kept:
        raise wrong(shown, None, _OTHERWISE)
    return made


def entry_text(waiver: Waiver, indent: str) -> str:
    """The entry as it stands in the file, each line indented."""
    # A JSON string is YAML's own double-quoted string, as long as nothing in it is written with an escape of JSON's.
    rows = (
        f"- finding: {json.dumps(waiver.finding)}",
        f"  check: {waiver.check}",
        f"  reason: {json.dumps(waiver.reason, ensure_ascii=False)}",
        f"  owner: {json.dumps(waiver.owner, ensure_ascii=False)}",
        f"  accepted: {waiver.accepted}",
        f"  expires: {waiver.expires}",
        f"  severity: {waiver.severity.value}",
        f"  seen: {json.dumps(list(waiver.seen))}",
    )
    return "".join(f"{indent}{row}\n" for row in rows)


def _content(waiver: Waiver) -> tuple[Any, ...]:
    return (
        waiver.check,
        waiver.finding,
        waiver.reason,
        waiver.owner,
        waiver.accepted,
        waiver.expires,
        waiver.severity,
        waiver.seen,
    )


def _lines(before: bytes, shown: str) -> list[str]:
    from workbench.documents.decoding import decode

    text, encoding, mark = decode(before)
    if encoding != "utf-8" or mark or "\r" in text:
        raise wrong(shown, 1, "it is not plain UTF-8 with LF line ends; save it as that first")
    return text.splitlines(keepends=True) if text.strip() else _BEGIN.splitlines(keepends=True)


def _placed(lines: list[str], waiver: Waiver, shown: str) -> str:
    import yaml

    text = "".join(lines)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None:
        return f"{_ended(text)}waivers:\n{entry_text(waiver, '  ')}"
    held = None
    if isinstance(root, yaml.MappingNode) and not root.flow_style:
        held = next((value for key, value in root.value if key.value == "waivers"), None)
    if held is None:
        raise wrong(shown, None, "waivers must be a list of entries that begin with a dash; lay it out so first")
    if not isinstance(held, yaml.SequenceNode) and held.start_mark.index == held.end_mark.index:
        return _ended(text) + entry_text(waiver, "  ")
    if not isinstance(held, yaml.SequenceNode) or held.flow_style or not held.value:
        raise wrong(shown, None, "waivers must be a list of entries that begin with a dash; lay it out so first")
    indent = " " * held.start_mark.column
    for node in held.value:
        finding = next((value.value for key, value in node.value if key.value == "finding"), None)
        if finding == waiver.finding:
            first, last = node.start_mark.line, _last_line(node)
            return "".join([*lines[:first], entry_text(waiver, indent), *lines[last + 1 :]])
    at = _last_line(held.value[-1]) + 1
    return _ended("".join(lines[:at])) + entry_text(waiver, indent) + "".join(lines[at:])


def _cut(lines: list[str], finding: str, shown: str) -> str:
    import yaml

    root = yaml.compose("".join(lines), Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else ()
    for held in (value for key, value in pairs if key.value == "waivers"):
        if isinstance(held, yaml.SequenceNode) and not held.flow_style:
            for node in held.value:
                if any(key.value == "finding" and value.value == finding for key, value in node.value):
                    return "".join([*lines[: node.start_mark.line], *lines[_last_line(node) + 1 :]])
    raise wrong(shown, None, _OTHERWISE)


def _last_line(node: Any) -> int:
    """The last line on which something of a node is written: the parser counts what follows it in."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        return max(_last_line(part) for pair in node.value for part in pair)
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return max(_last_line(part) for part in node.value)
    mark = node.end_mark
    # A block of text ends at the beginning of the line after it.
    return int(mark.line - 1 if mark.column == 0 and mark.line > node.start_mark.line else mark.line)


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"
