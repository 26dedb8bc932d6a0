"""Read the servers out of a parsed config. The document is hostile: any value may have any shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from workbench.host.clients.definitions import ANY, Client, Keys
from workbench.launch import understand
from workbench.model.clients import ServerEntry
from workbench.model.facts import EnvironmentEntry, SecretFact
from workbench.model.finding import Pointer
from workbench.secrets import capture, environment_entry, redact_arguments, redact_url, shown_name

_COMMAND = ("command", "cmd")
_ARGUMENTS = ("args", "arguments")
_ENVIRONMENT = ("env", "environment", "envs")
_HEADERS = ("headers", "http_headers")
_ADDRESS = ("url", "serverUrl", "httpUrl", "uri")
# Their values are names of variables, not values of them.
_NAMES_ONLY = ("bearer_token_env_var", "env_vars", "env_http_headers", "env_keys", "envFile")
_READ = frozenset((*_COMMAND, *_ARGUMENTS, *_ENVIRONMENT, *_HEADERS, *_ADDRESS, *_NAMES_ONLY))
_PLACE = re.compile(r"args\[(\d+)\]")
# What people put among the servers as a remark, JSON having no comments.
_COMMENT = re.compile(r"_|//|#|\$|comment", re.I)
_TABLES = ("mcpServers", "servers", "mcp_servers", "context_servers")
_DEPTH_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Misshapen:
    """A part of a document that is not of the shape its client reads. ``lost`` when its content was not understood."""

    pointer: Pointer
    why: str
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Entries:
    """What a document says of servers. ``raw`` are the servers' pointers as they stand in the document, in order."""

    servers: tuple[ServerEntry, ...]
    raw: tuple[Pointer, ...]
    secrets: tuple[SecretFact, ...]
    misshapen: tuple[Misshapen, ...]


@dataclass(frozen=True, slots=True)
class _Argument:
    """One item of an argument vector: its text, where it stands, and the name of that place."""

    text: str
    pointer: Pointer
    place: str
    editable: bool


def read_entries(document: Any, client: Client, home: str, platform: str) -> Entries:
    """Every server of a parsed document of that client; entries of a wrong shape are named and the others kept."""
    servers: list[ServerEntry] = []
    raw: list[Pointer] = []
    secrets: list[SecretFact] = []
    misshapen: list[Misshapen] = []
    if not isinstance(document, dict):
        return Entries((), (), (), (Misshapen((), f"the document is {_word(document)}, not a table", lost=True),))
    for pointer, table, beside in _tables(document, client.servers):
        if not isinstance(table, dict):
            if table is not None:
                misshapen.append(Misshapen(pointer, f"it is {_word(table)}, not a table of servers", lost=True))
                secrets += _secrets_in(table, ".".join(map(str, pointer)))
            continue
        off = _switched_off(beside, client)
        for name, value in table.items():
            place = (*pointer, name)
            if not isinstance(value, dict):
                if not (isinstance(value, str) and _COMMENT.match(name)):
                    misshapen.append(Misshapen(place, f"it is {_word(value)}, not a server", lost=True))
                secrets += _secrets_in(value, shown_name(str(name)))
                continue
            entry, wrong = _read_entry(name, value, place, client, home, platform, off)
            misshapen += wrong
            raw.append(place)
            servers.append(entry)
    if not client.settings:
        # The table of another client: this one starts nothing from it, but what stands in it stands in the file.
        for key in set(_TABLES).intersection(document).difference(way[0] for way in client.servers):
            secrets += _secrets_in(document[key], key)
    for keys in client.secrets:
        for pointer, value, _ in _tables(document, (keys,)):
            secrets += _secrets_in(value, ".".join(map(str, pointer)))
    return Entries(tuple(servers), tuple(raw), tuple(secrets), tuple(misshapen))


def _tables(document: dict[str, Any], ways: Iterable[Keys]) -> Iterator[tuple[Pointer, Any, Any]]:
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


def _switched_off(beside: Any, client: Client) -> frozenset[str]:
    lists = [beside.get(key) for key in client.switched_off if isinstance(beside, dict)]
    return frozenset(name for names in lists if isinstance(names, list) for name in names if isinstance(name, str))


def _read_entry(
    name: str, value: dict[str, Any], pointer: Pointer, client: Client, home: str, platform: str, off: frozenset[str]
) -> tuple[ServerEntry, list[Misshapen]]:
    wrong: list[Misshapen] = []
    arguments = _argument_vector(value, pointer, wrong)
    texts = [argument.text for argument in arguments]
    redacted, found = redact_arguments(texts)
    secrets = [_placed(secret, arguments) for secret in found]
    environment = _environment(value, pointer, wrong)
    secrets += [entry.secret for entry in environment if entry.secret is not None]
    for key in _ENVIRONMENT:
        # A list of NAME=value is of no client's shape, and holds its secrets all the same.
        secrets += [] if isinstance(value.get(key), dict) else _secrets_in(value.get(key), key)
    in_name = capture("", name, "the name of the server")
    secrets += [in_name] if in_name is not None else []
    secrets += _headers(value, pointer, wrong)
    url, in_url = redact_url(_text(value, _ADDRESS))
    secrets += [in_url] if in_url is not None else []
    rest = {key: part for key, part in value.items() if key not in _READ}
    secrets += _secrets_in(rest, "")
    shown = _shown(pointer)
    exact = shown == pointer
    entry = ServerEntry(
        name=shown_name(name),
        pointer=shown,
        transport=_transport(value, arguments, url),
        command=redacted,
        # A pointer that had to be made visible leads elsewhere or nowhere: better none than the wrong one.
        argument_pointers=tuple(item.pointer if exact and item.editable else () for item in arguments),
        url=url,
        environment=environment,
        secrets=tuple(dict.fromkeys(secrets)),
        launch=understand(texts, home) if texts else None,
        disabled=value.get("disabled") is True or value.get("enabled") is False or name in off,
        client_sandbox=_client_sandbox(value, client, platform),
    )
    return entry, wrong


def _argument_vector(value: dict[str, Any], pointer: Pointer, wrong: list[Misshapen]) -> list[_Argument]:
    vector: list[_Argument] = []
    for key in _COMMAND:
        command = value.get(key)
        if isinstance(command, str):
            vector.append(_Argument(command, (*pointer, key), key, True))
        elif isinstance(command, list):
            vector += _items(command, (*pointer, key), key, wrong)
        elif isinstance(command, dict):
            # The older shape of some clients: {"command": {"path": …, "args": […]}}.
            path = command.get("path")
            if isinstance(path, str):
                vector.append(_Argument(path, (*pointer, key, "path"), f"{key}.path", True))
            if isinstance(command.get("args"), list):
                vector += _items(command["args"], (*pointer, key, "args"), f"{key}.args", wrong)
        elif command is not None:
            wrong.append(Misshapen((*pointer, key), f"it is {_word(command)}, not a text", lost=True))
    for key in _ARGUMENTS:
        arguments = value.get(key)
        if isinstance(arguments, list):
            vector += _items(arguments, (*pointer, key), key, wrong)
        elif arguments is not None:
            wrong.append(Misshapen((*pointer, key), f"it is {_word(arguments)}, not a list", lost=True))
            if isinstance(arguments, str):
                vector.append(_Argument(arguments, (*pointer, key), key, False))
    return vector


def _items(values: list[Any], pointer: Pointer, place: str, wrong: list[Misshapen]) -> list[_Argument]:
    items: list[_Argument] = []
    for index, item in enumerate(values):
        where = (*pointer, index)
        if isinstance(item, str):
            items.append(_Argument(item, where, f"{place}[{index}]", True))
            continue
        scalar = isinstance(item, (bool, int, float))
        wrong.append(Misshapen(where, f"it is {_word(item)}, not a text", lost=not scalar))
        if scalar:
            text = str(item).lower() if isinstance(item, bool) else str(item)
            items.append(_Argument(text, where, f"{place}[{index}]", False))
    return items


def _placed(secret: SecretFact, arguments: list[_Argument]) -> SecretFact:
    """The secret with its place in the document instead of in the argument vector."""
    match = _PLACE.match(secret.place)
    if match is None or int(match.group(1)) >= len(arguments):
        return secret
    place = arguments[int(match.group(1))].place
    return replace(secret, place=place + secret.place[match.end() :])


def _environment(value: dict[str, Any], pointer: Pointer, wrong: list[Misshapen]) -> tuple[EnvironmentEntry, ...]:
    entries: list[EnvironmentEntry] = []
    for key in _ENVIRONMENT:
        table = value.get(key)
        if table is not None and not isinstance(table, dict):
            wrong.append(Misshapen((*pointer, key), f"it is {_word(table)}, not a table", lost=True))
        for name, item in table.items() if isinstance(table, dict) else ():
            entries.append(environment_entry(str(name), _scalar(item), f"{key}."))
            if isinstance(item, (dict, list)):
                wrong.append(Misshapen((*pointer, key, name), f"it is {_word(item)}, not a text", lost=True))
    return tuple(entries)


def _headers(value: dict[str, Any], pointer: Pointer, wrong: list[Misshapen]) -> list[SecretFact]:
    secrets: list[SecretFact] = []
    for key in _HEADERS:
        table = value.get(key)
        if table is not None and not isinstance(table, dict):
            wrong.append(Misshapen((*pointer, key), f"it is {_word(table)}, not a table", lost=True))
            secrets += _secrets_in(table, key)
        for name, item in table.items() if isinstance(table, dict) else ():
            secret = environment_entry(str(name), _scalar(item), f"{key}.").secret
            secrets += [secret] if secret is not None else []
    return secrets


def _secrets_in(value: Any, place: str, name: str = "", depth: int = 0) -> list[SecretFact]:
    """Every secret in a part of the document that has no meaning of its own here, by the key it stands under."""
    if depth > _DEPTH_LIMIT:
        return []
    secrets: list[SecretFact] = []
    if isinstance(value, dict):
        # VS Code names an input in its ``id`` and keeps what it stands for beside it.
        label = value.get("id") if isinstance(value.get("id"), str) else ""
        for key, item in value.items():
            known = str(label) if key == "default" and label else str(key)
            secrets += _secrets_in(item, f"{place}.{shown_name(str(key))}".lstrip("."), known, depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            secrets += _secrets_in(item, f"{place}[{index}]", name, depth + 1)
    elif isinstance(value, str) and value:
        secret = capture(name, value, place)
        secrets += [secret] if secret is not None else []
    return secrets


def _transport(value: dict[str, Any], arguments: list[_Argument], url: str) -> Literal["stdio", "http", "unknown"]:
    kind = value.get("type", value.get("transport"))
    if arguments and (not url or kind == "stdio"):
        return "stdio"
    if url:
        return "http"
    return "unknown"


def _client_sandbox(value: dict[str, Any], client: Client, platform: str) -> str:
    # No client has a sandbox of its own on Windows.
    if client.sandbox is None or platform == "win32":
        return ""
    key, name = client.sandbox
    return name if value.get(key) is True else ""


def _text(value: dict[str, Any], keys: Iterable[str]) -> str:
    return next((value[key] for key in keys if isinstance(value.get(key), str)), "")


def _scalar(value: Any) -> str:
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def _shown(pointer: Pointer) -> Pointer:
    return tuple(shown_name(key) if isinstance(key, str) else key for key in pointer)


def _word(value: Any) -> str:
    if value is None:
        return "nothing"
    words = {bool: "a yes or no", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a table"}
    return next((word for kind, word in words.items() if isinstance(value, kind)), f"a {type(value).__name__}")
