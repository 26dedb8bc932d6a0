"""containers/added-capabilities."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins import containers
from workbench.model.finding import NotApplicable
from workbench.model.severity import Severity

CHECK = "containers/added-capabilities"


@pytest.mark.parametrize(
    ("added", "more", "severity"),
    [
        (("ALL",), {}, Severity.CRITICAL),
        (("SYS_ADMIN",), {}, Severity.CRITICAL),
        (("DAC_READ_SEARCH", "CHOWN"), {}, Severity.CRITICAL),
        (("SYS_PTRACE",), {}, Severity.HIGH),
        (("SYS_PTRACE",), {"pid_mode": "host"}, Severity.CRITICAL),
        (("NET_ADMIN",), {}, Severity.HIGH),
        (("NET_ADMIN",), {"network_mode": "host"}, Severity.CRITICAL),
        (("BPF", "SYSLOG"), {}, Severity.HIGH),
        (("SYS_ADMIN",), {"user": "1000"}, Severity.MEDIUM),
        (("SYS_ADMIN",), {"user": "1000", "no_new_privileges": False}, Severity.CRITICAL),
    ],
)
def test_vulnerable(added: tuple[str, ...], more: dict[str, Any], severity: Severity) -> None:
    finding = containers.only(CHECK, containers.container(**{"user": "", "cap_add": added, **more}))
    assert finding.severity is severity
    assert "CHOWN" not in finding.summary


def test_vulnerable_but_less_inside_of_a_user_namespace() -> None:
    container = containers.container(user="", cap_add=("SYS_ADMIN",))
    assert containers.only(CHECK, container, engine=containers.ROOTLESS).severity is Severity.MEDIUM


@pytest.mark.parametrize("added", [(), ("NET_BIND_SERVICE",), ("CHOWN", "SETUID", "SETGID"), ("IPC_LOCK", "SYS_NICE")])
def test_hardened(added: tuple[str, ...]) -> None:
    assert containers.passes(CHECK, containers.container(user="", cap_add=added))


def test_not_applicable_to_a_privileged_one_which_has_them_all() -> None:
    container = containers.container(privileged=True, cap_add=("SYS_ADMIN",))
    assert builders.kinds(containers.said(CHECK, container)) == {NotApplicable}


def test_not_applicable_without_such_containers() -> None:
    containers.is_silent_without_containers(CHECK)


def test_not_assessed_where_the_engine_does_not_tell() -> None:
    containers.says_what_it_could_not_look_at(CHECK)
