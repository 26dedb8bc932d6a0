"""The inventory as plain lines, for a terminal, a pipe or a screen reader."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator

from workbench.model.servers import Server
from workbench.model.snapshot import Snapshot
from workbench.report.lines import wrapped
from workbench.report.servers import LaunchDocument, ProblemDocument, ServerDocument, document
from workbench.text import visible

_HEAD = 15
_PRESENCES = ("running", "unknown", "remote", "not running", "switched off")
_PINS = {
    "exact": "pinned exactly",
    "range": "a range of versions",
    "tag": "a tag: whatever it points to",
    "none": "no version: whatever is newest",
    "source": "straight from its source",
}


def as_text(snapshot: Snapshot) -> str:
    """The inventory as plain lines."""
    return "\n".join(visible(line) for line in _lines(snapshot)) + "\n"


def headline(servers: Iterable[Server]) -> str:
    """How many servers there are, and how many of each kind that a person asks for."""
    everything = tuple(servers)
    parts = [
        (sum(server.presence == "running" for server in everything), "running"),
        (sum(not server.configured for server in everything), "in no config"),
        (sum(bool(server.outdated) for server in everything), "older than its config"),
        (sum(server.presence == "not running" for server in everything), "not running"),
        (sum(server.presence == "switched off" for server in everything), "switched off"),
        (sum(server.presence == "remote" for server in everything), "remote"),
        (sum(server.presence == "unknown" for server in everything), "not known whether running"),
    ]
    said = ", ".join(f"{count} {words}" for count, words in parts if count)
    many = f"{len(everything)} MCP server{'' if len(everything) == 1 else 's'}"
    return f"{many}: {said}" if said else many


def _lines(snapshot: Snapshot) -> Iterator[str]:
    shown = document(snapshot)
    opened = opened_by(snapshot)
    home = snapshot.host.home
    looked_at = len(snapshot.clients.looked_at)
    yield headline(snapshot.servers.servers)
    if not shown.servers:
        yield f"{looked_at} places of clients' configs and {snapshot.processes.seen} processes were looked at."
        yield "Clients of another account: --home DIR, or as root --all-users."
    for server in sorted(shown.servers, key=urgency):
        yield ""
        yield from _server_lines(server, home, opened.get(server.key, ""))
    if shown.problems:
        yield ""
        yield f"Could not be read or understood ({len(shown.problems)})"
        for problem in shown.problems:
            yield from _problem_lines(problem)


def urgency(server: ServerDocument) -> tuple[bool, bool, int]:
    """Orders servers for a person: first what runs and is in no config, then what runs otherwise than its config says,
    what runs, what may, and last what does not.
    """
    runs = server.presence == "running"
    return (not (runs and not server.configured), not server.outdated, _PRESENCES.index(server.presence))


def opened_by(snapshot: Snapshot) -> dict[str, str]:
    """For each server that could open something worth stealing: how much of which kind."""
    kinds = {asset.name: asset.kind for asset in snapshot.assets.assets}
    counts: dict[str, Counter[str]] = {}
    for reach in snapshot.assets.reaches:
        for key in reach.servers if reach.verdict == "yes" else ():
            counts.setdefault(key, Counter())[kinds.get(reach.asset, "asset")] += 1
    return {
        key: ", ".join(f"{kind} ({number})" if number > 1 else kind for kind, number in sorted(each.items()))
        for key, each in counts.items()
    }


def _server_lines(server: ServerDocument, home: str, opened: str) -> Iterator[str]:
    by = f" ({', '.join(server.clients)})" if server.clients else ""
    mark = "" if server.configured else ", in no config"
    yield from wrapped(f"{server.name}{by}{mark}", f"{server.presence:<{_HEAD}}", " " * _HEAD)
    for word, text in (*rows(server, home), *([("could open", opened)] if opened else [])):
        yield from wrapped(text, f"  {word:<{_HEAD - 2}}", " " * _HEAD)


def rows(server: ServerDocument, home: str) -> Iterator[tuple[str, str]]:
    """What is known of one server: a word and what it says, in the order in which a person asks."""
    config, launch = server.config, server.launch
    if config is not None:
        line = f":{config.line}" if config.line else ""
        unsure = "" if config.confirmed else "  (it is not certain that the client reads this place)"
        yield "configured", _short(config.path, home) + line + unsure
    if server.command:
        yield "command", _short(shlex.join(server.command), home)
    if server.url:
        yield "url", server.url
    if launch is not None:
        yield from _launch_rows(launch, home)
    for source in server.sources:
        name = " ".join(part for part in (source.package, source.version) if part)
        gone = ", which is no longer on disk" if source.deleted else ""
        yield "source", f"{name + ', ' if name else ''}{source.kind}, {_short(source.path, home)}{gone}"
    if server.pids:
        pids = ", ".join(map(str, server.pids))
        accounts = f" as {', '.join(server.accounts)}" if server.accounts else ""
        yield "process", f"{pids}{accounts}"
    if server.presence == "running" or server.command:
        yield "isolation", ", ".join(server.isolation) or "nothing that can be seen stands around it"
    for word, items in (("unit", server.units), ("container", server.containers)):
        if items:
            yield word, ", ".join(item[:12] if word == "container" else item for item in items)
    for word, items in (("socket", server.sockets), ("listens on", server.ports)):
        if items:
            yield word, ", ".join(items)
    if server.outdated:
        yield "outdated", server.outdated
    if not server.configured and server.recognised_by:
        yield "because", f"{server.recognised_by} (confidence: {server.confidence})"


def _launch_rows(launch: LaunchDocument, home: str) -> Iterator[tuple[str, str]]:
    package, image = launch.package, launch.image
    if package is not None:
        pin = _PINS.get(package.pin, package.pin)
        yield "package", f"{package.name} {package.version}".rstrip() + f" ({pin})"
    if image is not None:
        pinned = "pinned by its digest" if image.digest else "no digest: whatever the name points to"
        tag = f":{image.tag}" if image.tag else ""
        yield "image", f"{image.name}{tag} ({pinned})"
    if launch.roots:
        yield "given", ", ".join(_short(root, home) for root in launch.roots)
    if launch.abilities:
        yield "can use", ", ".join(dict.fromkeys(ability.kind for ability in launch.abilities))


def _problem_lines(problem: ProblemDocument) -> Iterator[str]:
    place = f" line {problem.line}" if problem.line else ""
    place += f", column {problem.column}" if problem.line and problem.column else ""
    what = f"{problem.what}{place}: " if problem.what else ""
    yield from wrapped(f"{what}{problem.why}", "  ", "    ")
    if problem.client_behaviour:
        yield from wrapped(problem.client_behaviour, "    its client  ", "                ")
    if problem.unlock:
        yield from wrapped(problem.unlock, "    to unlock   ", "                ")


def _short(text: str, home: str) -> str:
    return text.replace(f"{home}/", "~/") if len(home) > 1 else text
