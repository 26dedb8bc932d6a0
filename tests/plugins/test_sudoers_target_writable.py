"""sudoers/target-writable."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.model.facts import Account, AccountFacts, Acl, AclEntry, PathFact, SectionState
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.sudoers import SudoCommand, SudoersFacts, SudoRule

CHECK = "sudoers/target-writable"
SERVER = Account(990, "mcp-server", 990, (990,))
ACCOUNTS = AccountFacts(
    builders.COMPLETE, (*builders.ACCOUNTS.accounts, SERVER), (*builders.ACCOUNTS.groups, (990, "mcp-server"))
)
PROGRAM = "/usr/local/bin/mcp-server"
SCRIPT = "/opt/x/server.js"


def roots(name: str, mode: int = 0o755, **more: object) -> PathFact:
    return builders.path(name, mode, **{"uid": 0, "gid": 0, **more})  # type: ignore[arg-type]


def rule(
    *commands: SudoCommand,
    users: tuple[str, ...] = ("dev",),
    runas: tuple[str, ...] = ("mcp-server",),
    passwordless: bool = True,
) -> SudoRule:
    return SudoRule(users, ("ALL",), runas, (), commands, passwordless, file="/etc/sudoers.d/mcp", line=1)


def said(*rules: SudoRule) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(accounts=ACCOUNTS, sudoers=SudoersFacts(builders.COMPLETE, rules)))


def of(target: PathFact | None = None, **more: object) -> SudoCommand:
    return SudoCommand(f"{PROGRAM} --root /srv", target=target, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("target", "who", "how"),
    [
        (roots(PROGRAM, 0o757), "any other account", "may write"),
        (roots(PROGRAM, 0o775, gid=2000), "colleague", "may write"),
        (roots(PROGRAM, 0o755, uid=1000), "dev", "owns"),
        (roots(PROGRAM, 0o555, uid=1000), "dev", "owns"),
        (roots(PROGRAM, 0o755, uid=4242), "uid 4242", "owns"),
        (roots(PROGRAM, 0o755, acl=Acl(5, (AclEntry("user", 1000, 6),))), "dev", "may write"),
        (roots(PROGRAM, directories={"/usr/local/bin": (0o777, 0, 0)}), "any other account", "can replace"),
        (roots(PROGRAM, directories={"/usr/local": (0o755, 1000, 0)}), "dev", "by way of /usr/local,"),
        (roots(PROGRAM, directories={"/usr/local": (0o775, 0, 2000)}), "colleague", "by way of /usr/local,"),
    ],
)
def test_vulnerable_program(target: PathFact, who: str, how: str) -> None:
    (finding,) = builders.findings(said(rule(of(target))))
    assert finding.severity is Severity.CRITICAL
    assert who in finding.evidence[0].actual
    assert how in finding.evidence[0].actual
    assert finding.evidence[0].command == ("namei", "-l", PROGRAM)
    assert finding.location is not None


def test_vulnerable_script_and_what_is_beside_it() -> None:
    node = roots("/usr/bin/node")
    for script, how in (
        (roots(SCRIPT, 0o644, uid=1000), "owns"),
        (roots(SCRIPT, 0o666), "may write"),
        (roots(SCRIPT, 0o644, directories={"/opt/x": (0o777, 0, 0)}), "can replace"),
        (roots(SCRIPT, 0o644, directories={"/opt/x": (0o1777, 0, 0)}), "may make modules beside"),
    ):
        command = SudoCommand(f"/usr/bin/node {SCRIPT}", target=node, runs=(script,))
        (finding,) = builders.findings(said(rule(command)))
        assert how in finding.evidence[0].actual
        assert SCRIPT in finding.summary


def test_vulnerable_a_program_that_does_not_exist_yet() -> None:
    writable = builders.path("/srv/tools", 0o777, kind="directory", uid=0, gid=0)
    (finding,) = builders.findings(said(rule(SudoCommand("/srv/tools/absent", nearest=writable))))
    assert "may make files in /srv/tools" in finding.summary
    closed = builders.path("/srv/tools", 0o755, kind="directory", uid=0, gid=0)
    assert builders.kinds(said(rule(SudoCommand("/srv/tools/absent", nearest=closed)))) == {Passed}
    assert builders.findings(said(rule(SudoCommand("/srv/tools/", nearest=writable))))
    assert builders.findings(said(rule(SudoCommand("/srv/tools/*", nearest=writable))))


def test_vulnerable_as_root_the_servers_own_account_counts() -> None:
    own = of(roots(PROGRAM, 0o755, uid=990))
    assert builders.findings(said(rule(own, runas=("root",))))
    assert builders.findings(said(rule(own, runas=("ALL",))))
    assert builders.findings(said(rule(own, runas=("mcp-server", "postgres"))))


def test_hardened_the_target_may_change_what_runs_as_itself() -> None:
    own = of(roots(PROGRAM, 0o755, uid=990))
    assert builders.kinds(said(rule(own))) == {Passed}
    assert builders.kinds(said(rule(own, runas=("#990",)))) == {Passed}
    assert builders.kinds(said(rule(own, users=("ALL",)))) == {Passed}


def test_hardened_what_belongs_to_root() -> None:
    script = roots(SCRIPT, 0o644)
    command = SudoCommand(f"/usr/bin/node {SCRIPT}", target=roots("/usr/bin/node"), runs=(script,))
    assert builders.kinds(said(rule(of(roots(PROGRAM)), command))) == {Passed}


def test_hardened_a_digest_refuses_another_content() -> None:
    assert builders.kinds(said(rule(of(roots(PROGRAM, 0o777), digests=("sha256:00",))))) == {Passed}


def test_hardened_an_owner_that_cannot_reach_the_file() -> None:
    closed = roots(PROGRAM, 0o755, uid=1000, directories={"/usr/local": (0o700, 0, 0)})
    assert builders.kinds(said(rule(of(closed)))) == {Passed}


def test_hardened_root_seen_as_nobody_in_a_namespace() -> None:
    nobodys = roots(PROGRAM, 0o755, uid=65534, gid=65534)
    nobodys = replace(nobodys, directories=tuple(replace(each, uid=65534, gid=65534) for each in nobodys.directories))
    assert builders.kinds(said(rule(of(nobodys)))) == {Passed}


def test_hardened_one_refused_command_is_not_run() -> None:
    loose = of(roots(PROGRAM, 0o777))
    assert builders.kinds(said(rule(loose, replace(loose, negated=True)))) == {NotApplicable}


def test_not_applicable() -> None:
    assert builders.kinds(said()) == {NotApplicable}
    assert builders.kinds(said(rule(of(roots(PROGRAM, 0o777)), passwordless=False))) == {NotApplicable}
    assert builders.kinds(said(rule(SudoCommand("ALL")))) == {NotApplicable}
    assert builders.kinds(said(rule(of(roots(PROGRAM, 0o777)), users=("mcp-server",)))) == {NotApplicable}


def test_not_assessed_what_could_not_be_looked_at() -> None:
    (gap,) = said(rule(SudoCommand("/root/x", unseen=("/root/x",))))
    assert isinstance(gap, NotAssessed)
    assert "/root/x" in gap.what
    assert builders.kinds(said(rule(SudoCommand("^/opt/.*$")))) == {NotAssessed}
    both = said(rule(replace(of(roots(PROGRAM, 0o777)), unseen=("/root/x",))))
    assert len(builders.findings(both)) == 1


def test_not_assessed_when_the_policy_could_not_be_read() -> None:
    closed = SudoersFacts(SectionState("failed", "permission denied", "run the scan as root"))
    assert status(CHECK, builders.snapshot(sudoers=closed)) is Status.NOT_ASSESSED
