"""sudoers/inexact-arguments."""

from __future__ import annotations

import pytest

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.launch import understand
from workbench.model.clients import ClientFacts, ServerEntry
from workbench.model.facts import SectionState
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.sudoers import SudoCommand, SudoersFacts, SudoRule

CHECK = "sudoers/inexact-arguments"
PROGRAM = "/usr/local/bin/mcp-filesystem-server"
EXACT = f"{PROGRAM} --root /var/mcp/workspace"


def rule(
    *commands: str,
    users: tuple[str, ...] = ("chris",),
    runas: tuple[str, ...] = ("mcp-server",),
    passwordless: bool = True,
    here: bool = True,
) -> SudoRule:
    permitted = tuple(SudoCommand(text.removeprefix("!"), text.startswith("!")) for text in commands)
    return SudoRule(users, ("ALL",), runas, (), permitted, passwordless, file="/etc/sudoers.d/mcp", line=1, here=here)


def said(*rules: SudoRule, servers: tuple[ServerEntry, ...] = ()) -> list[Verdict]:
    clients = ClientFacts(builders.COMPLETE, (builders.config(servers),) if servers else ())
    return run_check(CHECK, builders.snapshot(sudoers=SudoersFacts(builders.COMPLETE, rules), clients=clients))


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (PROGRAM, "any arguments"),
        (f"{PROGRAM} --root *", "a wildcard"),
        (f"{PROGRAM} --root /var/mcp/*", "a wildcard"),
        (f"{PROGRAM} --root /var/mcp/[ab]", "a wildcard"),
        (f"{PROGRAM} --root /var/mcp/?", "a wildcard"),
        (f"{PROGRAM} ^--root /var/mcp/.*$", "any text"),
        (f"{PROGRAM} ^--root [^ ]+$", "any text"),
        ("/opt/mcp/", "any program in that directory"),
        ("/opt/mcp/*", "a wildcard in the path"),
        ("^/opt/mcp/.*$", "any program"),
        ("^/opt/mcp/(a|b)$", "any arguments"),
        ("/usr/bin/node", "any arguments"),
        ("/usr/bin/npx *", "a wildcard"),
    ],
)
def test_vulnerable(command: str, why: str) -> None:
    (finding,) = said(rule(command))
    assert builders.findings([finding])[0].severity is Severity.HIGH
    assert why in builders.findings([finding])[0].evidence[0].actual


@pytest.mark.parametrize(
    "command",
    [
        EXACT,
        f'{PROGRAM} ""',
        rf"{PROGRAM} --pattern \*.txt",
        f"{PROGRAM} ^--root /var/mcp/(one|two)$",
        "^/opt/mcp/(a|b)$ ^--root /srv$",
        "/usr/bin/node /opt/mcp/server.js",
    ],
)
def test_hardened_exact_commands(command: str) -> None:
    assert builders.kinds(said(rule(command))) == {Passed}


def test_vulnerable_one_finding_a_rule_names_every_loose_command() -> None:
    (finding,) = builders.findings(said(rule(EXACT, PROGRAM, f"{PROGRAM} *")))
    assert "any arguments" in finding.evidence[0].actual
    assert "a wildcard" in finding.evidence[0].actual
    assert EXACT not in finding.evidence[0].actual
    assert finding.evidence[0].command == ("sudo", "-l", "-U", "chris")
    assert finding.location is not None


@pytest.mark.parametrize("account", ["mcp-server", "mcp", "svc_mcp", "MCP"])
def test_vulnerable_the_account_makes_it_a_rule_of_a_server(account: str) -> None:
    assert builders.findings(said(rule("/opt/files/serve", runas=(account,))))


def test_vulnerable_what_a_config_starts_makes_it_a_rule_of_a_server() -> None:
    command = ("sudo", "-n", "-u", "files", "/opt/files/serve", "/srv")
    server = builders.server("files", command, launch=understand(command, "/home/dev"))
    loose = rule("/opt/files/serve", runas=("files",))
    assert builders.findings(said(loose, servers=(server,)))
    assert builders.kinds(said(loose)) == {NotApplicable}
    assert builders.findings(said(rule("/opt/files/serve", runas=("root",)), servers=(server,)))


def test_hardened_other_rules_are_not_its_business() -> None:
    for other in (
        rule("/usr/bin/systemctl restart nginx*", runas=("root",)),
        rule("/usr/local/bin/mcpherson-backup", runas=("backup",)),
        rule("ALL"),
        rule(PROGRAM, passwordless=False),
        rule(PROGRAM, here=False),
        rule(PROGRAM, users=("mcp-server",)),
        rule(PROGRAM, f"!{PROGRAM}"),
        rule("sudoedit /etc/mcp/*"),
    ):
        assert builders.kinds(said(other)) == {NotApplicable}, other


def test_not_applicable() -> None:
    assert builders.kinds(said()) == {NotApplicable}
    absent = SudoersFacts(SectionState("not applicable", "sudo is not installed"))
    assert status(CHECK, builders.snapshot(sudoers=absent)) is Status.NOT_APPLICABLE


def test_not_assessed_an_expression_that_is_not_plain() -> None:
    for command in (f"{PROGRAM} ^--root /srv/[a-z]+$", f"{PROGRAM} ^(a|b)+$", "^/opt/mcp/[a-z]+$ --x"):
        assert builders.kinds(said(rule(command))) == {NotAssessed}, command


def test_not_assessed_when_the_policy_could_not_be_read() -> None:
    closed = SudoersFacts(SectionState("failed", "permission denied", "run the scan as root"))
    assert status(CHECK, builders.snapshot(sudoers=closed)) is Status.NOT_ASSESSED
    partial = SudoersFacts(builders.unread("rules"), (rule(EXACT),))
    assert status(CHECK, builders.snapshot(sudoers=partial)) is Status.NOT_ASSESSED
