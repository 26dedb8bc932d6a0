from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests import builders
from tests.plugins.loading import get_check, run_check
from workbench.model.facts import Account, AccountFacts, SectionState
from workbench.model.finding import Finding, NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.sudoers import SudoCommand, SudoersFacts, SudoRule
from workbench.scan import run_check as scan_check

CHECK = "sudoers/passwordless-too-broad"
ACCOUNTS = AccountFacts(
    builders.COMPLETE, (*builders.ACCOUNTS.accounts, Account(990, "mcp-server", 990, (990,), "", "/usr/sbin/nologin"))
)
EXACT = "/usr/local/bin/mcp-filesystem-server --root /var/mcp/workspace"


def rule(
    *commands: str,
    users: tuple[str, ...] = ("dev",),
    runas: tuple[str, ...] = ("root",),
    groups: tuple[str, ...] = (),
    passwordless: bool = True,
    here: bool = True,
) -> SudoRule:
    permitted = tuple(SudoCommand(text.removeprefix("!"), text.startswith("!")) for text in commands)
    return SudoRule(users, ("ALL",), runas, groups, permitted, passwordless, file="/etc/sudoers.d/x", line=3, here=here)


def verdicts(*rules: SudoRule) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(accounts=ACCOUNTS, sudoers=SudoersFacts(builders.COMPLETE, rules)))


def severity(judged: SudoRule) -> Severity | None:
    said = verdicts(judged)
    assert len(said) == 1
    found = builders.findings(said)
    assert found or isinstance(said[0], Passed)
    return found[0].severity if found else None


@pytest.mark.parametrize(
    "command",
    [
        "ALL",
        "/bin/bash",
        '/bin/bash ""',
        "/usr/bin/su -",
        "/usr/bin/su root",
        "/usr/bin/bash -l",
        "/usr/bin/python3",
        "/usr/bin/python3.11 *",
        "/usr/bin/python3 -m mcp_server",
        "/usr/bin/node server.js",
        "/usr/bin/vim /etc/mcp.conf",
        "/usr/bin/less /var/log/mcp.log",
        "/usr/bin/apt-get",
        "/usr/bin/apt install *",
        "/usr/bin/npx -y @modelcontextprotocol/server-filesystem /srv",
        "/usr/bin/make install",
        "/usr/bin/docker",
        "/usr/bin/docker run *",
        "/usr/bin/podman",
        "/usr/bin/find",
        "/usr/bin/find /srv -name *",
        "/usr/bin/tar",
        "/usr/bin/awk",
        "/usr/bin/env",
        "/bin/systemctl",
        "/bin/systemctl * mcp",
        "/bin/systemctl edit mcp",
        "/usr/bin/journalctl",
        "/usr/bin/tee",
        "/usr/bin/tee /etc/sudoers.d/mine",
        "/bin/cp",
        "/bin/mv",
        "/bin/dd",
        "/usr/bin/install",
        "/bin/chmod",
        "/bin/chown *",
        "/bin/ln",
        "sudoedit",
        "sudoedit /srv/*",
        "sudoedit /etc/sudoers",
        "/usr/bin/",
        "/usr/bin/*",
        "/*/bin/python*",
    ],
)
def test_vulnerable_as_root(command: str) -> None:
    assert severity(rule(command)) is Severity.CRITICAL
    assert severity(rule(command, runas=("ALL",))) is Severity.CRITICAL
    assert severity(rule(command, passwordless=False)) is None


@pytest.mark.parametrize(
    "command",
    [
        EXACT,
        '/usr/local/bin/backup ""',
        "/usr/local/bin/backup",
        "/usr/bin/systemctl restart mcp",
        "/usr/bin/systemctl restart mcp-*",
        "/usr/bin/docker logs *",
        "/usr/bin/docker run -i --rm mcp/filesystem",
        "/usr/bin/python3 /opt/mcp/server.py",
        "/usr/bin/bash /opt/mcp/start.sh *",
        "/usr/bin/python3 --version",
        "/usr/bin/su -c /opt/start mcp-server",
        "/usr/bin/apt-get update",
        "/usr/bin/git -C /srv/repository pull",
        "/usr/bin/tee /sys/class/backlight/x/brightness",
        "/usr/bin/cat /var/log/mcp.log",
        "sudoedit /etc/hosts",
        "list",
        "/opt/tools/",
        "/usr/bin/xpython",
    ],
)
def test_hardened_exact_commands_pass(command: str) -> None:
    assert severity(rule(command)) is None


def test_vulnerable_reading_any_file_as_root_is_high() -> None:
    assert severity(rule("/usr/bin/cat")) is Severity.HIGH
    assert severity(rule("/usr/bin/cat", runas=("mcp-server",))) is None


def test_vulnerable_as_another_account_is_high() -> None:
    assert severity(rule("ALL", runas=("colleague",))) is Severity.HIGH
    assert severity(rule("ALL", runas=("mcp-server",))) is Severity.HIGH
    assert severity(rule("/bin/bash", runas=("mcp-server",))) is Severity.HIGH
    assert severity(rule("ALL", runas=("ALL", "!root"))) is Severity.HIGH


def test_vulnerable_an_account_with_user_id_0_is_root() -> None:
    twin = AccountFacts(builders.COMPLETE, (*ACCOUNTS.accounts, Account(0, "toor", 0, (0,))))
    snapshot = builders.snapshot(
        accounts=twin, sudoers=SudoersFacts(builders.COMPLETE, (rule("ALL", runas=("toor",)),))
    )
    assert [found.severity for found in builders.findings(run_check(CHECK, snapshot))] == [Severity.CRITICAL]


def test_vulnerable_a_group_that_is_root() -> None:
    assert severity(rule("ALL", runas=("",), groups=("docker",))) is Severity.CRITICAL
    assert severity(rule("ALL", runas=("",), groups=("shadow",))) is Severity.HIGH
    assert severity(rule("ALL", runas=("",), groups=("team",))) is None


def test_hardened_the_dedicated_account_with_one_exact_program() -> None:
    assert severity(rule(EXACT, runas=("mcp-server",))) is None
    assert severity(rule(EXACT.replace("workspace", "*"), runas=("mcp-server",))) is None
    assert severity(rule("/usr/bin/npx -y pkg@1.0.0", runas=("mcp-server",))) is None


def test_hardened_acting_as_oneself_or_being_root_already() -> None:
    assert severity(rule("ALL", users=("mcp-server",), runas=("mcp-server",))) is None
    assert severity(rule("ALL", users=("mcp-server",), runas=("#990",))) is None
    assert severity(rule("ALL", runas=("",))) is None
    assert severity(rule("ALL", users=("root",), runas=("ALL",))) is None


def test_hardened_the_usual_policy_with_a_password_passes() -> None:
    said = verdicts(
        rule("ALL", users=("root",), runas=("ALL",), groups=("ALL",), passwordless=False),
        rule("ALL", users=("%sudo",), runas=("ALL",), groups=("ALL",), passwordless=False),
    )
    assert builders.kinds(said) == {Passed}
    assert len(said) == 2


def test_vulnerable_exceptions_do_not_narrow_all() -> None:
    assert severity(rule("ALL", "!/bin/su", "!/bin/sh")) is Severity.CRITICAL


def test_hardened_what_the_rule_itself_takes_back() -> None:
    assert severity(rule("ALL", "!ALL")) is None
    assert severity(rule("/usr/bin/vi", "!/usr/bin/vi")) is None
    assert severity(rule("/usr/bin/vi", "!ALL", EXACT)) is None
    assert severity(rule("!ALL", "ALL")) is Severity.CRITICAL


def test_vulnerable_a_link_is_judged_by_what_it_leads_to() -> None:
    shell = builders.path("/usr/bin/dash", 0o755, uid=0, gid=0)
    link = replace(rule("/usr/local/bin/tool"), commands=(SudoCommand("/usr/local/bin/tool", target=shell),))
    assert severity(link) is Severity.CRITICAL
    busybox = builders.path("/bin/busybox", 0o755, uid=0, gid=0)
    applet = replace(rule("/bin/uptime"), commands=(SudoCommand("/bin/uptime", target=busybox),))
    assert severity(applet) is None


def test_vulnerable_one_finding_a_rule_names_every_command() -> None:
    judged = rule("/usr/bin/tee", "/usr/bin/cat", EXACT)
    (found,) = builders.findings(verdicts(judged))
    assert found.severity is Severity.CRITICAL
    assert "/usr/bin/tee" in found.evidence[0].actual
    assert "/usr/bin/cat" in found.evidence[0].actual
    assert EXACT not in found.evidence[0].actual
    assert found.evidence[0].command == ("sudo", "-l", "-U", "dev")
    assert found.location is not None
    assert (found.location.path, found.location.line) == ("/etc/sudoers.d/x", 3)


def test_vulnerable_its_command_prints_no_secret_of_the_policy(tmp_path: Path) -> None:
    hiding = rule("/usr/local/bin/x --password=<secret: password, 7 characters>")
    found, _ = verdicts(rule("/usr/bin/tee"), hiding)
    assert isinstance(found, Finding)
    (tmp_path / "sudo").write_text(
        "#!/bin/sh\necho 'User dev may run the following commands on here:'\n"
        "echo '    (root) NOPASSWD: /usr/bin/tee, /usr/local/bin/x --password=hunter2'\n"
        "echo '    (root) SETENV: NOPASSWD: /usr/local/bin/x --password=hunter2 a'\n"
    )
    (tmp_path / "sudo").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(found.evidence[0].command, capture_output=True, text=True, env=environment, check=True)
    assert "NOPASSWD: /usr/bin/tee" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    group, _ = verdicts(rule("/usr/bin/tee", users=("%team",)), hiding)
    assert isinstance(group, Finding)
    assert group.evidence[0].command == ()


def test_vulnerable_the_finding_keeps_its_identity_when_the_line_moves() -> None:
    one, other = rule("ALL"), replace(rule("ALL"), line=99)
    assert builders.findings(verdicts(one))[0].identity == builders.findings(verdicts(other))[0].identity
    assert (
        builders.findings(verdicts(one))[0].identity
        != builders.findings(verdicts(rule("ALL", runas=("ALL",))))[0].identity
    )


def test_vulnerable_a_group_or_everyone_is_shown_by_the_whole_policy() -> None:
    (found,) = builders.findings(verdicts(rule("ALL", users=("%team",))))
    assert found.evidence[0].command[:2] == ("sudo", "cvtsudoers")
    (found,) = builders.findings(verdicts(rule("ALL", users=("ALL", "!guest"))))
    assert found.summary.startswith("any account may run anything as root")


def test_not_applicable_without_a_rule_that_counts_here() -> None:
    assert builders.kinds(verdicts()) == {NotApplicable}
    assert builders.kinds(verdicts(rule("ALL", here=False))) == {NotApplicable}


def test_not_applicable_without_sudo() -> None:
    absent = SudoersFacts(SectionState("not applicable", "sudo is not installed"))
    result = scan_check(get_check(CHECK), builders.snapshot(sudoers=absent))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "sudo is not installed")


def test_not_assessed_where_the_policy_cannot_be_read() -> None:
    closed = SudoersFacts(SectionState("failed", "/etc/sudoers cannot be read: permission denied", "run it as root"))
    result = scan_check(get_check(CHECK), builders.snapshot(sudoers=closed))
    assert result.status is Status.NOT_ASSESSED
    assert result.not_assessed[0].unlock == "run it as root"


def test_not_assessed_a_part_of_the_policy_never_passes() -> None:
    facts = SudoersFacts(builders.unread("rules"), (rule(EXACT),))
    assert scan_check(get_check(CHECK), builders.snapshot(sudoers=facts)).status is Status.NOT_ASSESSED


def test_not_assessed_regular_expressions() -> None:
    assert builders.kinds(verdicts(rule("^/usr/bin/.*$"))) == {NotAssessed}
    assert builders.kinds(verdicts(rule("/usr/bin/python3 ^/opt/[a-z]+$"))) == {NotAssessed}
    assert builders.kinds(verdicts(rule("ALL", "^/x$"))) >= {NotAssessed}
    assert len(builders.findings(verdicts(rule("ALL", "^/x$")))) == 1
