"""Replace one string in a document, keep every other byte, and prove it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.documents.decoding import encode
from workbench.documents.literals import literal
from workbench.documents.locating import locate
from workbench.documents.model import EditRefused, Format, value_at
from workbench.documents.proof import named, parsed
from workbench.model.finding import Pointer


def replace_string(
    raw: bytes,
    format: Format,  # noqa: A002 - it is the word for it
    pointer: Sequence[str | int],
    expect: str,
    value: str,
) -> bytes:
    """The document with one string replaced: every other byte is kept, line ends and byte order mark included.

    The result is parsed again, and given back only if this one value is all that differs. Raises EditRefused when the
    document cannot be parsed, when something else than ``expect`` stands there, or when the proof fails; and always for
    XML, which is not edited, and for what YAML shares, merges, tags or writes as a block of lines.
    """
    where = tuple(pointer)
    if format == "xml":
        raise EditRefused("XML files are not edited: their editor writes them anew; change it in its settings")
    before = parsed(raw, format, "the file cannot be parsed")
    _expect(before.value, where, expect)
    if format == "yaml":
        _require_its_own(before.text, where)
    try:
        span = locate(before, where)
    except LookupError as error:
        raise EditRefused(f"the place of {named(where)} in the file could not be determined") from error
    old = before.text[span.start : span.end]
    text = before.text[: span.start] + literal(value, old, format) + before.text[span.end :]
    try:
        edited: bytes | None = encode(text, before.encoding, before.byte_order_mark)
    except UnicodeEncodeError:
        edited = None
    if edited is None:
        raise EditRefused(f"the new value of {named(where)} cannot be written in this file's encoding")
    after = parsed(edited, format, "the edited file could not be parsed again")
    if not _differs_only_at(before.value, after.value, where, value):
        raise EditRefused(f"the edit would have changed more than {named(where)}")
    return edited


def _expect(data: Any, where: Pointer, expect: str) -> None:
    try:
        found = value_at(data, where)
    except LookupError as error:
        raise EditRefused(f"the file no longer holds {named(where)}") from error
    if not isinstance(found, str):
        raise EditRefused(f"{named(where)} is not a string")
    if found != expect:
        raise EditRefused(f"{named(where)} is not what it was when the file was looked at")


def _require_its_own(text: str, where: Pointer) -> None:
    """Refuse what YAML lets stand in more than one place, or in none that one text could be put into."""
    from workbench.documents import yaml_nodes

    node = yaml_nodes.find(yaml_nodes.compose(text), where)
    if node is not None and node.fixed:
        raise EditRefused(f"{named(where)} cannot be replaced where it stands: {node.fixed}; edit it by hand")


def _differs_only_at(before: Any, after: Any, where: Pointer, value: str) -> bool:
    """Whether the two are the same data, key order and types included, but for ``value`` at ``where``."""
    pending: list[tuple[Any, Any, Pointer | None]] = [(before, after, where)]
    while pending:
        old, new, rest = pending.pop()
        if type(old) is not type(new):
            return False
        if rest == ():
            if new != value:
                return False
            continue
        if isinstance(old, dict):
            if list(old) != list(new):
                return False
            pending.extend((old[key], new[key], _inside(rest, key)) for key in old)
        elif isinstance(old, list):
            if len(old) != len(new):
                return False
            pending.extend((old[place], new[place], _inside(rest, place)) for place in range(len(old)))
        elif old != new and repr(old) != repr(new):  # NaN is not equal to itself
            return False
    return True


def _inside(rest: Pointer | None, part: str | int) -> Pointer | None:
    """What is left of the pointer inside ``part``, None where the pointer does not lead there."""
    return rest[1:] if rest and rest[0] == part else None
