from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import get_check, run_check
from tests.plugins.systemd_units import host, unit
from workbench.model.finding import Finding, NotApplicable, NotAssessed, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.units import UnitFact
from workbench.scan import run_check as scan_check

CHECK = "systemd/runs-as-root"
LOST = "CapabilityBoundingSet=\nProtectSystem=strict\nNoNewPrivileges=yes\nRestrictAddressFamilies=AF_INET AF_INET6\n"


def only_finding(judged: UnitFact) -> Finding:
    (found,) = builders.findings(run_check(CHECK, host(judged)))
    return found


@pytest.mark.parametrize(
    ("service", "more", "why"),
    [
        ("", {}, "no User= and no DynamicUser="),
        ("User=root", {}, "User=root"),
        ("User=0", {}, "User=0"),
        ("User=mcp\nUser=", {}, "no User= and no DynamicUser="),
        ("DynamicUser=yes\nUser=root", {}, "User=root"),
        ("DynamicUser=yes # own", {}, "no User= and no DynamicUser="),
        ("User=mcp", {"prefix": "+"}, "ExecStart=+… runs as root, whatever User= says"),
        ("User=mcp", {"prefix": "-!"}, "ExecStart=!… runs as root, whatever User= says"),
    ],
)
def test_vulnerable_root_by_default_by_name_or_by_a_prefix(service: str, more: dict[str, Any], why: str) -> None:
    found = only_finding(unit(service, **more))
    assert found.severity is Severity.CRITICAL
    assert found.evidence[0].actual == why
    assert found.evidence[0].command[0] == "grep"


def test_vulnerable_root_that_lost_its_strength_is_high() -> None:
    found = only_finding(unit(LOST))
    assert found.severity is Severity.HIGH
    assert "no dangerous capability" in found.evidence[1].actual


@pytest.mark.parametrize(
    "service",
    [
        LOST.replace("CapabilityBoundingSet=", "CapabilityBoundingSet=CAP_SYS_ADMIN"),
        LOST.replace("CapabilityBoundingSet=", "CapabilityBoundingSet=~CAP_SYS_ADMIN"),
        LOST.replace("strict", "full"),
        LOST.replace("NoNewPrivileges=yes", "NoNewPrivileges=no"),
        LOST.replace("AF_INET6", "AF_UNIX"),  # root is let in by systemd's own socket
        LOST + "ReadWritePaths=/\n",
    ],
)
def test_vulnerable_root_with_one_way_left_is_critical(service: str) -> None:
    assert only_finding(unit(service)).severity is Severity.CRITICAL


def test_vulnerable_an_account_in_docker_is_as_good_as_root() -> None:
    found = only_finding(unit("User=mcp\nSupplementaryGroups=docker"))
    assert found.severity is Severity.HIGH
    assert "as good as root by the group docker" in found.summary


def test_vulnerable_roots_own_manager() -> None:
    file = "/root/.config/systemd/user/mcp-files.service"
    judged = unit("", file=file, manager="user")
    assert only_finding(judged).severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("service", "more"),
    [
        ("User=mcp-server\nGroup=mcp-server", {}),
        ("DynamicUser=true", {}),
        ("User=$USER", {}),  # no account, so it does not start; it is not root
        ("User=mcp", {"prefix": "!!"}),
        ("User=mcp", {"prefix": "-"}),
    ],
)
def test_hardened_an_account_of_its_own(service: str, more: dict[str, Any]) -> None:
    assert builders.kinds(run_check(CHECK, host(unit(service, **more)))) == {Passed}


def test_hardened_a_command_that_gives_root_away() -> None:
    judged = unit("", command=("/usr/bin/sudo", "-n", "-u", "mcp", "/usr/local/bin/mcp-filesystem-server", "/srv"))
    assert builders.kinds(run_check(CHECK, host(judged))) == {Passed}


def test_hardened_a_unit_of_ones_own_manager() -> None:
    judged = unit("", file="/home/dev/.config/systemd/user/mcp-files.service")
    assert builders.kinds(run_check(CHECK, host(judged))) == {Passed}


def test_not_applicable_without_a_unit_or_where_a_container_runs_it() -> None:
    assert builders.kinds(run_check(CHECK, host())) == {NotApplicable}
    container = unit("", command=("/usr/bin/docker", "run", "-i", "--rm", "mcp/filesystem", "/projects"))
    assert builders.kinds(run_check(CHECK, host(container))) == {NotApplicable}


def test_not_assessed_where_a_drop_in_may_set_the_account() -> None:
    assert builders.kinds(run_check(CHECK, host(unit("", whole=False)))) == {NotAssessed}
    state = builders.unread("content", "/etc/x.service")
    assert scan_check(get_check(CHECK), host(unit("User=mcp"), state=state)).status is Status.NOT_ASSESSED
