"""Look through the code of several places, and say what could not be read of it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import fields, replace
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


@draft
class _Reading:
    """What was read so far, and until when (on the clock that only goes on)."""

    until: float
    observed: list[Observations]
    unread: list[Unread]
    without_reader: int
    seen: dict[str, ReadFile | None]


def read_all(places: Iterable[tuple[SourceFact, tuple[str, ...]]], until: float | None = None) -> CodeFacts:
    """The facts of several places, each with the keys of the servers that run it."""
    reading = _Reading(until or time.monotonic() + SECONDS, [], [], 0, {})
    listed = [(source, servers, _listed(reading, source)) for source, servers in places]
    # The smallest first: one large server must not take the time of all the others.
    roots = {
        source.path: _root(reading, source, servers, files)
        for source, servers, files in sorted(listed, key=lambda each: len(each[2].paths))
    }
    if reading.without_reader:
        what = f"{reading.without_reader} JavaScript and TypeScript files of servers"
        reading.unread.append(Unread("javascript", what, "what reads these languages is not installed", NOT_INSTALLED))
    unread = tuple(dict.fromkeys(reading.unread))
    state = SectionState("partial" if unread else "complete", unread=unread)
    return CodeFacts(
        state,
        tuple(root for source, _, _ in listed if (root := roots[source.path]) is not None),
        _merged(reading.observed),
    )


def _listed(reading: _Reading, source: SourceFact) -> Files:
    try:
        return files_of(source)
    except CannotLook as why:
        if not why.absent:
            reading.unread.append(Unread("files", f"the code in {source.path}", why.why, why.unlock))
        return Files(())


def _root(reading: _Reading, source: SourceFact, servers: tuple[str, ...], files: Files) -> CodeRoot | None:
    if not files.paths:
        return None
    read = _read(reading, files, source.path)
    if not read:
        return None
    counts: dict[Language, int] = {}
    for each in read:
        counts[each.language] = counts.get(each.language, 0) + 1
    return CodeRoot(
        visible(source.path),
        servers,
        source.package,
        source.version,
        tuple(sorted(counts.items())),
        sum(each.parsed for each in read),
        sum(each.size for each in read),
    )


def _read(reading: _Reading, files: Files, place: str) -> list[ReadFile]:
    found: list[ReadFile] = []
    gaps: dict[str, int] = {}
    observed: list[tuple[ReadFile, Observations]] = []
    for path in files.paths:
        if time.monotonic() > reading.until:
            gaps["late"] = gaps.get("late", 0) + 1
            continue
        if path in reading.seen:
            again = reading.seen[path]
            found += [again] if again is not None else []
            continue
        try:
            read = read_file(path)
        except CannotLook as why:
            reading.seen[path] = None
            if not why.absent:
                reading.unread.append(Unread("files", visible(path), why.why, why.unlock))
            continue
        reading.seen[path] = read
        if read is None:
            continue
        found.append(read)
        observed.append((read, read.analysis.observations))
        reading.unread += read.analysis.gaps
        if read.gap:
            gaps[read.gap] = gaps.get(read.gap, 0) + 1
    reading.without_reader += gaps.pop(NOT_INSTALLED, 0)
    if files.cut:
        what = f"the code in {visible(place)} after the first {FILE_LIMIT} files"
        reading.unread.append(Unread("files", what, "it has too many", f"workbench source {visible(place)}/FOLDER"))
    reading.unread += (_gap(kind, count, place) for kind, count in gaps.items())
    sets_umask = sum(each.umask for each in found)
    reading.observed += (_with_umask(each, sets_umask - file.umask) for file, each in observed)
    return found


def _gap(kind: str, count: int, place: str) -> Unread:
    which = f"{count} file{'s' if count > 1 else ''} in {visible(place)}"
    if kind == "late":
        return Unread("files", which, "there was no time left for it", f"workbench source {visible(place)}")
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
