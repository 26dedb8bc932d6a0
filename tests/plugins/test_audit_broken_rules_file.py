"""audit/broken-rules-file."""

from __future__ import annotations

import pytest

from tests import builders
from tests.plugins.audit_facts import OPENS, RULES, audited, on_disk
from tests.plugins.loading import run_check, status
from workbench.model.finding import NotApplicable, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "audit/broken-rules-file"
SEED = f"{OPENS} -F uid=990 -F dir!=/var/mcp/workspace -k mcp_path_violation"


@pytest.mark.parametrize("line", [SEED, f"{OPENS} -F uid=<mcp-server-uid> -k mcp_file_access", "-w /etc/hosts # mine"])
def test_vulnerable(line: str) -> None:
    (finding,) = builders.findings(
        run_check(CHECK, audited(rules=on_disk(f"# mcp\n{line}\n-w /etc/hosts\n-w /etc/group")))
    )
    assert finding.severity is Severity.HIGH and "line 2 is refused" in finding.summary
    assert "2 rules after it are not loaded" in finding.summary
    assert finding.location is not None and (finding.location.path, finding.location.line) == (RULES, 2)
    assert finding.evidence[0].command == ("sudo", "sed", "-n", "2p", RULES)


def test_vulnerable_it_stops_the_files_after_it() -> None:
    said = run_check(
        CHECK, audited(rules=on_disk(SEED, **{"60-company": "-w /etc/hosts\n", "10-base": "-w /etc/group"}))
    )
    (finding,) = builders.findings(said)
    assert "and the rule after it is not loaded" in finding.summary
    assert sum(isinstance(verdict, Passed) for verdict in said) == 2


def test_vulnerable_at_the_end_of_the_last_file() -> None:
    (finding,) = builders.findings(run_check(CHECK, audited(rules=on_disk(f"-w /etc/hosts\n{SEED}"))))
    assert finding.severity is Severity.HIGH and "whatever is added after it" in finding.summary


def test_vulnerable_but_less_where_errors_are_ignored() -> None:
    (finding,) = builders.findings(run_check(CHECK, audited(rules=on_disk(f"-i\n{SEED}\n-w /etc/hosts"))))
    assert finding.severity is Severity.MEDIUM and finding.summary.endswith("so it records nothing")


def test_vulnerable_each_line_is_evidence_and_the_first_one_counts() -> None:
    (finding,) = builders.findings(run_check(CHECK, audited(rules=on_disk(f"{SEED}\ngarbage\n-w /etc/hosts"))))
    assert len(finding.evidence) == 2 and "line 1" in finding.summary and "the rule after it" in finding.summary


def test_hardened() -> None:
    text = f"-D\n-b 8192\n-a never,exit -F arch=b64 -S openat -F uid=990 -F dir=/tmp\n{OPENS} -F uid=990 -k mcp\n-e 2\n"
    assert builders.kinds(run_check(CHECK, audited(rules=on_disk(text)))) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(run_check(CHECK, audited())) == {NotApplicable}
    assert builders.kinds(run_check(CHECK, audited(rules=on_disk("-D\n-b 8192\n")))) == {NotApplicable}


def test_not_assessed() -> None:
    unknown = audited(files=None, state=builders.unread("files"))
    assert run_check(CHECK, unknown) == []
    assert status(CHECK, unknown) is Status.NOT_ASSESSED
