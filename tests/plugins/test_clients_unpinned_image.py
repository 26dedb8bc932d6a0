"""clients/unpinned-image."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.launch import understand
from workbench.model.clients import ClientFacts, ServerEntry
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "clients/unpinned-image"
DIGEST = "sha256:" + "0123456789abcdef" * 4


def _server(*command: str) -> ServerEntry:
    return builders.server("git", command, launch=understand(command, "/home/dev"))


def _said(*servers: ServerEntry) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(clients=ClientFacts(builders.COMPLETE, (builders.config(servers),))))


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("mcp/git", "no tag, so latest"),
        ("mcp/git:latest", "the tag latest"),
        ("ghcr.io/acme/mcp:1.2.3", "the tag 1.2.3"),
        ("registry.local:5000/mcp/git", "no tag, so latest"),
    ],
)
def test_vulnerable(image: str, words: str) -> None:
    (finding,) = builders.findings(_said(_server("docker", "run", "-i", "--rm", "--pids-limit", "100", image)))
    assert finding.severity is Severity.MEDIUM and words in finding.summary
    assert finding.evidence[0].actual == image


def test_vulnerable_inside_sudo() -> None:
    assert builders.findings(_said(_server("sudo", "-n", "podman", "run", "-i", "mcp/git:1")))


@pytest.mark.parametrize("image", [f"mcp/git@{DIGEST}", f"mcp/git:1.0@{DIGEST}", DIGEST])
def test_hardened(image: str) -> None:
    assert builders.kinds(_said(_server("docker", "run", "-i", "--pids-limit", "100", image))) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}
    assert builders.kinds(_said(builders.server())) == {NotApplicable}
    off = replace(_server("docker", "run", "-i", "mcp/git"), disabled=True)
    assert builders.kinds(_said(off)) == {NotApplicable}


def test_not_assessed_when_a_variable_names_the_image() -> None:
    assert builders.kinds(_said(_server("docker", "run", "-i", "${IMAGE}"))) == {NotAssessed}


def test_not_assessed_when_an_option_is_not_known() -> None:
    assert builders.kinds(_said(_server("docker", "run", "--frobnicate", "100", "mcp/git"))) == {NotAssessed}


def test_not_assessed_when_the_content_could_not_be_read() -> None:
    clients = ClientFacts(builders.unread("content"))
    assert status(CHECK, builders.snapshot(clients=clients)) is Status.NOT_ASSESSED


def test_vulnerable_an_image_whose_name_holds_a_secret() -> None:
    token = "<secret: github, 40 characters>"
    (finding,) = builders.findings(_said(_server("docker", "run", "-i", f"registry.example/{token}/mcp:latest")))
    assert not any("<secret: " in word for word in finding.evidence[0].command)
