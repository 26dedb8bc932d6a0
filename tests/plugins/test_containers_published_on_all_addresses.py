"""containers/published-on-all-addresses."""

from __future__ import annotations

import pytest

from tests.plugins import containers
from workbench.model.containers import PublishedPort
from workbench.model.severity import Severity

CHECK = "containers/published-on-all-addresses"


def _port(address: str, port: int = 8080) -> PublishedPort:
    return PublishedPort(address, port, 80, "tcp")


@pytest.mark.parametrize("address", ["", "0.0.0.0", "::"])
def test_vulnerable(address: str) -> None:
    finding = containers.only(CHECK, containers.container(network_mode="bridge", ports=(_port(address),)))
    assert finding.severity is Severity.HIGH
    assert finding.summary == "files publishes 8080 (80/tcp inside) on every address of this machine"


def test_vulnerable_on_both_protocols_is_said_once() -> None:
    ports = (_port("0.0.0.0"), _port("::"), _port("127.0.0.1", 9000))
    finding = containers.only(CHECK, containers.container(network_mode="bridge", ports=ports))
    assert finding.summary.count("8080") == 1 and "9000" not in finding.summary


def test_vulnerable_at_one_address_of_a_network() -> None:
    finding = containers.only(CHECK, containers.container(network_mode="bridge", ports=(_port("192.168.1.5"),)))
    assert finding.severity is Severity.MEDIUM


def test_vulnerable_when_it_is_stopped_and_the_port_is_any() -> None:
    container = containers.container(network_mode="bridge", running=False, ports=(_port("", 0),))
    finding = containers.only(CHECK, container)
    assert "any free port" in finding.summary
    assert "{{json .HostConfig.PortBindings}}" in finding.evidence[0].command


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.1.1", "::1"])
def test_hardened(address: str) -> None:
    assert containers.passes(CHECK, containers.container(network_mode="bridge", ports=(_port(address),)))


@pytest.mark.parametrize("mode", ["host", "none"])
def test_hardened_where_nothing_is_published(mode: str) -> None:
    assert containers.passes(CHECK, containers.container(network_mode=mode, ports=(_port(""),)))


def test_not_applicable_without_such_containers() -> None:
    containers.is_silent_without_containers(CHECK)


def test_not_assessed_where_the_engine_does_not_tell() -> None:
    containers.says_what_it_could_not_look_at(CHECK)
