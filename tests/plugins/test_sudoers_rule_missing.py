"""sudoers/rule-missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.launch import understand
from workbench.model.clients import ClientFacts, ServerEntry
from workbench.model.facts import Account, AccountFacts, SectionState
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.sudoers import SudoDefault, SudoEntry, SudoersFacts

CHECK = "sudoers/rule-missing"
ACCOUNTS = AccountFacts(
    builders.COMPLETE,
    (*builders.ACCOUNTS.accounts, Account(990, "mcp-server", 990, (990,))),
    (*builders.ACCOUNTS.groups, (990, "mcp-server")),
)
PROGRAM = "/usr/local/bin/mcp-filesystem-server"
COMMAND = (PROGRAM, "--root", "/var/mcp/workspace")
EXACT = " ".join(COMMAND)
START = ("sudo", "-n", "-u", "mcp-server", *COMMAND)


def server(*command: str) -> ServerEntry:
    return builders.server("files", command, launch=understand(command, "/home/dev"))


def entry(*commands: str, users: str = "dev", runas: str = "mcp-server", free: bool = True, **more: str) -> SudoEntry:
    tags = ("authenticate=false",) if free else ()
    return SudoEntry((users,), ("ALL",), (runas,), (), commands, (*tags, *(f"{k}={v}" for k, v in more.items())))


def said(
    *entries: SudoEntry,
    start: tuple[str, ...] = START,
    defaults: tuple[SudoDefault, ...] = (),
    state: SectionState = builders.COMPLETE,
    owner: int | None = 1000,
) -> list[Verdict]:
    config = builders.config((server(*start),), owner=owner)
    return run_check(
        CHECK,
        builders.snapshot(
            accounts=ACCOUNTS,
            clients=ClientFacts(builders.COMPLETE, (config,)),
            sudoers=SudoersFacts(state, entries=entries, defaults=defaults),
        ),
    )


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ((), "does not permit"),
        ((entry(PROGRAM + " --root /srv"),), "does not permit"),
        ((entry(f'{PROGRAM} ""'),), "does not permit"),
        ((entry(EXACT, users="colleague"),), "does not permit"),
        ((entry(EXACT, runas="root"),), "does not permit"),
        ((entry("ALL", f"!{PROGRAM}"),), "does not permit"),
        ((entry(EXACT), entry(f"!{EXACT}")), "does not permit"),
        ((entry(EXACT, free=False),), "asks for a password"),
        ((entry(EXACT), entry("ALL", runas="ALL", free=False)), "asks for a password"),
    ],
)
def test_vulnerable(entries: tuple[SudoEntry, ...], why: str) -> None:
    (finding,) = builders.findings(said(*entries))
    assert finding.severity is Severity.MEDIUM
    assert why in finding.summary
    assert EXACT in finding.evidence[0].expected
    assert finding.evidence[0].command == ("sudo", "-l", "-U", "dev")
    assert finding.location is not None


@pytest.mark.parametrize(
    "entries",
    [
        (entry(EXACT),),
        (entry(PROGRAM),),
        (entry(f"{PROGRAM} --root *"),),
        (entry(f"{PROGRAM} ^--root /var/(mcp|srv)/workspace$"),),
        (entry("ALL", runas="ALL", free=False), entry(EXACT)),
        (entry("ALL", f"!{PROGRAM}", EXACT),),
        (entry(EXACT, users="ALL"),),
    ],
)
def test_hardened(entries: tuple[SudoEntry, ...]) -> None:
    assert builders.kinds(said(*entries)) == {Passed}


@pytest.mark.parametrize(
    "start",
    [
        ("sudo", "-nu", "mcp-server", *COMMAND),
        ("sudo", "--user=mcp-server", "-n", "--", *COMMAND),
        ("sudo", "--user", "mcp-server", *COMMAND),
        ("/usr/bin/sudo", "-n", "-H", "-umcp-server", *COMMAND),
        ("env", "A=b", "sudo", "-n", "-u", "mcp-server", *COMMAND),
        ("sudo", "-n", "-u", "#990", *COMMAND),
        ("sudo", "-n", "-u", "mcp-server", "-g", "mcp-server", *COMMAND),
    ],
)
def test_hardened_however_sudo_is_called(start: tuple[str, ...]) -> None:
    assert builders.kinds(said(entry(EXACT), start=start)) == {Passed}
    assert len(builders.findings(said(start=start))) == 1


def test_vulnerable_the_account_that_is_meant_without_u() -> None:
    start = ("sudo", "-n", *COMMAND)
    assert builders.findings(said(entry(EXACT), start=start))
    assert builders.kinds(said(entry(EXACT, runas="root"), start=start)) == {Passed}
    other = SudoDefault("everyone", ("ALL",), "runas_default", "set", ("mcp-server",))
    assert builders.kinds(said(entry(EXACT), start=start, defaults=(other,))) == {Passed}


def test_vulnerable_the_environment_that_may_not_be_kept() -> None:
    start = ("sudo", "-n", "-E", "-u", "mcp-server", *COMMAND)
    (finding,) = builders.findings(said(entry(EXACT), start=start))
    assert "(-E)" in finding.summary
    assert builders.kinds(said(entry(EXACT, setenv="true"), start=start)) == {Passed}


def test_vulnerable_the_caller_is_whose_client_reads_the_config() -> None:
    assert builders.kinds(said(entry(EXACT), owner=1000)) == {Passed}
    assert len(builders.findings(said(entry(EXACT), owner=1001))) == 1


def test_not_applicable() -> None:
    assert builders.kinds(said(start=("npx", "-y", "pkg"))) == {NotApplicable}
    assert builders.kinds(run_check(CHECK, builders.snapshot())) == {NotApplicable}
    unread = builders.snapshot(sudoers=SudoersFacts(SectionState("failed", "permission denied")))
    assert status(CHECK, unread) is Status.NOT_APPLICABLE


@pytest.mark.parametrize(
    "start",
    [
        ("sudo", "-n", "-i", "-u", "mcp-server", *COMMAND),
        ("sudo", "-n", "-D", "/srv", "-u", "mcp-server", *COMMAND),
        ("sudo", "-n", "--chroot=/x", "-u", "mcp-server", *COMMAND),
        ("sudo", "-n", "-u", "mcp-server", "KEY=x", *COMMAND),
        ("sudo", "-n", "--preserve-env=KEY", "-u", "mcp-server", *COMMAND),
        ("sudo", "-n", "-u", "mcp-server", PROGRAM, "--root", "${HOME}/x"),
        ("sudo", "-n", "-u", "mcp-server", PROGRAM, "--root", "<secret: possible, 9 characters>"),
        ("sh", "-c", f"exec sudo -n -u mcp-server {EXACT}"),
        ("docker", "run", "-i", "image", "sudo", "-n", "-u", "mcp-server", *COMMAND),
        ("wsl", "sudo", "-n", "-u", "mcp-server", *COMMAND),
    ],
)
def test_not_assessed_calls_that_are_not_plain(start: tuple[str, ...]) -> None:
    assert builders.kinds(said(entry(PROGRAM), start=start)) == {NotAssessed}


def test_not_assessed_what_the_policy_leaves_open() -> None:
    assert builders.kinds(said(entry(EXACT, users="+netgroup"))) == {NotAssessed}
    assert builders.kinds(said(replace(entry(EXACT), here=None))) == {NotAssessed}
    assert builders.kinds(said(entry(f"sha256:00 {EXACT}"))) == {NotAssessed}
    assert builders.kinds(said(owner=4242)) == {NotAssessed}


def test_not_assessed_when_the_policy_could_not_be_read() -> None:
    (gap,) = said(entry(EXACT), state=SectionState("failed", "permission denied", "run the scan as root"))
    assert isinstance(gap, NotAssessed)
    assert gap.unlock == "run the scan as root"
    # A rule that is not known may be the one.
    assert builders.kinds(said(state=builders.unread("rules"))) == {NotAssessed}
    absent = SectionState("not applicable", "sudo is not installed")
    assert builders.kinds(said(state=absent)) == {NotAssessed}
