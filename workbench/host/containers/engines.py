"""Where a container engine may answer: what the session names, and the usual places of Docker and Podman."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.host.containers.values import MOST, pairs, raw, text
from workbench.host.context import Context, Home
from workbench.host.files import AS_ROOT, CannotLook, read_bounded, reason
from workbench.model.facts import Unread
from workbench.model.record import record
from workbench.text import visible

FACET = "engines"
_LIMIT = 1024 * 1024
_MOST_ENGINES = 32
_SYSTEM = ("/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock")
_OF_SESSION = ("docker.sock", "podman/podman.sock")
_OF_HOME = (
    *(".docker/run/docker.sock", ".docker/desktop/docker.sock", ".colima/default/docker.sock"),
    *(".orbstack/run/docker.sock", ".rd/docker.sock"),
)
_USUAL = "its usual place"


@record
class Place:
    """A socket that is there. ``named`` says who named it; ``owner`` is the account that may be asked for access."""

    path: str
    named: str
    status: os.stat_result


@record
class _Named:
    """A socket that something names. ``expected``: that nothing is there must be told."""

    path: str
    by: str
    expected: bool = False
    owner: int | None = None


def find(context: Context) -> tuple[list[Place], list[Unread]]:
    """The sockets that are there, each once however many names lead to it, and what could not be looked at."""
    unread: list[Unread] = []
    places: list[Place] = []
    seen: set[tuple[int, int]] = set()
    for named in _named(context, unread):
        try:
            status = os.stat(named.path)
        except (OSError, ValueError) as error:
            _not_there(named, error, context, unread)
            continue
        if not stat.S_ISSOCK(status.st_mode):
            if named.expected:
                unread.append(_unread(named, "it is no socket", "correct what names it"))
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        if named.owner is not None and status.st_uid != named.owner:
            # Whoever's home is looked at must not choose what this account connects to.
            unread.append(_unread(named, "it does not belong to that account", "look as that account"))
            continue
        if len(places) == _MOST_ENGINES:
            unread.append(_unread(named, "there are too many engines", "remove contexts that are no longer needed"))
            break
        seen.add((status.st_dev, status.st_ino))
        places.append(Place(named.path, named.by, status))
    return places, unread


def _named(context: Context, unread: list[Unread]) -> Iterator[_Named]:
    if context.engines is not None:
        yield from (_Named(str(path), "the scan", expected=True) for path in context.engines)
        return
    for variable in ("DOCKER_HOST", "CONTAINER_HOST"):
        yield from _at_address(context.environment.get(variable, ""), variable, unread)
    for home in context.inspected:
        yield from _of_contexts(home, context, unread)
    yield from (_Named(path, _USUAL) for path in _SYSTEM)
    for home in context.inspected:
        own = home.uid == context.uid
        runtime = home.environment.get("XDG_RUNTIME_DIR", "") if own else ""
        for folder in dict.fromkeys((runtime, f"/run/user/{home.uid}")):
            if folder.startswith("/"):
                owner = None if own else home.uid
                yield from (_Named(f"{folder}/{name}", _USUAL, owner=owner) for name in _OF_SESSION)
        for name in _OF_HOME:
            yield _Named(str(home.path / name), _USUAL, owner=None if own else home.uid)


def _at_address(address: str, by: str, unread: list[Unread], owner: int | None = None) -> Iterator[_Named]:
    if not address:
        return
    scheme, separator, path = address.partition("://")
    if separator and scheme == "unix" and path.startswith("/"):
        yield _Named(path, by, expected=True, owner=owner)
        return
    # Never the address itself: it may hold a name and a password.
    known = separator and scheme in ("tcp", "ssh", "http", "https", "npipe", "fd")
    unread.append(
        Unread(
            FACET,
            f"the container engine that {by} names",
            f"it is not reached through a socket of this host ({scheme if known else 'another kind of address'})",
            "scan the machine that it runs on",
        )
    )


def _of_contexts(home: Home, context: Context, unread: list[Unread]) -> Iterator[_Named]:
    own = home.uid == context.uid
    named = home.environment.get("DOCKER_CONFIG", "") if own else ""
    folder = Path(named) if named else home.path / ".docker"
    configured = raw(_document(folder / "config.json", unread), "currentContext")
    current = home.environment.get("DOCKER_CONTEXT", "") or configured
    overruled = bool(home.environment.get("DOCKER_HOST"))
    owner = None if own else home.uid
    try:
        entries = sorted(os.listdir(folder / "contexts" / "meta"))[:MOST]
    except (OSError, ValueError):
        return  # nobody made a context, or the home's own gap is told with its clients
    import hashlib

    wanted = hashlib.sha256(current.encode("utf-8", "surrogatepass")).hexdigest()
    for entry in entries:
        document = _document(folder / "contexts" / "meta" / entry / "meta.json", unread)
        address = raw(dict(pairs(document, "Endpoints")).get("docker"), "Host")
        by = f"the docker context {text(document, 'Name')[:100]}"
        if entry == wanted and not overruled:
            yield from _at_address(address, by, unread, owner)
        elif address.startswith("unix:///"):
            yield _Named(address.removeprefix("unix://"), by, owner=owner)


def _document(path: Path, unread: list[Unread]) -> Any:
    what = f"the container engines that {visible(str(path))} names"
    try:
        return json.loads(read_bounded(path, _LIMIT))
    except CannotLook as why:
        if not why.absent:
            unread.append(Unread(FACET, what, why.why, why.unlock))
    except (ValueError, RecursionError):
        unread.append(Unread(FACET, what, "it is not JSON", "correct the file"))
    return None


def _not_there(named: _Named, error: OSError | ValueError, context: Context, unread: list[Unread]) -> None:
    why = reason(error) if isinstance(error, OSError) else CannotLook("its name holds a NUL character")
    if why.absent:
        if named.expected:
            unread.append(_unread(named, "nothing is there", "start the engine, or take that name away"))
    # The kernel lists every bound socket of this network namespace to everybody: what is not there does not listen.
    elif named.expected or _is_bound(named.path, context):
        unread.append(_unread(named, why.why, AS_ROOT if named.owner is None else why.unlock))


def _is_bound(path: str, context: Context) -> bool:
    try:
        table = read_bounded(context.proc / "net" / "unix")
    except CannotLook:
        return True  # then it is not known, and that must be told
    other = path.replace("/var/run/", "/run/", 1)
    return any(name.encode("utf-8", "surrogateescape") in table for name in {f" {path}\n", f" {other}\n"})


def _unread(named: _Named, why: str, unlock: str) -> Unread:
    by = "" if named.by == _USUAL else f", which {named.by} names"
    return Unread(FACET, f"the container engine at {visible(named.path)}{by}", why, unlock)
