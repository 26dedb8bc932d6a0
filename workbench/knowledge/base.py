"""The list of known flaws: read only where a server's package is on it, since most hosts have none of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.knowledge import versions
from workbench.model.record import record
from workbench.model.severity import Severity

FILE = Path(__file__).with_name("vulnerabilities.yaml")
Package = tuple[str, str]
"""Ecosystem (``npm``, ``pypi`` or ``image``) and name."""


@record
class Flaw:
    """One known flaw, or one malicious package, as its sources tell it.

    ``affected`` are ranges (see ``versions.judge``), ``fixed`` the first mended version of each line. ``rated`` says
    where the severity comes from. Where it only matters in a situation, ``only_if`` says which, to be read after
    "only if"; ``platform``, ``listens`` (the server listens on a port, also when one of ``port_arguments`` is given)
    and ``arguments`` (one of them is given) are what of it a Snapshot can tell.
    """

    id: str
    packages: tuple[Package, ...]
    affected: tuple[str, ...]
    severity: Severity
    rated: str
    what: str
    sources: tuple[str, ...]
    checked: str
    fixed: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    malicious: bool = False
    verified: bool = True
    only_if: str = ""
    platform: str = ""
    listens: bool = False
    port_arguments: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()

    def judge(self, ecosystem: str, version: str) -> versions.Answer:
        """Whether it is in this version."""
        return versions.judge(ecosystem, version, self.affected, self.fixed)


def knowledge_date() -> str:
    """The day that the list was last checked, as ``2026-11-26``."""
    return _text().partition("date: ")[2].partition("\n")[0].strip("'\"")


def known_flaws(packages: Iterable[Package]) -> dict[Package, tuple[Flaw, ...]]:
    """The flaws of each of these packages that the list knows at all. Parses it only where there is such a package."""
    text = _text()
    asked = {(ecosystem, name): versions.normalised(ecosystem, name) for ecosystem, name in packages}
    # The name stands on a line of its own in the file, so that this search of its text is exact.
    listed = {package: name for package, name in asked.items() if f"- {package[0]} {name}\n" in text}
    if not listed:
        return {}
    usable = [flaw for flaw in read() if flaw.verified]
    found = {
        package: tuple(flaw for flaw in usable if (package[0], name) in flaw.packages)
        for package, name in listed.items()
    }
    return {package: flaws for package, flaws in found.items() if flaws}


def best_version(ecosystem: str, flaws: Iterable[Flaw]) -> str:
    """The newest version that mends every one of a package's flaws; "" when none is known."""
    all_of_them = tuple(flaws)
    candidates = [
        version
        for flaw in all_of_them
        for version in flaw.fixed
        if all(each.judge(ecosystem, version) == "not affected" for each in all_of_them)
    ]
    return max(candidates, key=lambda version: versions.key(ecosystem, version) or (), default="")


@lru_cache(maxsize=1)
def read() -> tuple[Flaw, ...]:
    """Every flaw of the list."""
    import yaml  # not at the top: most scans need none of it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return tuple(_flaw(entry) for entry in yaml.load(_text(), Loader=loader)["flaws"])  # noqa: S506 - both are safe


@lru_cache(maxsize=1)
def _text() -> str:
    return FILE.read_text(encoding="utf-8")


def _flaw(entry: dict[str, Any]) -> Flaw:
    made: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    made["packages"] = tuple(_package(text) for text in entry["packages"])
    made["severity"] = Severity(entry["severity"])
    return Flaw(**made)


def _package(text: str) -> Package:
    ecosystem, _, name = text.partition(" ")
    return ecosystem, name
