"""clients/leftover-backup."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.model.clients import Backup, ClientConfig, ClientFacts
from workbench.model.facts import HostFacts, SecretFact
from workbench.model.finding import NotApplicable, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "clients/leftover-backup"
COPY = "/home/dev/.claude.json.bak"
SECRET = SecretFact("github-classic", "env.GITHUB_TOKEN", 40, "0" * 12)


def _said(*configs: ClientConfig, **more: Any) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(clients=ClientFacts(builders.COMPLETE, configs), **more))


def _copy(mode: int = 0o600, servers: int = 2, secrets: tuple[SecretFact, ...] = ()) -> Backup:
    return Backup(builders.path(COPY, mode), servers, secrets)


def test_vulnerable_with_a_secret() -> None:
    (finding,) = builders.findings(_said(builders.config(backups=(_copy(secrets=(SECRET,)),))))
    assert finding.severity is Severity.HIGH
    assert finding.subject.key == COPY
    assert "holds 1 secret and 2 servers" in finding.summary
    assert "github-classic in env.GITHUB_TOKEN" in finding.evidence[0].actual
    assert finding.evidence[0].command[0] == "stat"
    assert len(finding.also) == 1


def test_vulnerable_a_little_without_one() -> None:
    (finding,) = builders.findings(_said(builders.config(backups=(_copy(servers=1),))))
    assert finding.severity is Severity.LOW and "holds 1 server" in finding.summary


def test_who_can_read_it_is_told() -> None:
    (finding,) = builders.findings(_said(builders.config(backups=(_copy(0o644),))))
    assert "any account on this machine can read it" in finding.summary
    windows = HostFacts("win32", "10", -1, "dev", "C:/Users/dev")
    (finding,) = builders.findings(_said(builders.config(backups=(_copy(0o644),)), host=windows))
    assert "can read" not in finding.summary


def test_a_copy_of_a_file_of_two_clients_is_told_once() -> None:
    first = builders.config(backups=(_copy(),))
    assert len(builders.findings(_said(first, replace(first, client="other")))) == 1


def test_hardened() -> None:
    assert builders.kinds(_said(builders.config([builders.server()]))) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}


@pytest.mark.parametrize(
    "what", ["/home/dev/.config/Claude", "/home/dev/.config/Claude/claude_desktop_config.json.bak"]
)
def test_not_assessed_when_a_folder_could_not_be_listed_or_a_copy_read(what: str) -> None:
    clients = ClientFacts(builders.unread("backup", what), (builders.config(),))
    assert status(CHECK, builders.snapshot(clients=clients)) is Status.NOT_ASSESSED
