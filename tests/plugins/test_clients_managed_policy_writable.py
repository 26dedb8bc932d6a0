"""clients/managed-policy-writable."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.model.clients import ClientConfig, ClientFacts
from workbench.model.facts import Acl, AclEntry, HostFacts
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "clients/managed-policy-writable"
FILE = "/etc/claude-code/managed-mcp.json"


def _managed(mode: int = 0o644, **more: Any) -> ClientConfig:
    more = {"uid": 0, "gid": 0, **more}
    return builders.config(path=builders.path(FILE, mode, **more), scope="managed")


def _said(*configs: ClientConfig, **more: Any) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(clients=ClientFacts(builders.COMPLETE, configs), **more))


@pytest.mark.parametrize(
    ("config", "who"),
    [
        (_managed(0o666), "any account"),
        (_managed(0o664, gid=2000), "colleague"),
        (_managed(uid=1001), "colleague"),
        (_managed(directories={"/etc/claude-code": (0o777, 0, 0)}), "any account"),
        (_managed(directories={"/etc/claude-code": (0o755, 1001, 0)}), "colleague"),
        (_managed(acl=Acl(4, (AclEntry("user", 1001, 6),))), "colleague"),
        (_managed(uid=4000), "uid 4000"),
    ],
)
def test_vulnerable_to_other_accounts(config: ClientConfig, who: str) -> None:
    (finding,) = builders.findings(_said(config))
    assert finding.severity is Severity.CRITICAL and who in finding.summary


@pytest.mark.parametrize(
    "config", [_managed(uid=1000), _managed(directories={"/etc/claude-code": (0o755, 1000, 1000)})]
)
def test_vulnerable_to_the_account_it_is_written_for(config: ClientConfig) -> None:
    (finding,) = builders.findings(_said(config))
    assert finding.severity is Severity.HIGH and finding.summary.startswith("dev can change")


@pytest.mark.parametrize(
    "config",
    [
        _managed(),
        _managed(0o600),
        _managed(acl=Acl(4, (AclEntry("user", 1001, 4),))),
        _managed(directories={"/etc/claude-code": (0o1777, 0, 0)}),
    ],
)
def test_hardened(config: ClientConfig) -> None:
    assert builders.kinds(_said(config)) == {Passed}


def test_hardened_below_a_root_of_another_user_namespace() -> None:
    nobody = (0o755, 65534, 65534)
    config = _managed(uid=65534, directories={"/": nobody, "/etc": nobody, "/etc/claude-code": nobody})
    assert builders.kinds(_said(config)) == {Passed}


def test_not_applicable_without_a_managed_file() -> None:
    assert builders.kinds(_said(builders.config())) == {NotApplicable}


def test_not_assessed_on_windows() -> None:
    host = HostFacts("win32", "10", -1, "dev", "C:/Users/dev")
    assert builders.kinds(_said(_managed(), host=host)) == {NotAssessed}


def test_not_assessed_when_the_modes_could_not_be_read() -> None:
    clients = ClientFacts(builders.unread("mode"))
    assert status(CHECK, builders.snapshot(clients=clients)) is Status.NOT_ASSESSED
