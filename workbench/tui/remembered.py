"""What the app remembers from one start to the next: how a person has arranged it, and nothing of what it has shown."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
import threading
from collections.abc import Sequence
from dataclasses import field
from pathlib import Path
from typing import TypeVar

from workbench.activity import began, note
from workbench.host.files import CannotLook, kind_of, read_bounded
from workbench.model.record import record
from workbench.text import is_visible, visible
from workbench.tui.background import in_background
from workbench.tui.finding_rows import COLUMNS, GROUPS, Group, Order
from workbench.tui.widgets.pages import PAGES

FILE = "app.json"
"""In the state folder, beside the journal."""
LIMIT = 64 * 1024
"""Bytes that are read of it."""
EVERY = 2.0
"""Seconds from one look at what there is to remember to the next: what a kill can lose. Only a change is written."""
MOST_TOLD = 100
"""Runs of which it is remembered that their end was told."""

_PATIENCE = 2.0  # seconds that a slow disk can hold up the end of the app
_LONGEST = 100  # characters of a name
_PAGES = tuple(page.name for page in PAGES)
Known = TypeVar("Known", bound=str)


@record
class Remembered:
    """How the app was arranged. ``theme`` is "" while none was chosen.

    ``told`` are the identities of the runs of which the person was told that nobody confirmed them in time.
    """

    # A filter is not remembered: it hides findings, and whoever comes back after days must see the critical one that
    # it hid. Nor is the whole width for one finding, which hides the list.
    page: str = "findings"
    order: Order = field(default_factory=Order)
    group: Group = ""
    theme: str = ""
    watches: bool = True
    side_by_side: bool = False
    told: tuple[str, ...] = ()


class Memory:
    """What was remembered at the start, ``before``, and the one way to what is at the next.

    Without a ``state`` folder nothing is read and nothing is kept; ``read_only`` it is read and never kept.
    """

    def __init__(self, state: Path | None, *, read_only: bool = False) -> None:
        self.before = read(state) if state is not None else Remembered()
        self._state = None if read_only else state
        self._wanted = self.before
        self._failed = False
        self._under_way = 0
        self._writing = threading.Lock()

    @property
    def keeps(self) -> bool:
        """Whether anything is ever written."""
        return self._state is not None

    async def keep(self, now: Remembered) -> str:
        """Write it, in the background, where it is not what was written last.

        Gives "", or why it could not be written: once, for it is not what anybody is at.
        """
        state = self._state
        if state is None or now == self._wanted:
            return ""
        self._wanted = now
        self._under_way += 1
        try:
            await in_background(lambda: self._write(state))
        except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app goes on without
            first, self._failed = not self._failed, True
            return (visible(str(error), 300) or type(error).__name__) if first else ""
        finally:
            self._under_way -= 1
        return ""

    async def keep_at_the_end(self, now: Remembered) -> str:
        """The same, but a disk that does not answer is not waited for."""
        try:
            return await asyncio.wait_for(self._kept(now), _PATIENCE)
        except TimeoutError:
            return "the disk did not answer in time"

    async def _kept(self, now: Remembered) -> str:
        why = await self.keep(now)
        while self._under_way:  # one that began a moment before the end, with the same to write
            await asyncio.sleep(0.02)
        return why

    def _write(self, state: Path) -> None:
        # Of two that are under way at once, the later writes what is wanted last.
        with self._writing:
            write(state, self._wanted)


def read(state: Path) -> Remembered:
    """What is remembered there. A file that is missing, foreign or of no use is as good as none. Never raises."""
    file = state / FILE
    try:
        status = file.lstat()
        if not stat.S_ISREG(status.st_mode) or not _is_own(status):
            return Remembered()
        return parse(read_bounded(file, LIMIT))
    except (OSError, CannotLook, ValueError):
        return Remembered()


def write(state: Path, remembered: Remembered) -> None:
    """Put it in the place of what is there: whole, mode 0600, in a folder that is this account's alone.

    So nothing of root's comes into the home of whoever started the workbench through sudo. Raises Refused and OSError.
    """
    from workbench.repair.own_file import make_own_folder, write_own_file
    from workbench.repair.paths import Refused

    if sys.platform == "win32":
        make_own_folder(state)
        folder = state
    else:
        from workbench.repair.folder import made

        folder = made(state)
    file = folder / FILE
    if os.path.lexists(file) and not stat.S_ISREG(file.lstat().st_mode):
        raise Refused(f"{visible(str(file))} is a {kind_of(file.lstat().st_mode)}; it was left as it is")
    content, begun = as_json(remembered), began()
    write_own_file(file, content)
    note("wrote", str(file), begun, len(content))


def as_json(remembered: Remembered) -> bytes:
    """The bytes of the file."""
    told = {
        "page": remembered.page,
        "sorted_by": remembered.order.column,
        "turned": remembered.order.turned,
        "grouped_by": remembered.group,
        "theme": remembered.theme,
        "watches": remembered.watches,
        "side_by_side": remembered.side_by_side,
        "told": list(remembered.told),
    }
    return json.dumps(told, indent=2).encode("ascii") + b"\n"


def parse(content: bytes) -> Remembered:
    """What the bytes of the file say; each part that is missing, or not what it could be, as at the first start."""
    try:
        held = json.loads(content)
    except (ValueError, RecursionError):
        return Remembered()
    if not isinstance(held, dict):
        return Remembered()
    usual = Remembered()
    told = held.get("told")
    names = [each for each in told[-MOST_TOLD:] if _is_name(each)] if isinstance(told, list) else []
    return Remembered(
        page=_one_of(held.get("page"), _PAGES, usual.page),
        order=Order(_one_of(held.get("sorted_by"), COLUMNS, usual.order.column), _flag(held.get("turned"), False)),
        group=_one_of(held.get("grouped_by"), GROUPS, usual.group),
        # Whether there is such a theme is known to the app alone.
        theme=held["theme"] if _is_name(held.get("theme")) else usual.theme,
        watches=_flag(held.get("watches"), usual.watches),
        side_by_side=_flag(held.get("side_by_side"), usual.side_by_side),
        told=tuple(names),
    )


def _one_of(said: object, known: Sequence[Known], usual: Known) -> Known:
    return next((each for each in known if each == said), usual)


def _flag(said: object, usual: bool) -> bool:
    return said if isinstance(said, bool) else usual


def _is_name(said: object) -> bool:
    return isinstance(said, str) and 0 < len(said) <= _LONGEST and is_visible(said)


def _is_own(status: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
