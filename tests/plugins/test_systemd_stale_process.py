from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import get_check, run_check
from tests.plugins.systemd_units import USER_FILE, host, unit
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.isolation import IsolationFact
from workbench.model.processes import ProcessFacts
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.units import UnitFact, UnitRun
from workbench.scan import run_check as scan_check

CHECK = "systemd/stale-process"
STARTED = 1767323045.0
RUN = UnitRun("mcp-files.service", "active", main_pid=4240, started=STARTED)
CONFINED = IsolationFact(root="host read-only", private_tmp=True, network="own", uids=(900, 900, 900))
OPEN = IsolationFact(root="host", private_tmp=False, network="host", homes_readable=("/home/dev",))
HARD = "User=mcp\nNoNewPrivileges=yes\nProtectSystem=strict\nProtectHome=yes\nPrivateTmp=yes\nPrivateNetwork=yes"


def running(**more: Any) -> ProcessFacts:
    values: dict[str, Any] = {"uid": 900, "account": "mcp", "unit": "mcp-files.service", **more}
    return ProcessFacts(builders.COMPLETE, (builders.process(**values),))


def changed(service: str, seconds: float, **more: Any) -> UnitFact:
    made = unit(service, **{"runs": (RUN,), **more})
    return replace(made, files=(replace(made.path, file=replace(made.path.file, modified=STARTED + seconds)),))


def test_vulnerable_a_file_changed_since() -> None:
    (found,) = builders.findings(run_check(CHECK, host(changed("User=mcp", 60))))
    assert found.severity is Severity.MEDIUM
    assert "is older than its unit" in found.summary
    assert found.evidence[0].actual == "started 2026-01-02 03:04:05 UTC, changed 2026-01-02 03:05:05 UTC"


def test_vulnerable_the_manager_did_not_read_it_yet() -> None:
    (found,) = builders.findings(run_check(CHECK, host(changed("", -60, runs=(replace(RUN, needs_reload=True),)))))
    assert "NeedDaemonReload=yes" in found.evidence[0].actual


def test_vulnerable_by_the_start_of_its_process_where_no_manager_tells() -> None:
    (found,) = builders.findings(run_check(CHECK, host(changed("", 60, runs=()), processes=running())))
    assert "is older than its unit" in found.summary


@pytest.mark.parametrize(
    ("service", "process", "promised"),
    [
        ("NoNewPrivileges=yes", {"no_new_privileges": False}, "NoNewPrivileges=yes"),
        ("SystemCallFilter=@system-service", {"seccomp": 0}, "SystemCallFilter= in force"),
        ("User=mcp", {"uid": 0}, "User=mcp"),
        ("ProtectSystem=strict", {"isolation": OPEN}, "ProtectSystem=strict"),
        ("ProtectHome=tmpfs", {"isolation": OPEN}, "ProtectHome=yes"),
        ("PrivateTmp=yes", {"isolation": OPEN}, "PrivateTmp=yes"),
        ("PrivateNetwork=yes", {"isolation": OPEN}, "PrivateNetwork=yes"),
    ],
)
def test_vulnerable_the_process_lacks_what_is_promised(service: str, process: dict[str, Any], promised: str) -> None:
    judged = changed(service, -60)
    (found,) = builders.findings(run_check(CHECK, host(judged, processes=running(**process))))
    assert f"lacks what its unit promises ({promised})" in found.summary
    assert "/proc/4242/" in " ".join(found.evidence[0].command)


def test_hardened_a_process_that_has_it_all() -> None:
    facts = running(no_new_privileges=True, seccomp=2, isolation=CONFINED)
    assert builders.kinds(run_check(CHECK, host(changed(HARD, -60), processes=facts))) == {Passed}
    # The manager cuts the start to the second: a change within it is not told from one before.
    assert builders.kinds(run_check(CHECK, host(changed(HARD, 0.9), processes=facts))) == {Passed}


@pytest.mark.parametrize(
    ("service", "more"),
    [
        ("ProtectSystem=strict\nReadWritePaths=/", {}),
        ("ProtectSystem=full", {}),
        ("NoNewPrivileges=yes\nProtectSystem=strict", {"prefix": "+"}),
    ],
)
def test_hardened_what_was_not_promised_is_not_missed(service: str, more: dict[str, Any]) -> None:
    facts = running(isolation=OPEN)
    assert builders.kinds(run_check(CHECK, host(changed(service, -60, **more), processes=facts))) == {Passed}


def test_hardened_what_has_no_effect_in_a_user_unit_is_another_finding() -> None:
    made = unit("ProtectSystem=strict", file=USER_FILE, runs=(RUN,))
    assert builders.kinds(run_check(CHECK, host(made, processes=running(isolation=OPEN)))) == {Passed}


def test_hardened_a_process_of_another_unit_or_of_a_container_is_not_its_own() -> None:
    judged = changed(HARD, -60)
    for process in ({"chain": (1, 2), "pid": 2}, {"container": "a" * 64}):
        facts = running(isolation=OPEN, **process)
        assert builders.kinds(run_check(CHECK, host(judged, processes=facts))) == {Passed}


def test_not_applicable_where_nothing_runs() -> None:
    assert builders.kinds(run_check(CHECK, host(unit("")))) == {NotApplicable}
    stopped = replace(RUN, state="inactive", main_pid=0)
    assert builders.kinds(run_check(CHECK, host(unit("", runs=(stopped,))))) == {NotApplicable}


def test_not_assessed_without_the_manager_or_the_whole_unit() -> None:
    state = builders.unread("state", "mcp-files.service")
    assert scan_check(get_check(CHECK), host(unit(""), state=state)).status is Status.NOT_ASSESSED
    assert builders.kinds(run_check(CHECK, host(changed("", -60, whole=False)))) == {NotAssessed}
