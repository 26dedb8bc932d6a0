"""Join what was found of each server into the inventory."""

from __future__ import annotations

from workbench.host.containers.joining import id_files_of
from workbench.host.context import Context
from workbench.host.files import CannotLook, read_bounded
from workbench.host.servers.joining import Facts, join
from workbench.model.facts import SectionState, Unread
from workbench.model.processes import ServerProcess
from workbench.model.servers import ServerFacts

_ID_LIMIT = 200
DEPENDS = ("clients", "processes", "sockets", "units", "containers")


def gather(context: Context) -> ServerFacts:
    """Every MCP server of this host, once."""
    found = {section: context.found[section] for section in DEPENDS}
    missing = tuple(
        Unread("content", section, facts.state.reason, facts.state.unlock)
        for section, facts in found.items()
        if facts.state.status == "failed"
    )
    return ServerFacts(
        SectionState("partial" if missing else "complete", unread=missing),
        join(Facts(**found, id_files=_id_files(found["processes"].servers), home=str(context.home))),
    )


def _id_files(servers: tuple[ServerProcess, ...]) -> dict[str, str]:
    files = {}
    for path in id_files_of(servers):
        try:
            files[path] = read_bounded(path, _ID_LIMIT).decode("ascii", "replace")
        except CannotLook:
            continue  # it is one of several ties, and the surest are others
    return files
