from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests import builders
from tests.plugins.loading import get_check, run_check
from workbench.model.facts import SectionState
from workbench.model.finding import Finding, NotApplicable, NotAssessed, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.model.units import IgnoredLine, UnitFact, UnitFacts
from workbench.scan import run_check as scan_check

CHECK = "systemd/ignored-directive"
FILE = "/etc/systemd/system/mcp-files.service"
LOST = IgnoredLine(FILE, 18, "Failed to parse boolean value, ignoring: true # …", "PrivateTmp=true # …")
GROUP = IgnoredLine(FILE, 51, "Unknown system call group, ignoring: @exec", "SystemCallFilter=~@exec")
HARMLESS = IgnoredLine(FILE, 9, "Failed to parse service restart specifier, ignoring: sometimes", "Restart=sometimes")


def unit(*ignored: IgnoredLine) -> UnitFact:
    return UnitFact("mcp-files.service", builders.path(FILE, 0o644, uid=0, gid=0), "system", ignored=ignored)


def host(*units: UnitFact, state: SectionState = builders.COMPLETE) -> Snapshot:
    return builders.snapshot(units=UnitFacts(state, units, seen=100))


def only_finding(judged: UnitFact) -> Finding:
    (found,) = builders.findings(run_check(CHECK, host(judged)))
    return found


def test_vulnerable_one_finding_a_unit_lists_every_line() -> None:
    found = only_finding(unit(HARMLESS, LOST, GROUP))
    assert found.severity is Severity.HIGH
    assert [evidence.actual for evidence in found.evidence] == [
        f"{FILE}:9: Restart=sometimes: {HARMLESS.reason}",
        f"{FILE}:18: PrivateTmp=true # …: {LOST.reason}",
        f"{FILE}:51: SystemCallFilter=~@exec: {GROUP.reason}",
    ]
    assert "drops 3 lines of mcp-files.service, so it runs without PrivateTmp, SystemCallFilter" in found.summary


def test_vulnerable_its_command_shows_the_lines_without_what_systemd_repeats_of_them(tmp_path: Path) -> None:
    command = only_finding(unit(LOST)).evidence[0].command
    assert command[-1] == FILE
    programs = tmp_path / "bin"
    programs.mkdir()
    said = f"{FILE}:4: Invalid environment assignment, ignoring: hunter2-hunter2"
    (programs / "systemd-analyze").write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    (programs / "systemd-analyze").chmod(0o755)
    environment = {"PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == f"{FILE}:4: Invalid environment assignment, ignoring\n"
    assert "hunter2" not in done.stderr


def test_vulnerable_it_points_at_the_first_line_that_should_protect() -> None:
    location = only_finding(unit(HARMLESS, LOST, GROUP)).location
    assert location is not None
    assert (location.path, location.line) == (FILE, 18)


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("ProtectHome=maybe", Severity.HIGH),
        ("NoNewPrivilege=…", Severity.HIGH),
        ("ProtectHomes=…", Severity.HIGH),
        ("CapabilityBoundSet=…", Severity.HIGH),
        ("[Servce]", Severity.HIGH),
        ("[Timer]", Severity.LOW),
        ("StartLimitIntervalSec=…", Severity.LOW),
        ("Environment=…", Severity.LOW),
        ("Restart=sometimes", Severity.LOW),
        ("", Severity.LOW),
    ],
)
def test_vulnerable_a_lost_protection_is_high_and_anything_else_low(text: str, severity: Severity) -> None:
    assert only_finding(unit(replace(LOST, text=text))).severity is severity


def test_vulnerable_the_identity_survives_moved_lines() -> None:
    assert only_finding(unit(LOST)).identity == only_finding(unit(replace(LOST, line=40))).identity


def test_hardened_a_unit_of_which_every_line_counts() -> None:
    assert builders.kinds(run_check(CHECK, host(unit()))) == {Passed}


def test_not_applicable_without_a_unit_that_runs_a_server() -> None:
    assert builders.kinds(run_check(CHECK, host())) == {NotApplicable}


def test_not_assessed_where_verify_could_not_run() -> None:
    silent = replace(unit(), ignored=None)
    result = scan_check(get_check(CHECK), host(silent, state=builders.unread("ignored", "mcp-files.service")))
    assert result.status is Status.NOT_ASSESSED
    assert [gap.what for gap in result.not_assessed] == ["mcp-files.service"]
    assert builders.kinds(run_check(CHECK, host(silent))) == {NotAssessed}
