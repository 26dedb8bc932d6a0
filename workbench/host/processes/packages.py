"""Which package a script belongs to, and whether that package says it is an MCP server."""

from __future__ import annotations

import json
import os
import re
from typing import Any

from workbench.expressions import expression
from workbench.host.files import CannotLook, read_bounded
from workbench.model.record import record

_MANIFEST_LIMIT = 2 * 1024 * 1024
_SCRIPT_LIMIT = 4 * 1024 * 1024
_HIGHEST = 12
_NODE_SDK = ("@modelcontextprotocol/sdk", "@modelcontextprotocol/server", "fastmcp")
# An import, not a mention: clients name servers in their help texts.
_NODE_SERVER = re.compile(
    rb"(?:\bfrom|\bimport|\brequire)\s{0,9}\(?\s{0,9}[\"'](?:@modelcontextprotocol/(?:sdk/server|server)[\"'/]|fastmcp[\"'])"
    rb"|\bnew\s{1,9}(?:\w{1,40}\.)?StdioServerTransport\("
)
_PYTHON_SERVER = re.compile(
    rb"(?:^|;)[ \t]*(?:(?:from|import)[ \t]+(?:mcp\.server|fastmcp)\b|from[ \t]+mcp[ \t]+import[ \t]+Server\b)"
    rb"|\bFastMCP\(",
    re.M,
)
_DIST = expression(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._]*)-(?P<version>[^-]+)\.dist-info\Z")
_NEEDS_SDK = re.compile(rb"^Requires-Dist:\s*(?:mcp|fastmcp)(?![\w.-])", re.M | re.I)


@record
class NodePackage:
    """The package.json above a script, in ``folder``. ``server_name`` is its ``mcpName``."""

    name: str
    server_name: str
    needs_sdk: bool
    version: str
    folder: str


@record
class PythonPlace:
    """A Python package folder. ``has_sdk`` when the MCP library is installed there; ``names`` are what is installed."""

    folder: str
    has_sdk: bool
    names: dict[str, str]

    def distribution(self, name: str) -> str:
        """The name of the installed distribution that a program or module of this name belongs to, or ""."""
        return name.replace("_", "-").lower() if _normal(name) in self.names else ""

    def metadata(self, name: str) -> str:
        """The folder that describes the distribution of this name, or ""."""
        folder = self.names.get(_normal(name))
        return f"{self.folder}/{folder}" if folder else ""

    def version(self, name: str) -> str:
        """The version of the distribution of this name, or ""."""
        match = _DIST.match(self.names.get(_normal(name), ""))
        return match["version"] if match else ""

    def needs_sdk(self, name: str) -> bool:
        """Whether the distribution of this name requires the MCP library."""
        folder = self.names.get(_normal(name))
        if folder is None:
            return False
        try:
            metadata = read_bounded(f"{self.folder}/{folder}/METADATA", _MANIFEST_LIMIT)
        except CannotLook:
            return False
        return bool(_NEEDS_SDK.search(metadata.partition(b"\n\n")[0]))


class Packages:
    """Looks packages up, each folder once."""

    def __init__(self) -> None:
        self._manifests: dict[str, dict[str, Any] | None] = {}
        self._places: dict[str, PythonPlace | None] = {}

    def node(self, script: str) -> NodePackage | None:
        """The npm package of a script, by the first package.json above it that has a name."""
        folder = os.path.dirname(script)
        for _ in range(_HIGHEST):
            manifest = self._manifest(folder)
            if manifest is not None and isinstance(manifest.get("name"), str) and manifest["name"]:
                return _node_package(manifest, folder)
            if folder in ("/", "") or os.path.basename(folder) == "node_modules":
                return None
            folder = os.path.dirname(folder)
        return None

    def python(self, *starts: str) -> PythonPlace | None:
        """The package folder of the environment of a program in ``ENV/bin``; a package folder stands for itself."""
        for start in starts:
            for folder in _package_folders(start):
                place = self._place(folder)
                if place is not None:
                    return place
        return None

    def _manifest(self, folder: str) -> dict[str, Any] | None:
        if folder not in self._manifests:
            try:
                document = json.loads(read_bounded(f"{folder}/package.json", _MANIFEST_LIMIT))
            except (CannotLook, ValueError, RecursionError):
                document = None
            self._manifests[folder] = document if isinstance(document, dict) else None
        return self._manifests[folder]

    def _place(self, folder: str) -> PythonPlace | None:
        if folder not in self._places:
            try:
                entries = os.listdir(folder)
            except OSError:
                entries = []
            matches = [match for entry in entries if (match := _DIST.match(entry))]
            names = {_normal(match["name"]): match[0] for match in matches}
            has_sdk = "mcp" in names or "fastmcp" in names
            self._places[folder] = PythonPlace(folder, has_sdk, names) if names else None
        return self._places[folder]


def imports_server(script: str, language: str) -> bool | None:
    """Whether a script's own text builds an MCP server; None where it cannot be read."""
    try:
        text = read_bounded(script, _SCRIPT_LIMIT)
    except CannotLook:
        return None
    return builds_server(text, language)


def builds_server(text: bytes, language: str) -> bool:
    """Whether this code builds an MCP server. ``language`` is ``node`` or ``python``."""
    return bool((_NODE_SERVER if language == "node" else _PYTHON_SERVER).search(text))


def _node_package(manifest: dict[str, Any], folder: str) -> NodePackage:
    dependencies = manifest.get("dependencies")
    server_name = manifest.get("mcpName")
    version = manifest.get("version")
    return NodePackage(
        name=manifest["name"],
        server_name=server_name if isinstance(server_name, str) else "",
        needs_sdk=isinstance(dependencies, dict) and any(name in dependencies for name in _NODE_SDK),
        version=version if isinstance(version, str) else "",
        folder=folder,
    )


def _package_folders(start: str) -> list[str]:
    if start.endswith(("/site-packages", "/dist-packages")):
        return [start]
    above = os.path.dirname(os.path.dirname(start))
    if not above or os.path.basename(os.path.dirname(start)) not in ("bin", "Scripts"):
        return []
    try:
        versions = sorted(name for name in os.listdir(f"{above}/lib") if name.startswith("python"))
    except OSError:
        return []
    return [f"{above}/lib/{version}/site-packages" for version in versions]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
