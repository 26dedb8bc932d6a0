"""containers/unpinned-image."""

from __future__ import annotations

import pytest

from tests import builders
from tests.plugins import containers
from workbench.model.finding import NotAssessed
from workbench.model.severity import Severity

CHECK = "containers/unpinned-image"

DIGEST = "sha256:" + "0123456789abcdef" * 4
PULLED = {"digests": (f"mcp/git@{DIGEST}",)}


@pytest.mark.parametrize("image", ["mcp/git", "mcp/git:latest", "ghcr.io/acme/mcp:1.2.3"])
def test_vulnerable(image: str) -> None:
    finding = containers.only(CHECK, containers.container(image=image, **PULLED))
    assert finding.severity is Severity.MEDIUM and image in finding.summary
    assert DIGEST in finding.evidence[0].expected


def test_vulnerable_in_three_containers_is_one_finding() -> None:
    three = (containers.container(**PULLED), containers.other("git", **PULLED), containers.other("time", **PULLED))
    assert len(containers.only(CHECK, *three).also) == 2


@pytest.mark.parametrize("image", [f"mcp/git@{DIGEST}", f"mcp/git:1@{DIGEST}", DIGEST, DIGEST.partition(":")[2]])
def test_hardened(image: str) -> None:
    assert containers.passes(CHECK, containers.container(image=image, **PULLED))


def test_hardened_when_it_was_built_here() -> None:
    assert containers.passes(CHECK, containers.container(image="my-server:latest"))


def test_not_assessed_when_the_image_was_removed() -> None:
    assert builders.kinds(containers.said(CHECK, containers.container(image_user=None))) == {NotAssessed}


def test_not_applicable_without_such_containers() -> None:
    containers.is_silent_without_containers(CHECK)


def test_not_assessed_where_the_engine_does_not_tell() -> None:
    containers.says_what_it_could_not_look_at(CHECK)
