"""The audit system as the tools tell of it: all of it, parts of it, none of it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.host.audit_log import START, Fake, event, started
from workbench.host import audit
from workbench.host.audit import Places, gathered
from workbench.host.audit.access import AsRoot
from workbench.host.audit.accounts import server_accounts
from workbench.host.audit.searching import start_word
from workbench.host.command import Output
from workbench.host.context import Context
from workbench.host.files import CannotLook
from workbench.host.privileged import Privileged
from workbench.launch import understand
from workbench.model.audit import AuditFacts, AuditRule
from workbench.model.clients import ClientFacts, EntryReference
from workbench.model.facts import SectionState
from workbench.model.launch import Ability, Launch
from workbench.model.processes import ProcessFacts, ServerProcess

NOW = START + 60
STATUS = "enabled 1\nfailure 1\npid {pid}\nrate_limit 0\nbacklog_limit 64\nlost 3\nbacklog 0\n"
DENIED = "-a always,exit -F arch=b64 -S open,openat,openat2 -F exit=-EACCES -F uid=990 -F key=mcp_denied\n"
ROOT_ALONE = Output(4, "", "You must be root to run this program.\n")
NOT_HERE = Output(1, "", "Error sending status request (Operation not permitted)\n")


def process(**more: Any) -> ServerProcess:
    made: dict[str, Any] = {"uid": 990, "gid": 990, "account": "mcp", "pid": os.getpid(), "label": "files", **more}
    return builders.process(**made)


def context(*servers: ServerProcess, clients: ClientFacts | None = None, **more: Any) -> Context:
    found = {
        "clients": clients or ClientFacts(builders.COMPLETE),
        "processes": ProcessFacts(builders.COMPLETE, servers or (process(),)),
    }
    return replace(Context("linux", Path("/home/dev"), 1000, {}, Path("/"), found=found), **more)


def fake(**more: Any) -> Fake:
    answers = {
        "auditctl -s": STATUS.format(pid=os.getpid()),
        "auditctl -l": DENIED,
        "ausearch": event(1),
        **more.pop("answers", {}),
    }
    return Fake(answers, more.pop("files", {}))


def look(access: Fake, where: Context | None = None) -> AuditFacts:
    return gathered(where or context(), access, Places(), NOW)


def test_all_of_it() -> None:
    facts = look(fake(files={"/etc/audit/rules.d/50-mcp.rules": DENIED.replace("-F key=", "-k ").encode()}))
    assert facts.state == SectionState("complete")
    assert (facts.enabled, facts.running, facts.lost, facts.listed) == (1, True, 3, True)
    (rule,) = facts.rules
    assert rule.loaded and rule.file == "/etc/audit/rules.d/50-mcp.rules" and rule.line == 1
    assert [(account.uid, account.servers) for account in facts.accounts] == [(990, ("files",))]
    (denied,) = facts.events or ()
    assert (denied.what, denied.count) == ("/home/dev/.ssh/id_rsa", 1)


def test_a_daemon_that_is_gone_does_not_run() -> None:
    assert look(fake(answers={"auditctl -s": STATUS.format(pid=0)})).running is False
    assert look(fake(answers={"auditctl -s": STATUS.format(pid=2**22 + 5)})).running is False


def test_events_before_the_window_are_left_out() -> None:
    facts = look(fake(answers={"ausearch": event(1, moment=NOW - 86401) + event(2, moment=NOW - 86399)}))
    assert [found.count for found in facts.events or ()] == [1]


@pytest.mark.parametrize(
    ("answer", "why"),
    [(ROOT_ALONE, "root alone"), (NOT_HERE, "in a container"), (Output(1, "", "strange\x1b[0m\n"), r"strange\x1b[0m")],
)
def test_what_is_refused_is_a_gap_and_nothing_else(answer: Output, why: str) -> None:
    facts = look(fake(answers={"auditctl -s": answer, "auditctl -l": answer}))
    gaps = {gap.facet: gap for gap in facts.state.unread}
    assert facts.state.status == "partial" and not facts.listed and facts.rules == ()
    assert facts.enabled is None and facts.running is None
    assert why in gaps["rules"].why and why in gaps["status"].why and "sudo auditctl -l" in gaps["rules"].unlock


def test_files_that_cannot_be_read_are_a_gap() -> None:
    facts = look(fake(files=CannotLook("permission denied", "run the scan as root")))
    assert facts.files is None and facts.listed
    assert [gap.facet for gap in facts.state.unread] == ["files"]


def test_more_rules_than_are_read_is_a_gap() -> None:
    facts = look(fake(answers={"auditctl -l": DENIED * 5001}, files={"/etc/audit/rules.d/a.rules": b"-i\n" * 20_001}))
    assert len(facts.rules) == 5000 and not facts.listed and facts.files is None
    assert {gap.facet for gap in facts.state.unread} == {"rules", "files"}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Output(1, "", "Error opening config file (Permission denied)\nError opening …\n"), "readable by root"),
        (
            Output(1, "", "Error opening /var/log/audit/audit.log (No such file or directory)\n"),
            "there is no audit log",
        ),
        (Output(2, "", "segfault\n"), "segfault"),
        (CannotLook("ausearch did not answer within 6 s"), "did not answer"),
    ],
)
def test_a_log_that_cannot_be_read_is_a_gap(answer: Any, why: str) -> None:
    facts = look(fake(answers={"ausearch": answer}))
    assert facts.events is None
    (gap,) = facts.state.unread
    assert gap.facet == "events" and why in gap.why


@pytest.mark.parametrize("answer", [Output(1, "", ""), Output(1, "", "<no matches>\n"), Output(0, "", "")])
def test_nothing_found_is_no_gap(answer: Output) -> None:
    facts = look(fake(answers={"ausearch": answer}))
    assert facts.events == () and facts.state.status == "complete"


def test_a_log_too_large_is_searched_for_what_failed() -> None:
    flood = CannotLook("/usr/sbin/ausearch printed more than 32 MiB")
    failed = "ausearch --input-logs --raw --start yesterday --uid 990 --success no"
    facts = look(fake(answers={"ausearch": flood, failed: event(1)}))
    assert [found.what for found in facts.events or ()] == ["/home/dev/.ssh/id_rsa"]
    assert [gap.facet for gap in facts.state.unread] == ["events"]


def test_what_is_asked_is_the_same_on_every_look() -> None:
    first, second = fake(), fake()
    gathered(context(), first, Places(), NOW)
    gathered(context(), second, Places(), NOW + 3600)
    assert first.asked == second.asked
    assert ("ausearch", "--input-logs", "--raw", "--start", "yesterday", "--uid", "990") in first.asked


@pytest.mark.parametrize(
    ("age", "word"), [(60, "recent"), (600, "yesterday"), (86400, "yesterday"), (86401, "week-ago"), (9e6, None)]
)
def test_the_start_lies_before_what_is_wanted(age: float, word: str | None) -> None:
    assert start_word(NOW - age, NOW) == (("--start", word) if word else ())


def test_through_sudo_every_command_is_known_before_the_first_is_run() -> None:
    pytest.importorskip("pwd")
    try:
        privileged = Privileged()
        facts = gathered(context(), AsRoot(privileged), Places(), NOW)
    except CannotLook:
        pytest.skip("the audit tools are not installed")
    gaps = {gap.facet for gap in facts.state.unread}
    if any("not installed" in gap.why for gap in facts.state.unread):
        pytest.skip("the audit tools are not installed")
    assert gaps == {"status", "rules", "files", "events"}
    assert all("when you agree" in gap.why for gap in facts.state.unread)
    programs = [vector[0].rpartition("/")[2] for vector in privileged.wanted]
    assert programs == ["auditctl", "tar", "auditctl", "ausearch"]


def test_other_systems_have_no_such_thing() -> None:
    facts = audit.gather(replace(context(), platform="darwin"))
    assert facts.state.status == "not applicable"


def test_where_it_is_not_installed_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> str:
        raise CannotLook(f"{name} is not installed")

    monkeypatch.setattr(audit, "find_program", nothing)
    facts = audit.gather(context())
    assert facts.state.status == "not applicable" and "auditd is not installed" in facts.state.reason


def test_other_sections_that_failed_may_hide_accounts() -> None:
    failed = replace(context(), found={"processes": ProcessFacts(SectionState("failed", "it hung", "try again"))})
    assert [(gap.facet, gap.why) for gap in look(fake(), failed).state.unread] == [("accounts", "it hung")]


@pytest.mark.parametrize("uid", [0, 1000])
def test_the_developer_and_root_are_no_servers_account(uid: int) -> None:
    assert server_accounts(context(process(uid=uid)), ()) == ()


def test_a_server_in_a_container_has_no_account_of_this_host() -> None:
    assert server_accounts(context(process(container="ab12")), ()) == ()


def test_an_account_that_the_config_names(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    nobody = pwd.getpwnam("nobody")
    command = ("sudo", "-n", "-u", "nobody", "/usr/local/bin/mcp-shell")
    entry = builders.server("shell", command, launch=understand(command, "/home/dev"))
    entry = replace(entry, launch=replace(entry.launch or Launch("x"), abilities=(Ability("commands", "its name"),)))
    clients = ClientFacts(builders.COMPLETE, (builders.config([entry]),))
    (account,) = server_accounts(context(process(uid=1000), clients=clients), ())
    assert (account.uid, account.name, account.servers, account.commands) == (nobody.pw_uid, "nobody", ("shell",), True)
    assert account.login is None and "mcp-shell" in account.programs and "sudo" in account.programs
    off = ClientFacts(builders.COMPLETE, (builders.config([replace(entry, disabled=True)]),))
    assert server_accounts(context(process(uid=1000), clients=off), ()) == ()


@pytest.mark.parametrize("name", ["no-such-account", "root", ""])
def test_a_config_that_names_nobody(name: str) -> None:
    entry = builders.server(launch=Launch("x", account=name))
    clients = ClientFacts(builders.COMPLETE, (builders.config([entry]),))
    assert server_accounts(context(process(uid=1000), clients=clients), ()) == ()


def test_the_login_of_a_running_server(tmp_path: Path) -> None:
    folder = tmp_path / "77"
    folder.mkdir()
    reference = EntryReference("/x", ("mcpServers", "mail"), "mail")
    where = context(process(pid=77, entry=reference), proc=tmp_path)
    for text, login in (("1000", 1000), ("4294967295", -1), ("junk", None)):
        (folder / "loginuid").write_text(text)
        (account,) = server_accounts(where, ())
        assert account.login == login and account.servers == ("mail",)


def test_accounts_that_rules_of_ours_name() -> None:
    ours = AuditRule("x", "exit", "always", fields=(("uid", "=", "993"),), keys=("mcp_denied",), loaded=True)
    other = replace(ours, fields=(("uid", "=", "994"),), keys=("pci",))
    developer = replace(ours, fields=(("uid", "=", "1000"),))
    found = server_accounts(context(process(uid=1000)), (ours, other, developer))
    assert [(account.uid, account.servers) for account in found] == [(993, ())]


def test_a_program_start_is_among_the_events() -> None:
    facts = look(fake(answers={"ausearch": started(1, "/usr/bin/curl", "curl", "x.example")}))
    assert [(found.kind, found.examples) for found in facts.events or ()] == [("program", ("curl x.example",))]
