"""audit/install-rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.host.test_audit_rules import TABLES
from tests.plugins.audit_facts import DENIED, MCP, OPENS, RULES, SHELL, STARTS, audited, loaded, on_disk
from tests.plugins.loading import get_check, get_fix, plugins
from workbench.audit_rules import adding, as_loaded, deleting, is_own
from workbench.host.audit.files import rules_on_disk
from workbench.host.audit.rule import parse
from workbench.model.acts import LoadAuditRules
from workbench.model.audit import AuditRule
from workbench.model.clients import ClientFacts
from workbench.model.finding import Finding
from workbench.model.operations import CreateRootFile
from workbench.model.plan import Plan, Refusal, Reversal
from workbench.model.snapshot import Snapshot
from workbench.planning import plan
from workbench.repair.audit_files import proven
from workbench.repair.paths import Refused
from workbench.scan import run_check

FIX = "audit/install-rules"
FILES, COMMANDS, PERSISTENT = "audit/not-watching-files", "audit/not-watching-commands", "audit/not-persistent"
CONFIG = "/home/dev/.config/Claude/claude_desktop_config.json"


def configs(path: str = CONFIG) -> dict[str, Any]:
    made = builders.config([builders.server()], path=builders.path(path, 0o600))
    return {"clients": ClientFacts(builders.COMPLETE, (made,))}


def found(check: str, snapshot: Snapshot) -> Finding:
    (finding,) = run_check(get_check(check), snapshot, plugins().repairs_of(check)).findings
    assert FIX in finding.repairs
    return finding


def planned(check: str, snapshot: Snapshot) -> Plan | Refusal:
    return plan(get_fix(FIX), found(check, snapshot), snapshot, {})


def made(check: str, snapshot: Snapshot) -> Plan:
    ready = planned(check, snapshot)
    assert isinstance(ready, Plan), ready
    return ready


def parts(ready: Plan) -> tuple[LoadAuditRules, CreateRootFile]:
    load, file = ready.operations
    assert isinstance(load, LoadAuditRules) and isinstance(file, CreateRootFile)
    assert file.format == "audit-rules"
    # What is loaded now and what is loaded at the next start are the same rules.
    assert tuple(line for line in file.content.splitlines() if not line.startswith("#")) == load.rules
    return load, file


def refused(check: str, snapshot: Snapshot) -> Refusal:
    why = planned(check, snapshot)
    assert isinstance(why, Refusal), why
    assert why.instead
    return why


def test_what_an_account_is_denied_is_recorded() -> None:
    ready = made(FILES, audited(MCP))
    load, file = parts(ready)
    assert len(load.rules) == 4 and file.path == "/etc/audit/rules.d/10-mcp-denied-990.rules"
    assert "-a always,exit -F arch=b64 -S open,openat,openat2 -F exit=-EACCES -F uid=990 -k mcp_denied" in load.rules
    assert "-a always,exit -F arch=b32 -S open,openat,openat2 -F exit=-EPERM -F uid=990 -k mcp_denied" in load.rules
    assert ready.reversal is Reversal.FULL and not ready.later


def test_where_no_call_is_named_open_no_rule_names_it() -> None:
    load, _ = parts(made(FILES, audited(MCP, opening=("openat", "openat2"))))
    assert len(load.rules) == 2 and all("-S openat,openat2 " in rule and "b64" in rule for rule in load.rules)


def test_which_programs_a_shell_server_starts_is_recorded() -> None:
    ready = made(COMMANDS, audited(SHELL, rules=loaded(*DENIED)))
    load, file = parts(ready)
    assert load.rules[0] == "-a always,exit -F arch=b64 -S execve,execveat -F uid=990 -k mcp_exec"
    assert file.path.endswith("/10-mcp-programs-990.rules") and "secrets" in ready.consequences


def test_each_config_that_nobody_watches_is_watched() -> None:
    load, file = parts(made(FILES, audited(host=configs())))
    assert load.rules == (f"-w {CONFIG} -p wa -k mcp_config",) and file.path.endswith("/10-mcp-configs.rules")


def test_what_is_only_loaded_is_written_down_as_it_is() -> None:
    (file,) = made(PERSISTENT, audited(MCP, rules=loaded(*DENIED))).operations
    assert isinstance(file, CreateRootFile)
    assert [line for line in file.content.splitlines() if line[0] != "#"] == list(DENIED)
    assert file.path.endswith("/10-mcp-kept.rules")


@pytest.mark.parametrize("check", [FILES, COMMANDS])
def test_with_the_rules_in_force_nothing_is_found(check: str) -> None:
    snapshot = audited(SHELL, host=configs() if check == FILES else None, rules=loaded(*DENIED, *STARTS)[:0])
    rules: list[AuditRule] = []
    for finding in run_check(get_check(check), snapshot, plugins().repairs_of(check)).findings:
        ready = plan(get_fix(FIX), finding, snapshot, {})
        assert isinstance(ready, Plan)
        load, file = parts(ready)
        rules += [rule for each in load.rules if (rule := as_loaded(each, file.path, 2)) is not None]
    after = replace(snapshot, audit=replace(snapshot.audit, rules=tuple(rules)))
    assert not run_check(get_check(check), after).findings
    assert not run_check(get_check(PERSISTENT), after).findings


def test_a_file_that_is_there_is_not_taken() -> None:
    taken = ("/etc/audit/rules.d/10-mcp-denied-990.rules",)
    _, file = parts(made(FILES, audited(MCP, files=taken)))
    assert file.path == "/etc/audit/rules.d/10-mcp-denied-990-2.rules"


@pytest.mark.parametrize(
    "rules",
    [("-a never,task",), ("-a never,exit -S all -F uid=990",), (f"{OPENS.replace('always', 'never')} -F uid=990",)],
)
def test_refused_where_an_earlier_rule_keeps_it_out_of_the_log(rules: tuple[str, ...]) -> None:
    why = refused(FILES, audited(MCP, rules=loaded(*rules)))
    assert "keeps" in why.reason and "auditctl -l" in why.instead


def test_a_line_that_stands_in_a_file_already_is_not_written_twice() -> None:
    """The kernel refuses the second of two equal rules, and the audit system stops there."""
    by_hand = "-a always,exit -F arch=b64 -S open,openat,openat2 -F exit=-EACCES -F uid=990 -k mcp_denied\n"
    load, file = made(FILES, audited(MCP, rules=on_disk(by_hand))).operations
    assert isinstance(load, LoadAuditRules) and isinstance(file, CreateRootFile)
    assert by_hand.strip() in load.rules and by_hand not in file.content
    both = rules_on_disk({RULES: by_hand.encode(), file.path: file.content.encode()}, TABLES)
    assert len(both) == 4 and not any(rule.problem for rule in both)


def test_where_all_of_them_stand_in_a_file_they_are_only_loaded() -> None:
    text = "".join(f"{rule}\n" for rule in parts(made(FILES, audited(MCP)))[0].rules)
    (load,) = made(FILES, audited(MCP, rules=on_disk(text))).operations
    assert isinstance(load, LoadAuditRules) and len(load.rules) == 4


def test_refused_while_the_audit_system_is_locked() -> None:
    assert "locked" in refused(FILES, audited(MCP, enabled=2)).reason


def test_refused_behind_a_broken_file_and_not_before_one() -> None:
    broken = "-a always,exit -F arch=b64 -S openat3 -F uid=990"
    rules = on_disk("", **{"05-first": f"{broken}\n"})
    why = refused(FILES, audited(MCP, rules=rules))
    assert "line 1 of /etc/audit/rules.d/05-first.rules" in why.reason
    assert isinstance(planned(FILES, audited(MCP, rules=on_disk(f"{broken}\n"))), Plan)


@pytest.mark.parametrize("path", ["/home/dev/My Client/config.json", '/home/dev/a"b/config.json', "/home/dev/é.json"])
def test_refused_for_a_path_that_no_line_can_hold(path: str) -> None:
    assert "blanks" in refused(FILES, audited(host=configs(path))).reason


def test_refused_where_the_text_does_not_say_all() -> None:
    for rule in ("-a never,exit -S all -F uid=991", "-a always,exit -S all -F exe=/usr/bin/x -F key=x"):
        assert "by hand" in refused(PERSISTENT, audited(MCP, rules=loaded(rule))).instead


def test_refused_for_what_is_only_on_disk() -> None:
    assert "augenrules --load" in refused(PERSISTENT, audited(MCP, rules=on_disk(f"{DENIED[0]}\n"))).instead


def test_refused_where_the_files_could_not_be_read() -> None:
    assert "--sudo" in refused(FILES, audited(MCP, files=None)).instead


def test_without_a_daemon_it_says_so() -> None:
    assert "(auditd) does not run" in made(FILES, audited(MCP, running=False)).consequences
    assert "auditd" not in made(FILES, audited(MCP)).consequences


OWN = (
    "-a always,exit -F arch=b64 -S open,openat -F exit=-EACCES -F uid=990 -k mcp_denied",
    "-a always,exit -F arch=b32 -S execve -F uid=990 -k mcp_exec",
    "-w /etc/passwd -p wa -k mcp_config",
)
FOREIGN = (
    "-D",
    "-e 0",
    "-R /home/dev/rules",
    "-a never,task -k mcp_x",
    "-a always,exit -F arch=b64 -S open -F uid=990 -k company",
    "-a always,exit -F arch=b64 -S open -F uid=990 -k mcp_x -D",
    "-a always,exit  -F arch=b64 -S open -F uid=990 -k mcp_x",
    "-w /etc/shadow -p wa -k identity",
    "-w /home/../etc -p wa -k mcp_config",
    "-w /a b -p wa -k mcp_config",
    "-w /a -p wa -k mcp_config\n-D",
    "",
)


def test_g15_only_rules_of_the_workbenchs_own_form_are_loaded_and_deleted() -> None:
    assert all(map(is_own, OWN)) and not any(map(is_own, FOREIGN))


@pytest.mark.parametrize("rule", OWN)
def test_a_rule_means_what_the_audit_system_reads(rule: str) -> None:
    read, mine = parse(rule, {}), as_loaded(rule, "", 0)
    assert read is not None and mine is not None
    assert (read.filter, read.action, read.arch, read.syscalls, read.keys) == (
        (mine.filter, mine.action, mine.arch, mine.syscalls, mine.keys)
    )
    assert set(read.fields) == set(mine.fields)
    assert deleting(rule)[1:] == adding(rule)[1:] and deleting(rule)[0] in ("-d", "-W")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("-D\n", "no rule that records"),
        ("-e 2\n", "no rule that records"),
        ("-a never,task\n", "no rule that records"),
        ("-a always,exit -F arch=b64 -S open -F dir!=/srv -k x\n", "would be refused"),
        ("# nothing\n", "no rule"),
        (f"{OWN[0]}", "no rule"),
    ],
)
def test_g6_a_file_that_would_stop_the_others_is_not_made(content: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        proven(CreateRootFile(RULES, content, "audit-rules"), content.encode())
