"""processes/shares-your-account."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.confined import BOXED, CONFIG, OPEN, entry, host, in_bubblewrap, in_docker, running
from tests.plugins.loading import run_check, status
from workbench.model.clients import ClientFacts
from workbench.model.facts import HostFacts
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.isolation import IsolationFact
from workbench.model.launch import Launch
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "processes/shares-your-account"


def test_vulnerable_as_every_client_starts_them_is_one_finding_of_the_config() -> None:
    (finding,) = builders.findings(run_check(CHECK, host(running("files"), running("git"), running("time"))))
    assert finding.severity is Severity.HIGH
    assert (finding.subject.kind, finding.subject.key) == ("config", CONFIG)
    assert [subject.label for subject in finding.also] == ["files", "git", "time"]
    assert "files, git and time can do all that dev can" in finding.summary
    assert "nothing that can be seen from outside" in finding.evidence[0].actual
    assert finding.location is not None and finding.location.path == CONFIG


def test_vulnerable_started_by_hand_it_stands_for_itself() -> None:
    (finding,) = builders.findings(run_check(CHECK, host(running(entry=None))))
    assert (finding.subject.kind, finding.also) == ("process", ())


def test_vulnerable_what_a_network_of_its_own_does_not_change_is_told() -> None:
    alone = running(isolation=replace(OPEN, network="own", filters_added=2))
    (finding,) = builders.findings(run_check(CHECK, host(alone)))
    assert "only a network of its own and 2 system call filters" in finding.evidence[0].actual


@pytest.mark.parametrize("more", [{"sandbox": "bwrap"}, {}])
def test_vulnerable_a_sandbox_that_is_promised_and_not_there_is_told(more: dict[str, str]) -> None:
    named = builders.server("files", launch=Launch("node", **more))  # type: ignore[arg-type]
    if not more:
        named = replace(named, client_sandbox="VS Code sandbox")
    clients = ClientFacts(builders.COMPLETE, configs=(builders.config([named]),))
    (finding,) = builders.findings(run_check(CHECK, host(running(), clients=clients)))
    assert "although its configuration names a sandbox" in finding.evidence[0].actual


def test_vulnerable_a_container_with_the_hosts_files_in_it() -> None:
    wide = in_docker(uid=1000, account="dev", isolation=replace(OPEN, network="own"), no_new_privileges=False)
    assert builders.findings(run_check(CHECK, host(wide)))


def test_vulnerable_looked_at_by_root_the_owner_of_the_home_is_the_developer() -> None:
    root = HostFacts("linux", "6.1.0", 0, "root", "/home/dev")
    assert builders.findings(run_check(CHECK, host(running(), host=root)))


@pytest.mark.parametrize(
    "server",
    [
        in_bubblewrap(),
        in_docker(),
        running(uid=990, account="mcp"),
        running(isolation=replace(OPEN, root="host read-only", homes_writable=())),
        running(isolation=replace(OPEN, homes_readable=(), homes_writable=(), homes_hidden=("/home/dev",))),
        running(isolation=replace(OPEN, label="mcp (enforce)", label_confines=True)),
        running(isolation=BOXED),
    ],
)
def test_hardened_in_one_way_or_another(server: object) -> None:
    assert builders.kinds(run_check(CHECK, host(server))) == {Passed}  # type: ignore[arg-type]


def test_a_complaining_profile_holds_nothing_back() -> None:
    complains = running(isolation=replace(OPEN, label="mcp (complain)", label_confines=False))
    assert builders.findings(run_check(CHECK, host(complains)))


def test_not_assessed_what_may_have_locked_itself_in() -> None:
    """Landlock needs no new privileges: who took that by itself may have taken Landlock too."""
    (verdict,) = run_check(CHECK, host(running(no_new_privileges=True)))
    assert isinstance(verdict, NotAssessed)
    assert "Landlock cannot be seen" in verdict.why


def test_no_new_privileges_that_the_client_handed_on_proves_nothing() -> None:
    inherited = running(no_new_privileges=True, isolation=replace(OPEN, inherited_no_new_privileges=True))
    assert builders.findings(run_check(CHECK, host(inherited)))


def test_not_assessed_where_the_system_does_not_tell() -> None:
    assert builders.kinds(run_check(CHECK, host(running(isolation=None)))) == {NotAssessed}
    unseen = running(isolation=IsolationFact())
    assert run_check(CHECK, host(unseen, state=builders.unread("isolation"))) == []
    assert status(CHECK, host(unseen, state=builders.unread("isolation"))) is Status.NOT_ASSESSED


def test_not_assessed_behind_a_containers_tool() -> None:
    tool = running(launch=Launch("docker", image=builders.image("mcp/git")))
    assert builders.kinds(run_check(CHECK, host(tool))) == {NotAssessed}


def test_not_applicable() -> None:
    assert builders.kinds(run_check(CHECK, builders.snapshot())) == {NotApplicable}
    assert builders.kinds(run_check(CHECK, host(running(uid=0, account="root")))) == {NotApplicable}


def test_the_finding_is_the_same_whichever_server_is_running() -> None:
    (one,) = builders.findings(run_check(CHECK, host(running("files"))))
    (other,) = builders.findings(run_check(CHECK, host(running("git"), running("zeta"))))
    assert one.identity == other.identity


def test_two_configs_are_two_findings() -> None:
    other = running("git", entry=entry("git", "/home/dev/.cursor/mcp.json"))
    assert len(builders.findings(run_check(CHECK, host(running(), other)))) == 2
