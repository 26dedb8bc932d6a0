"""Keep the audit trail up to date: read it in the background, then ask for new events while somebody looks on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.engine import Workbench
from workbench.model.audit import ServerAccount
from workbench.model.snapshot import Snapshot
from workbench.text import visible
from workbench.tui.background import in_background
from workbench.tui.trail import TrailRow, added, read_again, rows_of, seen

if TYPE_CHECKING:
    from workbench.host.audit.records import Occurrence
    from workbench.host.audit.trail import Follower, Trail

WINDOW = 24 * 3600.0
PAUSE = 1.0
_LONGER_PAUSE = 10.0
_TOO_LONG_AGO = 300.0
_SETTLE = 2.0


class Watcher:
    """The rows of the trail: those of the last look, then those of the log as it grows.

    ``reading`` says that the log is being read, ``following`` that new events are asked for, and ``problem`` why they
    are not. ``since`` is the moment (Unix seconds) since which the rows tell. A replayed snapshot is not followed.
    """

    def __init__(self, workbench: Workbench, *, live: bool, pause: float = PAUSE) -> None:
        self.live = live
        self.rows: tuple[TrailRow, ...] | None = None
        self.accounts: tuple[ServerAccount, ...] = ()
        self.since = 0.0
        self.reading = False
        self.following = False
        self.problem = ""
        self._workbench = workbench
        self._pause = pause
        self._snapshot: Snapshot | None = None
        self._follower: Follower | None = None
        self._stale = False
        self._read = False
        self._watching = False
        self._asked_at = 0.0

    @property
    def fresh(self) -> int:
        """How many events have come since the page was opened."""
        return sum(row.fresh for row in self.rows or ())

    def look_ended(self, snapshot: Snapshot) -> None:
        """Take what a look has seen. What was read since stays in view until it is read again."""
        self._snapshot, self._stale = snapshot, True
        if not self._read:
            self._take(snapshot)

    def opened(self) -> None:
        """The page is shown: only what comes from now on is new."""
        if self.rows is not None:
            self.rows = seen(self.rows)

    async def watch(self, shown: Callable[[], bool], tell: Callable[[], None]) -> None:
        """Read the log and follow it for as long as the page is ``shown``; ``tell`` of every change. Returns at once
        where that is under way already.
        """
        if not self.live or self._watching or self._snapshot is None:
            return
        self._watching = True
        try:
            while shown():
                before = (self.rows, self.following, self.problem, self.reading)
                if self._stale or abs(time.time() - self._asked_at) > _TOO_LONG_AGO:
                    self.reading = True
                    tell()
                    await self._load()
                    self.reading = self._stale
                elif self._follower is not None:
                    await self._poll(self._follower)
                if (self.rows, self.following, self.problem, self.reading) != before:
                    tell()
                if self._stale:
                    continue
                if self._follower is None:
                    return
                await asyncio.sleep(_LONGER_PAUSE * self._pause if self.problem else self._pause)
        finally:
            self._watching = False

    async def _load(self) -> None:
        snapshot = self._snapshot
        if snapshot is None:
            return
        begun = time.time()

        def read() -> tuple[Trail, Follower | None]:
            trail = self._workbench.trail(begun - WINDOW, snapshot)
            there = trail.accounts and trail.events is not None
            return trail, self._workbench.follow(trail, begun - _SETTLE) if there else None

        trail, follower, problem = None, None, ""
        try:
            trail, follower = await in_background(read)
        except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
            problem = _why(error)
        if snapshot is not self._snapshot:
            return  # a look has ended meanwhile: this is of the one before
        self._stale, self._asked_at = False, begun
        self._follower, self.following = follower, follower is not None
        if trail is None or trail.events is None or _knows_more(snapshot, trail):
            gap = next((gap for gap in trail.problems if gap.facet == "events"), None) if trail is not None else None
            self.problem = problem or (gap.why if gap is not None else "root alone knows every account to look for")
            self._follower, self.following, self._read = None, False, False
            self._take(snapshot)
            return
        self.problem = ""
        rows = rows_of(trail.events)
        self.rows = read_again(self.rows, rows) if self._read and self.rows is not None else rows
        self.accounts, self.since, self._read = trail.accounts, trail.since, True

    async def _poll(self, follower: Follower) -> None:
        try:
            occurred: tuple[Occurrence, ...] = await in_background(follower.poll)
        except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
            self.following, self.problem = False, _why(error)
            # It is asked again, and not for ever read anew instead.
            self._asked_at = time.time()
            return
        self.following, self.problem, self._asked_at = True, "", time.time()
        if occurred and self.rows is not None:
            self.rows = added(self.rows, occurred, self.accounts)

    def _take(self, snapshot: Snapshot) -> None:
        audit = snapshot.audit
        self.rows = rows_of(audit.events) if audit.events is not None else None
        self.accounts, self.since = audit.accounts, audit.since


def _knows_more(snapshot: Snapshot, trail: Trail) -> bool:
    """Whether a look through sudo found accounts that the trail, read without it, says nothing of."""
    return bool({account.uid for account in snapshot.audit.accounts} - {account.uid for account in trail.accounts})


def _why(error: Exception) -> str:
    from workbench.host.files import CannotLook

    return visible(error.why if isinstance(error, CannotLook) else f"{type(error).__name__}: {error}", 300)
