"""Find the plug-ins in a client's folders: a bounded walk that follows no link out of them and says where it ends."""

from __future__ import annotations

import os
from dataclasses import field
from typing import Any

from workbench.host.clients.definitions import Client
from workbench.host.clients.places import gap
from workbench.host.files import CannotLook, reason
from workbench.model.facts import Unread
from workbench.model.record import draft

DEPTH_LIMIT = 8
FOLDER_LIMIT = 3000
# Folders that hold other people's files by the thousand and no plug-in.
_PASSED_OVER = frozenset(("node_modules", ".git", ".venv", "__pycache__"))


@draft
class PluginFiles:
    """The files below one folder that may name servers, and what kept from finding more.

    ``plugins`` are pairs of a plug-in's own folder and a file in it.
    """

    base: str
    plugins: list[tuple[str, str]] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def find_plugins(base: str, client: Client) -> PluginFiles:
    """Walk a folder of plug-ins, the nearest first."""
    base = os.path.realpath(base) if os.path.islink(base) else base
    found = PluginFiles(base)
    level, seen = [base], 0
    for _ in range(DEPTH_LIMIT):
        deeper: list[str] = []
        for folder in level:
            seen += 1
            if seen > FOLDER_LIMIT:
                why = CannotLook(f"it holds more than {FOLDER_LIMIT} folders; the rest was not looked into")
                found.unread += gap(base, why, "content", "mode")
                return found
            deeper += _look_into(folder, base, client, found)
        level = deeper
    if level:
        why = CannotLook(f"{len(level)} folders lie deeper than {DEPTH_LIMIT} levels and were not looked into")
        found.unread += gap(base, why, "content", "mode")
    return found


def named_files(root: str, manifest: str, document: Any) -> tuple[tuple[str, ...], tuple[Unread, ...]]:
    """The files that a plug-in's manifest names for its servers. One outside of the plug-in is not looked at."""
    named = document.get("mcpServers") if isinstance(document, dict) else None
    texts = [item for item in (named if isinstance(named, list) else [named]) if isinstance(item, str)]
    paths: list[str] = []
    unread: list[Unread] = []
    for text in texts[:64]:
        relative = text.replace("${CLAUDE_PLUGIN_ROOT}/", "", 1)
        path = os.path.normpath(os.path.join(root, relative))
        if not _inside(path, root):
            why = CannotLook("it names a file outside of the plug-in's folder, which was not looked at")
            unread += gap(manifest, why, "content")
        else:
            paths.append(path)
    return tuple(paths), tuple(unread)


def _look_into(folder: str, base: str, client: Client, found: PluginFiles) -> list[str]:
    """Take the plug-in's files in one folder, and give the folders below it that may hold more."""
    below: list[str] = []
    names: set[str] = set()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                names.add(entry.name)
                if entry.is_dir(follow_symlinks=False) and entry.name not in _PASSED_OVER:
                    below.append(entry.path)
    except OSError as error:
        why = reason(error)
        if not why.absent:
            found.unread += gap(folder, why, "content", "mode")
        return []
    above, _, _ = client.manifest.partition("/")
    manifest = os.path.join(folder, client.manifest)
    is_plugin = above in names and os.path.lexists(manifest)
    files = [manifest] if is_plugin else []
    files += [os.path.join(folder, name) for name in client.project if name in names]
    for file in files:
        if _inside(os.path.realpath(file), os.path.realpath(base)):
            found.plugins.append((folder, file))
        else:
            why = CannotLook("it is a link that leads out of the folder of plug-ins, which was not followed")
            found.unread += gap(file, why, "content", "mode")
    # A plug-in holds no further plug-ins, unless it is a collection of them.
    collection = above in names and os.path.lexists(os.path.join(folder, above, "marketplace.json"))
    return sorted(below) if collection or not is_plugin else []


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
