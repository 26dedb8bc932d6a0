"""clients/no-isolation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import get_check, run_check
from workbench.model.clients import ClientFacts, ServerEntry
from workbench.model.facts import HostFacts
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.launch import Launch
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.scan import run_check as scan_check

CHECK = "clients/no-isolation"


def _server(**more: Any) -> ServerEntry:
    return builders.server(launch=Launch("npx", ("-y", "pkg@1.0.0"), **more))


def _said(*servers: ServerEntry) -> list[Verdict]:
    clients = ClientFacts(builders.COMPLETE, configs=(builders.config(servers),))
    return run_check(CHECK, builders.snapshot(clients=clients))


def test_vulnerable_as_every_client_starts_it() -> None:
    (finding,) = builders.findings(_said(replace(_server(), line=4)))
    assert finding.severity is Severity.HIGH
    assert "as dev, with nothing around it" in finding.summary
    assert finding.location is not None
    assert finding.location.line == 4


@pytest.mark.parametrize("account", ["dev", "#1000", "1000"])
def test_vulnerable_when_it_is_switched_to_the_same_account(account: str) -> None:
    assert builders.findings(_said(_server(wrappers=("sudo",), account=account)))


def test_vulnerable_looked_at_by_root_it_still_runs_as_the_owner_of_the_home() -> None:
    root = HostFacts("linux", "6.1.0", 0, "root", "/home/dev")
    for server in (_server(), _server(wrappers=("sudo",), account="dev")):
        clients = ClientFacts(builders.COMPLETE, configs=(builders.config((server,)),))
        (finding,) = builders.findings(run_check(CHECK, builders.snapshot(clients=clients, host=root)))
        assert "as dev, with nothing around it" in finding.summary


@pytest.mark.parametrize("account", ["root", "#0", "0"])
def test_vulnerable_when_it_is_switched_to_root(account: str) -> None:
    (finding,) = builders.findings(_said(_server(wrappers=("sudo",), account=account)))
    assert "as root" in finding.summary
    assert "through sudo" in finding.evidence[0].actual


def test_vulnerable_wrappers_that_confine_nothing() -> None:
    assert builders.findings(_said(_server(wrappers=("env", "sh"))))


def test_hardened_by_a_sandbox() -> None:
    assert builders.kinds(_said(_server(wrappers=("bwrap",), sandbox="bwrap"))) == {Passed}
    assert builders.kinds(_said(_server(sandbox="docker run", image=builders.image("mcp/files@sha256:00")))) == {Passed}


def test_hardened_by_another_account() -> None:
    assert builders.kinds(_said(_server(wrappers=("sudo",), account="mcp-server"))) == {Passed}


def test_hardened_by_the_client() -> None:
    assert builders.kinds(_said(replace(_server(), client_sandbox="VS Code sandbox"))) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}
    remote = builders.server(command=(), transport="http", url="https://example.invalid/mcp", launch=None)
    assert builders.kinds(_said(remote)) == {NotApplicable}
    assert builders.kinds(_said(replace(_server(), disabled=True))) == {NotApplicable}


def test_not_assessed_when_the_launcher_is_not_understood() -> None:
    assert builders.kinds(_said(_server(wrappers=("frob",), understood=False))) == {NotAssessed}


def test_not_assessed_when_the_content_could_not_be_read() -> None:
    clients = ClientFacts(builders.unread("content"))
    assert scan_check(get_check(CHECK), builders.snapshot(clients=clients)).status is Status.NOT_ASSESSED


def test_vulnerable_with_many_homes_each_starts_as_its_owner() -> None:
    where = builders.path("/home/colleague/.cursor/mcp.json", 0o600, uid=1001, gid=1001)
    root = HostFacts("linux", "6.1.0", 0, "root", "/root")
    for account in ("", "colleague"):
        config = builders.config([_server(account=account)], path=where, owner=1001)
        clients = ClientFacts(builders.COMPLETE, configs=(config,))
        (finding,) = builders.findings(run_check(CHECK, builders.snapshot(clients=clients, host=root)))
        assert "as colleague, with nothing around it" in finding.summary


def test_a_name_that_holds_a_secret_is_not_searched_for() -> None:
    (finding,) = builders.findings(_said(replace(_server(), name="<secret: stripe, 32 characters>")))
    assert finding.evidence[0].command[0] == "stat"
