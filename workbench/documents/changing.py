"""Take a value out of a document, put one in, or exchange one, keep every other byte, and prove it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from workbench.documents import flow, toml_tables
from workbench.documents.decoding import encode
from workbench.documents.literals import literal, member, toml_key, written
from workbench.documents.locating import locate, spans
from workbench.documents.model import Document, EditRefused, Format
from workbench.documents.proof import NOTHING, changed, named, parsed, same, value_or_nothing
from workbench.documents.splicing import Splice, indent_unit, newline, rest_of_line, spliced
from workbench.model.finding import Pointer

_DEEPEST = 50


def remove_value(raw: bytes, format: Format, pointer: Sequence[str | int]) -> bytes:  # noqa: A002
    """The document without one member, item, key or table.

    The comma that separates it goes too, and its lines with the comments on them where it stands alone on these. Raises
    EditRefused when it is not there, or when it could not be proven that nothing else is lost: for what YAML shares,
    for a duplicate key, for what shares its lines in a way that was not understood, and always for XML.
    """
    where = tuple(pointer)
    document = _read(raw, format, where)
    if value_or_nothing(document.value, where) is NOTHING:
        raise EditRefused(f"the file no longer holds {named(where)}")
    if not where:
        raise EditRefused("the whole document is not removed")
    splices = _removal(document, where)
    return _proven(document, splices, changed(document.value, where, NOTHING), where)


def insert_value(
    raw: bytes,
    format: Format,  # noqa: A002
    pointer: Sequence[str | int],
    value: Any,
    *,
    index: int | None = None,
) -> bytes:
    """The document with a new member, item, key or table, at the end of what holds it, which must be there.

    ``value`` is None, a boolean, a number, text, or a list or dict of such. ``index`` is the place of a new member
    among the others (None: the last); the pointer of a new item ends in its place. Raises EditRefused.
    """
    where = tuple(pointer)
    document = _read(raw, format, where)
    text = document.text
    _require_writable(value)

    def write(indent: str | None) -> str:
        body = written(value, format, indent, indent_unit(text)).replace("\n", newline(text))
        return member(where[-1], body, format) if isinstance(where[-1], str) else body

    place = _new_place(document.value, where, index)
    if format == "toml" and not toml_tables.is_inside_value(toml_tables.known_sections(text), where):
        splices = _new_in_toml(text, where, value)
    else:
        splices = _insertion(document, where, place, write)
    return _proven(document, splices, changed(document.value, where, value, place), where)


def replace_value(
    raw: bytes,
    format: Format,  # noqa: A002
    pointer: Sequence[str | int],
    value: Any,
) -> bytes:
    """The document with one value, of whatever type, replaced by another. Raises EditRefused, as for a table of TOML
    that has a header, or a mapping of YAML on lines of its own: these have no one place to write another value to.
    """
    where = tuple(pointer)
    document = _read(raw, format, where)
    _require_writable(value)
    span = _one_span(document, where)
    old = document.text[span.start : span.end]
    body = literal(value, old, format) if isinstance(value, str) else written(value, format)
    return _proven(document, [span._replace(text=body)], changed(document.value, where, value), where)


def restore_value(raw: bytes, format: Format, pointer: Sequence[str | int], source: bytes) -> bytes:  # noqa: A002
    """The document with one value as another version of it, ``source``, has it, spelled as it is there.

    What is not in ``source`` is taken out; what is missing comes back behind the member it stood behind, or, of a list,
    to its place. Raises EditRefused.
    """
    where = tuple(pointer)
    document, other = _read(raw, format, where), _read(source, format, where)
    wanted = value_or_nothing(other.value, where)
    if wanted is NOTHING:
        return remove_value(raw, format, where)
    if where and isinstance(where[-1], int):
        return _put_in(document, other, where, where[-1])
    if value_or_nothing(document.value, where) is NOTHING:
        holder, there = (value_or_nothing(data, where[:-1]) for data in (other.value, document.value))
        if not isinstance(holder, dict) or not isinstance(there, dict):
            raise EditRefused(f"what held {named(where)} is not there any more")
        return _put_in(document, other, where, _behind(list(holder), str(where[-1]), list(there)))
    span, spelled = _one_span(document, where), _one_span(other, where)
    body = other.text[spelled.start : spelled.end]
    return _proven(document, [span._replace(text=body)], changed(document.value, where, wanted), where)


def _put_in(document: Document, other: Document, where: Pointer, index: int) -> bytes:
    """Put in what another version holds, in its own spelling."""
    wanted = changed(document.value, where, value_or_nothing(other.value, where), index)
    if document.format == "toml":
        found = toml_tables.known_sections(other.text)
        if not toml_tables.is_inside_value(found, where):
            table, body, is_tables = toml_tables.carried(other.text, where)
            put = toml_tables.with_sections if is_tables else toml_tables.with_pair
            return _proven(document, put(document.text, table, body), wanted, where)
    spelled = _spelled(other, where)
    return _proven(document, _insertion(document, where, index, lambda _: spelled), wanted, where)


def _behind(order: list[str], key: str, now: list[str]) -> int:
    """Where a member goes so that it follows the one it followed, or precedes the one it preceded."""
    place = order.index(key)
    places = {name: at for at, name in enumerate(now)}
    for name in reversed(order[:place]):
        if name in places:
            return places[name] + 1
    return next((places[name] for name in order[place + 1 :] if name in places), len(now))


def _require_writable(value: Any) -> None:
    """Refuse what is nested more deeply than a repair would ever write; writing it is recursive."""
    level, depth = [value], 0
    while level := [part for each in level if isinstance(each, dict | list) for part in _inside(each)]:
        depth += 1
        if depth > _DEEPEST:
            raise EditRefused("a value that is nested so deeply is not written")


def _inside(value: dict[str, Any] | list[Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value


def _new_place(data: Any, where: Pointer, index: int | None) -> int:
    holder = value_or_nothing(data, where[:-1]) if where else NOTHING
    if value_or_nothing(data, where) is not NOTHING and isinstance(holder, dict):
        raise EditRefused(f"the file holds {named(where)} already")
    if isinstance(holder, dict) and isinstance(where[-1], str):
        place = len(holder) if index is None else index
    elif isinstance(holder, list) and isinstance(where[-1], int):
        place = where[-1]
    else:
        raise EditRefused(f"the file holds nothing that could hold {named(where)}")
    if not 0 <= place <= len(holder):
        raise EditRefused(f"there is no such place for {named(where)}")
    return place


def _removal(document: Document, where: Pointer) -> list[Splice]:
    text = document.text
    if document.format == "yaml":
        from workbench.documents import yaml_blocks, yaml_nodes

        node = _holder(document, where)
        names = list(node.inside) if isinstance(node.inside, dict) else []
        index = where[-1] if isinstance(where[-1], int) else names.index(where[-1])
        part = yaml_nodes.find(node, where[-1:])
        if part is None or part.fixed == "it is merged in from elsewhere":
            raise EditRefused(f"{named(where)} cannot be removed: it is merged in from elsewhere")
        at = part.key if isinstance(node.inside, dict) else part.start
        if not node.is_block:
            return flow.without(text, found := flow.of_yaml(text, node), flow.at_value(found, at), "yaml")
        found_places = yaml_blocks.places(text, node)
        if isinstance(node.inside, dict):
            index = next(place for place, (start, _) in enumerate(found_places) if start == at)
        return yaml_blocks.without(text, node, index)
    if document.format == "toml" and not toml_tables.is_inside_value(toml_tables.known_sections(text), where):
        return toml_tables.without(text, where)
    container, index = _between_brackets(document, where)
    return flow.without(text, container, index, document.format)


def _insertion(document: Document, where: Pointer, index: int, write: flow.Write) -> list[Splice]:
    text = document.text
    if document.format == "yaml":
        from workbench.documents import yaml_blocks

        node = _holder(document, where)
        if node.is_block:
            entry = write(None)
            return yaml_blocks.with_entry(text, node, index, entry if isinstance(where[-1], str) else _dashed(entry))
        return flow.with_entry(text, flow.of_yaml(text, node), index, write, "yaml")
    span = _located(document, where[:-1])
    return flow.with_entry(text, flow.scan(text, span.start, document.format), index, write, document.format)


def _dashed(entry: str) -> str:
    return entry if entry.startswith(("- ", "-\n", "-\r\n")) else f"- {entry}"


def _new_in_toml(text: str, where: Pointer, value: Any) -> list[Splice]:
    if isinstance(where[-1], int):
        raise EditRefused("an entry of an array of tables is not edited")
    if isinstance(value, dict):
        return toml_tables.with_sections(text, where[:-1], toml_tables.table(text, where, value))
    return toml_tables.with_pair(text, where[:-1], f"{toml_key(where[-1])} = {written(value, 'toml')}")


def _spelled(document: Document, where: Pointer) -> str:
    """A member or item as it is written, with its name or dash."""
    text = document.text
    if document.format == "yaml":
        from workbench.documents import yaml_blocks

        node = _holder(document, where)
        if node.is_block:
            found = yaml_blocks.places(text, node)
            if isinstance(node.inside, dict):
                key = node.inside[where[-1]].key
                start, end = next(each for each in found if each[0] == key)
            else:
                start, end = found[int(where[-1])]
            tail = rest_of_line(text, end, "yaml")
            return text[start : end if tail is None else tail]
    container, index = _between_brackets(document, where)
    entry = container.entries[index]
    return text[entry.start : entry.end]


def _between_brackets(document: Document, where: Pointer) -> tuple[flow.Flow, int]:
    if document.format == "yaml":
        node = _holder(document, where)
        found = flow.of_yaml(document.text, node)
        part = node.inside[where[-1]]
        return found, flow.at_value(found, part.key if isinstance(node.inside, dict) else part.start)
    holder, value = _located(document, where[:-1]), _located(document, where)
    container = flow.scan(document.text, holder.start, document.format)
    return container, flow.at_value(container, value.start)


def _holder(document: Document, where: Pointer) -> Any:
    """The node of YAML that holds what the pointer leads to, where it is a container of its own."""
    from workbench.documents import yaml_nodes

    node = yaml_nodes.find(yaml_nodes.compose(document.text), where[:-1])
    if node is None or node.inside is None:
        raise EditRefused(f"the file holds nothing that could hold {named(where)}")
    if node.fixed:
        raise EditRefused(f"{named(where)} cannot be edited where it stands: {node.fixed}; edit it by hand")
    return node


def _located(document: Document, where: Pointer) -> Splice:
    try:
        span = locate(document, where)
    except LookupError as error:
        raise EditRefused(f"the place of {named(where)} in the file could not be determined") from error
    return Splice(span.start, span.end)


def _one_span(document: Document, where: Pointer) -> Splice:
    """Where a value stands that is written in one piece, so that another can stand there."""
    value = value_or_nothing(document.value, where)
    if value is NOTHING:
        raise EditRefused(f"the file no longer holds {named(where)}")
    if document.format == "yaml":
        from workbench.documents import yaml_nodes

        node = yaml_nodes.find(yaml_nodes.compose(document.text), where)
        fixed = "" if node is None else node.fixed or ("it is written over several lines" if node.is_block else "")
        if fixed or node is None:
            raise EditRefused(f"{named(where)} cannot be replaced where it stands: {fixed}; edit it by hand")
    found = spans(document, [where]).get(where)
    if found is None:
        raise EditRefused(f"the place of {named(where)} in the file could not be determined")
    span = Splice(*found)
    if document.format == "toml" and isinstance(value, dict | list):
        first = document.text[span.start : span.start + 1]
        pairs = [path for section in toml_tables.known_sections(document.text) for path, *_ in section.pairs]
        inside = toml_tables.is_inside_value(toml_tables.known_sections(document.text), where)
        if first not in ("{", "[") or not (where in pairs or inside):
            raise EditRefused(f"{named(where)} is not written as one value; edit it by hand")
    return span


def _read(raw: bytes, format: Format, where: Pointer) -> Document:  # noqa: A002
    if format == "xml":
        raise EditRefused("XML files are not edited: their editor writes them anew; change it in its settings")
    if any(isinstance(part, bool) for part in where):
        raise EditRefused("that is no place in a document")
    return parsed(raw, format, "the file cannot be parsed")


def _proven(document: Document, splices: Iterable[Splice], wanted: Any, where: Pointer) -> bytes:
    try:
        edited: bytes | None = encode(spliced(document.text, splices), document.encoding, document.byte_order_mark)
    except UnicodeEncodeError:
        edited = None
    if edited is None:
        raise EditRefused(f"the new value of {named(where)} cannot be written in this file's encoding")
    after = parsed(edited, document.format, "the edited file could not be parsed again")
    if not same(wanted, after.value, document.format):
        raise EditRefused(f"the edit would have changed more than {named(where)}; edit it by hand")
    return edited
