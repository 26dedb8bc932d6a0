"""Look through the code of several places, and say what could not be read of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import fields, replace
from heapq import heapify, heappop, heappush
from typing import Any

from workbench.host.code.places import FILE_LIMIT, Files, files_of
from workbench.host.code.reading import FILE_SIZE, NOT_INSTALLED, ReadFile, read_file
from workbench.host.files import CannotLook
from workbench.model.code import CodeFacts, CodeRoot, Language, Observations, UnixListener
from workbench.model.facts import SectionState, Unread
from workbench.model.record import draft
from workbench.model.sources import SourceFact
from workbench.text import visible

SECONDS = 4.0
"""How long code is read in one look; what is left is told."""
_SECONDS_PER_BYTE = 5e-6
"""What reading code closely takes at worst: it decides only about the order."""


@draft
class _Reading:
    """What was read so far, and until when (on the clock that only goes on)."""

    until: float
    observed: list[Observations]
    unread: list[Unread]
    without_reader: int
    seen: dict[str, ReadFile | None]


@draft
class _Place:
    """The files of one place: which are still to be read (the next one last), what the others gave, and what that took.

    ``order`` is among all places; ``spent`` is seconds; ``gaps`` counts the files of which nothing is known, by kind.
    """

    source: SourceFact
    servers: tuple[str, ...]
    order: int
    cut: bool
    left: list[str]
    spent: float
    found: list[ReadFile]
    observed: list[tuple[ReadFile, Observations]]
    gaps: dict[str, int]


def read_all(places: Iterable[tuple[SourceFact, tuple[str, ...]]], until: float | None = None) -> CodeFacts:
    """The facts of several places, each with the keys of the servers that run it."""
    reading = _Reading(until or time.monotonic() + SECONDS, [], [], 0, {})
    listed = [_listed(reading, source, servers, order) for order, (source, servers) in enumerate(places)]
    _read(reading, listed)
    roots = [_root(reading, place) for place in listed]
    if reading.without_reader:
        what = f"{reading.without_reader} JavaScript and TypeScript files of servers"
        reading.unread.append(Unread("javascript", what, "what reads these languages is not installed", NOT_INSTALLED))
    unread = tuple(dict.fromkeys(reading.unread))
    state = SectionState("partial" if unread else "complete", unread=unread)
    return CodeFacts(state, tuple(root for root in roots if root is not None), _merged(reading.observed))


def _listed(reading: _Reading, source: SourceFact, servers: tuple[str, ...], order: int) -> _Place:
    files = Files(())
    try:
        files = files_of(source)
    except CannotLook as why:
        if not why.absent:
            reading.unread.append(Unread("files", f"the code in {visible(source.path)}", why.why, why.unlock))
    return _Place(source, servers, order, files.cut, list(reversed(files.paths)), 0.0, [], [], {})


def _read(reading: _Reading, places: Iterable[_Place]) -> None:
    """Read files of all places in turn until the time is over.

    Next is always the one that its place would be done with first, had each place a reader of its own: so a server that
    takes long, by many files or by one, has its share and no more, and none waits for it that takes less.
    """
    waiting = [(_done_by(place), len(place.left), place.order, place) for place in places if place.left]
    heapify(waiting)
    while waiting and (now := time.monotonic()) <= reading.until:
        *_, place = heappop(waiting)
        _read_next(reading, place)
        place.spent += time.monotonic() - now
        if place.left:
            heappush(waiting, (_done_by(place), len(place.left), place.order, place))
    for *_, place in waiting:
        place.gaps["late"] = len(place.left)


def _done_by(place: _Place) -> float:
    """Seconds of its own reading after which the next file of a place will be read, as far as its size tells."""
    try:
        size = os.path.getsize(place.left[-1])
    except (OSError, ValueError):
        size = 0
    return place.spent + min(size, FILE_SIZE) * _SECONDS_PER_BYTE


def _read_next(reading: _Reading, place: _Place) -> None:
    path = place.left.pop()
    if path in reading.seen:
        again = reading.seen[path]
        place.found += [again] if again is not None else []
        return
    try:
        read = read_file(path)
    except CannotLook as why:
        reading.seen[path] = None
        if not why.absent:
            reading.unread.append(Unread("files", visible(path), why.why, why.unlock))
        return
    reading.seen[path] = read
    if read is None:
        return
    place.found.append(read)
    place.observed.append((read, read.analysis.observations))
    reading.unread += read.analysis.gaps
    if read.gap:
        place.gaps[read.gap] = place.gaps.get(read.gap, 0) + 1


def _root(reading: _Reading, place: _Place) -> CodeRoot | None:
    """What is told of a place once its files were read."""
    shown = visible(place.source.path)
    reading.without_reader += place.gaps.pop(NOT_INSTALLED, 0)
    if place.cut:
        what = f"the code in {shown} after the first {FILE_LIMIT} files"
        reading.unread.append(Unread("files", what, "it has too many", f"workbench source {shown}/FOLDER"))
    reading.unread += (_gap(kind, count, shown) for kind, count in place.gaps.items())
    sets_umask = sum(each.umask for each in place.found)
    reading.observed += (_with_umask(each, sets_umask - file.umask) for file, each in place.observed)
    if not place.found:
        return None
    counts: dict[Language, int] = {}
    for each in place.found:
        counts[each.language] = counts.get(each.language, 0) + 1
    return CodeRoot(
        shown,
        place.servers,
        place.source.package,
        place.source.version,
        tuple(sorted(counts.items())),
        sum(each.parsed for each in place.found),
        sum(each.size for each in place.found),
    )


def _gap(kind: str, count: int, place: str) -> Unread:
    which = f"{count} file{'s' if count > 1 else ''} in {place}"
    if kind == "late":
        return Unread("files", which, "there was no time left for it", f"workbench source {place}")
    if kind == "too large":
        return Unread("files", which, f"larger than {FILE_SIZE // 1024} KiB, as what a program writes")
    return Unread(
        "javascript",
        which,
        "minified: a program wrote it, and it is not read",
        "name the folder of its source: workbench source PATH",
    )


def _with_umask(observed: Observations, sets_umask: int) -> Observations:
    """Where another file of a server sets a umask, it is not known whether that is done before this one listens."""
    if not sets_umask:
        return observed
    listeners: tuple[UnixListener, ...] = tuple(
        replace(each, restriction="unknown") if each.restriction == "none" else each for each in observed.listeners
    )
    return replace(observed, listeners=listeners)


def _merged(observed: Iterable[Observations]) -> Observations:
    every = list(observed)
    merged: dict[str, Any] = {
        field.name: tuple(dict.fromkeys(item for each in every for item in getattr(each, field.name)))
        for field in fields(Observations)
    }
    return Observations(**merged)
