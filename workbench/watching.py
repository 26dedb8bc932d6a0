"""Notice that something a Snapshot was made of has changed, and tell what that changed in the report.

Nothing here imports Textual. ``wait_for_change`` and ``watch`` block: call them from a thread.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from workbench.code_reading import places as code_places
from workbench.host import marks
from workbench.host.context import Home
from workbench.host.marks import FileMark
from workbench.host.processes.chains import candidates
from workbench.host.processes.entries import Configured, configured
from workbench.host.startup import startup_places
from workbench.model.finding import Finding
from workbench.model.record import record
from workbench.model.report import CheckResult, Report, Status
from workbench.model.snapshot import Snapshot
from workbench.remainders import members, remainders
from workbench.text import visible

EVERY = 2.0
"""Seconds between two polls, and at least between two looks."""
_SETTLE = 0.5
_LONGEST_PAUSE = 30.0
_MOST_CHANGES = 200
_MOST_PROCESSES = 100
_SHORT_LIVED = 1.0
# What can only be told of once it is there for certain: a mark that no file has.
_STALE: FileMark = (-1,) * 8


@record
class Change:
    """Something that is not as the Snapshot has it. ``words`` is a whole sentence without its full stop."""

    kind: Literal["file", "process", "socket"]
    name: str
    words: str


@dataclass(slots=True)
class Watched:
    """The marks of all that a Snapshot was made of and that can change. One thread at a time may ask it.

    ``files`` are marked by path, ``beside`` holds the names that lie beside configs and begin as they do, ``servers``
    are the processes whose end is told, with their start in ticks, ``known`` all those that were seen. Where a path
    holds characters that were made visible, it cannot be watched.
    """

    files: dict[str, FileMark | None]
    beside: dict[str, tuple[FileMark | None, frozenset[str]]]
    prefixes: dict[str, tuple[str, ...]]
    sockets: frozenset[bytes]
    servers: dict[int, int]
    labels: dict[int, str]
    known: set[int]
    entries: tuple[Configured, ...]
    proc: str

    @classmethod
    def of(cls, snapshot: Snapshot, proc: str = "/proc") -> Watched:
        """Remember the marks as they are now. What has changed since the snapshot was begun counts as a change."""
        taken = datetime.fromisoformat(snapshot.taken_at).timestamp()
        linux = snapshot.host.platform == "linux" and sys.platform == "linux"
        prefixes = _prefixes(snapshot)
        sockets = marks.listening_names(proc) if linux else frozenset()
        made = cls(
            files={path: _since(taken, marks.file_mark(path)) for path in sorted(_paths(snapshot))},
            beside={folder: _beside(folder, begin) for folder, begin in prefixes.items()},
            prefixes=prefixes,
            sockets=sockets,
            servers={},
            labels={},
            known=set(),
            entries=configured(snapshot.clients),
            proc=proc if linux else "",
        )
        if linux:
            made._remember_processes(snapshot, taken)
        return made

    def changed(self) -> tuple[Change, ...]:
        """What changed since this was last asked, or made; at most so many that a flood of them ends somewhere."""
        found = [*self._files(), *self._names()]
        if self.proc:
            found += [*self._sockets(), *self._processes()]
        return tuple(found[:_MOST_CHANGES])

    def _files(self) -> Iterator[Change]:
        for path, before in self.files.items():
            after = marks.file_mark(path)
            if after == before:
                continue
            self.files[path] = after
            if after is None:
                words = "is gone"
            elif before is None:
                words = "appeared"
            else:
                words = marks.what_changed(before, after) if before is not _STALE else "changed"
            yield Change("file", visible(path), f"{visible(path)} {words}")

    def _names(self) -> Iterator[Change]:
        for folder, (mark, before) in self.beside.items():
            if marks.file_mark(folder) == mark:
                continue
            self.beside[folder] = _beside(folder, self.prefixes[folder])
            after = self.beside[folder][1]
            for name in sorted(before ^ after):
                path = f"{folder}/{name}"
                if path not in self.files:
                    words = "appeared" if name in after else "is gone"
                    yield Change("file", visible(path), f"{visible(path)} {words}")

    def _sockets(self) -> Iterator[Change]:
        now = marks.listening_names(self.proc)
        for name in sorted(now ^ self.sockets):
            said = f"@{_text(name[1:])}" if name.startswith(b"\0") else _text(name)
            yield Change("socket", said, f"the socket {said} {'appeared' if name in now else 'is gone'}")
        self.sockets = now

    def _processes(self) -> Iterator[Change]:
        now = marks.process_ids(self.proc)
        for pid, started in list(self.servers.items()):
            if pid not in now or marks.start_of(pid, self.proc) != started:
                label = self.labels.pop(pid, "")
                del self.servers[pid]
                self.known.discard(pid)
                yield Change("process", label, f"the process {pid} ({label}) ended")
        self.known &= now
        ticks = os.sysconf("SC_CLK_TCK")
        oldest_new = (time.clock_gettime(time.CLOCK_BOOTTIME) - _SHORT_LIVED) * ticks
        # Of a flood some are left for the next time; those that are gone by then were never looked at.
        for pid in sorted(now - self.known)[:_MOST_PROCESSES]:
            begun = marks.start_of(pid, self.proc)
            if begun is None or begun > oldest_new:
                continue  # what lives shorter than a look takes is no server
            self.known.add(pid)
            command = marks.command_of(pid, self.proc)
            if candidates({pid: command}, self.entries):
                label = _text(command.partition(b"\0")[0].rpartition(b"/")[2])
                self.servers[pid], self.labels[pid] = begun, label
                yield Change("process", label, f"the process {pid} ({label}) started")

    def _remember_processes(self, snapshot: Snapshot, taken: float) -> None:
        booted, ticks = marks.booted(), os.sysconf("SC_CLK_TCK")
        # What was started while the look was under way may not be in it: that is left to be told of.
        for pid in marks.process_ids(self.proc):
            begun = marks.start_of(pid, self.proc)
            if begun is not None and booted + begun / ticks <= taken:
                self.known.add(pid)
        for server in snapshot.processes.servers:
            for pid in dict.fromkeys((server.pid, *server.workers)):
                begun = marks.start_of(pid, self.proc)
                # One that ended since, or whose number is another's by now, has a start that no process has.
                lives = begun is not None and (pid != server.pid or abs(booted + begun / ticks - server.started) < 2)
                self.servers[pid] = begun if begun is not None and lives else -1
                self.labels[pid] = server.label
                self.known.add(pid)


def _paths(snapshot: Snapshot) -> set[str]:
    clients, units, sudoers = snapshot.clients, snapshot.units, snapshot.sudoers
    found = {*clients.looked_at, *(fact.asked for fact in clients.files)}
    for config in clients.configs:
        found |= {config.path.asked, *(backup.path.asked for backup in config.backups)}
    found |= {file.path for file in (*sudoers.files, *sudoers.folders, *sudoers.listed)}
    found |= {folder.path.asked for folder in units.folders}
    found |= {path.asked for unit in units.units for path in (unit.path, *unit.files)}
    found |= {file.path for file in snapshot.session.startup}
    found |= {path.asked for server in snapshot.processes.servers for path in server.program}
    found |= {socket.path.asked for socket in snapshot.sockets.sockets if socket.path is not None}
    found |= {path.asked for path in snapshot.sockets.stale}
    found |= code_places(snapshot)
    host = snapshot.host
    if host.platform != "win32":
        home = Home(Path(host.home), host.uid, {})
        found |= {"/etc/sudoers", "/etc/sudoers.d", *map(os.fspath, startup_places(home))}
    return {path for path in found if Path(path).is_absolute()}


def _prefixes(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """By folder the names of the configs in it: a copy that is left beside one begins as it does."""
    found: dict[str, dict[str, None]] = {}
    for config in snapshot.clients.configs:
        folder, name = os.path.split(config.path.asked)
        found.setdefault(folder, {})[name] = None
    return {folder: tuple(names) for folder, names in found.items()}


def _beside(folder: str, begin: tuple[str, ...]) -> tuple[FileMark | None, frozenset[str]]:
    mark = marks.file_mark(folder)
    return mark, frozenset(name for name in marks.names_in(folder) if name.startswith(begin))


def _since(taken: float, mark: FileMark | None) -> FileMark | None:
    # A clock that runs ahead must not make a file look changed for ever.
    return _STALE if mark is not None and taken < mark[3] / 1e9 <= time.time() else mark


def _text(name: bytes) -> str:
    return visible(name.decode("utf-8", "surrogateescape"), 200)


@record
class Difference:
    """What a later report says otherwise, finding by finding. ``worse`` and ``better`` are (before, now).

    It is better where it is less severe, and where only a part is left of what it was about: its identity may then be
    another.

    ``unseen`` findings are not there any more, but their check could not be assessed as it was before: they may stand.
    """

    new: tuple[Finding, ...] = ()
    gone: tuple[Finding, ...] = ()
    worse: tuple[tuple[Finding, Finding], ...] = ()
    better: tuple[tuple[Finding, Finding], ...] = ()
    unseen: tuple[Finding, ...] = ()
    grade: tuple[str, str] = ("", "")

    def __bool__(self) -> bool:
        """Whether there is anything to announce."""
        return bool(self.new or self.gone or self.worse or self.better or self.unseen or self.grade[0] != self.grade[1])

    @property
    def words(self) -> tuple[str, ...]:
        """One line for each announcement, the worst news first."""
        told = [f"new: {finding.severity} {finding.summary}" for finding in self.new]
        told += [f"worse: {now.severity} {now.summary} (it was {before.severity})" for before, now in self.worse]
        told += [f"not assessed any more: {finding.severity} {finding.summary}" for finding in self.unseen]
        told += [f"better: {now.severity} {now.summary} ({_better_than(before, now)})" for before, now in self.better]
        told += [f"gone: {finding.severity} {finding.summary}" for finding in self.gone]
        if self.grade[0] != self.grade[1]:
            told.append(f"grade: {self.grade[1]} (it was {self.grade[0]})")
        return tuple(told)


def _better_than(before: Finding, now: Finding) -> str:
    if now.severity is not before.severity:
        return f"it was {before.severity}"
    return f"it was about {len(members(before)) - len(members(now))} more"


def told(before: Report, after: Report) -> Difference:
    """What the later of two reports on one host says otherwise. Findings are the same by their identity, or where
    one is what is left of another.
    """
    then = {finding.identity: finding for finding in before.findings()}
    now = {finding.identity: finding for finding in after.findings()}
    both = [(then[identity], finding) for identity, finding in now.items() if identity in then]
    lost = [finding for identity, finding in then.items() if identity not in now]
    blind = _blind(before.results, after.results)
    # Where a check sees less, what it says of fewer things is no better.
    left = {
        identity: was
        for identity, was in remainders(then.values(), now.values()).items()
        if was.check not in blind
    }  # fmt: skip
    fewer = [(was, now[identity]) for identity, was in left.items()]
    kept = {was.identity for was in left.values()}
    return Difference(
        new=tuple(finding for identity, finding in now.items() if identity not in then and identity not in left),
        gone=tuple(finding for finding in lost if finding.check not in blind and finding.identity not in kept),
        worse=tuple(pair for pair in both if pair[1].severity.rank > pair[0].severity.rank),
        better=(*(pair for pair in both if pair[1].severity.rank < pair[0].severity.rank), *fewer),
        unseen=tuple(finding for finding in lost if finding.check in blind),
        grade=(before.grade.letter, after.grade.letter),
    )


def _blind(before: Iterable[CheckResult], after: Iterable[CheckResult]) -> set[str]:
    """The checks that see less than they did: that a finding of theirs is not there says nothing."""
    gaps = {result.check: set(result.not_assessed) for result in before}
    return {
        result.check
        for result in after
        if result.status is Status.ERROR or set(result.not_assessed) - gaps.get(result.check, set())
    }


def wait_for_change(watched: Watched, stop: threading.Event, every: float = EVERY) -> tuple[Change, ...]:
    """Wait until something changed and then stays as it is for half a second; () once ``stop`` is set.

    What never comes to rest is told after two seconds all the same.
    """
    while not stop.wait(every):
        found = list(watched.changed())
        if not found:
            continue
        until = time.monotonic() + EVERY
        while not stop.wait(_SETTLE):
            more = watched.changed()
            found += more
            if not more or time.monotonic() >= until:
                return tuple(dict.fromkeys(found))[:_MOST_CHANGES]
    return ()


class Pace:
    """How long to wait with the next look: two seconds after the last one, and the longer, up to half a minute, the
    more of them in a row found that what keeps changing changes nothing in the report.
    """

    def __init__(self) -> None:
        self._pause = EVERY
        self._restless: frozenset[str] = frozenset()
        self._looked_at = time.monotonic()

    def left(self, changes: Iterable[Change]) -> float:
        """Seconds to wait before these changes are looked at."""
        if {change.name for change in changes} - self._restless:
            self._pause = EVERY  # something that has not been at it all the time
        return max(self._looked_at + self._pause - time.monotonic(), 0.0)

    def looked(self, changes: Iterable[Change], *, news: bool) -> None:
        """A look has ended that was made for these changes; ``news`` says that its report tells something else."""
        self._looked_at = time.monotonic()
        if news:
            self._restless, self._pause = frozenset(), EVERY
        else:
            self._restless |= {change.name for change in changes}
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)


def watch(
    look: Callable[[], tuple[Snapshot, Report]],
    first: tuple[Snapshot, Report],
    tell: Callable[[tuple[Change, ...], Difference, Report], None],
    stop: threading.Event,
    every: float = EVERY,
) -> None:
    """Look again after each change, and tell of what differs, until ``stop`` is set. Raises what ``look`` raises.

    Two looks are two seconds apart at least, and the longer, up to half a minute, the more of them in a row found that
    what keeps changing changes nothing in the report.
    """
    snapshot, report = first
    watched, pace = Watched.of(snapshot), Pace()
    while True:
        changes = wait_for_change(watched, stop, every)
        if stop.wait(pace.left(changes)):
            return
        # What changed while it waited is in this look too.
        changes = tuple(dict.fromkeys((*changes, *watched.changed())))
        snapshot, after = look()
        watched = Watched.of(snapshot)
        difference, report = told(report, after), after
        pace.looked(changes, news=bool(difference))
        if difference:
            tell(changes, difference, report)
