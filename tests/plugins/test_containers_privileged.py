"""containers/privileged."""

from __future__ import annotations

from tests.plugins import containers
from workbench.model.severity import Severity

CHECK = "containers/privileged"


def test_vulnerable() -> None:
    finding = containers.only(CHECK, containers.container(privileged=True, user=""))
    assert finding.severity is Severity.CRITICAL
    assert finding.summary == "files is privileged: its root is root of this machine"
    command = ("docker", "inspect", "--format", "{{.HostConfig.Privileged}}", "files")
    assert finding.evidence[0].command == command


def test_vulnerable_when_it_is_stopped() -> None:
    assert containers.only(CHECK, containers.container(privileged=True, user="0", running=False))


def test_vulnerable_but_less_where_something_holds_its_root_back() -> None:
    other_user = containers.only(CHECK, containers.container(privileged=True))
    assert other_user.severity is Severity.HIGH and "its user 1000:1000" in other_user.summary
    rootless = containers.only(CHECK, containers.container(privileged=True, user=""), engine=containers.ROOTLESS)
    assert rootless.severity is Severity.HIGH and "user namespace" in rootless.summary


def test_vulnerable_with_the_users_that_the_engine_would_have_mapped() -> None:
    container = containers.container(privileged=True, user="root", userns_mode="host")
    assert containers.only(CHECK, container, engine=containers.REMAPPED).severity is Severity.CRITICAL


def test_hardened() -> None:
    assert containers.passes(CHECK, containers.container())


def test_not_applicable_without_such_containers() -> None:
    containers.is_silent_without_containers(CHECK)


def test_not_assessed_where_the_engine_does_not_tell() -> None:
    containers.says_what_it_could_not_look_at(CHECK)
