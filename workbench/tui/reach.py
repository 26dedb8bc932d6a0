"""The blast radius as a matrix: for each server, how many things of each kind worth stealing it can open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, get_args

from workbench.model.assets import AssetFact, AssetFacts, AssetKind, Basis, Reach
from workbench.model.servers import Server
from workbench.model.snapshot import Snapshot
from workbench.tui.inventory import may_be_more
from workbench.tui.wording import counted

KINDS: Mapping[AssetKind, tuple[str, tuple[str, str]]] = {
    "private key": ("key", ("private", "keys")),
    "cloud credential": ("cloud", ("cloud", "creds")),
    "package credential": ("pkg", ("package", "creds")),
    "code host credential": ("git", ("code", "hosts")),
    "password store": ("pass", ("passwd", "stores")),
    "browser profile": ("web", ("browser", "profile")),
    "container engine": ("engine", ("cont.", "engine")),
    "key agent": ("agent", ("key", "agents")),
    "system secret": ("sys", ("system", "secrets")),
    "database": ("db", ("data-", "bases")),
    "client config": ("cfg", ("client", "configs")),
    "shell history": ("hist", ("shell", "history")),
}
"""In the order of the columns: the head where room is short, and the two lines of it where there is room."""

SIGNS = (
    ("●", "can open"),
    ("○", "could, once started"),
    ("?", "unknown"),
    ("·", "cannot"),
    ("–", "not worked out"),
)
"""What the signs of the cells mean."""

BASES: Mapping[Basis, str] = {
    "tried": "opened and closed with the server's own account and mounts; nothing was read",
    "computed": "from its account, groups and mounts, and the rights on the way",
    "predicted": "it does not run; this is how it would be started",
}
"""How a verdict is known, in words."""


class Cell(NamedTuple):
    """How many things of one kind a server can open, and of how many that could not be looked up."""

    opened: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A server, its cells in the order of the columns (none where its reach was not worked out), and the sums."""

    server: Server
    cells: tuple[Cell, ...] = ()
    opened: int = 0
    unknown: int = 0
    predicted: bool = False


@dataclass(frozen=True, slots=True)
class Matrix:
    """The reach of every server that is started on this host: what can open most now, then what could once started.

    ``kinds`` are the columns: those of which something is there. ``most`` is how many things there are of each, and
    ``totals`` how many servers can open something of it. ``remote`` counts the servers that run elsewhere,
    ``unlisted`` says that there may be servers that could not be looked for. ``groups`` are the reaches by the key of
    the server.
    """

    facts: AssetFacts
    groups: Mapping[str, Sequence[Sequence[Reach]]]
    kinds: tuple[AssetKind, ...] = ()
    rows: tuple[Row, ...] = ()
    most: tuple[int, ...] = ()
    totals: tuple[int, ...] = ()
    remote: int = 0
    unlisted: bool = False

    def reaches_of(self, server: Server) -> list[tuple[AssetKind, list[tuple[AssetFact, Reach]]]]:
        """What is known of a server, thing by thing: by kind in the order of the columns, what it can open first."""
        assets = {asset.name: asset for asset in self.facts.assets}
        found: dict[AssetKind, list[tuple[AssetFact, Reach]]] = {}
        for group in self.groups.get(server.key, ()):
            for reach in group:
                asset = assets.get(reach.asset)
                if asset is not None:
                    found.setdefault(asset.kind, []).append((asset, reach))
        for those in found.values():
            those.sort(key=lambda pair: (("yes", "unknown", "no").index(pair[1].verdict), pair[0].name))
        return [(kind, found[kind]) for kind in self.kinds if kind in found]


def matrix(snapshot: Snapshot) -> Matrix:
    """Count once what the page shows; a host may have thousands of servers and a hundred things to steal."""
    facts = snapshot.assets
    present = {asset.kind for asset in facts.assets}
    kinds = tuple(kind for kind in get_args(AssetKind) if kind in present)
    kinds = tuple(sorted(kinds, key=list(KINDS).index))
    column = {asset.name: kinds.index(asset.kind) for asset in facts.assets}
    # Servers that are alike share one tuple of keys: what is counted for one of them is counted for all.
    alike: dict[tuple[str, ...], list[Reach]] = {}
    for reach in facts.reaches:
        if reach.asset in column:
            alike.setdefault(reach.servers, []).append(reach)
    counted_: dict[str, list[tuple[tuple[Cell, ...], bool]]] = {}
    groups: dict[str, list[list[Reach]]] = {}
    for keys, reaches in alike.items():
        counts = (_cells(reaches, column, len(kinds)), all(reach.basis == "predicted" for reach in reaches))
        for key in keys:
            counted_.setdefault(key, []).append(counts)
            groups.setdefault(key, []).append(reaches)
    here = [server for server in snapshot.servers.servers if server.presence != "remote"]
    rows = sorted((_row(server, counted_.get(server.key, ())) for server in here), key=_worst_first)
    return Matrix(
        facts=facts,
        groups=groups,
        kinds=kinds,
        rows=tuple(rows),
        most=tuple(sum(asset.kind == kind for asset in facts.assets) for kind in kinds),
        totals=tuple(sum(bool(row.cells) and row.cells[at].opened > 0 for row in rows) for at in range(len(kinds))),
        remote=len(snapshot.servers.servers) - len(here),
        unlisted=may_be_more(snapshot),
    )


def headline(known: Matrix) -> str:
    """How many servers can open the worst of what is there."""
    count = len(known.rows)
    reaching = [(total, kind) for total, kind in zip(known.totals, known.kinds, strict=True) if total]
    if not reaching:
        unsure = sum(row.unknown > 0 for row in known.rows)
        if unsure:
            return f"What {unsure} of {counted(count, 'server')} can open could not be looked up"
        bare = sum(not row.cells for row in known.rows)
        if bare:
            return f"What {bare} of {counted(count, 'server')} can open was not worked out"
        return f"None of {counted(count, 'server')} can open any of what is worth stealing"
    total, kind = reaching[0]
    at = known.kinds.index(kind)
    later = sum(row.predicted and row.cells[at].opened > 0 for row in known.rows)
    if later == total:
        return f"{total} of {counted(count, 'server')} could open {article(kind)} once started"
    once = f", {later} of them once started" if later else ""
    return f"{total} of {counted(count, 'server')} can open {article(kind)}{once}"


def beside(known: Matrix) -> str:
    """What the headline leaves out: how much there is to steal, what could not be told, what runs elsewhere."""
    unsure = sum(row.unknown > 0 for row in known.rows)
    bare = sum(not row.cells for row in known.rows)
    parts = (
        f"{counted(sum(known.most), 'thing')} worth stealing",
        f"{unsure} partly unknown" if unsure else "",
        f"{bare} not worked out" if bare else "",
        f"{known.remote} elsewhere" if known.remote else "",
    )
    return " · ".join(part for part in parts if part)


def article(kind: str) -> str:
    """``a private key``."""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _cells(reaches: Iterable[Reach], column: Mapping[str, int], width: int) -> tuple[Cell, ...]:
    opened, unknown = [0] * width, [0] * width
    for reach in reaches:
        if reach.verdict == "yes":
            opened[column[reach.asset]] += 1
        elif reach.verdict == "unknown":
            unknown[column[reach.asset]] += 1
    return tuple(map(Cell, opened, unknown))


def _row(server: Server, counts: Sequence[tuple[tuple[Cell, ...], bool]]) -> Row:
    if not counts:
        return Row(server)
    cells, predicted = counts[0]
    if len(counts) > 1:
        added = zip(*(each for each, _ in counts), strict=True)
        cells = tuple(
            Cell(sum(cell.opened for cell in column), sum(cell.unknown for cell in column)) for column in added
        )
        predicted = all(each for _, each in counts)
    opened, unknown = sum(cell.opened for cell in cells), sum(cell.unknown for cell in cells)
    return Row(server, cells, opened, unknown, predicted)


def _worst_first(row: Row) -> tuple[bool, bool, int, int, bool, str, str]:
    # What only could, once started, comes after all that can now, however much that is.
    later = row.predicted and row.opened > 0
    return (
        not row.opened,
        later,
        -row.opened,
        -row.unknown,
        not row.cells,
        row.server.name.casefold(),
        row.server.key,
    )
