"""clients/known-vulnerable."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import get_check, run_check
from workbench.knowledge.base import knowledge_date
from workbench.launch import understand
from workbench.model.clients import ClientFacts, EntryReference, InstalledPackage, ServerEntry
from workbench.model.facts import HostFacts
from workbench.model.finding import Finding, NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.launch import Launch, PackageSpec
from workbench.model.report import Status
from workbench.model.servers import Server, ServerFacts
from workbench.model.severity import Severity
from workbench.model.sockets import SocketFacts
from workbench.model.sources import SourceFact
from workbench.scan import run_check as scan_check

CHECK = "clients/known-vulnerable"
CONFIG = "/home/dev/.config/Claude/claude_desktop_config.json"
FILES = "@modelcontextprotocol/server-filesystem"


def _launch(package: PackageSpec | None, *more: str) -> Launch:
    return Launch(
        package.runner if package else "node", ("-y", package.text if package else "x.js", *more), package=package
    )


def _server(package: PackageSpec | None, *arguments: str, name: str = "it", **more: Any) -> Server:
    launch = more.pop("launch", None) or _launch(package, *arguments)
    made = Server(
        key=f"{CONFIG}#mcpServers/{name}",
        name=name,
        presence="not running",
        configured=True,
        transport="stdio",
        clients=("Claude Desktop",),
        entry=EntryReference(CONFIG, ("mcpServers", name), name),
        command=(launch.program, *launch.arguments),
        launch=launch,
    )
    return replace(made, **more)


def _entry(server: Server) -> ServerEntry:
    return builders.server(server.name, server.command, launch=server.launch)


def _said(*servers: Server, installed: tuple[InstalledPackage, ...] = (), **sections: Any) -> list[Verdict]:
    configured = [_entry(server) for server in servers if server.entry is not None]
    clients = ClientFacts(builders.COMPLETE, configs=(builders.config(configured),), installed=installed)
    facts = ServerFacts(builders.COMPLETE, servers)
    return run_check(CHECK, builders.snapshot(clients=clients, servers=facts, **sections))


def _found(*servers: Server, **more: Any) -> Finding:
    (finding,) = builders.findings(_said(*servers, **more))
    return finding


def _gap(*servers: Server, **more: Any) -> NotAssessed:
    (verdict,) = _said(*servers, **more)
    assert isinstance(verdict, NotAssessed)
    return verdict


def _npm(name: str, version: str = "", pin: str = "exact") -> PackageSpec:
    return builders.package(name, version, pin)


def _pypi(name: str, version: str = "", pin: str = "exact") -> PackageSpec:
    return builders.package(name, version, pin, "uvx", 1)


def _copy(name: str, version: str, ecosystem: str = "npm", folder: str = "a") -> InstalledPackage:
    place = f"/home/dev/.npm/_npx/{folder}/node_modules/{name}"
    return InstalledPackage(ecosystem, name, version, place, 1767323045.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("package", "severity", "words"),
    [
        (_npm("mcp-remote", "0.1.15"), Severity.CRITICAL, "mcp-remote 0.1.15 has CVE-2025-6514"),
        (_npm(FILES, "2025.3.28"), Severity.HIGH, "CVE-2025-53109"),
        (_npm(FILES, "0.6.2"), Severity.HIGH, "CVE-2025-53109"),
        (_npm(FILES, "2026.8.31"), Severity.MEDIUM, "has GHSA-"),
        (_npm("postmark-mcp", "1.0.16"), Severity.CRITICAL, "is known to be malicious"),
        (_npm("polymarket-mcp-v2", "2.1.6"), Severity.CRITICAL, "authorized_keys"),
        (_pypi("mcp-server-git", "2025.7.1"), Severity.HIGH, "mcp-server-git 2025.7.1 has"),
        (_pypi("MCP_server_sqlite", "2025.4.25"), Severity.MEDIUM, "no CVE"),
    ],
)
def test_vulnerable(package: PackageSpec, severity: Severity, words: str) -> None:
    finding = _found(_server(package))
    assert finding.severity is severity
    assert words in finding.summary + finding.evidence[0].actual
    assert finding.subject.label == "it (Claude Desktop)"
    assert all(knowledge_date() in evidence.expected for evidence in finding.evidence)
    assert all("https://" in evidence.expected for evidence in finding.evidence)


def test_vulnerable_says_where_it_stands_and_what_mends_it() -> None:
    finding = _found(_server(_npm("mcp-remote", "0.1.15")))
    assert finding.location is not None
    assert finding.location.pointer == ("mcpServers", "it", "args", 1)
    assert "mcp-remote 0.1.16 or later" in finding.evidence[0].expected
    assert finding.evidence[0].command[-1] == CONFIG
    assert "-o" in finding.evidence[0].command


def test_vulnerable_with_several_flaws_is_one_finding_with_its_worst_first() -> None:
    finding = _found(_server(_npm(FILES, "2025.3.28")))
    assert len(finding.evidence) == 5
    assert finding.summary.endswith("and 4 more known flaws")
    assert all("2.4.0 or later" in evidence.expected for evidence in finding.evidence)


def test_vulnerable_in_five_configs_is_one_finding() -> None:
    servers = [_server(_npm("mcp-remote", "0.1.9"), name=f"s{number}") for number in range(5)]
    finding = _found(*servers)
    assert [subject.label for subject in finding.also] == [f"s{number} (Claude Desktop)" for number in range(1, 5)]
    assert _found(*reversed(servers)) == finding
    other = _server(_npm("mcp-remote", "0.1.10"), name="other")
    assert len(builders.findings(_said(*servers, other))) == 2


def test_what_runs_decides_over_the_pin() -> None:
    source = SourceFact("npx cache", "/home/dev/.npm/_npx/a/node_modules/mcp-remote", "npm", "mcp-remote", "0.1.15")
    finding = _found(_server(_npm("mcp-remote", "0.1.38"), presence="running", sources=(source,)))
    assert "which runs now" in finding.summary
    assert finding.evidence[0].command[-1] == f"{source.path}/package.json"
    new = replace(source, version="0.2.0")
    assert builders.kinds(_said(_server(_npm("mcp-remote", "0.1.15"), presence="running", sources=(new,)))) == {Passed}


def test_each_running_copy_is_judged() -> None:
    new = SourceFact("npx cache", "/b/mcp-remote", "npm", "mcp-remote", "0.2.0")
    old = SourceFact("npx cache", "/a/mcp-remote", "npm", "mcp-remote", "0.1.15")
    server = _server(_npm("mcp-remote", "0.2.0"), presence="running", sources=(new, old))
    assert builders.kinds(_said(server)) == {Finding, Passed}


def test_the_pin_decides_over_another_copy() -> None:
    server = _server(_npm("mcp-remote", "0.1.38"))
    assert builders.kinds(_said(server, installed=(_copy("mcp-remote", "0.1.15"),))) == {Passed}


@pytest.mark.parametrize(("version", "pin"), [("", "none"), ("latest", "tag"), ("^0.1.0", "range")])
def test_vulnerable_copy_in_the_cache_of_a_package_without_a_version(version: str, pin: str) -> None:
    copy = _copy("mcp-remote", "0.1.15")
    source = SourceFact("npx cache", copy.place, "npm", copy.name, copy.version)
    server = _server(_npm("mcp-remote", version, pin), sources=(source,))
    finding = _found(server, installed=(copy, _copy("mcp-remote", "0.0.1", folder="b")))
    assert "the copy in the npx cache that would start," in finding.summary


def test_a_copy_outside_the_range_does_not_decide() -> None:
    server = _server(_npm("mcp-remote", "^0.2.0", "range"))
    old, new = _copy("mcp-remote", "0.1.15"), _copy("mcp-remote", "0.2.0", folder="b")
    assert builders.kinds(_said(server, installed=(old, new))) == {Passed}
    assert "no copy of it was found" in _gap(server, installed=(old,)).why
    strange = _server(_npm("mcp-remote", "^0.1 || ^0.2", "range"))
    assert "is not understood" in _gap(strange, installed=(old,)).why


def test_vulnerable_units_processes_and_containers_without_a_config() -> None:
    source = SourceFact(
        "uv tool",
        "/opt/lib/python3/site-packages/mcp_server_git-2025.7.1.dist-info",
        "pypi",
        "mcp-server-git",
        "2025.7.1",
    )
    bare: dict[str, Any] = {
        "entry": None,
        "clients": (),
        "presence": "running",
        "sources": (source,),
        "transport": "unknown",
    }
    unit = _found(_server(None, key="unit system:git.service", name="git.service", **bare))
    assert (unit.subject.kind, unit.subject.key, unit.location) == ("unit", "system:git.service", None)
    assert unit.evidence[0].command[-1] == f"{source.path}/METADATA"
    process = _found(_server(None, key="process 1000:git", **bare))
    assert (process.subject.kind, process.subject.key) == ("process", "1000:git")
    image = SourceFact("container", "ghcr.io/sooperset/mcp-atlassian:0.11.9")
    container = _found(_server(None, key="container docker:jira", **{**bare, "sources": (image,)}))
    assert container.severity is Severity.CRITICAL
    assert "ghcr.io/sooperset/mcp-atlassian:0.11.9, which runs now," in container.summary


def test_vulnerable_image() -> None:
    launch = Launch("docker", ("run", "-i", "x"), image=builders.image("ghcr.io/sooperset/mcp-atlassian:0.16.1"))
    finding = _found(_server(None, launch=launch))
    assert "CVE-2026-27825" in finding.summary
    assert "CVE-2026-27826" not in str(finding.evidence), "it is used over a pipe"


@pytest.mark.parametrize(
    "package",
    [
        _npm("mcp-remote", "0.1.16"),
        _npm("mcp-remote", "v0.2.0+build"),
        _npm(FILES, "2.4.0"),
        _npm("postmark-mcp", "1.0.15"),
        _pypi("mcp-server-git", "2026.11.18"),
        _pypi("mcp-server-git", "2026.11.18.post1"),
        _pypi("mcp-atlassian", "0.23.1"),
    ],
)
def test_hardened(package: PackageSpec) -> None:
    assert builders.kinds(_said(_server(package))) == {Passed}


def test_hardened_image() -> None:
    launch = Launch("docker", ("run", "-i", "x"), image=builders.image("ghcr.io/sooperset/mcp-atlassian:0.22.0"))
    assert builders.kinds(_said(_server(None, launch=launch))) == {Passed}


def test_a_flaw_of_the_port_needs_a_port() -> None:
    package = _npm("@playwright/mcp", "0.0.39")
    assert builders.kinds(_said(_server(package))) == {Passed}
    assert builders.kinds(_said(_server(_npm("@playwright/mcp", "", "none")))) == {Passed}
    for server in (
        _server(package, "--port", "8931"),
        _server(package, "--port=8931"),
        _server(package, presence="running", ports=("127.0.0.1:8931",)),
    ):
        finding = _found(server)
        assert finding.severity is Severity.HIGH
        assert "only if" not in finding.summary


def test_a_situation_that_cannot_be_told_is_said() -> None:
    server = _server(_npm("@playwright/mcp", "0.0.39"), transport="unknown")
    assert "(only if it listens on a port)" in _found(server).summary
    running = replace(server, presence="running")
    assert builders.kinds(_said(running)) == {Passed}
    assert "(only if it listens on a port)" in _found(replace(running, containers=("0" * 64,))).summary
    unseen = SocketFacts(builders.unread("listeners"))
    assert "(only if it listens on a port)" in _found(running, sockets=unseen).summary


def test_a_flaw_of_an_option_needs_the_option() -> None:
    package = _pypi("mcp-server-git", "2025.11.25")
    assert "CVE-2025-68145" not in str(_found(_server(package)).evidence)
    assert "CVE-2025-68145" in str(_found(_server(package, "--repository", "/home/dev/project")).evidence)
    assert "CVE-2025-68145" in str(_found(_server(package, "--repository=/home/dev/project")).evidence)
    unknown = replace(_launch(package), understood=False)
    assert "(only if it is started with --repository)" in str(_found(_server(package, launch=unknown)).evidence)


def test_a_flaw_of_a_platform_needs_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.knowledge import base

    flaw = base.known_flaws([("npm", "mcp-remote")])[("npm", "mcp-remote")][0]
    made = (replace(flaw, platform="win32", only_if="it runs on Windows"),)
    monkeypatch.setattr(base, "read", lambda: made)
    server = _server(_npm("mcp-remote", "0.1.15"))
    assert builders.kinds(_said(server)) == {Passed}
    windows = HostFacts("win32", "10.0.22631", -1, "dev", "C:\\Users\\dev")
    assert "only if" not in _found(server, host=windows).summary


def test_not_assessed_when_the_version_scheme_differs() -> None:
    gap = _gap(_server(_pypi("mcp-server-git", "2.0.1")))
    assert "mcp-server-git 2.0.1 cannot be placed among the versions" in gap.why
    assert "2026.11.18" in gap.unlock


def test_not_assessed_between_the_last_bad_and_the_first_good_version() -> None:
    assert "0.2.20 cannot be placed" in _gap(_server(_npm("@wonderwhy-er/desktop-commander", "0.2.20"))).why


@pytest.mark.parametrize("pin", ["none", "tag", "source"])
def test_not_assessed_when_the_version_is_not_known(pin: str) -> None:
    gap = _gap(_server(_npm("mcp-remote", "latest" if pin == "tag" else "", pin)))
    assert "mcp-remote has known flaws, and its version is not known" in gap.why
    assert gap.unlock
    assert "has malicious versions" in _gap(_server(_npm("postmark-mcp", "", "none"))).why


@pytest.mark.parametrize("text", ["ghcr.io/sooperset/mcp-atlassian", "ghcr.io/sooperset/mcp-atlassian:latest"])
def test_not_assessed_image_without_a_version(text: str) -> None:
    launch = Launch("docker", ("run", "-i", text), image=builders.image(text))
    assert "tells no version" in _gap(_server(None, launch=launch)).why


def test_not_assessed_when_the_inventory_could_not_be_gathered() -> None:
    snapshot = builders.snapshot(servers=ServerFacts(builders.unread("content")))
    assert scan_check(get_check(CHECK), snapshot).status is Status.NOT_ASSESSED


@pytest.mark.parametrize("presence", ["switched off", "remote"])
def test_not_applicable_to_what_does_not_start_here(presence: str) -> None:
    assert builders.kinds(_said(_server(_npm("mcp-remote", "0.1.15"), presence=presence))) == {NotApplicable}


def test_not_applicable_to_packages_that_are_not_on_the_list() -> None:
    (verdict,) = _said(_server(_npm("@acme/files", "0.0.1")), _server(None, name="own"))
    assert isinstance(verdict, NotApplicable)
    assert knowledge_date() in verdict.why
    # Beside one that is known, it is not mentioned at all.
    said = _said(_server(_npm("@acme/files", "0.0.1")), _server(_npm("mcp-remote", "0.2.0"), name="known"))
    assert builders.kinds(said) == {Passed}
    assert len(said) == 1


def test_its_identity_outlives_another_version_with_the_same_flaws() -> None:
    first = _found(_server(_npm("mcp-remote", "0.1.14")))
    assert first.identity == _found(_server(_npm("mcp-remote", "0.1.15"))).identity


@pytest.mark.parametrize(
    ("name", "version"),
    [("mcp-remote", "0.1.15\x1b[2J"), ("mcp-remote", "9" * 5000), ("mcp-remote", "0.1.15; rm -rf /"), ("", "")],
)
def test_hostile_names_and_versions_are_never_placed(name: str, version: str) -> None:
    assert builders.kinds(_said(_server(_npm(name, version)))) <= {NotAssessed, NotApplicable}


def test_a_secret_in_the_argument_is_not_searched_for() -> None:
    package = replace(_npm("mcp-remote", "0.1.15"), text="mcp-remote@0.1.15?<secret: token>")
    assert "<secret: " not in " ".join(_found(_server(package)).evidence[0].command)


@pytest.mark.parametrize(
    ("command", "flaw"),
    [
        (("npx", "-y", "supergateway@3.4.0", "--stdio", "npx -y mcp-remote@0.1.0 https://x.example/"), "CVE-2025-6514"),
        (("npx", "-y", "supergateway@3.4.0", "--stdio", "npx -y mcp-remote@0.1.16 https://x.example/"), ""),
        (("uvx", "--with", "mcp-server-git==2025.9.25", "mcp-server-time@2026.10.19"), "CVE-2025-68144"),
    ],
)
def test_what_is_fetched_besides_counts_too(command: tuple[str, ...], flaw: str) -> None:
    found = builders.findings(_said(replace(_server(None), launch=understand(command, "/home/dev"))))
    said = " ".join(evidence.actual for finding in found for evidence in finding.evidence)
    assert flaw in said if flaw else "mcp-remote" not in said
