"""containers/no-capability-drop."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins import containers
from workbench.model.finding import NotApplicable
from workbench.model.severity import Severity

CHECK = "containers/no-capability-drop"

DEFAULT = "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT"


@pytest.mark.parametrize("dropped", [(), ("NET_RAW",), ("SYS_ADMIN",)])
def test_vulnerable(dropped: tuple[str, ...]) -> None:
    finding = containers.only(CHECK, containers.container(user="", cap_drop=dropped))
    assert finding.severity is Severity.MEDIUM
    assert finding.evidence[0].actual == (dropped[0] if dropped else "none is dropped")


def test_vulnerable_but_less_where_nobody_holds_them_over_the_machine() -> None:
    assert containers.only(CHECK, containers.container(cap_drop=())).severity is Severity.LOW
    as_root = containers.container(user="", cap_drop=())
    assert containers.only(CHECK, as_root, engine=containers.REMAPPED).severity is Severity.LOW


@pytest.mark.parametrize(
    ("dropped", "added"),
    [(("ALL",), ()), (("ALL",), ("CHOWN",)), (tuple(DEFAULT.split()), ())],
)
def test_hardened(dropped: tuple[str, ...], added: tuple[str, ...]) -> None:
    assert containers.passes(CHECK, containers.container(user="", cap_drop=dropped, cap_add=added))


def test_hardened_by_what_podman_gives() -> None:
    dropped = tuple(name for name in DEFAULT.split() if name not in ("AUDIT_WRITE", "MKNOD", "NET_RAW"))
    container = containers.container(user="", cap_drop=dropped)
    assert containers.passes(CHECK, container, engine=replace(containers.ENGINE, kind="podman"))
    assert containers.only(CHECK, container)


def test_not_applicable_to_a_privileged_one() -> None:
    container = containers.container(privileged=True, cap_drop=())
    assert builders.kinds(containers.said(CHECK, container)) == {NotApplicable}


def test_not_applicable_without_such_containers() -> None:
    containers.is_silent_without_containers(CHECK)


def test_not_assessed_where_the_engine_does_not_tell() -> None:
    containers.says_what_it_could_not_look_at(CHECK)
