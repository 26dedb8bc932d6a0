"""containers/host-namespaces."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plugins import containers
from workbench.model.severity import Severity

CHECK = "containers/host-namespaces"


@pytest.mark.parametrize(
    ("modes", "severity", "words"),
    [
        ({"pid_mode": "host"}, Severity.HIGH, "shares the processes of this machine"),
        ({"network_mode": "host"}, Severity.HIGH, "shares the network of"),
        ({"ipc_mode": "host", "uts_mode": "host"}, Severity.HIGH, "shares the shared memory and host name of"),
        ({"uts_mode": "host"}, Severity.MEDIUM, "shares the host name of"),
        ({"pid_mode": "host", "cap_add": ("SYS_PTRACE",)}, Severity.HIGH, "processes"),
        ({"pid_mode": "host", "cap_add": ("SYS_PTRACE",), "user": ""}, Severity.CRITICAL, "processes"),
        ({"pid_mode": "host", "privileged": True, "user": ""}, Severity.CRITICAL, "processes"),
    ],
)
def test_vulnerable(modes: dict[str, Any], severity: Severity, words: str) -> None:
    finding = containers.only(CHECK, containers.container(**modes))
    assert finding.severity is severity and words in finding.summary
    assert len(finding.evidence) == sum(value == "host" for value in modes.values())


def test_vulnerable_where_the_mapping_of_accounts_is_switched_off() -> None:
    container = containers.container(userns_mode="host")
    assert containers.only(CHECK, container, engine=containers.REMAPPED).severity is Severity.HIGH
    assert containers.passes(CHECK, container)


@pytest.mark.parametrize(
    "modes",
    [
        {},
        {"pid_mode": "private"},
        {"pid_mode": "container:other"},
        {"cgroupns_mode": "host"},
        {"ipc_mode": "shareable"},
    ],
)
def test_hardened(modes: dict[str, Any]) -> None:
    assert containers.passes(CHECK, containers.container(**modes))


def test_hardened_by_a_rootless_docker_whose_network_is_its_own() -> None:
    container = containers.container(network_mode="host")
    assert containers.passes(CHECK, container, engine=containers.ROOTLESS)


def test_not_applicable_without_such_containers() -> None:
    containers.is_silent_without_containers(CHECK)


def test_not_assessed_where_the_engine_does_not_tell() -> None:
    containers.says_what_it_could_not_look_at(CHECK)
