"""Join what was found of each server into the inventory."""

from __future__ import annotations

from workbench.host.context import Context
from workbench.host.servers.joining import Facts, join
from workbench.model.facts import SectionState, Unread
from workbench.model.servers import ServerFacts

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
        join(Facts(**found)),
    )
