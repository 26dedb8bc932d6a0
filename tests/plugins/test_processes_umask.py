from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins import confined
from tests.plugins.loading import run_check, status
from workbench.model.facts import Account, AccountFacts, HostFacts
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.launch import Launch
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import SocketFacts

CHECK = "processes/umask"


def host(server: ServerProcess, *, listens: bool = False, shared_group: bool = False) -> Snapshot:
    accounts = builders.ACCOUNTS
    if shared_group:
        accounts = AccountFacts(builders.COMPLETE, (*accounts.accounts, Account(1002, "mate", 1002, (1000, 1002))))
    sockets = (builders.socket(builders.path("/run/user/1000/mcp.sock", 0o755, kind="socket")),) if listens else ()
    return builders.snapshot(
        accounts=accounts,
        processes=ProcessFacts(builders.COMPLETE, (server,)),
        sockets=SocketFacts(builders.COMPLETE, sockets),
    )


@pytest.mark.parametrize("mask", [0o000, 0o020, 0o070, 0o005])
def test_vulnerable_others_may_write_is_high(mask: int) -> None:
    (finding,) = builders.findings(run_check(CHECK, host(builders.process(umask=mask))))
    assert finding.severity is Severity.HIGH
    assert f"umask {mask:03o}" in finding.evidence[0].actual


@pytest.mark.parametrize("mask", [0o022, 0o002, 0o033])
def test_others_may_read_is_low_alone_and_medium_with_a_socket(mask: int) -> None:
    server = builders.process(umask=mask)
    (alone,) = builders.findings(run_check(CHECK, host(server)))
    (listening,) = builders.findings(run_check(CHECK, host(server, listens=True)))
    assert (alone.severity, listening.severity) == (Severity.LOW, Severity.MEDIUM)


@pytest.mark.parametrize("place", ["/tmp", "/tmp/ws", "/var/tmp/x", "/dev/shm"])
def test_a_shared_place_makes_it_medium(place: str) -> None:
    (finding,) = builders.findings(run_check(CHECK, host(builders.process(umask=0o022, working_directory=place))))
    assert finding.severity is Severity.MEDIUM
    assert "where accounts meet" in finding.summary


def test_a_root_in_a_shared_place_counts_and_a_like_named_one_does_not() -> None:
    shared = Launch("node", roots=(builders.root_argument("/tmp/ws"),))
    (finding,) = builders.findings(run_check(CHECK, host(builders.process(launch=shared))))
    assert finding.severity is Severity.MEDIUM
    alike = Launch("node", roots=(builders.root_argument("/tmpfiles"),))
    (finding,) = builders.findings(run_check(CHECK, host(builders.process(launch=alike))))
    assert finding.severity is Severity.LOW


@pytest.mark.parametrize("mask", [0o077, 0o177, 0o027, 0o037, 0o777])
def test_hardened_closed_to_others_passes(mask: int) -> None:
    assert builders.kinds(run_check(CHECK, host(builders.process(umask=mask), listens=True))) == {Passed}
    assert builders.kinds(run_check(CHECK, host(builders.process(umask=mask), shared_group=True))) == {Passed}


def test_a_writing_group_counts_only_with_another_member() -> None:
    server = builders.process(umask=0o007)
    assert builders.kinds(run_check(CHECK, host(server))) == {Passed}
    (finding,) = builders.findings(run_check(CHECK, host(server, listens=True, shared_group=True)))
    assert finding.severity is Severity.MEDIUM
    assert "group" in finding.summary


def test_the_socket_of_another_server_does_not_count() -> None:
    snapshot = host(builders.process(umask=0o022, key="1000:other"), listens=True)
    (finding,) = builders.findings(run_check(CHECK, snapshot))
    assert finding.severity is Severity.LOW


def test_not_assessed_where_the_system_does_not_tell_it() -> None:
    facts = ProcessFacts(builders.unread("status"), (builders.process(umask=None),))
    assert status(CHECK, builders.snapshot(processes=facts)) is Status.NOT_ASSESSED


def test_an_unread_umask_is_not_assessed_and_is_said_once() -> None:
    unread = builders.process(umask=None)
    assert builders.kinds(run_check(CHECK, host(unread))) == {NotAssessed}
    said = builders.snapshot(processes=ProcessFacts(builders.unread("status"), (unread,)))
    assert run_check(CHECK, said) == []
    both = builders.snapshot(processes=ProcessFacts(builders.COMPLETE, (builders.process(umask=0o077), unread)))
    assert builders.kinds(run_check(CHECK, both)) == {Passed, NotAssessed}


def test_the_umask_of_a_containers_command_line_tool_is_not_judged() -> None:
    tool = builders.process(umask=0o000, launch=Launch("docker", image=builders.image("mcp/git")))
    assert builders.kinds(run_check(CHECK, host(tool))) == {NotAssessed}


def test_windows_has_none() -> None:
    windows = replace(host(builders.process(umask=None)), host=HostFacts("win32", "10", -1, "dev", "C:\\"))
    assert builders.kinds(run_check(CHECK, windows)) == {NotApplicable}


def test_not_applicable_without_a_server() -> None:
    assert builders.kinds(run_check(CHECK, builders.snapshot())) == {NotApplicable}


def test_servers_of_one_config_with_one_umask_are_one_finding_that_stays_the_same() -> None:
    many = [confined.running(f"server{number}", umask=0o022) for number in range(4)]
    (finding,) = builders.findings(run_check(CHECK, confined.host(*many)))
    assert len(finding.also) == 4
    assert finding.subject.kind == "config"
    (fewer,) = builders.findings(run_check(CHECK, confined.host(*many[2:])))
    assert fewer.identity == finding.identity
    (other, same) = builders.findings(run_check(CHECK, confined.host(*many, confined.running("x", umask=0o000))))
    assert other.identity != same.identity
