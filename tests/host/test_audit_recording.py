"""Whether rules record something. ``tests/live`` provokes the same for the kernel to decide."""

from __future__ import annotations

import pytest

from tests.host.test_audit_rules import TABLES
from workbench.host.audit.rule import parse_listed
from workbench.model.audit import AuditRule, ServerAccount
from workbench.recording import records, records_watch, silenced

OPENS = "-a always,exit -F arch=b64 -S open,openat,openat2"
CONFIG = "/home/dev/.config/Claude/claude_desktop_config.json"


def rules(*lines: str) -> list[AuditRule]:
    return [parse_listed(line, TABLES) for line in lines]


@pytest.mark.parametrize(
    ("lines", "login", "answer"),
    [
        ((), -1, "no"),
        ((f"{OPENS} -F exit=-EACCES -F uid=990",), -1, "yes"),
        ((f"{OPENS} -F exit=-EPERM -F uid=990",), -1, "no"),
        ((f"{OPENS} -F exit=-EACCES -F auid>=1000 -F auid!=-1",), -1, "no"),
        ((f"{OPENS} -F exit=-EACCES -F auid>=1000 -F auid!=-1",), 1000, "yes"),
        ((f"{OPENS} -F exit=-EACCES -F auid>=1000 -F auid!=-1",), None, "perhaps"),
        ((f"{OPENS} -F exit=-EACCES -F auid>=1000", f"{OPENS} -F exit=-EACCES -F uid=990"), None, "yes"),
        ((f"{OPENS} -F uid=990 -F dir=/srv",), -1, "no"),
        (("-a never,exit -S all -F uid=990", f"{OPENS} -F uid=990"), -1, "no"),
        (("-a never,exit -F arch=b64 -S openat -F uid=990 -F dir=/srv", f"{OPENS} -F uid=990"), -1, "yes"),
        (("-a never,task", f"{OPENS} -F uid=990"), -1, "no"),
        (("-a never,task -F uid=5", f"{OPENS} -F uid=990"), -1, "yes"),
        (("-a never,exclude -F uid=990", f"{OPENS} -F uid=990"), -1, "no"),
        (("-a never,exclude -F msgtype=CWD", f"{OPENS} -F uid=990"), -1, "yes"),
        (("something new", f"{OPENS} -F uid=990"), -1, "yes"),
        ((f"{OPENS} -F exe=/usr/bin/node -F uid=990",), -1, "no"),
    ],
)
def test_denied_opens(lines: tuple[str, ...], login: int | None, answer: str) -> None:
    account = ServerAccount(990, "mcp", 990, login)
    assert records(rules(*lines), account, "openat", outcome=-13) == answer


def test_a_rule_that_is_only_on_disk_records_nothing() -> None:
    waiting = [AuditRule("x", "exit", "always", "b64", ("openat",))]
    assert records(waiting, ServerAccount(990, "mcp"), "openat", outcome=-13) == "no"


@pytest.mark.parametrize(
    ("line", "watched"),
    [
        (f"-w {CONFIG} -p wa", True),
        (f"-w {CONFIG} -p rwxa -k c", True),
        (f"-w {CONFIG} -p r", False),
        ("-a always,exit -S all -F dir=/home/dev/.config -F perm=wa", True),
        ("-a always,exit -S all -F dir=/home/dev/.conf -F perm=wa", False),
        (f"-a always,exit -S all -F path={CONFIG} -F perm=wa -F auid>=1000 -F auid!=-1", True),
        (f"-a always,exit -S all -F path={CONFIG} -F perm=wa -F uid=0", False),
        (f"-a always,exit -F arch=b64 -S openat -F path={CONFIG}", False),
        (f"-a never,exit -S all -F path={CONFIG} -F perm=wa", False),
    ],
)
def test_a_watch(line: str, watched: bool) -> None:
    assert records_watch(rules(line), CONFIG, 1000) is watched
    assert not records_watch(rules("-a never,task", line), CONFIG, 1000)


def test_what_silences_is_named() -> None:
    rule = silenced(rules(f"{OPENS} -F uid=990", "-a never,task"), ServerAccount(990, "mcp"))
    assert rule is not None and rule.text == "-a never,task"
    assert silenced(rules("-a never,task -F pid=3"), ServerAccount(990, "mcp")) is None
