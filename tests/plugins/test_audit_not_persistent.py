"""audit/not-persistent."""

from __future__ import annotations

from tests import builders
from tests.plugins.audit_facts import DENIED, RULES, audited, loaded, on_disk
from tests.plugins.loading import run_check, status
from workbench.host.audit import joined
from workbench.model.finding import NotApplicable, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "audit/not-persistent"
WRITTEN = "\n".join(line.replace("-F key=", "-k ") for line in DENIED)


def test_vulnerable_what_was_only_typed_in() -> None:
    (finding,) = builders.findings(run_check(CHECK, audited(rules=joined(loaded(*DENIED), ()))))
    assert finding.severity is Severity.LOW
    assert finding.summary == "2 audit rules are gone after the next start: they stand in no file"
    assert finding.location is None


def test_vulnerable_what_was_only_written_down() -> None:
    rules = joined(loaded(*DENIED), on_disk(f"{WRITTEN}\n-w /etc/hosts -p wa"))
    (finding,) = builders.findings(run_check(CHECK, audited(rules=rules)))
    assert finding.summary == "1 audit rule stands in a file and is not loaded"
    assert finding.location is not None and (finding.location.path, finding.location.line) == (RULES, 3)


def test_vulnerable_both_ways() -> None:
    rules = joined(loaded(*DENIED), on_disk("-w /etc/hosts -p wa"))
    assert len(builders.findings(run_check(CHECK, audited(rules=rules)))) == 2


def test_hardened() -> None:
    assert builders.kinds(run_check(CHECK, audited(rules=joined(loaded(*DENIED), on_disk(WRITTEN))))) == {Passed}


def test_hardened_however_it_is_written() -> None:
    disk = on_disk(
        "-a exit,always -F path=/etc/hosts -F perm=aw -k h\n-a always,exit -F arch=x86_64 -S 257 -F auid!=unset"
    )
    kernel = loaded("-w /etc/hosts -p wa -k h", "-a always,exit -F arch=b64 -S openat -F auid!=-1")
    assert builders.kinds(run_check(CHECK, audited(rules=joined(kernel, disk)))) == {Passed}


def test_what_a_broken_line_stops_is_told_elsewhere() -> None:
    rules = joined(loaded("-w /etc/group -p rwxa"), on_disk("-w /etc/group\n-w relative\n-w /etc/hosts"))
    assert builders.kinds(run_check(CHECK, audited(rules=rules))) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(run_check(CHECK, audited())) == {NotApplicable}


def test_not_assessed() -> None:
    for facet, more in (("rules", {"listed": False}), ("files", {"files": None})):
        unknown = audited(rules=loaded(*DENIED), state=builders.unread(facet), **more)
        assert run_check(CHECK, unknown) == []
        assert status(CHECK, unknown) is Status.NOT_ASSESSED
