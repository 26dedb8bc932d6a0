from __future__ import annotations

import pytest

from tests import builders
from tests.plugins.loading import run_check
from tests.plugins.systemd_units import host, unit
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.severity import Severity
from workbench.model.units import UnitRun, UnitSetting

CHECK = "systemd/no-resource-limits"
ALL = "MemoryMax=256M\nTasksMax=64\nCPUQuota=50%"


@pytest.mark.parametrize(
    ("service", "what"),
    [
        ("", "memory, tasks, processor time"),
        ("MemoryMax=256M", "tasks, processor time"),
        ("TasksMax=64", "memory, processor time"),
        (ALL.replace("256M", "infinity"), "memory"),
        (ALL + "\nTasksMax=", "tasks"),
        (ALL.replace("TasksMax=64", "LimitNPROC=64"), "tasks"),
    ],
)
def test_vulnerable_what_is_not_limited_is_named(service: str, what: str) -> None:
    (found,) = builders.findings(run_check(CHECK, host(unit(service))))
    assert found.severity is Severity.LOW
    assert found.summary == f"mcp-files.service sets no limit to {what}"


def test_vulnerable_the_managers_default_of_tasks_is_no_limit() -> None:
    run = UnitRun("mcp-files.service", "active", tasks_max="28909", memory_max="infinity", cpu_quota="infinity")
    (found,) = builders.findings(run_check(CHECK, host(unit("", runs=(run,)))))
    assert len(found.evidence) == 3


@pytest.mark.parametrize("service", [ALL, ALL.replace("MemoryMax", "MemoryHigh")])
def test_hardened_by_the_unit(service: str) -> None:
    assert builders.kinds(run_check(CHECK, host(unit(service)))) == {Passed}


def test_hardened_by_the_slice_and_by_the_manager() -> None:
    of_slice = tuple(UnitSetting("Slice", *line.partition("=")[::2], "/etc/mcp.slice", 2) for line in ALL.split("\n"))
    assert builders.kinds(run_check(CHECK, host(unit("Slice=mcp.slice", settings=of_slice)))) == {Passed}
    run = UnitRun("mcp-files.service", "active", memory_max="268435456", cpu_quota="500ms")
    assert builders.kinds(run_check(CHECK, host(unit("TasksMax=64", runs=(run,))))) == {Passed}


def test_not_applicable_without_a_unit_that_runs_a_server() -> None:
    assert builders.kinds(run_check(CHECK, host())) == {NotApplicable}


def test_not_assessed_where_a_drop_in_may_set_it() -> None:
    assert builders.kinds(run_check(CHECK, host(unit("", whole=False)))) == {NotAssessed}
