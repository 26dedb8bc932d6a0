"""Audit facts for the tests of the checks: an account of a server's own, rules as auditctl lists them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests import builders
from tests.host.test_audit_rules import TABLES
from workbench.host.audit.files import rules_on_disk
from workbench.host.audit.rule import parse_listed
from workbench.model.audit import AuditEvent, AuditFacts, AuditRule, ServerAccount
from workbench.model.snapshot import Snapshot

MCP = ServerAccount(990, "mcp", 990, 1000, ("files",), ("node", "mcp-files", "sudo"))
SHELL = replace(MCP, name="mcp-shell", servers=("shell",), commands=True)
OPENS = "-a always,exit -F arch=b64 -S open,openat,openat2"
DENIED = (f"{OPENS} -F exit=-EACCES -F uid=990 -F key=d", f"{OPENS} -F exit=-EPERM -F uid=990 -F key=d")
STARTS = ("-a always,exit -F arch=b64 -S execve,execveat -F uid=990 -F key=x",)
RULES = "/etc/audit/rules.d/50-mcp.rules"
MOMENT = 1767323045.0


def loaded(*lines: str) -> tuple[AuditRule, ...]:
    """Rules of the kernel."""
    return tuple(parse_listed(line, TABLES) for line in lines)


def on_disk(text: str, **more: str) -> tuple[AuditRule, ...]:
    """Rules of files; further files by their name without ``.rules``."""
    files = {RULES: text, **{f"/etc/audit/rules.d/{name}.rules": content for name, content in more.items()}}
    return rules_on_disk({name: content.encode() for name, content in files.items()}, TABLES)


def audited(
    *accounts: ServerAccount, rules: tuple[AuditRule, ...] = (), host: dict[str, Any] | None = None, **more: Any
) -> Snapshot:
    """A host with these accounts and rules, its audit system complete and running."""
    made: dict[str, Any] = {"listed": True, "files": (RULES,), "enabled": 1, "running": True, "events": (), **more}
    state = made.pop("state", builders.COMPLETE)
    return builders.snapshot(audit=AuditFacts(state, rules=rules, accounts=accounts, **made), **(host or {}))


def happened(what: str, outcome: Any = "denied", kind: Any = "open", count: int = 1, **more: Any) -> AuditEvent:
    """What the account 990 did."""
    return AuditEvent(kind, outcome, 990, "mcp", what, count, MOMENT, MOMENT + 60, "/usr/bin/cat", **more)
