"""containers/unmasked-paths."""

from __future__ import annotations

from dataclasses import replace

from tests import builders
from tests.plugins import containers
from workbench.model.finding import NotApplicable, NotAssessed
from workbench.model.severity import Severity

CHECK = "containers/unmasked-paths"

BARE = {"masked_paths": (), "readonly_paths": ()}


def test_vulnerable() -> None:
    finding = containers.only(CHECK, containers.container(user="", **BARE))
    assert finding.severity is Severity.CRITICAL
    assert "write the kernel's settings: /proc/sys" in finding.summary
    assert len(finding.evidence) == 2


def test_vulnerable_but_less_where_something_else_holds_it_back() -> None:
    assert containers.only(CHECK, containers.container(**BARE)).severity is Severity.HIGH
    as_root = containers.container(user="", **BARE)
    confined = replace(containers.ENGINE, mandatory=("apparmor",))
    assert containers.only(CHECK, as_root, engine=confined).severity is Severity.HIGH
    without = replace(as_root, apparmor="unconfined")
    assert containers.only(CHECK, without, engine=confined).severity is Severity.CRITICAL
    assert containers.only(CHECK, as_root, engine=containers.ROOTLESS).severity is Severity.HIGH


def test_vulnerable_in_part() -> None:
    finding = containers.only(CHECK, containers.container(user="", masked_paths=("/proc/keys",)))
    assert finding.severity is Severity.HIGH and "/proc/kcore" in finding.summary


def test_hardened() -> None:
    assert containers.passes(CHECK, containers.container(user=""))


def test_not_applicable_to_a_privileged_one() -> None:
    assert builders.kinds(containers.said(CHECK, containers.container(privileged=True, **BARE))) == {NotApplicable}


def test_not_assessed_where_podman_does_not_tell() -> None:
    container = containers.container(masked_paths=None, readonly_paths=None)
    assert builders.kinds(containers.said(CHECK, container)) == {NotAssessed}


def test_not_applicable_without_such_containers() -> None:
    containers.is_silent_without_containers(CHECK)


def test_not_assessed_where_the_engine_does_not_tell() -> None:
    containers.says_what_it_could_not_look_at(CHECK)
