"""Read the servers out of a parsed config. The document is hostile: any value may have any shape."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any, Literal

from workbench.host.clients.arguments import Misshapen, argument_vector, placed, scalar, word
from workbench.host.clients.definitions import Client
from workbench.host.clients.launchers import launchers_among
from workbench.host.clients.layouts import NoTable, Slot, may_be_server, slots, values_at
from workbench.host.clients.loaders import loaders_of, path_of, set_on_the_way, tables_of
from workbench.host.clients.programs import Files, run_by, start_of
from workbench.launch import understand
from workbench.model.clients import LoaderVariable, ServerEntry
from workbench.model.facts import EnvironmentEntry, SecretFact
from workbench.model.finding import Pointer
from workbench.model.launch import Launch
from workbench.model.record import record
from workbench.secrets import capture, environment_entry, redact, redact_arguments, redact_url, shown_name
from workbench.text import visible

_ENVIRONMENT = ("env", "environment", "envs")
_HEADERS = ("headers", "http_headers", "requestOptions")
_ADDRESS = ("url", "serverUrl", "httpUrl", "uri")
_DIRECTORY = ("cwd", "workingDirectory", "working_directory", "workdir")
_ENVIRONMENT_FILE = ("envFile", "env_file", "envFiles", "env_files")
# Their values are names of variables, not values of them.
_NAMES_ONLY = ("bearer_token_env_var", "env_vars", "env_http_headers", "env_keys")
_READ = frozenset(
    (
        *("command", "cmd", "args", "arguments"),
        *_ENVIRONMENT,
        *_HEADERS[:2],
        *_ADDRESS,
        *_DIRECTORY,
        *_ENVIRONMENT_FILE,
        *_NAMES_ONLY,
    )
)
_REMOTE = frozenset(
    ("http", "sse", "remote", "ws", "streamable-http", "streamable_http", "streamableHttp", "streamablehttp")
)
# What people put among the servers as a remark, JSON having no comments.
_COMMENT = re.compile(r"_|//|#|\$|comment", re.I)
_TABLES = ("mcpServers", "servers", "mcp_servers", "context_servers")
_DEPTH_LIMIT = 20
_FILE_LIMIT = 64


@record
class Entries:
    """What a document says of servers. ``raw`` are the servers' pointers as they stand in the document, in order.

    ``cut`` says that not all of it was read, and why.
    """

    servers: tuple[ServerEntry, ...]
    raw: tuple[Pointer, ...]
    secrets: tuple[SecretFact, ...]
    misshapen: tuple[Misshapen, ...]
    cut: str = ""


@record
class Surroundings:
    """What a document does not say of itself: the home and platform it is for, the folder it lies in (of an extension
    or a plug-in), the answers its user gave, the images of its catalog, and whether all of it is switched off.
    """

    home: str
    platform: str
    folder: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    off: bool = False
    project: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Files = field(default_factory=Files)
    tables: dict[Pointer, Pointer] = field(default_factory=dict)
    until: float = math.inf
    copy: bool = False

    def shown(self, table: Pointer) -> Pointer:
        """The pointer to a table of servers, safe to show: worked out once for all that stand in it."""
        if table not in self.tables:
            self.tables[table] = _shown(table)
        return self.tables[table]


def read_entries(document: Any, client: Client, around: Surroundings) -> Entries:
    """Every server of a parsed document of that client; entries of a wrong shape are named and the others kept."""
    servers: list[ServerEntry] = []
    raw: list[Pointer] = []
    secrets: list[SecretFact] = []
    misshapen: list[Misshapen] = []
    if not isinstance(document, dict):
        # To YAML a file of comments alone is a whole document.
        nothing = document is None and (client.settings or client.format == "yaml")
        wrong = () if nothing else (_no_document(document),)
        return Entries((), (), (), wrong)
    off: dict[int, frozenset[str]] = {}
    cut = ""
    for slot in slots(document, client, around.platform):
        if time.monotonic() > around.until:
            cut = f"there are too many servers to be read in time; only the first {len(servers)} were"
            break
        if isinstance(slot, NoTable):
            if not client.confirmed:
                continue
            misshapen.append(Misshapen(slot.pointer, f"it is {word(slot.value)}, not a table of servers", lost=True))
            secrets += _secrets_in(slot.value, ".".join(map(str, slot.pointer)))
            continue
        if client.settings and not may_be_server(slot.value):
            continue  # a file of other ends: this is one of them
        if client.layout == "docker":
            slot = replace(slot, value=slot.value if isinstance(slot.value, dict) else {})
        if not isinstance(slot.value, dict):
            if not (isinstance(slot.value, str) and _COMMENT.match(slot.name)):
                misshapen.append(Misshapen(slot.pointer, f"it is {word(slot.value)}, not a server", lost=True))
            secrets += _secrets_in(slot.value, shown_name(slot.name))
            continue
        names = off.get(id(slot.beside))
        if names is None:
            names = off[id(slot.beside)] = _switched_off(slot.beside, client)
        servers.append(_read_entry(slot, client, around, slot.name in names, misshapen))
        raw.append(slot.pointer)
    if not client.settings and client.layout == "tables" and not client.bare:
        # The table of another client: this one starts nothing from it, but what stands in it stands in the file.
        for key in set(_TABLES).intersection(document).difference(way[0] for way in client.servers):
            secrets += _secrets_in(document[key], key)
    for pointer, value, _ in values_at(document, client.secrets):
        secrets += _secrets_in(value, ".".join(map(str, pointer)))
    return Entries(tuple(servers), tuple(raw), tuple(secrets), tuple(misshapen), cut)


def _no_document(document: Any) -> Misshapen:
    return Misshapen((), f"the document is {word(document)}, not a table", lost=True)


def _switched_off(beside: Any, client: Client) -> frozenset[str]:
    lists = [names for _, names, _ in values_at(beside, client.switched_off)]
    return frozenset(name for names in lists if isinstance(names, list) for name in names if isinstance(name, str))


def _read_entry(slot: Slot, client: Client, around: Surroundings, off: bool, wrong: list[Misshapen]) -> ServerEntry:
    value, pointer = slot.value, slot.pointer
    arguments = argument_vector(value, pointer, wrong, around.folder, around.answers)
    texts = [argument.text for argument in arguments]
    redacted, found = redact_arguments(texts)
    secrets = [placed(secret, arguments) for secret in found]
    environment = _environment(value, pointer, wrong)
    secrets += [entry.secret for entry in environment if entry.secret is not None]
    for key in _ENVIRONMENT:
        # A list of NAME=value is of no client's shape, and holds its secrets all the same.
        secrets += [] if isinstance(value.get(key), dict) else _secrets_in(value.get(key), key)
    name = shown_name(slot.name)
    if name != slot.name:
        in_name = capture("", slot.name, "the name of the server")
        secrets += [in_name] if in_name is not None else []
    secrets += _headers(value, pointer, wrong)
    url, in_url = redact_url(_text(value, _ADDRESS))
    secrets += [in_url] if in_url is not None else []
    rest = {key: part for key, part in value.items() if key not in _READ}
    secrets += _secrets_in(rest, "")
    shown = (*around.shown(pointer[:-1]), name if pointer[-1] == slot.name else _shown(pointer[-1:])[0])
    exact = shown == pointer and slot.written
    launch = _launch_of(texts, redacted, slot.name, around)
    disabled = off or around.off or value.get("disabled") is True or value.get("enabled") is False
    runs, loaders = _on_this_host(value, pointer, texts, launch, around) if texts and not disabled else ((), ())
    return ServerEntry(
        name=name,
        pointer=shown,
        transport=_transport(value, bool(texts) or launch is not None, url),
        command=redacted,
        # A pointer that had to be made visible leads elsewhere or nowhere: better none than the wrong one.
        argument_pointers=tuple(item.pointer if exact and item.editable else () for item in arguments),
        url=url,
        environment=environment,
        secrets=tuple(dict.fromkeys(secrets)),
        launch=launch,
        disabled=disabled,
        client_sandbox=_client_sandbox(value, client, around.platform),
        working_directory=visible(redact(_text(value, _DIRECTORY))),
        environment_files=_environment_files(value),
        runs=runs,
        loaders=loaders,
    )


def _on_this_host(
    value: dict[str, Any], pointer: Pointer, texts: Sequence[str], launch: Launch | None, around: Surroundings
) -> tuple[tuple[str, ...], tuple[LoaderVariable, ...]]:
    """The files that an enabled server runs, and the variables that decide which code it loads."""
    if around.platform == "win32":
        return (), ()  # no check can judge its rights yet
    tables = tables_of(value, _ENVIRONMENT)
    # Claude Code keeps the servers of a project in the file of the user.
    inside = pointer[:1] == ("projects",) and len(pointer) > 2
    project = str(pointer[1]) if inside else around.project or around.folder
    start = start_of(
        _text(value, _DIRECTORY), project, around.home, path_of(tables), around.environment, around.platform
    )
    files = around.files
    loaders = (*loaders_of(tables, start, files), *set_on_the_way(texts, launch, start, files))
    return run_by(texts, launch, start, files), loaders


def _launch_of(texts: Sequence[str], redacted: Sequence[str], name: str, around: Surroundings) -> Launch | None:
    if around.copy:
        return None
    if texts:
        return understand(texts, around.home, redacted, launchers_among(texts, around.home))
    return _of_image(around.images.get(name, ""), around.home)


def _of_image(image: str, home: str) -> Launch | None:
    """The container that Docker's gateway starts from an image. No word of it stands in the document."""
    if not image:
        return None
    launch = understand(("docker", "run", "-i", "--rm", image), home)
    # Nor is it known what the gateway tells the engine.
    image_ = replace(launch.image, argument=None) if launch.image else None
    return replace(launch, image=image_, sandbox_argument=None, container=None)


def _environment(value: dict[str, Any], pointer: Pointer, wrong: list[Misshapen]) -> tuple[EnvironmentEntry, ...]:
    entries: list[EnvironmentEntry] = []
    command = value.get("command")
    # The older shape of some clients: {"command": {"path": …, "args": […], "env": {…}}}.
    inner = [(("command", "env"), command.get("env"))] if isinstance(command, dict) else []
    for keys, table in (*(((key,), value.get(key)) for key in _ENVIRONMENT), *inner):
        if table is not None and not isinstance(table, dict):
            wrong.append(Misshapen((*pointer, *keys), f"it is {word(table)}, not a table", lost=True))
        for name, item in table.items() if isinstance(table, dict) else ():
            entries.append(environment_entry(str(name), scalar(item), f"{'.'.join(keys)}."))
            if isinstance(item, (dict, list)):
                wrong.append(Misshapen((*pointer, *keys, name), f"it is {word(item)}, not a text", lost=True))
    return tuple(entries)


def _environment_files(value: dict[str, Any]) -> tuple[str, ...]:
    files: list[str] = []
    for key in _ENVIRONMENT_FILE:
        named = value.get(key)
        files += [item for item in (named if isinstance(named, list) else [named]) if isinstance(item, str) and item]
    return tuple(visible(redact(file)) for file in files[:_FILE_LIMIT])


def _headers(value: dict[str, Any], pointer: Pointer, wrong: list[Misshapen]) -> list[SecretFact]:
    secrets: list[SecretFact] = []
    options = value.get("requestOptions")
    inner = [(("requestOptions", "headers"), options.get("headers"))] if isinstance(options, dict) else []
    for keys, table in (*(((key,), value.get(key)) for key in _HEADERS[:2]), *inner):
        place = ".".join(keys)
        if table is not None and not isinstance(table, dict):
            wrong.append(Misshapen((*pointer, *keys), f"it is {word(table)}, not a table", lost=True))
            secrets += _secrets_in(table, place)
        for name, item in table.items() if isinstance(table, dict) else ():
            secret = environment_entry(str(name), scalar(item), f"{place}.").secret
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


def _transport(value: dict[str, Any], starts: bool, url: str) -> Literal["stdio", "http", "unknown"]:
    kind = value.get("type", value.get("transport"))
    if starts and (not url or kind == "stdio"):
        return "stdio"
    if url or (isinstance(kind, str) and kind in _REMOTE):
        return "http"
    return "unknown"


def _client_sandbox(value: dict[str, Any], client: Client, platform: str) -> str:
    # No client has a sandbox of its own on Windows.
    if client.sandbox is None or platform == "win32":
        return ""
    key, name = client.sandbox
    return name if value.get(key) is True else ""


def _text(value: dict[str, Any], keys: tuple[str, ...]) -> str:
    return next((value[key] for key in keys if isinstance(value.get(key), str)), "")


def _shown(pointer: Pointer) -> Pointer:
    return tuple(shown_name(key) if isinstance(key, str) else key for key in pointer)
