"""Package runners: which package they fetch, and how firmly its version is pinned."""

from __future__ import annotations

import re

from workbench.expressions import expression
from workbench.model.launch import Ecosystem, Pin

_EXACT_NPM = expression(r"=?v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?\Z")
_RANGE_NPM = expression(r"[\d^~<>=*|xX\s.-]|v\d")
_NPM_NAME = expression(r"(@[^/@\s]+/[^/@\s]+|[^/@\s]+)(?:@(.*))?\Z", re.DOTALL)
_SOURCE = expression(
    r"(?:git\+|git:|git@|https?:|ssh:|file:|github:|gitlab:|bitbucket:|gist:|link:|\.{0,2}/|~/|\.{1,2}\Z|[A-Za-z]:[\\/]|\\)"
)
_SHORTHAND = expression(r"[A-Za-z0-9][\w.-]*/[\w.-]+(?:#.*)?\Z")
_PYPI_NAME = expression(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(.*)\Z", re.DOTALL)
_EXACT_PYPI = expression(r"={2,3}\s*v?[0-9][0-9A-Za-z.+!_-]*\Z")


def npm_package(text: str) -> tuple[str, str, Pin]:
    """Name, version and pin of a package as npm, pnpm, yarn, bun and deno spell it."""
    if _SOURCE.match(text) or _SHORTHAND.match(text) or text.endswith((".tgz", ".tar.gz")):
        return _name_of_source(text), "", "source"
    match = _NPM_NAME.match(text)
    if match is None:
        return text, "", "source"
    name, version = match[1], match[2] or ""
    if version.startswith("npm:"):
        return npm_package(version.removeprefix("npm:"))
    if version and (_SOURCE.match(version) or _SHORTHAND.match(version)):
        return name, version, "source"
    return name, version, _npm_pin(version)


def _npm_pin(version: str) -> Pin:
    if not version:
        return "none"
    if _EXACT_NPM.match(version):
        return "exact"
    return "range" if _RANGE_NPM.match(version) and not re.match(r"[xX][A-Za-z]", version) else "tag"


def pypi_package(text: str, *, at_is_version: bool = True) -> tuple[str, str, Pin]:
    """Name, version and pin of a package as pip and uv spell it.

    ``name@1.2.3`` is uv's own short form of ``name==1.2.3``.
    """
    if _SOURCE.match(text) or text.endswith((".whl", ".tar.gz", ".zip")):
        return _name_of_source(text), "", "source"
    match = _PYPI_NAME.match(text)
    if match is None:
        return text, "", "source"
    name, rest = match[1], match[3].partition(";")[0].strip()
    if not rest:
        return name, "", "none"
    if rest.startswith("@"):
        version = rest[1:].strip()
        if not at_is_version or _SOURCE.match(version):
            return name, version, "source"
        return name, version, "exact" if re.match(r"v?\d[^*,<>]*\Z", version) else "tag"
    version = rest.removeprefix("===").removeprefix("==").strip() if _EXACT_PYPI.match(rest) else rest
    return name, version, "exact" if _EXACT_PYPI.match(rest) else "range"


def parse_package(ecosystem: Ecosystem, text: str) -> tuple[str, str, Pin]:
    """Name, version (the text after the name) and pin of a package as its runner spells it."""
    return npm_package(text) if ecosystem == "npm" else pypi_package(text)


def _name_of_source(text: str) -> str:
    """The last part of a repository's or a file's name; the whole text when there is none."""
    egg = re.search(r"[#&](?:egg|subdirectory)=([\w./-]+)", text)
    if egg:
        return egg[1].rpartition("/")[2]
    path = re.split(r"[#?]", text)[0].rstrip("/\\")
    path = re.sub(r"(?<=[^/@])@[^/@:]+\Z", "", path)
    name = re.split(r"[/:\\]", path)[-1]
    return re.sub(r"\.(?:git|tgz|tar\.gz|whl|zip)\Z", "", name) or text
