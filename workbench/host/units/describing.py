"""Make the facts of one unit from what stands in its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from workbench.host.context import Context
from workbench.host.files import CannotLook, path_fact, read_bounded
from workbench.host.units import places, reading, settings
from workbench.host.units.folders import UnitFile
from workbench.host.units.reading import Content
from workbench.host.units.serving import Server
from workbench.host.units.unit_file import effective, prefix_of, start_line
from workbench.model.facts import PathFact, Unread
from workbench.model.record import record
from workbench.model.units import UnitFact, UnitSecret, UnitSetting
from workbench.text import visible

_MOST_VARIABLES = 500


@record
class Around:
    """What a manager has beside services: the sockets by the service they start, and every socket and slice by name."""

    sockets: Mapping[str, Content]
    others: Mapping[str, UnitFile]


def _described(server: Server, context: Context) -> UnitFact:
    """What its own files say."""
    unit = server.unit
    kept = settings.kept(server.counting)
    variables, secrets = settings.names_and_secrets(server.counting)
    return UnitFact(
        name=visible(unit.name),
        path=server.path,
        manager=unit.manager,
        drop_ins=tuple(visible(str(file)) for file in unit.drop_ins),
        recognised_by=server.recognised_by,
        command=server.command,
        launch=server.launch,
        owner=0 if unit.manager == "system" else context.uid,
        settings=kept,
        secrets=secrets,
        variables=variables,
        places=places.places(kept, server.program, server.launch, unit, context),
        prefix=visible(prefix_of(start_line(server.counting))),
        runtime=places.runtime_of(server.program, server.launch),
        missing_accounts=places.missing_accounts(kept) if unit.manager == "system" else (),
        whole=server.content.whole and len(kept) < settings.MOST,
    )


def around(others: Mapping[str, UnitFile], context: Context) -> Around:
    """Read the sockets, to know which service each starts."""
    sockets: dict[str, Content] = {}
    for name, unit in sorted(others.items()):
        if not name.endswith(".socket"):
            continue
        content = reading.read(unit, context, [])
        said = {each.key: each.value for _, each in effective(content.texts) if each.section == "Socket"}
        stem = name.removesuffix(".socket")
        accepts = said.get("Accept", "").lower() in ("1", "yes", "y", "true", "t", "on")
        service = said.get("Service") or (f"{stem}@.service" if accepts else f"{stem}.service")
        sockets.setdefault(service, content)
        if not content.whole:
            # What it starts is not known: either form may be meant.
            sockets.setdefault(f"{stem}@.service", content)
    return Around(sockets, others)


def describe(server: Server, beside: Around, context: Context, unread: list[Unread]) -> UnitFact:
    """The fact, with its socket, its slice, its files of variables, and the rights of everything it is read from."""
    fact = _described(server, context)
    kept: list[UnitSetting] = list(fact.settings)
    files = [*server.unit.drop_ins, *server.unit.folders]
    socket = beside.sockets.get(server.unit.name) or _named_socket(fact, beside, context)
    if socket is not None:
        kept += settings.kept(effective(socket.texts))
        files += [socket.unit.file, *socket.unit.drop_ins, *socket.unit.folders]
    for name in _slices(fact.value("Slice")):
        unit = beside.others.get(name)
        if unit is not None:
            kept += settings.kept(effective(reading.read(unit, context, []).texts))
    variables, secrets = list(fact.variables), list(fact.secrets)
    for place in fact.places:
        if place.key == "EnvironmentFile" and place.exists is not False:
            names, found = _of_file(place.path, unread)
            variables += names
            secrets += found
            files.append(Path(place.path))
    return replace(
        fact,
        settings=tuple(kept),
        socket=visible(socket.unit.name) if socket is not None else "",
        variables=tuple(dict.fromkeys(variables))[:_MOST_VARIABLES],
        secrets=tuple(secrets),
        files=(fact.path, *_paths(files, unread)),
    )


def _named_socket(fact: UnitFact, beside: Around, context: Context) -> Content | None:
    for name in fact.words("Sockets"):
        unit = beside.others.get(name)
        if unit is not None:
            return reading.read(unit, context, [])
    return None


def _slices(name: str) -> Iterator[str]:
    """A slice and those above it: ``a-b.slice`` lies in ``a.slice``."""
    parts = name.removesuffix(".slice").split("-") if name.endswith(".slice") else []
    for count in range(len(parts), 0, -1):
        yield f"{'-'.join(parts[:count])}.slice"


def _of_file(path: str, unread: list[Unread]) -> tuple[tuple[str, ...], tuple[UnitSecret, ...]]:
    try:
        raw = read_bounded(path, reading.FILE_LIMIT)
    except CannotLook as why:
        if not why.absent and not _is_private(path):
            unread.append(Unread("variables", visible(path), why.why, why.unlock))
        return (), ()
    return settings.of_variables(path, raw.decode("utf-8", "surrogateescape"))


def _is_private(path: str) -> bool:
    """Whether a file is its owner's alone: whatever stands in it, it is kept as it should be."""
    try:
        file = path_fact(path).file
    except CannotLook:
        return False
    return not file.mode & 0o077 and file.acl is None


def _paths(files: Sequence[Path], unread: list[Unread]) -> Iterator[PathFact]:
    for file in dict.fromkeys(files):
        try:
            yield path_fact(file)
        except CannotLook as why:
            if not why.absent:
                unread.append(Unread("mode", visible(str(file)), why.why, why.unlock))
