"""What a container has written into its own layer, which a new one would not have."""

from __future__ import annotations

from posixpath import dirname, normpath
from typing import Any

from workbench.host.containers.values import items, pairs, raw
from workbench.repair.paths import Refused
from workbench.secrets import redact
from workbench.text import visible

_MOST_PATHS = 8
# Empty whenever a machine starts: nobody keeps anything there.
_FLEETING = ("/tmp", "/run", "/var/run")  # noqa: S108 - they are folders inside of a container
# Where an engine puts the program of --init.
_INIT = "/sbin/docker-init"


def written_paths(told: Any, changes: Any) -> tuple[str, ...]:
    """What a container changed in its own layer, which a new one would not have: not what its engine makes there."""
    places = {normpath(raw(each, "Destination")) for each in items(told, "Mounts")}
    places |= {normpath(path) for path, _ in pairs(told, "HostConfig", "Tmpfs")}
    places |= {normpath(raw(told, "Config", "WorkingDir")), _INIT}
    made = set(places)
    for place in places:
        made |= _above(place)
    listed = changes if isinstance(changes, list) else []
    paths = [raw(each, "Path") for each in listed]
    # A folder is told as changed where something in it was.
    above = {folder for path in (*paths, *_FLEETING) for folder in _above(path)}
    return tuple(
        path
        for path in paths
        if path not in made
        and path not in above
        and not any(path == place or path.startswith(f"{place}/") for place in _FLEETING)
    )


def require_unwritten(told: Any, changes: Any) -> None:
    """Refuse where a container keeps data in its own layer. Raises Refused, which names the paths."""
    paths = written_paths(told, changes)
    if paths:
        shown = ", ".join(visible(redact(path), 120) for path in paths[:_MOST_PATHS])
        more = f" and {len(paths) - _MOST_PATHS} more" if len(paths) > _MOST_PATHS else ""
        raise Refused(
            f"it has written into itself, and a new one would not have that: {shown}{more}",
            "mount a folder or a volume there by hand and start it anew, or delete these files in it first",
        )


def _above(path: str) -> set[str]:
    """The folders on the way to a path, without the root."""
    found = set()
    while (path := dirname(path)).strip("/"):
        found.add(path)
    return found
