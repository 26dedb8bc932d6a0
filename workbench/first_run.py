"""What to say to somebody on whose machine there is no MCP server yet: what was looked at, and how to go on."""

from __future__ import annotations

from workbench.model.record import record
from workbench.model.report import CheckResult, Report, Status
from workbench.model.snapshot import Snapshot

_LOOKED = ("complete", "partial")
_WITHOUT_SERVER = ("secrets", "session", "sudoers", "audit")
"""The areas in which there is something to judge on a machine that never had a client."""
_WAYS = (
    ("workbench --demo", "a host that does not exist, with much to find"),
    ("workbench --home DIR", "the clients of another home; as root: --all-users"),
    ("workbench list checks", "what is looked for; workbench explain ID teaches it"),
    ("README.md", "which clients are known, and all the rest"),
)


@record
class FirstRun:
    """Sentences on what was looked at, and the ways to go on: a command (or a file), and what it is good for."""

    said: tuple[str, ...]
    ways: tuple[tuple[str, str], ...] = _WAYS


def first_run(snapshot: Snapshot, report: Report) -> FirstRun | None:
    """What to say where no server was found, and nothing about clients either.

    None where there is one, where it could not be looked for, or where a finding about clients is there to be read.
    """
    clients, processes, servers = snapshot.clients, snapshot.processes, snapshot.servers
    if servers.servers or any(section.state.status not in _LOOKED for section in (clients, processes, servers)):
        return None
    if any(result.findings and result.area not in _WITHOUT_SERVER for result in report.results):
        return None
    configs = [config for config in clients.configs if config.confirmed]
    none = "No MCP server was found here" if configs else "No MCP client and no MCP server was found here"
    places = _counted(len(clients.looked_at), "place", "places")
    running = _counted(processes.seen, "running process", "running processes")
    said = [f"{none}: {places} where known clients keep their configs were looked at, and {running}."]
    if configs:
        named = ", ".join(dict.fromkeys(config.client_name for config in configs))
        said.append(f"Of {named} there is a config, and it names no server.")
    if clients.state.unread or processes.state.unread:
        said.append("Not everything could be looked at: what is not assessed says what.")
    judged = [result for result in report.results if result.status in (Status.FOUND, Status.PASSED)]
    if judged:
        said.append(f"What needs no server was judged all the same: {', '.join(map(_told, judged))}.")
    said.append("Once a client has a server, start it and look again.")
    return FirstRun(tuple(said))


def _told(result: CheckResult) -> str:
    count = len(result.findings)
    return f"{result.check} ({_counted(count, 'finding', 'findings')})" if count else result.check


def _counted(number: int, word: str, words: str) -> str:
    return f"{number} {word if number == 1 else words}"
