from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests import builders
from tests.plugins.loading import get_check, run_check
from tests.plugins.systemd_units import host, unit
from workbench.model.facts import SecretFact
from workbench.model.finding import Finding, NotApplicable, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.units import UnitFact, UnitSecret
from workbench.scan import run_check as scan_check

CHECK = "systemd/secret-in-unit"
TOKEN = SecretFact("github-token", "GITHUB_TOKEN", 40, "abc")
FILE = "/etc/systemd/system/mcp-files.service"
VARIABLES = "/etc/mcp/environment"


def only_finding(judged: UnitFact) -> Finding:
    (found,) = builders.findings(run_check(CHECK, host(judged)))
    return found


def with_file(mode: int, uid: int = 0) -> UnitFact:
    secret = UnitSecret("EnvironmentFile", TOKEN, VARIABLES, 2)
    made = unit(f"User=mcp\nEnvironmentFile={VARIABLES}")
    return replace(made, secrets=(secret,), files=(made.path, builders.path(VARIABLES, mode, uid=uid, gid=0)))


@pytest.mark.parametrize("key", ["Environment", "ExecStart", "SetCredential"])
def test_vulnerable_a_secret_in_the_unit_whatever_its_mode(key: str) -> None:
    found = only_finding(unit("", secrets=(UnitSecret(key, TOKEN, FILE, 7),)))
    assert found.severity is Severity.HIGH
    assert found.location is not None
    assert (found.location.path, found.location.line) == (FILE, 7)
    assert key in found.summary
    assert "40 characters" in found.evidence[0].actual


def test_vulnerable_its_command_prints_the_place_and_not_the_secret(tmp_path: Path) -> None:
    file = tmp_path / "mcp.service"
    file.write_text("[Service]\nEnvironment=TOKEN=hunter2-hunter2\n")
    found = only_finding(unit("", secrets=(UnitSecret("Environment", TOKEN, str(file), 2),)))
    done = subprocess.run(found.evidence[0].command, capture_output=True, text=True, check=True)
    assert done.stdout == f"{file}:2: Environment\n"


def test_vulnerable_a_file_of_variables_that_others_read() -> None:
    assert "EnvironmentFile" in only_finding(with_file(0o644)).summary


def test_hardened_references_and_a_closed_file() -> None:
    for judged in (unit("LoadCredential=mcp-token:/etc/mcp/token"), with_file(0o600)):
        assert builders.kinds(run_check(CHECK, host(judged))) == {Passed}


def test_not_applicable_without_a_unit_that_runs_a_server() -> None:
    assert builders.kinds(run_check(CHECK, host())) == {NotApplicable}


def test_not_assessed_what_could_not_be_read() -> None:
    state = builders.unread("content", "/etc/x.service.d/10.conf")
    result = scan_check(get_check(CHECK), host(unit("", whole=False), state=state))
    assert result.status is Status.NOT_ASSESSED
    state = builders.unread("variables", VARIABLES)
    assert scan_check(get_check(CHECK), host(unit(""), state=state)).status is Status.NOT_ASSESSED
