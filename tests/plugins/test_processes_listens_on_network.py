"""processes/listens-on-network."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins.confined import host, running
from tests.plugins.loading import run_check, status
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.processes import ServerProcess
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import PortFact, SocketFacts

CHECK = "processes/listens-on-network"


def port(address: str, reach: Any, number: int = 3001) -> PortFact:
    return PortFact(address, number, inode=number, reach=reach, server="1000:files", pids=(4242,), uid=1000)


def on(*ports: PortFact, server: ServerProcess | None = None) -> Snapshot:
    return host(server or running(), sockets=SocketFacts(builders.COMPLETE, ports=ports))


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5"])
def test_vulnerable_the_network_reaches_it(address: str) -> None:
    (finding,) = builders.findings(run_check(CHECK, on(port(address, "network"))))
    assert finding.severity is Severity.HIGH
    assert "answers the network" in finding.summary
    assert finding.evidence[0].command == ("ss", "-ltnp", "sport = :3001")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_vulnerable_every_account_reaches_it_on_loopback(address: str) -> None:
    (finding,) = builders.findings(run_check(CHECK, on(port(address, "host"))))
    assert finding.severity is Severity.MEDIUM
    assert "every account and program" in finding.summary


def test_the_widest_of_several_ports_counts_once() -> None:
    (finding,) = builders.findings(run_check(CHECK, on(port("::", "network", 1), port("127.0.0.1", "host", 2))))
    assert finding.severity is Severity.HIGH
    assert len(finding.evidence) == 1


def test_what_guards_a_port_does_not_excuse_the_network() -> None:
    guarded = running(command=("node", "x.js", "--auth-token=<secret>"))
    assert builders.findings(run_check(CHECK, on(port("0.0.0.0", "network"), server=guarded)))


def test_hardened_in_a_network_of_its_own() -> None:
    assert builders.kinds(run_check(CHECK, on(port("0.0.0.0", "namespace")))) == {Passed}


@pytest.mark.parametrize("option", ["--auth-token", "--allowed-origins=http://localhost", "--OAuth"])
def test_not_assessed_where_it_may_ask_who_calls(option: str) -> None:
    guarded = running(command=("node", "x.js", option, "value"))
    (verdict,) = run_check(CHECK, on(port("127.0.0.1", "host"), server=guarded))
    assert isinstance(verdict, NotAssessed)
    assert option.partition("=")[0].lower() in verdict.why


def test_a_token_for_another_service_is_no_guard() -> None:
    token = running(command=("node", "x.js", "--github-token", "<secret>", "--api-key=<secret>"))
    assert builders.findings(run_check(CHECK, on(port("127.0.0.1", "host"), server=token)))


def test_not_assessed_where_ports_could_not_be_read() -> None:
    assert status(CHECK, host(running(), sockets=SocketFacts(builders.unread("ports")))) is Status.NOT_ASSESSED


def test_not_applicable() -> None:
    assert builders.kinds(run_check(CHECK, host(running()))) == {NotApplicable}
    stranger = PortFact("0.0.0.0", 22, 1, "network", server="")
    assert builders.kinds(run_check(CHECK, on(stranger))) == {NotApplicable}
