"""Versions in the order of npm and of PyPI, and the ranges of advisories."""

from __future__ import annotations

import itertools
import time

import pytest
from packaging.version import Version

from workbench.knowledge.deciding import satisfies
from workbench.knowledge.versions import comparators, judge, key, normalised, scheme

NPM = ["0.0.5-0", "0.0.5", "0.1.9", "0.1.16-alpha", "0.1.16-alpha.1", "0.1.16-alpha.beta", "0.1.16-beta.2"]
NPM += ["0.1.16-beta.11", "0.1.16-rc.1", "0.1.16", "0.2.0", "1.0.0", "10.0.0", "2025.7.1", "2025.11.25"]
PYPI = [
    "0.9.dev1",
    "0.9a1",
    "0.9",
    "1.0.dev0",
    "1.0a1.dev2",
    "1.0a1",
    "1.0a2",
    "1.0b1",
    "1.0rc1",
    "1.0",
    "1.0.post1.dev3",
]
PYPI += ["1.0.post1", "1.0.1", "1.10", "2025.9.25", "2025.12.18", "1!0.1"]


def test_npm_orders_as_semver_says() -> None:
    assert sorted(reversed(NPM), key=lambda version: key("npm", version) or ()) == NPM
    assert key("npm", "1.2.3+build.5") == key("npm", "=v1.2.3")


def test_pypi_orders_as_the_packaging_library_does() -> None:
    for one, other in itertools.product(PYPI, repeat=2):
        mine = (key("pypi", one) or ()) < (key("pypi", other) or ())
        assert mine == (Version(one) < Version(other)), (one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("1.0", "1.0.0"), ("1.0-1", "1.0.post1"), ("v1.0RC1", "1.0c1"), ("1.0+local.1", "1.0")]
)
def test_spellings_of_one_version(one: str, other: str) -> None:
    assert key("pypi", one) == key("pypi", other)


@pytest.mark.parametrize("text", ["", "latest", "1.2", "1.x", "^1.2.3", "1.2.3.4", "1.2.3 || 2", "9" * 5000, "1.2.३"])
def test_what_is_no_version_of_npm(text: str) -> None:
    assert key("npm", text) is None


@pytest.mark.parametrize("text", ["", "latest", "1.2-alpine", "~=1.2", ".", "1..2", "9" * 5000, "1.0.dev1.dev2"])
def test_what_is_no_version_of_pypi(text: str) -> None:
    assert key("pypi", text) is None


def test_a_scheme_begins_with_a_year_or_it_does_not() -> None:
    assert scheme("npm", "2025.7.1") == scheme("pypi", "2026.10.19") == "calendar"
    assert scheme("npm", "0.6.2") == scheme("npm", "2.0.1") == scheme("npm", "99999.0.0") == "plain"
    assert scheme("npm", "latest") is None


@pytest.mark.parametrize(
    ("version", "affected", "fixed", "answer"),
    [
        ("0.1.15", [">=0.0.5,<0.1.16"], ["0.1.16"], "affected"),
        ("0.1.16-0", [">=0.0.5,<0.1.16"], ["0.1.16"], "affected"),
        ("0.1.16", [">=0.0.5,<0.1.16"], ["0.1.16"], "not affected"),
        ("0.0.5-0", [">=0.0.5,<0.1.16"], ["0.1.16"], "not affected"),
        ("0.1.16+patched", [">=0.0.5,<0.1.16"], ["0.1.16"], "not affected"),
        # Numbers of one scheme say nothing about those of another.
        ("2.0.1", ["<2025.7.1"], ["2025.7.1"], "unknown"),
        ("0.6.2", ["<2025.7.1"], ["2025.7.1"], "unknown"),
        ("2026.8.31", ["<=2.0.0"], ["2.0.1"], "unknown"),
        ("2.0.1", ["<0.6.4", "<2025.7.1"], ["0.6.4", "2025.7.1"], "not affected"),
        ("2025.3.28", ["<0.6.4", "<2025.7.1"], ["0.6.4", "2025.7.1"], "affected"),
        ("2026.8.31", ["<2.4.0", ">=2025.1.14,<=2026.8.31"], ["2.4.0"], "affected"),
        # Two lines with a gap between them.
        ("1.7.0", [">=1.0.0,<1.5.2", ">=2.0.0,<2.3.0"], ["1.5.2", "2.3.0"], "not affected"),
        ("2.1.0", [">=1.0.0,<1.5.2", ">=2.0.0,<2.3.0"], ["1.5.2", "2.3.0"], "affected"),
        # Between the last that is known to have it and the first that is known to be mended.
        ("0.2.20", ["<=0.2.13"], ["0.2.33"], "unknown"),
        ("0.2.33", ["<=0.2.13"], ["0.2.33"], "not affected"),
        ("0.7.0", ["<=0.6.2"], [], "not affected"),
        ("1.0.17", [">=1.0.16"], [], "affected"),
        ("1.0.15", [">=1.0.16"], [], "not affected"),
        ("1.1.2", ["=1.1.2"], [], "affected"),
        ("1.1.3", ["=1.1.2"], [], "not affected"),
        ("latest", ["<1.0.0"], [], "unknown"),
        ("", ["<1.0.0"], [], "unknown"),
        ("", ["*"], [], "affected"),
        ("2.1.6", ["*"], [], "affected"),
    ],
)
def test_judge(version: str, affected: list[str], fixed: list[str], answer: str) -> None:
    assert judge("npm", version, affected, fixed) == answer


@pytest.mark.parametrize(
    ("version", "answer"),
    [("1.27.1", "affected"), ("1.27.2rc1", "affected"), ("1.27.2.post1", "not affected"), ("1.27.1+ours", "affected")],
)
def test_judge_pypi(version: str, answer: str) -> None:
    assert judge("pypi", version, ["<1.27.2"], ["1.27.2"]) == answer


@pytest.mark.parametrize(
    ("ecosystem", "version", "wanted", "answer"),
    [
        ("npm", "1.9.0", "^1.2", True),
        ("npm", "2.0.0", "^1.2", False),
        ("npm", "0.2.9", "^0.2.3", True),
        ("npm", "0.3.0", "^0.2.3", False),
        ("npm", "0.0.4", "^0.0.3", False),
        ("npm", "1.2.9", "~1.2.3", True),
        ("npm", "1.3.0", "~1.2.3", False),
        ("npm", "1.3.0", "1", True),
        ("npm", "1.3.0", "1.x", True),
        ("npm", "2025.7.29", "^2025.7.1", True),
        ("npm", "0.1.15", ">=0.1.0 <0.2.0", True),
        ("npm", "0.1.15", "*", True),
        ("npm", "0.1.15", "^0.1 || ^0.2", None),
        ("npm", "1.5.0", ">=1", None),
        ("pypi", "2025.9.25", ">=2025.7.1,<2026", True),
        ("pypi", "2026.1.14", ">=2025.7.1,<2026", False),
        ("pypi", "1.2", "~=1.0", None),
        ("pypi", "1.2", "!=1.1", None),
    ],
)
def test_satisfies(ecosystem: str, version: str, wanted: str, answer: bool | None) -> None:
    assert satisfies(ecosystem, version, wanted) is answer


def test_no_range() -> None:
    with pytest.raises(ValueError, match="is no range"):
        comparators("1.2.3")


def test_names_as_their_registry_compares_them() -> None:
    assert normalised("pypi", "MCP_server.Git") == "mcp-server-git"
    assert normalised("npm", "@Scope/Name") == "@Scope/Name"
    assert normalised("image", "docker.io/mcp/sqlite") == "mcp/sqlite"


@pytest.mark.parametrize("ecosystem", ["npm", "pypi"])
def test_hostile_text_takes_no_time(ecosystem: str) -> None:
    began = time.perf_counter()
    for text in ("1." * 200_000, "1-" + "a." * 200_000, "1+" + "a-" * 50, "-" * 100, "1.0" + "-" * 96):
        key(ecosystem, text)
        satisfies(ecosystem, "1.0.0", text)
    assert time.perf_counter() - began < 1
