"""Which exact versions of a package lie on this machine: what a launcher such as npx or uvx would start now."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from workbench.host.files import CannotLook, read_bounded
from workbench.model.clients import InstalledPackage
from workbench.model.launch import Ecosystem
from workbench.text import visible

FOLDER_LIMIT = 4000
"""Folders looked into in all: a cache can hold any number."""

_NPM_NAME = re.compile(r"(?:@[a-z0-9~][a-z0-9._~-]*/)?[A-Za-z0-9~_][A-Za-z0-9._~-]*\Z")
_PYPI_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z")
_METADATA_LIMIT = 1 << 20


def installed(
    home: Path,
    names: Iterable[tuple[Ecosystem, str]],
    *,
    environment: Mapping[str, str] | None = None,
    platform: str = "linux",
    root: Path = Path("/"),
) -> tuple[InstalledPackage, ...]:
    """Every version on disk of the named packages, newest first by the time it was put there.

    ``environment`` names the caches (``npm_config_cache``, ``UV_CACHE_DIR``, ``XDG_CACHE_HOME`` …); ``root`` is where
    the system's own folders begin. Reads package metadata only, runs nothing, and looks into a bounded number of
    folders.
    """
    wanted = {(ecosystem, name) for ecosystem, name in names}
    folders = _Folders(home, environment or {}, platform, root)
    found = [
        *_of_npm({name for ecosystem, name in wanted if ecosystem == "npm" and _NPM_NAME.match(name)}, folders),
        *_of_pypi({name for ecosystem, name in wanted if ecosystem == "pypi" and _PYPI_NAME.match(name)}, folders),
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (-each.modified, each.name, each.place)))


def normalised(name: str) -> str:
    """The name of a Python package as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


class _Folders:
    """Where packages are kept on this host, and how many folders may still be looked into."""

    def __init__(self, home: Path, environment: Mapping[str, str], platform: str, root: Path) -> None:
        self.home = str(home)
        self.environment = environment
        self.windows = platform == "win32"
        self.root = str(root).rstrip("/")
        self.left = FOLDER_LIMIT

    def node_modules(self) -> Iterator[str]:
        """Folders that hold npm packages by their names."""
        cache = self._set("npm_config_cache", "NPM_CONFIG_CACHE") or (
            self._local("npm-cache") if self.windows else f"{self.home}/.npm"
        )
        yield from self._each(f"{cache}/_npx", "node_modules")
        prefix = self._set("npm_config_prefix", "NPM_CONFIG_PREFIX")
        yield from [f"{prefix}/lib/node_modules"] if prefix else []
        yield from (f"{self.home}/{folder}/lib/node_modules" for folder in (".npm-global", ".npm-packages", ".local"))
        yield from self._each(f"{self.home}/.nvm/versions/node", "lib/node_modules")
        yield from self._each(f"{self.home}/.local/share/fnm/node-versions", "installation/lib/node_modules")
        yield f"{self.home}/.bun/install/global/node_modules"
        yield from self._each(f"{self.home}/.local/share/pnpm/global", "node_modules")
        yield from (f"{self.root}/{folder}/lib/node_modules" for folder in ("usr", "usr/local", "opt/homebrew"))
        if self.windows:
            yield f"{self.environment.get('APPDATA') or self.home + '/AppData/Roaming'}/npm/node_modules"

    def site_packages(self) -> Iterator[str]:
        """Folders that hold installed Python packages: the environments that uvx, uv tool and pipx make."""
        data = self._set("XDG_DATA_HOME") or f"{self.home}/.local/share"
        cache = self._set("XDG_CACHE_HOME") or f"{self.home}/.cache"
        uv_cache = self._set("UV_CACHE_DIR") or (self._local("uv/cache") if self.windows else f"{cache}/uv")
        pipx = self._set("PIPX_HOME") or f"{data}/pipx"
        homes = [
            f"{uv_cache}/archive-v0",
            self._set("UV_TOOL_DIR") or f"{data}/uv/tools",
            f"{pipx}/venvs",
            f"{self.home}/.local/pipx/venvs",
            f"{pipx}/.cache",
            f"{cache}/pipx",
        ]
        for home in dict.fromkeys(homes):
            for environment in self._names(home):
                if self.windows:
                    yield f"{home}/{environment}/Lib/site-packages"
                else:
                    # Only an environment has a lib; what else lies in uv's cache are the unpacked archives.
                    yield from self._each(f"{home}/{environment}/lib", "site-packages")

    def _each(self, folder: str, below: str) -> Iterator[str]:
        for name in self._names(folder):
            yield f"{folder}/{name}/{below}"

    def _names(self, folder: str) -> list[str]:
        return [name for name in self.entries(folder) if not name.startswith(".")]

    def entries(self, folder: str) -> list[str]:
        """The names in a folder; none where it cannot be looked into or enough were."""
        if self.left <= 0:
            return []
        try:
            names = os.listdir(folder)
        except (OSError, ValueError):
            return []
        self.left -= 1
        return names

    def _set(self, *variables: str) -> str:
        values = (self.environment.get(variable, "") for variable in variables)
        return next((value for value in values if os.path.isabs(value)), "")

    def _local(self, folder: str) -> str:
        return f"{self.environment.get('LOCALAPPDATA') or self.home + '/AppData/Local'}/{folder}"


def _once(folders: Iterable[str]) -> Iterator[str]:
    """Each folder once, as it comes: finding all of them first could use up what may be looked into."""
    seen: set[str] = set()
    for folder in folders:
        if folder not in seen:
            seen.add(folder)
            yield folder


def _of_npm(names: set[str], folders: _Folders) -> Iterator[InstalledPackage]:
    if not names:
        return
    for folder in _once(folders.node_modules()):
        if not os.path.isdir(folder):
            continue  # most of the places are not there, and there may be thousands of names
        for name in sorted(names):
            place = f"{folder}/{name}"
            try:
                described = json.loads(read_bounded(f"{place}/package.json", limit=_METADATA_LIMIT))
                modified = os.stat(place).st_mtime
            except (CannotLook, OSError, ValueError, RecursionError):
                continue
            version = described.get("version") if isinstance(described, dict) else None
            if isinstance(version, str) and version:
                yield InstalledPackage("npm", visible(name), visible(version, 100), visible(place), modified)


def _of_pypi(names: set[str], folders: _Folders) -> Iterator[InstalledPackage]:
    if not names:
        return
    asked: dict[str, list[str]] = {}
    for name in sorted(names):
        asked.setdefault(normalised(name), []).append(name)
    for folder in _once(folders.site_packages()):
        for entry in folders.entries(folder):
            stem, dot, kind = entry.rpartition(".")
            if not dot or kind != "dist-info":
                continue
            name, _, version = stem.partition("-")
            spellings = asked.get(normalised(name), [])
            if not spellings or not version:
                continue
            place = f"{folder}/{entry}"
            try:
                modified = os.stat(place).st_mtime
            except OSError:
                continue
            for spelling in spellings:
                yield InstalledPackage("pypi", visible(spelling), visible(version, 100), visible(place), modified)
