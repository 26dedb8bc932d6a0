"""What is to be known of the demo's host once its files have changed: read again from these, by the real readers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workbench.host.clients.definitions import CLIENTS, Client
from workbench.host.clients.entries import Surroundings
from workbench.host.clients.programs import Files
from workbench.host.clients.reading import understood
from workbench.host.servers.joining import Facts, join
from workbench.host.startup.exports import read_script
from workbench.model.audit import AuditFacts
from workbench.model.clients import ClientConfig, ServerEntry
from workbench.model.facts import FileFact, SectionState, Unread
from workbench.model.probe import PeerVerdict
from workbench.model.record import record
from workbench.model.session import StartupFile
from workbench.model.snapshot import Snapshot

_OF_ROOT = (
    ("status", "whether events are recorded"),
    ("files", "the audit rules in /etc/audit"),
    ("rules", "the audit rules that are loaded"),
)


@record
class Changes:
    """What is not as the demo began: bytes by path, modes by path, verdicts by the socket's inode."""

    files: Mapping[str, bytes]
    modes: Mapping[str, int]
    verdicts: Mapping[int, PeerVerdict]


def as_account(snapshot: Snapshot) -> Snapshot:
    """The same host seen by somebody who may not read what root alone may: its audit rules."""
    unread = tuple(
        Unread(facet, what, "it may be read through sudo, when you agree", "workbench --sudo")
        for facet, what in _OF_ROOT
    )
    kept = snapshot.audit
    seen = AuditFacts(
        SectionState("partial", unread=unread), accounts=kept.accounts, events=kept.events, since=kept.since
    )
    return replace(snapshot, audit=seen)


def changed(began: Snapshot, changes: Changes) -> Snapshot:
    """The host as it was when the demo began, with these changes. What they do not concern is as it was."""
    configs = tuple(
        read_config(config, changes.files[config.path.asked], began) if config.path.asked in changes.files else config
        for config in began.clients.configs
    )
    startup = tuple(
        _read_startup(file, changes.files[file.path]) if file.path in changes.files else file
        for file in began.session.startup
    )
    made = replace(
        began,
        clients=replace(began.clients, configs=configs),
        session=replace(began.session, startup=startup),
        sockets=replace(
            began.sockets,
            sockets=tuple(
                replace(each, peer_check=changes.verdicts.get(each.inode, each.peer_check))
                for each in began.sockets.sockets
            ),
        ),
    )
    for path, mode in changes.modes.items():
        made = with_mode(made, path, mode)
    return _joined(made) if changes.files or changes.modes else made


def with_mode(seen: Snapshot, path: str, mode: int) -> Snapshot:
    """The snapshot after a file was given a mode."""

    def moded(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(moded(each) for each in value)
        found = getattr(value, "path", None)
        if found is None or isinstance(found, str):
            return value
        if found.file.path == path:
            return replace(value, path=replace(found, file=replace(found.file, mode=mode)))
        return value

    return replace(
        seen,
        clients=replace(seen.clients, configs=moded(seen.clients.configs)),
        sockets=replace(seen.sockets, sockets=moded(seen.sockets.sockets)),
        units=replace(seen.units, units=moded(seen.units.units)),
    )


def status(seen: Snapshot, path: str) -> FileFact | None:
    """What is known of a file by its path: of a config, of a socket. None where that is not known."""
    known = (
        *(config.path for config in seen.clients.configs),
        *(socket.path for socket in seen.sockets.sockets if socket.path is not None),
        *(unit.path for unit in seen.units.units),
    )
    return next((each.file for each in known if path in (each.asked, each.file.path)), None)


def read_config(config: ClientConfig, raw: bytes, seen: Snapshot) -> ClientConfig:
    """A config of the demo's host, with what its bytes say now."""
    empty = replace(config, servers=(), secrets=(), problem=None, approvals=())
    around = Surroundings(seen.host.home, "linux", files=_Known(seen))
    found = understood(config.path.asked, raw, _client(config), empty, lambda path, document: around).config or empty
    entries = {entry.pointer: entry for entry in config.servers}
    return replace(found, servers=tuple(_as_known(server, entries) for server in found.servers))


def _as_known(server: ServerEntry, entries: Mapping[Any, ServerEntry]) -> ServerEntry:
    """The entry with its secrets as they were: equal ones are told by a key that every process makes anew."""
    before = entries.get(server.pointer)
    if before is None:
        return server
    mine = {secret.place: secret for secret in before.secrets}
    return replace(
        server,
        secrets=tuple(mine.get(each.place, each) for each in server.secrets),
        environment=tuple(
            replace(each, secret=mine.get(each.secret.place, each.secret)) if each.secret is not None else each
            for each in server.environment
        ),
    )


def _client(config: ClientConfig) -> Client:
    """Whose file it is: the place says which of the client's files."""
    return next(
        client
        for client in CLIENTS
        if client.id == config.client
        and any(config.path.asked.endswith(f"/{place.partition('/')[2]}") for place in (*client.user, *client.managed))
    )


class _Known(Files):
    """The programs of the demo's host: no disk is asked for them."""

    def __init__(self, seen: Snapshot) -> None:
        super().__init__(known={fact.asked: fact for fact in seen.clients.files})

    def look(self, path: str) -> str:
        """See Files."""
        fact = self.known.get(path)
        return fact.asked if fact is not None else ""

    def locate(self, name: str, search: str) -> str:
        """See Files."""
        return ""


def _read_startup(file: StartupFile, raw: bytes) -> StartupFile:
    script = read_script(raw.decode(), file.dialect)
    known = {secret.name: secret for secret in file.secrets}
    kept = tuple(replace(known[each.name], line=each.line) for each in script.exports if each.name in known)
    return replace(file, secrets=kept, umasks=tuple(script.umasks))


def _joined(seen: Snapshot) -> Snapshot:
    facts = Facts(seen.clients, seen.processes, seen.sockets, seen.units, seen.containers)
    servers = join(facts)
    stay = {server.key for server in servers if server.presence != "switched off"}
    reaches = tuple(reach for reach in seen.assets.reaches if stay.issuperset(reach.servers))
    return replace(seen, servers=replace(seen.servers, servers=servers), assets=replace(seen.assets, reaches=reaches))
