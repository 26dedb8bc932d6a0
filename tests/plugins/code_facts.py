"""Make facts of code for the checks that judge it."""

from __future__ import annotations

from typing import Any

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.model.code import CodeFacts, CodeRoot, Observations, Site
from workbench.model.finding import Verdict
from workbench.model.report import Status
from workbench.model.servers import Server, ServerFacts
from workbench.model.snapshot import Snapshot

FILE = "/srv/server/main.py"
SITE = Site(FILE, 12, 5, "main")
SERVERS = ServerFacts(
    builders.COMPLETE, (Server("/home/dev/x.json#mcpServers/notes", "notes", "not running", True, "stdio"),)
)
ROOT = CodeRoot("/srv/server", (SERVERS.servers[0].key,), files=(("python", 1),), parsed=1)


def host(**observed: Any) -> Snapshot:
    """A host with one server, in whose code something was seen."""
    facts = CodeFacts(builders.COMPLETE, (ROOT,), Observations(**observed))
    return builders.snapshot(code=facts, servers=SERVERS)


def said(check: str, **observed: Any) -> list[Verdict]:
    """What a check says of code in which something was seen."""
    return run_check(check, host(**observed) if observed else builders.snapshot())


def unread_status(check: str) -> Status:
    """How the scan sorts what a check says where the code could not be read."""
    return status(check, builders.snapshot(code=CodeFacts(builders.unread("files", "the code in /srv/server"))))
