"""processes/no-syscall-filter."""

from __future__ import annotations

from dataclasses import replace

from tests import builders
from tests.plugins.confined import BOXED, OPEN, REFUSES, host, in_bubblewrap, in_docker, running
from tests.plugins.loading import run_check, status
from workbench.model.facts import HostFacts
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.launch import Launch
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "processes/no-syscall-filter"
OPEN_TO_ALL = tuple((call, "allowed") for call in ("execve", "ptrace", "mount", "bpf", "socket(AF_INET)"))


def test_vulnerable_without_a_filter() -> None:
    (finding,) = builders.findings(run_check(CHECK, host(running("files"), running("git"))))
    assert finding.severity is Severity.MEDIUM
    assert [subject.label for subject in finding.also] == ["files", "git"]
    assert finding.evidence[0].actual == "files: seccomp mode 0, 0 filters"


def test_vulnerable_with_the_filters_that_everything_here_has() -> None:
    inherits = running(
        seccomp=2, seccomp_filters=5, parent_seccomp_filters=5, isolation=replace(OPEN, syscalls=REFUSES)
    )
    (finding,) = builders.findings(run_check(CHECK, host(inherits)))
    assert finding.severity is Severity.LOW
    assert "no system call filter but the one" in finding.summary
    assert "5 filters (what started it has 5)" in finding.evidence[0].actual
    assert "execve allowed, ptrace EPERM" in finding.evidence[0].actual


def test_vulnerable_in_a_sandbox_it_is_low() -> None:
    boxed = in_bubblewrap(seccomp=0, seccomp_filters=0, isolation=replace(BOXED, filters_added=0))
    found = builders.findings(run_check(CHECK, host(boxed, running("git"))))
    assert [(each.severity, each.also[0].label) for each in found] == [
        (Severity.MEDIUM, "git"),
        (Severity.LOW, "files"),
    ]
    assert found[0].identity != found[1].identity


def test_vulnerable_a_filter_that_refuses_nothing() -> None:
    hollow = in_bubblewrap(isolation=replace(OPEN, filters_added=1, syscalls=OPEN_TO_ALL))
    (finding,) = builders.findings(run_check(CHECK, host(hollow)))
    assert "refuses nothing that an attacker needs" in finding.summary
    assert finding.detail == "hollow"


def test_vulnerable_a_filter_that_the_32_bit_interface_leads_around() -> None:
    calls = [("execve", "allowed"), ("ptrace", "EPERM"), ("ptrace (32-bit)", "allowed")]
    calls += [("mount", "EPERM"), ("mount (32-bit)", "allowed")]
    around = in_bubblewrap(isolation=replace(OPEN, filters_added=1, syscalls=tuple(calls)))
    (finding,) = builders.findings(run_check(CHECK, host(around)))
    assert "let through all the same: ptrace (32-bit) and mount (32-bit)" in finding.evidence[0].actual


def test_hardened() -> None:
    unread = in_bubblewrap("git", isolation=replace(OPEN, filters_added=1, syscalls=()))
    strict = running("strict", seccomp=1, isolation=replace(OPEN, filters_added=1))
    assert builders.kinds(run_check(CHECK, host(in_bubblewrap(), in_docker("time"), unread, strict))) == {Passed}


def test_not_assessed() -> None:
    assert builders.kinds(run_check(CHECK, host(running(isolation=replace(OPEN, filters_added=None))))) == {NotAssessed}
    assert builders.kinds(run_check(CHECK, host(running(isolation=None)))) == {NotAssessed}
    assert status(CHECK, host(in_bubblewrap(), state=builders.unread("seccomp"))) is Status.NOT_ASSESSED
    tool = running(launch=Launch("docker", image=builders.image("mcp/git")))
    assert builders.kinds(run_check(CHECK, host(tool))) == {NotAssessed}


def test_not_applicable() -> None:
    assert builders.kinds(run_check(CHECK, builders.snapshot())) == {NotApplicable}
    mac = HostFacts("darwin", "23", 501, "dev", "/Users/dev")
    assert builders.kinds(run_check(CHECK, host(running(), host=mac))) == {NotApplicable}
