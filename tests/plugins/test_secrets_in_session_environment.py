from __future__ import annotations

import os
import subprocess

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.model.facts import EnvironmentEntry, SecretFact, SectionState
from workbench.model.finding import Finding, Passed
from workbench.model.report import Status
from workbench.model.session import SessionFacts
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot

CHECK = "secrets/in-session-environment"
TOKEN = EnvironmentEntry("GITHUB_TOKEN", SecretFact("GitHub token", "environment GITHUB_TOKEN", 40, "ab12"))
KEY = EnvironmentEntry("AWS_SECRET_ACCESS_KEY", SecretFact("AWS key", "environment AWS_SECRET_ACCESS_KEY", 40, "cd34"))


def host(*entries: EnvironmentEntry) -> Snapshot:
    return builders.snapshot(session=SessionFacts(builders.COMPLETE, 0o077, (EnvironmentEntry("PATH"), *entries)))


def found(*entries: EnvironmentEntry) -> Finding:
    (finding,) = builders.findings(run_check(CHECK, host(*entries)))
    return finding


def test_vulnerable_all_credentials_are_one_finding_by_name_and_kind() -> None:
    finding = found(TOKEN, KEY)
    assert finding.severity is Severity.MEDIUM
    assert "GITHUB_TOKEN (GitHub token)" in finding.evidence[0].actual
    assert "AWS_SECRET_ACCESS_KEY (AWS key)" in finding.evidence[0].actual


def test_hardened_an_environment_without_credentials_passes() -> None:
    assert builders.kinds(run_check(CHECK, host())) == {Passed}


def test_not_assessed_when_the_session_could_not_be_looked_at() -> None:
    session = SessionFacts(SectionState("failed", "it was not gathered within 10 s"))
    assert status(CHECK, builders.snapshot(session=session)) is Status.NOT_ASSESSED


def test_not_applicable_where_there_is_no_session() -> None:
    session = SessionFacts(SectionState("not applicable", "no session"))
    assert status(CHECK, builders.snapshot(session=session)) is Status.NOT_APPLICABLE


def test_the_finding_keeps_its_identity_when_the_variables_change() -> None:
    assert found(TOKEN).identity == found(TOKEN, KEY).identity


def test_the_reproducing_command_prints_names_and_no_value_even_of_several_lines() -> None:
    environment = {"PATH": os.environ["PATH"], "MULTI": "first\nSECOND=hidden\nthird", "PLAIN": "alsohidden"}
    command = found(TOKEN).evidence[0].command
    out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert {"MULTI", "PLAIN"} <= set(out.split())
    assert not {"hidden", "third", "SECOND"} & set(out.replace("=", " ").split())
    assert "alsohidden" not in out
