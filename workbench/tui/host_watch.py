"""Wait, beside the app, until this host is not any more what the last look saw, and say what that came to."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from workbench.model.snapshot import Snapshot
from workbench.text import visible
from workbench.tui.background import in_background

if TYPE_CHECKING:
    from workbench.host.privileged import Vector
    from workbench.watching import Change, Difference, Pace

TITLE = "This host changed"
_LINES = 4
_LONGEST = 240


class HostWatch:
    """``on`` is what the person wants, ``waits`` whether it is being waited; ``news`` is what was announced last.

    A replayed snapshot is not ``live``: nothing is ever waited for. It is asked ``every`` so many seconds, or as often
    as is usual.
    """

    def __init__(self, *, live: bool, on: bool, every: float | None = None) -> None:
        self.live = live
        self.on = on and live
        self.waits = False
        self.news = ""
        self._every = every
        self._stop = threading.Event()
        self._made_pace: Pace | None = None

    @property
    def mark(self) -> str:
        """What is said of it at the border: "" where there is nothing to watch."""
        if not self.live:
            return ""
        if not self.waits:
            return "not watching"
        return f"watching ({self.news})" if self.news else "watching"

    def stop(self) -> None:
        """Wait no longer."""
        self.waits = False
        self._stop.set()

    def begin(self) -> threading.Event:
        """Begin to wait, and give what stops it. One at a time is waited for."""
        self._stop.set()
        self._stop = threading.Event()
        self.waits = True
        return self._stop

    async def change(self, snapshot: Snapshot, stop: threading.Event) -> tuple[Change, ...]:
        """Wait until something is not as the snapshot has it; () once it was stopped."""
        try:
            return await in_background(lambda: self._wait(snapshot, stop))
        finally:
            stop.set()
            if self._stop is stop:
                self.waits = False

    @property
    def _pace(self) -> Pace:
        # What watches knows servers and processes, and is not loaded before there is something to watch.
        from workbench.watching import Pace

        self._made_pace = self._made_pace or Pace()
        return self._made_pace

    def looked(self, changes: Iterable[Change], *, news: bool) -> None:
        """A look has ended that was made for these changes."""
        self._pace.looked(changes, news=news)

    def _wait(self, snapshot: Snapshot, stop: threading.Event) -> tuple[Change, ...]:
        from workbench.watching import EVERY, Watched, wait_for_change

        watched, pace = Watched.of(snapshot), self._pace
        changes = wait_for_change(watched, stop, EVERY if self._every is None else self._every)
        if stop.wait(pace.left(changes)):
            return ()
        # What changed while it waited is in the same look.
        return tuple(dict.fromkeys((*changes, *watched.changed())))


def announced(difference: Difference) -> str:
    """What is said in a message, a line each; what does not fit is counted."""
    lines = [visible(words, _LONGEST) for words in difference.words]
    if len(lines) > _LINES:
        lines[_LINES - 1 :] = [f"and {len(lines) - _LINES + 1} more"]
    return "\n".join(lines)


def in_short(difference: Difference) -> str:
    """The same in a few words: ``1 new, 2 gone``."""
    parts = (
        (difference.new, "new"),
        (difference.worse, "worse"),
        (difference.unseen, "not assessed any more"),
        (difference.better, "better"),
        (difference.gone, "gone"),
    )
    said = [f"{len(found)} {words}" for found, words in parts if found]
    return ", ".join(said) or f"grade {difference.grade[1]}"


def is_bad(difference: Difference) -> bool:
    """Whether it is to be looked at, not only to be known."""
    return bool(difference.new or difference.worse or difference.unseen)


def answered_before(changes: Iterable[Change], answers: Iterable[Vector]) -> bool:
    """Whether one of the changes is about something that was read through sudo, and was not read again."""
    read = {part for vector in answers for part in vector}
    return any(change.name in read for change in changes)
