"""containers/writable-root."""

from __future__ import annotations

from tests.plugins import containers
from workbench.model.severity import Severity

CHECK = "containers/writable-root"


def test_vulnerable() -> None:
    finding = containers.only(CHECK, containers.container(readonly_root=False, user=""))
    assert finding.severity is Severity.MEDIUM and "its own program" in finding.summary


def test_vulnerable_but_less_for_another_user() -> None:
    assert containers.only(CHECK, containers.container(readonly_root=False)).severity is Severity.LOW


def test_hardened() -> None:
    assert containers.passes(CHECK, containers.container(user="", tmpfs=(("/tmp", ""),)))


def test_not_applicable_without_such_containers() -> None:
    containers.is_silent_without_containers(CHECK)


def test_not_assessed_where_the_engine_does_not_tell() -> None:
    containers.says_what_it_could_not_look_at(CHECK)
