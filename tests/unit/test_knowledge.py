"""The list of known flaws: that it is sound, and that it is only parsed where it is needed."""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from workbench.knowledge import base, versions
from workbench.model.severity import Severity

ENTRIES: list[dict[str, Any]] = yaml.safe_load(base.FILE.read_text(encoding="utf-8"))["flaws"]
FLAWS = {flaw.id: flaw for flaw in base.read()}
NEEDED = {"id", "packages", "affected", "severity", "rated", "what", "sources", "checked", "verified"}
OPTIONAL = {
    "aliases",
    "fixed",
    "malicious",
    "only_if",
    "platform",
    "listens",
    "port_arguments",
    "arguments",
}
TODAY = datetime.date.fromisoformat(base.knowledge_date())


def test_it_has_entries_and_a_date() -> None:
    assert len(ENTRIES) > 30
    assert str(yaml.safe_load(base.FILE.read_text(encoding="utf-8"))["date"]) == base.knowledge_date()


def test_no_name_is_there_twice() -> None:
    names = [name for entry in ENTRIES for name in (entry["id"], *entry.get("aliases", []))]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_each_entry_is_whole(entry: dict[str, Any]) -> None:
    assert set(entry) >= NEEDED
    assert set(entry) <= NEEDED | OPTIONAL
    assert re.fullmatch(
        r"CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3}|MAL-\d{4}-\d+|INC-\d{4}-\d{2}-[a-z0-9-]+", entry["id"]
    )
    assert isinstance(entry["verified"], bool)
    assert datetime.date.fromisoformat(str(entry["checked"])) <= TODAY
    assert entry["sources"]
    for source in entry["sources"]:
        assert re.fullmatch(r"https://[a-z0-9.-]+\.[a-z]{2,}/\S+", source)
    assert Severity(entry["severity"]) in (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)
    assert not entry["what"].endswith(".")
    assert entry["what"].isprintable()
    assert len(entry["what"]) < 130


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_the_severity_is_that_of_the_score(entry: dict[str, Any]) -> None:
    score = re.search(r"CVSS [34]\.[01] (\d+\.\d)\Z", entry["rated"])
    if score is None:
        assert entry.get("malicious") or entry["rated"].startswith(("no score seen", "no CVE"))
        return
    value = float(score[1])
    expected = "critical" if value >= 9 else "high" if value >= 7 else "medium"
    assert entry["severity"] == expected


@pytest.mark.parametrize("flaw", FLAWS.values(), ids=lambda flaw: flaw.id)
def test_its_packages_and_ranges_are_sane(flaw: base.Flaw) -> None:
    for ecosystem, name in flaw.packages:
        assert ecosystem in ("npm", "pypi", "image")
        assert name == versions.normalised(ecosystem, name)
        assert f"- {ecosystem} {name}\n" in base.FILE.read_text(encoding="utf-8")
        for text in flaw.affected:
            bounds = versions.comparators(text)
            assert bounds or text == "*"
            keys = [versions.key(ecosystem, version) for _, version in bounds]
            assert None not in keys
            assert len({versions.scheme(ecosystem, version) for _, version in bounds}) <= 1, "two schemes in one range"
            assert all(one < other for one, other in pairwise(keys) if one is not None and other is not None)
        for version in flaw.fixed:
            assert flaw.judge(ecosystem, version) == "not affected"
    if flaw.platform:
        assert flaw.platform in ("linux", "darwin", "win32")
    if flaw.platform or flaw.listens or flaw.arguments:
        assert flaw.only_if, "what cannot be judged must be said"
    assert flaw.listens or not flaw.port_arguments
    assert not flaw.malicious or flaw.severity is Severity.CRITICAL


def test_the_lesson_says_the_date() -> None:
    check = Path(__file__).parents[2] / "checks" / "clients" / "known_vulnerable.py"
    assert f"knowledge of {base.knowledge_date()}" in check.read_text(encoding="utf-8")


def test_what_is_not_verified_is_not_used() -> None:
    unverified = [flaw for flaw in FLAWS.values() if not flaw.verified]
    assert unverified
    for flaw in unverified:
        assert flaw not in base.known_flaws(flaw.packages).get(flaw.packages[0], ())


def test_names_are_found_as_their_registry_compares_them() -> None:
    assert base.known_flaws([("pypi", "MCP_Server_Git")])[("pypi", "MCP_Server_Git")]
    assert not base.known_flaws([("npm", "MCP-Remote"), ("pypi", "mcp-remote"), ("npm", "remote"), ("npm", "")])
    assert not base.known_flaws([("npm", "mcp-remote\n"), ("npm", "mcp-remote\n    affected"), ("", "")])


def test_the_best_version_mends_every_flaw() -> None:
    package = ("npm", "@modelcontextprotocol/server-filesystem")
    assert base.best_version("npm", base.known_flaws([package])[package]) == "2.4.0"
    malicious = ("npm", "polymarket-mcp-v2")
    assert base.best_version("npm", base.known_flaws([malicious])[malicious]) == ""


def test_it_reads_without_the_fast_loader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    base.read.cache_clear()
    assert {flaw.id for flaw in base.read()} == set(FLAWS)


PROGRAM = """
import sys
from tests import builders
from workbench.model.clients import ClientFacts
from workbench.model.launch import Launch
from workbench.model.servers import Server, ServerFacts
from workbench.plugins import load

package = builders.package({name!r}, "0.0.1", "exact")
launch = Launch("npx", ("-y", package.text), package=package)
server = Server("k", "s", "not running", True, "stdio", launch=launch)
snapshot = builders.snapshot(servers=ServerFacts(builders.COMPLETE, (server,)))
print([type(verdict).__name__ for verdict in load().checks["clients/known-vulnerable"].run(snapshot)])
print("yaml" in sys.modules)
"""


@pytest.mark.parametrize(
    ("name", "said"), [("@acme/files", ["['NotApplicable']", "False"]), ("mcp-remote", ["['Passed']", "True"])]
)
def test_yaml_is_only_imported_for_a_package_that_is_on_the_list(name: str, said: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(name=name)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=True,
    )
    assert done.stdout.splitlines() == said
