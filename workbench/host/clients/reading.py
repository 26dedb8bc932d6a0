"""Read one config file: what it names, its rights, and everything that kept it from being read."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from workbench.documents import Document, Malformed, lines_of, parse
from workbench.host.clients.approvals import approvals_of
from workbench.host.clients.arguments import Misshapen
from workbench.host.clients.definitions import Client, Format
from workbench.host.clients.entries import Entries, Surroundings, read_entries
from workbench.host.clients.places import gap
from workbench.host.clients.ways import fact_below
from workbench.host.files import CannotLook, read_bounded, reason
from workbench.model.clients import Approval, ClientConfig, ConfigProblem
from workbench.model.facts import PathFact, SecretFact, Unread
from workbench.model.finding import Pointer
from workbench.model.record import record
from workbench.secrets import shown_name
from workbench.text import visible

Scope = Literal["user", "project", "managed"]


@record
class Reading:
    """What one place gave: a config, what is missing of it, and the parsed document. All empty: nothing is there."""

    config: ClientConfig | None = None
    unread: tuple[Unread, ...] = ()
    document: Any = None


NOTHING = Reading()


@record
class _Parsed:
    document: Document | None
    format: Format
    problem: ConfigProblem | None


def read_config(
    path: str,
    client: Client,
    scope: Scope,
    around: Callable[[str, Any], Surroundings],
    owner: int | None = None,
    folders: dict[str, PathFact] | None = None,
) -> Reading:
    """Read one place of one client. ``around`` is asked only about a file that is there, with its path and document.

    ``folders`` are those known already, to which it adds. Never raises.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return NOTHING  # nearly every place there is, so at once
    except OSError as error:
        why = reason(error)
        return NOTHING if why.absent else Reading(unread=gap(path, why, "content", "mode"))
    except ValueError:
        return NOTHING  # no file can have such a name
    try:
        fact = fact_below(path, folders if folders is not None else {})
    except CannotLook as why:
        if why.absent:
            why = CannotLook("it is a symbolic link to something that does not exist", "remove the link")
        return Reading(unread=gap(path, why, "content", "mode"))
    try:
        # Opening a FIFO or a device may set something off at its other end.
        if fact.file.kind != "file":
            raise CannotLook(f"it is a {fact.file.kind}, not a regular file")
        raw = read_bounded(path)
    except CannotLook as why:
        if why.absent:
            return NOTHING
        problem = ConfigProblem(f"it cannot be read: {why.why}", kind="unreadable")
        return Reading(replace(_config(client, scope, fact, owner), problem=problem), gap(path, why, "content"))
    return understood(path, raw, client, _config(client, scope, fact, owner), around)


def _config(client: Client, scope: Scope, fact: PathFact, owner: int | None) -> ClientConfig:
    return ClientConfig(
        client.id,
        client.name,
        scope,
        client.format,
        fact,
        kind=client.kind,
        owner=owner,
        confirmed=client.confirmed,
    )


def understood(
    path: str, raw: bytes, client: Client, config: ClientConfig, around: Callable[[str, Any], Surroundings]
) -> Reading:
    """What the bytes of a config say; ``config`` is what is known of it besides. Never raises."""
    # What an administrator sets is a fact even where it names no server.
    of_interest = not client.settings or config.scope == "managed"
    if not raw.strip():
        # An empty file names no server: nothing in it is unread. To TOML and YAML it is a whole document.
        problem = (
            None
            if client.format in ("toml", "yaml")
            else ConfigProblem("it is empty", client_behaviour=client.malformed, kind="empty")
        )
        return Reading(replace(config, problem=problem) if of_interest else None)
    parsed = _parse(raw, client)
    if parsed.document is None:
        message = parsed.problem.message if parsed.problem else ""
        why = CannotLook(f"it cannot be parsed: {message}", "correct the file")
        return Reading(replace(config, problem=parsed.problem), gap(path, why, "content"))
    document = parsed.document
    entries = read_entries(document.value, client, around(path, document.value))
    approvals = approvals_of(document.value, client) if client.approvals else ()
    if not (of_interest or approvals or entries.servers or entries.misshapen or entries.secrets):
        return Reading(document=document.value)
    lines = _lines(document, entries, approvals)
    config = replace(
        config,
        format=parsed.format,
        servers=tuple(
            replace(server, line=lines.get(raw_pointer))
            for server, raw_pointer in zip(entries.servers, entries.raw, strict=True)
        ),
        secrets=entries.secrets,
        problem=parsed.problem or _problem(entries.misshapen, lines),
        approvals=tuple(replace(approval, line=lines.get(approval.pointer)) for approval in approvals),
    )
    unread = tuple(
        Unread("content", f"{visible(path)}: {_dotted(part.pointer)}", part.why, "correct the file")
        for part in entries.misshapen
        if part.lost
    )
    if entries.cut:
        unread += gap(path, CannotLook(entries.cut), "content")
    return Reading(config, unread, document.value)


def _parse(raw: bytes, client: Client) -> _Parsed:
    """The parsed document. Where only comments or stray commas are in the way it is read all the same, and said so:
    a reader less strict than this one would start those servers.
    """
    try:
        return _Parsed(parse(raw, client.format), client.format, None)
    except Malformed as error:
        problem = ConfigProblem(visible(error.message), error.line, error.column, client.malformed)
    except (RecursionError, ValueError):
        problem = ConfigProblem("it is nested too deep or holds a value too large", client_behaviour=client.malformed)
    if client.format == "json":
        try:
            return _Parsed(parse(raw, "jsonc"), "jsonc", problem)
        except (Malformed, RecursionError, ValueError):
            pass
    return _Parsed(None, client.format, problem)


def read_copy(raw: bytes, client: Client) -> tuple[int, tuple[SecretFact, ...]]:
    """How many servers a copy of a config of that client names, and its secrets.

    Raises Malformed, ValueError or RecursionError where it cannot be parsed.
    """
    try:
        value = parse(raw, client.format).value
    except Malformed:
        if client.format != "json":
            raise
        value = parse(raw, "jsonc").value
    # Of what its servers would start only the secrets are of interest: no file of this host is looked at.
    entries = read_entries(value, client, Surroundings("/", "win32", copy=True))
    secrets = [*entries.secrets, *(secret for server in entries.servers for secret in server.secrets)]
    return len(entries.servers), tuple(dict.fromkeys(secrets))


def _lines(document: Document, entries: Entries, approvals: tuple[Approval, ...]) -> dict[Pointer, int]:
    wanted = [*entries.raw, *(part.pointer for part in entries.misshapen if part.pointer)]
    wanted += [approval.pointer for approval in approvals]
    return lines_of(document, wanted) if wanted else {}


def _problem(misshapen: tuple[Misshapen, ...], lines: dict[Pointer, int]) -> ConfigProblem | None:
    if not misshapen:
        return None
    first = misshapen[0]
    where = f"{_dotted(first.pointer)}: " if first.pointer else ""
    more = f" (and {len(misshapen) - 1} more of the kind)" if len(misshapen) > 1 else ""
    return ConfigProblem(f"{where}{first.why}{more}", lines.get(first.pointer), kind="misshapen")


def _dotted(pointer: Pointer) -> str:
    return visible(".".join(shown_name(str(key)) for key in pointer), 500) or "the whole file"
