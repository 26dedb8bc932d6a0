"""Find the assets that are really there: by name alone, nothing is opened."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Iterator

from workbench.host.assets.kinds import EXCEPT, PLACES
from workbench.host.context import Context, Home
from workbench.host.files import CannotLook, names_in, path_fact
from workbench.model.assets import AssetFact, AssetKind
from workbench.model.clients import ClientFacts
from workbench.model.facts import Unread
from workbench.text import visible

MATCH_LIMIT = 200
"""Names that one ``*`` may stand for: a folder can hold any number."""


def find(context: Context, clients: ClientFacts | None) -> tuple[list[AssetFact], list[Unread]]:
    """Every asset of the inspected homes and of the machine, each file once, and what could not be looked at."""
    found: dict[tuple[int, int], AssetFact] = {}
    unread: list[Unread] = []
    for kind, patterns in PLACES.items():
        for pattern in patterns:
            for path, holder in _places(pattern, context):
                _add(found, unread, kind, path, holder)
    for config in clients.configs if clients is not None else ():
        key = (config.path.file.device, config.path.file.inode)
        if config.servers and config.scope != "project":
            found.setdefault(key, AssetFact("client config", config.path.asked, config.path, holder=config.owner))
    return list(found.values()), unread


def _add(
    found: dict[tuple[int, int], AssetFact], unread: list[Unread], kind: AssetKind, path: str, holder: int | None
) -> None:
    try:
        os.lstat(path)
        fact = path_fact(path)
    except CannotLook as why:
        if not why.absent:
            unread.append(Unread("content", visible(path), why.why, why.unlock))
        return
    except (OSError, ValueError):
        return
    if fact.file.size or fact.file.kind in ("socket", "directory"):  # an empty file holds no secret
        found.setdefault((fact.file.device, fact.file.inode), AssetFact(kind, visible(path), fact, holder=holder))


def _places(pattern: str, context: Context) -> Iterator[tuple[str, int | None]]:
    if pattern.startswith("/"):
        yield from ((path, None) for path in _expanded(pattern))
        return
    for home in context.inspected:
        base, _, rest = pattern.partition("/")
        folder = _base(base, home)
        if folder:
            yield from ((path, home.uid) for path in _expanded(f"{folder}/{rest}"))


def _base(word: str, home: Home) -> str:
    given = home.environment
    if word == "~":
        return str(home.path)
    if word == "{run}":
        run = given.get("XDG_RUNTIME_DIR", "")
        return run if run.startswith("/") else f"/run/user/{home.uid}"
    configured = given.get("XDG_CONFIG_HOME", "")
    return configured if configured.startswith("/") else f"{home.path}/.config"


def _expanded(pattern: str) -> Iterable[str]:
    if "*" not in pattern:
        return (pattern,)
    paths = [""]
    for part in pattern.strip("/").split("/"):
        if "*" not in part:
            paths = [f"{path}/{part}" for path in paths]
            continue
        inside = ((path, sorted(names_in(path, 20 * MATCH_LIMIT))) for path in paths)
        paths = [f"{path}/{name}" for path, names in inside for name in names if fnmatch.fnmatchcase(name, part)]
        paths = [path for path in paths if not path.endswith(EXCEPT)][:MATCH_LIMIT]
    return paths
