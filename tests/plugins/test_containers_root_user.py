"""containers/root-user."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins import containers
from workbench.model.finding import NotAssessed
from workbench.model.severity import Severity

CHECK = "containers/root-user"


@pytest.mark.parametrize("user", ["", "0", "0:0", "root", "root:root", "0:1000", "00"])
def test_vulnerable(user: str) -> None:
    finding = containers.only(CHECK, containers.container(user=user))
    assert finding.severity is Severity.MEDIUM and "same user id as root" in finding.summary


def test_vulnerable_but_less_where_root_is_somebody_else_outside() -> None:
    for engine in (containers.ROOTLESS, containers.REMAPPED):
        assert containers.only(CHECK, containers.container(user=""), engine=engine).severity is Severity.LOW


def test_vulnerable_by_one_image_is_one_finding() -> None:
    three = (containers.container(user=""), containers.other("git", user=""), containers.other("time", user=""))
    assert len(containers.only(CHECK, *three).also) == 2
    asked = (containers.container(user="0"), containers.other("git", user="0"))
    assert len(builders.findings(containers.said(CHECK, *asked))) == 2


@pytest.mark.parametrize("user", ["1000:1000", "1000", "node", "65532:0"])
def test_hardened(user: str) -> None:
    assert containers.passes(CHECK, containers.container(user=user))


def test_hardened_by_its_image() -> None:
    assert containers.passes(CHECK, containers.container(user="", image_user="node"))


def test_not_assessed_where_the_image_is_gone_and_may_name_one() -> None:
    container, podman = containers.container(user="", image_user=None), replace(containers.ENGINE, kind="podman")
    assert builders.kinds(containers.said(CHECK, container, engine=podman)) == {NotAssessed}
    assert containers.only(CHECK, container)  # Docker copies it


def test_not_applicable_without_such_containers() -> None:
    containers.is_silent_without_containers(CHECK)


def test_not_assessed_where_the_engine_does_not_tell() -> None:
    containers.says_what_it_could_not_look_at(CHECK)
