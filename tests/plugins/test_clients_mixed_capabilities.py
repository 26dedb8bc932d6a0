"""clients/mixed-capabilities."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.model.clients import ClientFacts, ServerEntry
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.launch import Ability, AbilityKind, Launch
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "clients/mixed-capabilities"


def _server(*kinds: AbilityKind, understood: bool = True) -> ServerEntry:
    abilities = tuple(Ability(kind, f"why {kind}") for kind in kinds)
    return builders.server("box", launch=Launch("npx", abilities=abilities, understood=understood))


def _said(*servers: ServerEntry) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(clients=ClientFacts(builders.COMPLETE, (builders.config(servers),))))


@pytest.mark.parametrize("kinds", [("files", "commands", "network"), ("browser", "commands", "database", "files")])
def test_vulnerable(kinds: tuple[AbilityKind, ...]) -> None:
    (finding,) = builders.findings(_said(_server(*kinds)))
    assert finding.severity is Severity.MEDIUM and "box has files, commands and " in finding.summary
    assert {evidence.actual.partition(":")[0] for evidence in finding.evidence} == set(kinds) - {"database"}


@pytest.mark.parametrize(
    "kinds", [(), ("files", "network"), ("commands", "network"), ("files", "commands"), ("browser",)]
)
def test_hardened(kinds: tuple[AbilityKind, ...]) -> None:
    assert builders.kinds(_said(_server(*kinds))) == {Passed}


def test_hardened_by_three_servers() -> None:
    assert builders.kinds(_said(_server("files"), _server("commands"), _server("network"))) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}
    assert builders.kinds(_said(replace(_server("files", "commands", "network"), disabled=True))) == {NotApplicable}


def test_not_assessed_when_the_launcher_is_not_understood() -> None:
    assert builders.kinds(_said(_server(understood=False))) == {NotAssessed}


def test_not_assessed_when_the_content_could_not_be_read() -> None:
    clients = ClientFacts(builders.unread("content"))
    assert status(CHECK, builders.snapshot(clients=clients)) is Status.NOT_ASSESSED
