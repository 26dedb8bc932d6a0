"""processes/no-new-privileges-off."""

from __future__ import annotations

from tests import builders
from tests.plugins.confined import CONFIG, host, in_bubblewrap, in_docker, running
from tests.plugins.loading import run_check, status
from workbench.model.facts import HostFacts
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.launch import Launch
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.units import UnitFact, UnitFacts

CHECK = "processes/no-new-privileges-off"


def test_vulnerable_all_servers_of_a_client_are_one_finding() -> None:
    many = [running(f"server{number}") for number in range(9)]
    (finding,) = builders.findings(run_check(CHECK, host(*many, in_bubblewrap("boxed"))))
    assert finding.severity is Severity.MEDIUM
    assert finding.subject.key == CONFIG
    assert len(finding.also) == 9
    assert "server0, server1, server2 and 6 more can still gain privileges" in finding.summary
    assert len(finding.evidence) == 5


def test_vulnerable_a_unit_is_the_subject_of_what_it_runs() -> None:
    unit = UnitFact("mcp.service", builders.path("/etc/systemd/system/mcp.service", 0o644, uid=0), "system")
    server = running(entry=None, unit="mcp.service")
    (finding,) = builders.findings(run_check(CHECK, host(server, units=UnitFacts(builders.COMPLETE, (unit,)))))
    assert finding.subject.key == "system:mcp.service"


def test_hardened() -> None:
    assert builders.kinds(run_check(CHECK, host(in_bubblewrap(), in_docker("git")))) == {Passed}


def test_not_assessed() -> None:
    assert builders.kinds(run_check(CHECK, host(running(no_new_privileges=None)))) == {NotAssessed}
    assert status(CHECK, host(in_bubblewrap(), state=builders.unread("status"))) is Status.NOT_ASSESSED
    tool = running(launch=Launch("docker", image=builders.image("mcp/git")))
    assert builders.kinds(run_check(CHECK, host(tool))) == {NotAssessed}


def test_not_applicable() -> None:
    assert builders.kinds(run_check(CHECK, builders.snapshot())) == {NotApplicable}
    mac = HostFacts("darwin", "23", 501, "dev", "/Users/dev")
    assert builders.kinds(run_check(CHECK, host(running(), host=mac))) == {NotApplicable}
