from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.model.facts import SecretFact, SectionState
from workbench.model.finding import Finding, NotApplicable, Passed
from workbench.model.report import Status
from workbench.model.session import SessionFacts, StartupFile, StartupSecret
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot

CHECK = "secrets/in-shell-startup"
CLEAN = StartupFile("/home/dev/.profile", 1000)


def secret(name: str, line: int) -> StartupSecret:
    return StartupSecret(name, line, SecretFact("github-classic", f"line {line}", 40, f"{line:04x}"))


BASHRC = StartupFile("/home/dev/.bashrc", 1000, "", (secret("GITHUB_TOKEN", 12), secret("NPM_TOKEN", 13)))


def host(*files: StartupFile, state: SectionState = builders.COMPLETE) -> Snapshot:
    return builders.snapshot(session=SessionFacts(state, 0o077, startup=files))


def found(*files: StartupFile) -> Finding:
    (finding,) = builders.findings(run_check(CHECK, host(*files)))
    return finding


def test_vulnerable_all_secrets_of_a_file_are_one_finding() -> None:
    finding = found(BASHRC, CLEAN)
    assert finding.severity is Severity.MEDIUM
    assert "GITHUB_TOKEN, NPM_TOKEN" in finding.summary
    assert [evidence.actual.partition(",")[0] for evidence in finding.evidence] == [
        "line 12: GITHUB_TOKEN",
        "line 13: NPM_TOKEN",
    ]
    assert finding.location is not None
    assert (finding.location.path, finding.location.line) == ("/home/dev/.bashrc", 12)


def test_vulnerable_it_says_who_reads_the_file() -> None:
    sourced = StartupFile("/home/dev/.secrets.sh", 1000, "/home/dev/.bashrc", (secret("API_KEY", 1),))
    assert "read by /home/dev/.bashrc" in found(sourced).evidence[0].actual
    assert "every session of this machine" in found(replace(BASHRC, owner=None)).summary


def test_the_finding_keeps_its_identity_when_lines_move() -> None:
    moved = replace(BASHRC, secrets=(secret("GITHUB_TOKEN", 40),))
    assert found(BASHRC).identity == found(moved).identity


def test_the_command_prints_the_name_and_never_the_value(tmp_path: Path) -> None:
    file = tmp_path / ".bashrc"
    file.write_text("# GITHUB_TOKEN below\nexport GITHUB_TOKEN=hunter2hunter2 # renew GITHUB_TOKEN\n")
    finding = found(StartupFile(str(file), 1000, "", (secret("GITHUB_TOKEN", 2),)))
    done = subprocess.run(finding.evidence[0].command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1:GITHUB_TOKEN", "2:GITHUB_TOKEN", "2:GITHUB_TOKEN"]
    named = replace(secret("X", 1), name="<secret: github-classic, 40 characters>")
    assert found(replace(BASHRC, secrets=(named,))).evidence[0].command == ()


def test_hardened_files_without_secrets_pass() -> None:
    assert builders.kinds(run_check(CHECK, host(CLEAN, replace(BASHRC, secrets=())))) == {Passed}


def test_not_applicable_without_a_startup_file() -> None:
    assert builders.kinds(run_check(CHECK, host())) == {NotApplicable}


def test_not_assessed_what_could_not_be_read() -> None:
    unread = builders.unread("startup", "/home/dev/.bashrc", "permission denied")
    assert status(CHECK, host(CLEAN, state=unread)) is Status.NOT_ASSESSED
    assert status(CHECK, host(state=SectionState("failed", "its collector failed"))) is Status.NOT_ASSESSED
