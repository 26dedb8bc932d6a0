"""What several checks ask about the running servers: whose they are, and which of them one change mends."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.model.finding import NotAssessed, Subject
from workbench.model.processes import ServerProcess
from workbench.model.record import record
from workbench.model.snapshot import Snapshot
from workbench.subjects import config_subject, process_subject, unit_subject

_NAMED = 3


@record
class Cause:
    """The one thing to change for all of ``servers``: the config or the unit that starts them, else the server itself.

    ``config`` is the path of the client's config, "" for another cause.
    """

    subject: Subject
    servers: tuple[ServerProcess, ...]
    config: str = ""

    @property
    def also(self) -> tuple[Subject, ...]:
        """The servers as subjects, as far as they are not the subject itself."""
        return tuple(each for each in map(process_subject, self.servers) if each != self.subject)

    @property
    def names(self) -> str:
        """The servers by name, to be the subject of a sentence: ``files, git and 2 more``."""
        return listed(list(dict.fromkeys(map(short_name, self.servers))))


def short_name(server: ServerProcess) -> str:
    """What a server is called in a sentence: as its config calls it, without the package that its label adds."""
    return server.entry.name if server.entry is not None and server.entry.name else server.label


def listed(names: list[str]) -> str:
    """Names as they are read: ``files``, ``files and git``, ``files, git, time and 2 more``."""
    more = len(names) - _NAMED
    shown = [*names[:_NAMED], f"{more} more"] if more > 0 else names
    return " and ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part)


def by_cause(servers: Iterable[ServerProcess], snapshot: Snapshot) -> tuple[Cause, ...]:
    """The servers, put together where one change mends them all: those that one config or one unit starts."""
    configs = {config.path.asked: config for config in snapshot.clients.configs}
    units = {unit.name: unit for unit in snapshot.units.units}
    found: dict[tuple[Subject, str], list[ServerProcess]] = {}
    for server in sorted(servers, key=lambda server: server.key):
        path = ""
        if server.entry is not None:
            path = server.entry.path
            config = configs.get(path)
            subject = config_subject(config) if config is not None else Subject("config", path, path)
        elif server.unit in units:
            subject = unit_subject(units[server.unit])
        else:
            subject = process_subject(server)
        found.setdefault((subject, path), []).append(server)
    return tuple(Cause(subject, tuple(members), path) for (subject, path), members in found.items())


def developers(snapshot: Snapshot) -> frozenset[int]:
    """The accounts whose clients start servers here: whose home is inspected, whose configs were read, who looks."""
    found = {snapshot.host.uid}
    found |= {known.uid for known in snapshot.accounts.accounts if known.home and known.home == snapshot.host.home}
    for config in snapshot.clients.configs:
        if config.scope == "user":
            found.add(config.owner if config.owner is not None else config.path.file.uid)
    return frozenset(uid for uid in found if uid > 0)


def meant_for(uid: int, snapshot: Snapshot) -> frozenset[int]:
    """The accounts that may use what an account offers: it, root, who looks; of a service also the developers.

    What one developer runs is none of another's business; a service is there for those who set it up.
    """
    yours = developers(snapshot)
    return frozenset({0, uid, snapshot.host.uid}) | (frozenset() if uid in yours else yours)


def behind_a_tool(server: ServerProcess, what: str) -> NotAssessed | None:
    """Why a server cannot be judged by its process: what was found is the tool that started its container."""
    if server.launch is None or not server.launch.image or server.container:
        return None
    why = "what runs here is the command-line tool; the container it started could not be told from the others"
    return NotAssessed(f"{what} of {server.label} in its container", why)
