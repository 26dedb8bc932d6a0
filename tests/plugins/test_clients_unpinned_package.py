"""clients/unpinned-package."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import get_check, run_check
from workbench.launch import understand
from workbench.model.clients import ClientFacts, ServerEntry
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.launch import Launch, PackageSpec
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.scan import run_check as scan_check

CHECK = "clients/unpinned-package"


def _server(package: PackageSpec | None, name: str = "files", **more: Any) -> ServerEntry:
    command = (package.runner, "-y", package.text) if package else ("node", "server.js")
    return builders.server(name, command, launch=Launch(command[0], command[1:], package=package, **more))


def _said(*servers: ServerEntry) -> list[Verdict]:
    clients = ClientFacts(builders.COMPLETE, configs=(builders.config(servers),))
    return run_check(CHECK, builders.snapshot(clients=clients))


@pytest.mark.parametrize(
    ("version", "pin", "words"),
    [
        ("", "none", "the newest @acme/files"),
        ("latest", "tag", "carries the tag latest"),
        ("^1.2", "range", "in the range ^1.2"),
        ("git+https://example.invalid/files", "source", "from a source that can change"),
    ],
)
def test_vulnerable(version: str, pin: str, words: str) -> None:
    (finding,) = builders.findings(_said(_server(builders.package("@acme/files", version, pin))))
    assert finding.severity is Severity.MEDIUM
    assert words in finding.summary
    assert finding.location is not None
    assert finding.location.pointer == ("mcpServers", "files", "args", 1)
    assert finding.subject.label == "files (Claude Desktop)"
    assert "clients/pin-version" in finding.repairs


def test_vulnerable_inside_a_command_line_points_at_the_entry() -> None:
    package = builders.package("@acme/files", "", "none", argument=None)
    (finding,) = builders.findings(_said(_server(package)))
    assert finding.location is not None
    assert finding.location.pointer == ("mcpServers", "files")


def test_hardened() -> None:
    assert builders.kinds(_said(_server(builders.package("@acme/files", "1.2.3", "exact")))) == {Passed}
    assert builders.kinds(_said(_server(builders.package("git-server", "1.2.3", "exact", "uvx")))) == {Passed}


def _source(text: str) -> ServerEntry:
    return _server(PackageSpec("pypi", "files", "", "source", "uvx", text, 2))


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize("text", [f"git+https://e.invalid/f@{COMMIT}", f"git+https://e.invalid/f@{COMMIT}#egg=f"])
def test_hardened_by_a_full_commit(text: str) -> None:
    assert builders.kinds(_said(_source(text))) == {Passed}


@pytest.mark.parametrize(
    "text", ["git+https://e.invalid/f@v1.2.3", f"git+https://e.invalid/f@{COMMIT[:12]}", "github:a/f"]
)
def test_vulnerable_sources_that_move(text: str) -> None:
    assert builders.findings(_said(_source(text)))


@pytest.mark.parametrize("text", ["./server", ".", "../x", "/opt/server", "~/server", "file:///x", "C:\\server"])
def test_not_applicable_to_what_is_not_fetched(text: str) -> None:
    assert builders.kinds(_said(_source(text))) == {NotApplicable}


def test_each_server_is_judged_for_itself() -> None:
    loose = _server(builders.package("loose", "", "none"), "loose")
    tight = _server(builders.package("tight", "1.0.0", "exact"), "tight")
    said = _said(loose, tight)
    assert builders.kinds(said) == {Passed, *(type(finding) for finding in builders.findings(said))}
    assert [finding.subject.key.rpartition("/")[2] for finding in builders.findings(said)] == ["loose"]


def test_its_command_prints_only_the_name_of_the_package() -> None:
    (finding,) = builders.findings(_said(_server(builders.package("@acme/files", "", "none"))))
    assert "-o" in finding.evidence[0].command


def test_its_identity_does_not_depend_on_the_version() -> None:
    (first,) = builders.findings(_said(_server(builders.package("@acme/files", "", "none"))))
    (second,) = builders.findings(_said(_server(builders.package("@acme/files", "latest", "tag"))))
    assert first.identity == second.identity


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}
    assert builders.kinds(_said(_server(None))) == {NotApplicable}
    assert builders.kinds(_said(builders.server(transport="http", command=(), launch=None))) == {NotApplicable}


def test_not_applicable_when_it_is_switched_off() -> None:
    loose = replace(_server(builders.package("@acme/files", "", "none")), disabled=True)
    assert builders.kinds(_said(loose)) == {NotApplicable}


def test_not_assessed_when_the_launcher_is_not_understood() -> None:
    assert builders.kinds(_said(_server(None, understood=False))) == {NotAssessed}


def test_not_assessed_when_the_content_could_not_be_read() -> None:
    clients = ClientFacts(builders.unread("content"))
    assert scan_check(get_check(CHECK), builders.snapshot(clients=clients)).status is Status.NOT_ASSESSED


@pytest.mark.parametrize(
    ("command", "loose"),
    [
        (("npx", "-y", "supergateway@3.4.0", "--stdio", "npx -y @acme/server /srv"), ["@acme/server"]),
        (("npx", "-y", "supergateway@3.4.0", "--stdio", "npx -y @acme/server@1.2.3 /srv"), []),
        (("npx", "-y", "supergateway", "--stdio", "npx -y @acme/server /srv"), ["supergateway", "@acme/server"]),
        (("uvx", "--with", "requests", "mcp-server-git@2026.11.18"), ["requests"]),
        (("uvx", "--with", "requests==2.32.0", "mcp-server-git@2026.11.18"), []),
        (("npx", "-y", "-p", "one@1.0.0", "-p", "two@2.0.0", "one"), []),
    ],
)
def test_what_is_fetched_besides_counts_too(command: tuple[str, ...], loose: list[str]) -> None:
    entry = builders.server("files", command, launch=understand(command, "/home/dev"))
    clients = ClientFacts(builders.COMPLETE, configs=(builders.config([entry]),))
    said = run_check("clients/unpinned-package", builders.snapshot(clients=clients))
    found = builders.findings(said)
    assert [finding.summary.split(" runs the newest ")[1].split(",")[0] for finding in found] == loose
    assert len({finding.identity for finding in found}) == len(loose)
    assert (Passed in builders.kinds(said)) is not bool(loose)
