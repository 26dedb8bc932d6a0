from __future__ import annotations

import pytest

from tests import builders
from tests.plugins.loading import run_check
from tests.plugins.systemd_units import host, unit
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.severity import Severity
from workbench.model.units import UnitRun

CHECK = "systemd/no-audit-trail"
SOCKET = "StandardInput=socket\nStandardOutput=socket\n"


@pytest.mark.parametrize(
    ("service", "why"),
    [
        ("StandardError=null", "StandardError=null"),
        ("StandardError=append:/dev/null", "StandardError=append:/dev/null"),
        ("StandardOutput=null", "no StandardError=, and the output goes to null"),
        ("StandardOutput=null\nStandardError=inherit", "StandardError=inherit, and the output goes to null"),
        (SOCKET, "the log goes into the protocol"),
        (SOCKET + "StandardError=socket", "the log goes into the protocol"),
        ("StandardError=truncate:/var/log/mcp.log", "empties the log at every start"),
        ("LogLevelMax=err", "drops what a server warns of"),
    ],
)
def test_vulnerable_the_log_is_lost(service: str, why: str) -> None:
    (found,) = builders.findings(run_check(CHECK, host(unit(service))))
    assert found.severity is Severity.LOW
    assert why in found.evidence[0].actual


@pytest.mark.parametrize(
    "service",
    ["", SOCKET + "StandardError=journal", "StandardError=append:/var/log/mcp.log", "StandardOutput=file:/var/log/mcp"],
)
def test_hardened_the_log_is_kept(service: str) -> None:
    assert builders.kinds(run_check(CHECK, host(unit(service)))) == {Passed}


def test_hardened_by_the_managers_own_default() -> None:
    run = UnitRun("mcp-files.service", "active", standard_error="journal")
    assert builders.kinds(run_check(CHECK, host(unit(SOCKET, runs=(run,))))) == {Passed}


def test_not_applicable_without_a_unit_that_runs_a_server() -> None:
    assert builders.kinds(run_check(CHECK, host())) == {NotApplicable}


def test_not_assessed_where_a_drop_in_may_set_it() -> None:
    assert builders.kinds(run_check(CHECK, host(unit("StandardError=null", whole=False)))) == {NotAssessed}
