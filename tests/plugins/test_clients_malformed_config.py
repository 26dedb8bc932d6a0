"""clients/malformed-config."""

from __future__ import annotations

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.model.clients import ClientConfig, ClientFacts, ConfigProblem
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "clients/malformed-config"


def _said(*configs: ClientConfig) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(clients=ClientFacts(builders.COMPLETE, configs)))


def test_vulnerable() -> None:
    problem = ConfigProblem("a comma is missing", 3, 7, "Claude Desktop starts none of the servers")
    (finding,) = builders.findings(_said(builders.config(problem=problem)))
    assert finding.severity is Severity.LOW and "starts none of the servers" in finding.summary
    assert finding.evidence[0].actual == "line 3, column 7: a comma is missing"
    assert finding.location is not None and (finding.location.line, finding.location.column) == (3, 7)


def test_vulnerable_without_a_place() -> None:
    problem = ConfigProblem("mcpServers: it is a list, not a table of servers", kind="misshapen")
    (finding,) = builders.findings(_said(builders.config(problem=problem)))
    assert finding.evidence[0].actual == problem.message


def test_its_command_prints_nothing_of_the_file() -> None:
    (finding,) = builders.findings(_said(builders.config(problem=ConfigProblem("it is a list"))))
    assert finding.evidence[0].command[0] == "stat"


def test_hardened() -> None:
    assert builders.kinds(_said(builders.config([builders.server()]))) == {Passed}
    assert builders.kinds(_said(builders.config())) == {Passed}


def test_hardened_an_empty_file_names_no_server() -> None:
    assert builders.kinds(_said(builders.config(problem=ConfigProblem("it is empty", kind="empty")))) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}


def test_not_assessed_when_it_may_not_be_read() -> None:
    problem = ConfigProblem("it cannot be read: permission denied", kind="unreadable")
    assert builders.kinds(_said(builders.config(problem=problem))) == {NotAssessed}


def test_not_assessed_when_the_configs_were_not_gathered() -> None:
    clients = ClientFacts(builders.unread("mode"))
    assert status(CHECK, builders.snapshot(clients=clients)) is Status.NOT_ASSESSED
