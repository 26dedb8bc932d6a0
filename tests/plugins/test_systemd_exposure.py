from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.loading import get_check, run_check
from workbench.model.facts import SectionState
from workbench.model.finding import Finding, NotApplicable, NotAssessed, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.model.units import ExposureItem, UnitFact, UnitFacts
from workbench.scan import run_check as scan_check

CHECK = "systemd/exposure"
ITEMS = (
    ExposureItem("PrivateNetwork=", "Service has access to the host's network", 0.5),
    ExposureItem("ProtectHome=", "Service has full access to home directories", 0.2),
)


def unit(exposure: float | None, name: str = "mcp-files.service", **more: object) -> UnitFact:
    where = builders.path(f"/etc/systemd/system/{name}", 0o644, uid=0, gid=0)
    made = UnitFact(name, where, "system", exposure=exposure, measured="offline", items=ITEMS, ignored=())
    return replace(made, **more)  # type: ignore[arg-type]


def host(*units: UnitFact, state: SectionState = builders.COMPLETE) -> Snapshot:
    return builders.snapshot(units=UnitFacts(state, units, seen=100))


def only_finding(judged: UnitFact) -> Finding:
    (found,) = builders.findings(run_check(CHECK, host(judged)))
    return found


@pytest.mark.parametrize(
    ("exposure", "severity"),
    [
        (10.0, Severity.HIGH),
        (7.1, Severity.HIGH),
        (7.0, Severity.MEDIUM),
        (4.1, Severity.MEDIUM),
        (4.0, Severity.LOW),
        (3.7, Severity.LOW),
        (2.0, Severity.LOW),
    ],
)
def test_vulnerable_by_the_overall_exposure(exposure: float, severity: Severity) -> None:
    assert only_finding(unit(exposure)).severity is severity


@pytest.mark.parametrize("exposure", [1.9, 1.8, 0.2, 0.0])
def test_hardened_below_two(exposure: float) -> None:
    assert builders.kinds(run_check(CHECK, host(unit(exposure)))) == {Passed}


def test_vulnerable_the_costly_settings_are_listed_and_said_not_to_add_up() -> None:
    found = only_finding(unit(9.6))
    assert found.evidence[0].actual.startswith("9.6")
    costs = found.evidence[1].actual
    assert "PrivateNetwork= 0.5, ProtectHome= 0.2" in costs
    assert "do not add up" in costs


def test_vulnerable_the_command_shows_what_was_measured() -> None:
    base = ("systemd-analyze", "security", "--no-pager")
    path = "/etc/systemd/system/mcp-files.service"
    assert only_finding(unit(9.6)).evidence[0].command == (*base, "--offline=true", path)
    assert only_finding(unit(9.6, measured="live")).evidence[0].command == (*base, "mcp-files.service")
    of_user = only_finding(unit(9.6, measured="live", manager="user"))
    assert of_user.evidence[0].command == ("systemd-analyze", "--user", "security", "--no-pager", "mcp-files.service")
    assert "as run by root" not in only_finding(unit(9.6)).evidence[1].actual
    assert "though it runs as you" in of_user.evidence[1].actual


def test_vulnerable_units_of_two_managers_are_two_subjects() -> None:
    said = builders.findings(run_check(CHECK, host(unit(9.6), unit(9.6, manager="user"))))
    assert len({found.identity for found in said}) == 2


def test_vulnerable_the_identity_survives_a_change_of_the_number() -> None:
    assert only_finding(unit(9.6)).identity == only_finding(unit(5.0, measured="live")).identity


def test_not_applicable_without_a_unit_that_runs_a_server() -> None:
    assert builders.kinds(run_check(CHECK, host())) == {NotApplicable}


def test_not_applicable_without_systemd() -> None:
    facts = UnitFacts(SectionState("not applicable", "systemd runs on Linux only"))
    assert scan_check(get_check(CHECK), builders.snapshot(units=facts)).status is Status.NOT_APPLICABLE


def test_not_assessed_what_could_not_be_measured() -> None:
    result = scan_check(get_check(CHECK), host(unit(None), state=builders.unread("exposure", "mcp-files.service")))
    assert result.status is Status.NOT_ASSESSED
    assert [gap.what for gap in result.not_assessed] == ["mcp-files.service"]


def test_not_assessed_a_unit_file_that_may_not_be_read_never_passes() -> None:
    result = scan_check(get_check(CHECK), host(unit(0.2), state=builders.unread("content", "/etc/x.service")))
    assert (result.status, result.passed) == (Status.NOT_ASSESSED, 1)


def test_not_assessed_a_measure_that_is_missing_for_no_stated_reason() -> None:
    assert builders.kinds(run_check(CHECK, host(unit(None)))) == {NotAssessed}
