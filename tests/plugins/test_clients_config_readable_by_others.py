"""clients/config-readable-by-others."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import get_check, run_check
from workbench.model.clients import ClientConfig, ClientFacts, ConfigProblem
from workbench.model.facts import Acl, AclEntry, EnvironmentEntry, HostFacts, SecretFact
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.scan import run_check as scan_check

CHECK = "clients/config-readable-by-others"
CONFIG = "/home/dev/.config/Claude/claude_desktop_config.json"
SECRET = SecretFact("github-classic", "env.GITHUB_TOKEN", 40, "abcdefabcdef")
WITH_SECRET = builders.server(environment=(EnvironmentEntry("GITHUB_TOKEN", SECRET),), secrets=(SECRET,))


def _said(*configs: ClientConfig, **more: Any) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(clients=ClientFacts(builders.COMPLETE, configs=configs), **more))


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o666])
def test_vulnerable_high_with_a_secret(mode: int) -> None:
    (finding,) = builders.findings(_said(builders.config([WITH_SECRET], mode=mode)))
    assert finding.severity is Severity.HIGH
    assert "holds 1 secret" in finding.summary
    assert "any account" in finding.summary
    assert f"{mode:04o}" in finding.evidence[0].actual


def test_vulnerable_low_without_a_secret() -> None:
    (finding,) = builders.findings(_said(builders.config([builders.server()], mode=0o644)))
    assert finding.severity is Severity.LOW
    assert "secret" not in finding.summary


def test_a_secret_outside_the_servers_counts() -> None:
    (finding,) = builders.findings(_said(builders.config(mode=0o644, secrets=(SECRET,))))
    assert finding.severity is Severity.HIGH


def test_the_same_secret_named_twice_is_one() -> None:
    (finding,) = builders.findings(_said(builders.config([WITH_SECRET, builders.server("b")], mode=0o644)))
    assert "1 secret" in finding.summary
    two = builders.server("b", secrets=(SECRET,))
    (finding,) = builders.findings(_said(builders.config([WITH_SECRET, two], mode=0o644)))
    assert "2 secrets" in finding.summary


def test_vulnerable_through_an_acl() -> None:
    acl = Acl(0, (AclEntry("user", 1001, 4),))
    (finding,) = builders.findings(_said(builders.config([WITH_SECRET], path=builders.path(CONFIG, 0o640, acl=acl))))
    assert "colleague can read" in finding.summary
    assert finding.evidence[0].command[0] == "getfacl"


def test_hardened() -> None:
    assert builders.kinds(_said(builders.config([WITH_SECRET], mode=0o600))) == {Passed}


def test_hardened_by_a_closed_home() -> None:
    path = builders.path(CONFIG, 0o644, directories={"/home/dev": (0o700, 1000, 1000)})
    assert builders.kinds(_said(builders.config([WITH_SECRET], path=path))) == {Passed}


def test_a_managed_config_is_meant_to_be_read() -> None:
    path = builders.path("/etc/claude-code/managed-mcp.json", 0o644, uid=0)
    assert builders.kinds(_said(builders.config([builders.server()], path=path, scope="managed"))) == {Passed}
    (finding,) = builders.findings(_said(builders.config([WITH_SECRET], path=path, scope="managed")))
    assert finding.severity is Severity.HIGH


def test_a_file_that_could_not_be_parsed_may_hold_a_secret() -> None:
    config = builders.config(mode=0o644, problem=ConfigProblem("it is cut off"))
    (finding,) = builders.findings(_said(config))
    assert finding.severity is Severity.LOW
    assert "not known" in finding.summary


def test_not_applicable_without_a_config() -> None:
    assert builders.kinds(_said()) == {NotApplicable}


def test_not_assessed_on_windows() -> None:
    host = HostFacts("win32", "10", -1, "dev", "C:/Users/dev")
    assert builders.kinds(_said(builders.config(mode=0o644), host=host)) == {NotAssessed}


def test_not_assessed_when_rights_could_not_be_looked_at() -> None:
    result = scan_check(get_check(CHECK), builders.snapshot(clients=ClientFacts(builders.unread("mode", CONFIG))))
    assert result.status is Status.NOT_ASSESSED


def test_hardened_in_another_home_its_owner_is_nobody_else() -> None:
    """Root looks at every home: that the colleague can read the colleague's own config is as it should be."""
    home = {"/home/colleague": (0o755, 1001, 1001), "/home/colleague/.cursor": (0o755, 1001, 1001)}
    where = builders.path("/home/colleague/.cursor/mcp.json", 0o600, uid=1001, gid=1001, directories=home)
    config = builders.config([builders.server()], path=where, owner=1001)
    root = HostFacts("linux", "6.1.0", 0, "root", "/root")
    for each in (config, builders.config([builders.server()], path=where, owner=1000)):
        said = run_check(CHECK, builders.snapshot(clients=ClientFacts(builders.COMPLETE, configs=(each,)), host=root))
        assert bool(builders.findings(said)) is (each.owner == 1000)
