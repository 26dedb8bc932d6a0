"""processes/outdated."""

from __future__ import annotations

from tests import builders
from tests.plugins.confined import CONFIG, host, running
from tests.plugins.loading import run_check, status
from workbench.model.clients import ClientFacts
from workbench.model.finding import NotApplicable, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "processes/outdated"


def test_vulnerable() -> None:
    (finding,) = builders.findings(run_check(CHECK, host(running(outdated="it runs without bwrap"))))
    assert finding.severity is Severity.INFO
    assert finding.evidence[0].actual == "it runs without bwrap"
    assert finding.location is not None and finding.location.path == CONFIG


def test_vulnerable_without_an_entry() -> None:
    (finding,) = builders.findings(run_check(CHECK, host(running(outdated="older than its unit", entry=None))))
    assert finding.location is None


def test_hardened() -> None:
    assert builders.kinds(run_check(CHECK, host(running()))) == {Passed}


def test_not_assessed_where_a_configuration_could_not_be_read() -> None:
    snapshot = host(running(), clients=ClientFacts(builders.unread("content")))
    assert status(CHECK, snapshot) is Status.NOT_ASSESSED


def test_not_applicable() -> None:
    assert builders.kinds(run_check(CHECK, builders.snapshot())) == {NotApplicable}
    assert builders.kinds(run_check(CHECK, host(running(entry=None)))) == {NotApplicable}
