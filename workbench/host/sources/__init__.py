"""What kind of place the code of a server lies in, by its folder."""

from __future__ import annotations

import json
import os
import re
from pathlib import PurePath

from workbench.host.files import CannotLook, read_bounded
from workbench.model.sources import SourceKind

_HIGHEST = 12
_LIMIT = 1024 * 1024
_GLOBAL = re.compile(
    r"/lib/node_modules/|/share/nodejs/|/\.bun/install/global/|/pnpm/global/|/(?:AppData/Roaming/)npm/node_modules/"
)
_UV_CACHE = re.compile(r"/(?:archive|environments)-v\d+/")
_PROJECT_FILES = ("package.json", "pyproject.toml", "setup.py", "go.mod", "Cargo.toml")


def node_kind(folder: str) -> SourceKind | None:
    """The kind of place of an npm package's folder; None where it is in no ``node_modules`` at all."""
    path = folder.replace("\\", "/") + "/"
    if "/_npx/" in path:
        return "npx cache"
    if _GLOBAL.search(path):
        return "npm global"
    return "node_modules" if "/node_modules/" in path else None


def python_kind(folder: str) -> SourceKind:
    """The kind of place of a folder of installed Python packages (``…/site-packages``)."""
    environment = environment_of(folder)
    path = folder.replace("\\", "/") + "/"
    if _UV_CACHE.search(path):
        return "uv cache"
    if "/uv/tools/" in path or os.path.exists(f"{environment}/uv-receipt.toml"):
        return "uv tool"
    if "/pipx/" in path or os.path.exists(f"{environment}/pipx_metadata.json"):
        return "pipx"
    return "virtual environment" if os.path.exists(f"{environment}/pyvenv.cfg") else "system"


def environment_of(folder: str) -> str:
    """The environment that a folder of installed packages belongs to: two above ``lib`` or ``Lib``."""
    path = PurePath(folder)
    above = path.parent if path.parent.name in ("lib", "Lib") else path.parent.parent
    return os.fspath(above.parent)


def editable_project(metadata: str) -> str:
    """The project folder that an installed distribution is only a link to (``pip install -e``), or ""."""
    try:
        document = json.loads(read_bounded(f"{metadata}/direct_url.json", _LIMIT))
    except (CannotLook, ValueError, RecursionError):
        return ""
    if not isinstance(document, dict) or not isinstance(document.get("url"), str):
        return ""
    details = document.get("dir_info")
    url = document["url"]
    if not isinstance(details, dict) or details.get("editable") is not True or not url.startswith("file:///"):
        return ""
    from urllib.parse import unquote

    return unquote(url.removeprefix("file://"))


def project_of(path: str, home: str) -> str:
    """The project folder that a file lies in: the nearest with a package file, else the top of its git tree, or "".

    A home folder that is one as a whole makes nothing in it a project.
    """
    project = ""
    folder = os.path.dirname(path)
    for _ in range(_HIGHEST):
        if folder in ("/", "", home):
            break
        if not project and any(os.path.exists(f"{folder}/{name}") for name in _PROJECT_FILES):
            project = folder
        if os.path.exists(f"{folder}/.git"):
            return project or folder
        folder = os.path.dirname(folder)
    return project
