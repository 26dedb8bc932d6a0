"""audit/mend-rules: what comes in the place of each refused line is taken, and nothing is done by itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.host.test_audit_rules import TABLES
from tests.plugins.audit_facts import MCP, RULES, audited, loaded, on_disk
from tests.plugins.loading import get_check, get_fix, plugins
from workbench.host.audit.files import rules_on_disk
from workbench.model.plan import Plan, Safety
from workbench.model.snapshot import Snapshot
from workbench.planning import plan
from workbench.scan import run_check

FIX, CHECK = "audit/mend-rules", "audit/broken-rules-file"
ACCESS = "-a always,exit -F arch=b64 -S open,openat,openat2 -F uid={} -k mcp_file_access"
VIOLATION = (
    "-a always,exit -F arch=b64 -S open,openat,openat2 -F uid={} -F dir!=/var/mcp/workspace -k mcp_path_violation"
)
SEED = "\n".join((ACCESS, VIOLATION)).format("<mcp-server-uid>", "<mcp-server-uid>") + "\n"


def planned(text: str, *accounts: Any, rules: tuple[Any, ...] = ()) -> Plan:
    snapshot: Snapshot = audited(*accounts, rules=(*rules, *on_disk(text)))
    (finding,) = run_check(get_check(CHECK), snapshot, plugins().repairs_of(CHECK)).findings
    made = plan(get_fix(FIX), finding, snapshot, {})
    assert isinstance(made, Plan), made
    assert made.safety is Safety.GUIDE and not made.operations
    return made


def mended(text: str, *accounts: Any) -> str:
    """The file once every step was taken."""
    lines: list[str] = text.splitlines()
    for step in planned(text, *accounts).steps:
        if step.words.startswith("Line "):
            lines[int(step.words.split(" ")[1]) - 1] = step.text
    return "\n".join(lines) + "\n"


def problems(text: str) -> list[str]:
    return [rule.problem for rule in rules_on_disk({RULES: text.encode()}, TABLES) if rule.problem]


def test_the_rules_of_the_guide_become_ones_that_are_loaded() -> None:
    assert problems(SEED)
    text = mended(SEED, MCP)
    assert problems(text) == []
    assert text.splitlines() == [
        ACCESS.format(990),
        VIOLATION.format(990).replace("dir!=/var/mcp/workspace", "exit=-EACCES"),
        VIOLATION.format(990).replace("dir!=/var/mcp/workspace", "exit=-EPERM"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        VIOLATION.format(990),
        ACCESS.format("<mcp-server-uid>"),
        ACCESS.format("$(id -u mcp-server)"),
        "-a always,exit -F arch=b64 -S openat3 -F uid=990 -k x",
        "-a always,exit -F arch=b64 -S open -F path!=/x -k x",
        "-w relative -p wa -k x",
        "-x what",
    ],
)
@pytest.mark.parametrize("accounts", [(), (MCP,)])
def test_no_line_is_refused_any_more(line: str, accounts: tuple[Any, ...]) -> None:
    text = f"-w /etc/hosts -p wa -k before\n{line}\n-w /etc/passwd -p wa -k after\n"
    assert problems(text)
    after = mended(text, *accounts)
    assert problems(after) == [] and after.startswith("-w /etc/hosts") and after.endswith("-k after\n")


def test_what_would_be_deleted_by_loading_is_told_first() -> None:
    words = [step.words for step in planned(SEED, MCP, rules=loaded("-w /etc/group -p wa -k by-hand")).steps]
    assert "stand in no file" in words[-2] and "Load all" in words[-1]
    assert not any("stand in no file" in step.words for step in planned(SEED, MCP).steps)
