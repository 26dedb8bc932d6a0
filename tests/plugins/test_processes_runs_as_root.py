from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.confined import OPEN
from tests.plugins.loading import run_check
from workbench.model.facts import HostFacts
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.launch import Launch
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot

CHECK = "processes/runs-as-root"
WINDOWS = HostFacts("win32", "10", -1, "dev", "C:\\Users\\dev")


def host(*servers: ServerProcess) -> Snapshot:
    return builders.snapshot(processes=ProcessFacts(builders.COMPLETE, servers))


def test_vulnerable_root_is_critical_and_the_evidence_shows_it_again() -> None:
    (finding,) = builders.findings(run_check(CHECK, host(builders.process(uid=0, account="root"))))
    assert finding.severity is Severity.CRITICAL
    assert finding.subject.key == "1000:@modelcontextprotocol/server-filesystem"
    assert finding.evidence[0].command == ("ps", "-o", "pid,user,comm", "-p", "4242")


def test_hardened_another_account_passes() -> None:
    assert builders.kinds(run_check(CHECK, host(builders.process()))) == {Passed}


def test_a_container_whose_root_is_an_ordinary_account_outside_passes() -> None:
    mapped = builders.process(uid=100000, account="", container="a" * 64, own_namespaces=("mnt", "user"))
    assert builders.kinds(run_check(CHECK, host(mapped))) == {Passed}


def test_root_in_a_container_is_told_as_such() -> None:
    inside = builders.process(uid=0, account="root", container="c0ffee" + "0" * 58)
    (finding,) = builders.findings(run_check(CHECK, host(inside)))
    assert "container c0ffee000000" in finding.evidence[0].actual
    assert finding.severity is Severity.CRITICAL


def test_root_of_a_container_without_rights_over_the_host_is_medium() -> None:
    usual = builders.process(uid=0, account="root", container="c0ffee" + "0" * 58, capabilities_bounding=0xA80425FB)
    (finding,) = builders.findings(run_check(CHECK, host(usual)))
    assert finding.severity is Severity.MEDIUM
    outside = replace(usual, container="")
    assert builders.findings(run_check(CHECK, host(outside)))[0].severity is Severity.CRITICAL


def test_not_assessed_a_container_that_could_not_be_found() -> None:
    tool = builders.process(
        launch=Launch("docker", image=builders.image("mcp/git")), command=("docker", "run", "-i", "mcp/git")
    )
    assert builders.kinds(run_check(CHECK, host(tool))) == {NotAssessed}


def test_only_the_server_that_runs_as_root_is_found() -> None:
    verdicts = run_check(CHECK, host(builders.process(uid=0, key="0:a"), builders.process()))
    assert [finding.subject.key for finding in builders.findings(verdicts)] == ["0:a"]
    assert builders.kinds(verdicts) >= {Passed}


def test_a_guess_says_why_it_was_made() -> None:
    guessed = builders.process(uid=0, confidence="low", recognised_by="its name holds the word mcp")
    (finding,) = builders.findings(run_check(CHECK, host(guessed)))
    assert "its name holds the word mcp" in finding.evidence[0].actual


def test_on_windows_the_system_account_counts() -> None:
    server = builders.process(uid=-1, account="NT AUTHORITY\\SYSTEM")
    assert builders.findings(run_check(CHECK, replace(host(server), host=WINDOWS)))
    own = builders.process(uid=-1, account="DESK\\dev")
    assert builders.kinds(run_check(CHECK, replace(host(own), host=WINDOWS))) == {Passed}


def test_not_applicable_without_a_server() -> None:
    assert builders.kinds(run_check(CHECK, host())) == {NotApplicable}


def test_the_identity_of_a_finding_does_not_change_with_the_pid() -> None:
    (one,) = builders.findings(run_check(CHECK, host(builders.process(uid=0, pid=7))))
    (two,) = builders.findings(run_check(CHECK, host(builders.process(uid=0, pid=8))))
    assert one.identity == two.identity


def test_an_account_that_the_system_does_not_tell_is_not_assessed() -> None:
    assert builders.kinds(run_check(CHECK, host(builders.process(uid=-1, account="")))) == {NotAssessed}
    unknown = replace(host(builders.process(uid=-1, account="")), host=WINDOWS)
    assert builders.kinds(run_check(CHECK, unknown)) == {NotAssessed}
    own = replace(host(builders.process(uid=-1, account="HOST\\dev")), host=WINDOWS)
    assert builders.kinds(run_check(CHECK, own)) == {Passed}


@pytest.mark.parametrize("users", [(0, 1000, 1000), (1000, 1000, 0)])
def test_vulnerable_one_that_kept_root_as_its_real_or_saved_user(users: tuple[int, ...]) -> None:
    (finding,) = builders.findings(run_check(CHECK, host(builders.process(isolation=replace(OPEN, uids=users)))))
    assert finding.severity is Severity.CRITICAL
    assert "kept root" in finding.summary
