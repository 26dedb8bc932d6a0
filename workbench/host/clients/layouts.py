"""Find the servers in a document, however its client lays them out, each in the shape that most clients use."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from workbench.host.clients.definitions import ANY, Client, Keys
from workbench.model.finding import Pointer
from workbench.model.record import record

_ADDRESS = ("url", "serverUrl", "httpUrl", "uri")
_COMMAND = ("command", "cmd")
_COMPONENTS = ("McpApplicationServerCommands", "McpProjectServerCommands")
_OPTIONS = {"programPath": "command", "command": "command", "url": "url", "workingDirectory": "cwd"}
_NODE_LIMIT = 100_000
_LINE_LIMIT = 1 << 16


@record
class Slot:
    """One place where a server stands. ``beside`` is what its table stands in.

    With ``written`` false the value was put together from other parts of the document: no pointer leads to its items.
    """

    name: str
    pointer: Pointer
    value: Any
    beside: Any = None
    written: bool = True


@record
class NoTable:
    """What stands where a table of servers should."""

    pointer: Pointer
    value: Any


def slots(document: dict[str, Any], client: Client, platform: str) -> Iterator[Slot | NoTable]:
    """Every place of a document where a server of that client stands, its value of any shape."""
    if client.layout == "jetbrains":
        yield from _jetbrains(document)
    elif client.layout == "manifest":
        yield from _manifest(document, client, platform)
    elif client.bare and not any(way[0] in document for way in client.servers):
        yield from _bare(document)
    else:
        yield from _tables(document, client)


def values_at(document: Any, ways: Iterable[Keys]) -> Iterator[tuple[Pointer, Any, Any]]:
    """Each value at the end of a way, with its pointer and what it stands in."""
    for way in ways:
        reached: list[tuple[Pointer, Any, Any]] = [((), document, None)]
        for key in way:
            deeper: list[tuple[Pointer, Any, Any]] = []
            for pointer, value, _ in reached:
                if isinstance(value, dict):
                    names = list(value) if key == ANY else [key] if key in value else []
                    deeper += [((*pointer, name), value[name], value) for name in names]
            reached = deeper
        yield from reached


def starts_something(value: Any) -> bool:
    """Whether an entry names a command or an address."""
    return isinstance(value, dict) and any(value.get(key) for key in (*_COMMAND, *_ADDRESS))


def may_be_server(value: Any) -> bool:
    """Whether an entry of a file that serves other ends is one: it starts something, or only says that it does not."""
    if not isinstance(value, dict):
        return False
    switch = (value.get("enabled"), value.get("disabled"))
    return (
        starts_something(value) or any(isinstance(each, bool) for each in switch) or value.get("source") == "extension"
    )


def _tables(document: dict[str, Any], client: Client) -> Iterator[Slot | NoTable]:
    for pointer, table, beside in values_at(document, client.servers):
        if isinstance(table, dict):
            for name, value in table.items():
                if not (client.inside and isinstance(value, dict) and value.get("type") in client.inside):
                    yield Slot(str(name), (*pointer, name), value, beside)
        elif isinstance(table, list) and client.lists:
            for index, value in enumerate(table):
                yield _listed(index, (*pointer, index), value, beside)
        elif client.kind == "plug-in" and isinstance(table, (str, list)):
            continue  # the names of other files, which are looked at for themselves
        elif table is not None and table != []:
            yield NoTable(pointer, table)


def _listed(index: int, pointer: Pointer, value: Any, beside: Any) -> Slot:
    name = value.get("name") if isinstance(value, dict) else None
    shown = name if isinstance(name, str) and name else f"{pointer[-2]}[{index}]"
    inner = value.get("transport") if isinstance(value, dict) else None
    if isinstance(inner, dict):
        # The older shape: {"transport": {"type": "stdio", "command": …}}.
        return Slot(shown, (*pointer, "transport"), inner, beside)
    return Slot(shown, pointer, value, beside)


def _bare(document: dict[str, Any]) -> Iterator[Slot]:
    for name, value in document.items():
        if starts_something(value):
            yield Slot(str(name), (name,), value)


def _manifest(document: dict[str, Any], client: Client, platform: str) -> Iterator[Slot | NoTable]:
    """The one server of a Claude Desktop extension, as that platform starts it."""
    for pointer, config, _ in values_at(document, client.servers):
        if not isinstance(config, dict):
            yield NoTable(pointer, config)
            continue
        overrides = config.get("platform_overrides")
        own = overrides.get(platform) if isinstance(overrides, dict) else None
        value = {key: item for key, item in config.items() if key != "platform_overrides"}
        merged = {**value, **own} if isinstance(own, dict) else value
        if isinstance(own, dict) and isinstance(own.get("env"), dict) and isinstance(value.get("env"), dict):
            merged["env"] = {**value["env"], **own["env"]}
        names = (document.get("display_name"), document.get("name"))
        name = next((each for each in names if isinstance(each, str) and each), "the extension")
        yield Slot(name, pointer, merged, written=not isinstance(own, dict))


def _jetbrains(document: dict[str, Any]) -> Iterator[Slot]:
    """The servers in the XML of JetBrains AI Assistant: elements of three generations, their options as attributes."""
    for pointer, component in _children(document, ()):
        if component.get("tag") != "component" or _attribute(component, "name") not in _COMPONENTS:
            continue
        for place, element in _children(component, pointer):
            within = [(place, element)]
            if element.get("tag") in ("commands", "urls"):
                within = list(_children(element, place))
            for where, entry in within:
                name, value = _options(entry)
                # An entry of name and state alone belongs to a server of ~/.ai/mcp/mcp.json.
                if name and starts_something(value):
                    yield Slot(name, where, value, written=False)


def _options(entry: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    value: dict[str, Any] = {}
    name = ""
    for _, child in _children(entry, ()):
        label, text = _attribute(child, "name"), _attribute(child, "value")
        if child.get("tag") == "envs" or label in ("env", "headers"):
            value["headers" if label == "headers" else "env"] = dict(_pairs(child))
        elif label == "name":
            name = text
        elif label == "enabled":
            value["enabled"] = text != "false"
        elif label == "arguments":
            value["args"] = words(text)
        elif label == "args":
            value["args"] = [item for _, item in _pairs(child, unnamed=True)]
        elif label in _OPTIONS and text:
            value.setdefault(_OPTIONS[label], text)
    return name, value


def words(text: str) -> list[str]:
    """The words of a command line in one text; split at its blanks alone where its quotes do not match."""
    if len(text) > _LINE_LIMIT:
        return text.split()
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _pairs(element: Mapping[str, Any], *, unnamed: bool = False) -> Iterator[tuple[str, str]]:
    """The names and values of all elements inside of one, at any depth."""
    pending = [child for _, child in _children(element, ())][::-1]
    for _ in range(_NODE_LIMIT):
        if not pending:
            return
        child = pending.pop()
        key = _attribute(child, "name") or _attribute(child, "key")
        attributes = child.get("attributes")
        if isinstance(attributes, dict) and "value" in attributes and (key or unnamed):
            yield key, _attribute(child, "value")
        pending += [deeper for _, deeper in _children(child, ())][::-1]


def _children(element: Mapping[str, Any], pointer: Pointer) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    children = element.get("children")
    for index, child in enumerate(children if isinstance(children, list) else ()):
        if isinstance(child, dict):
            yield (*pointer, "children", index), child


def _attribute(element: Mapping[str, Any], name: str) -> str:
    attributes = element.get("attributes")
    value = attributes.get(name) if isinstance(attributes, dict) else None
    return value if isinstance(value, str) else ""
